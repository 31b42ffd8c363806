//! The words for the parts of dates and times, and the functions that take them.

use crate::sql::Dialect;

/// Functions of Snowflake that take a date part, and which argument it is.
const SNOWFLAKE: [(&str, usize); 13] = [
    ("DATEADD", 0),
    ("TIMEADD", 0),
    ("TIMESTAMPADD", 0),
    ("DATEDIFF", 0),
    ("TIMEDIFF", 0),
    ("TIMESTAMPDIFF", 0),
    ("DATE_TRUNC", 0),
    ("DATE_PART", 0),
    ("DATEPART", 0),
    ("LAST_DAY", 1),
    ("TRUNC", 1),
    ("DATE_TRUNC", 1),
    ("EXTRACT", 0),
];

/// Functions of `DuckDB` whose first argument is a date part.
const DUCKDB: [&str; 8] =
    ["DATE_PART", "DATEPART", "DATE_TRUNC", "DATETRUNC", "DATE_DIFF", "DATEDIFF", "DATE_SUB", "DATESUB"];

/// Snowflake's words, which need no quotes.
const WORDS: &str = "YEAR Y YY YYY YYYY YR YEARS YRS MONTH MM MON MONS MONTHS DAY D DD DAYS DAYOFMONTH DAYOFWEEK WEEKDAY DOW DW \
    DAYOFWEEKISO DAYOFWEEK_ISO WEEKDAY_ISO DOW_ISO DAYOFYEAR YEARDAY DOY DY WEEK W WK WEEKOFYEAR WOY WY WEEKISO WEEK_ISO QUARTER Q QTR \
    QTRS QUARTERS YEAROFWEEK YEAROFWEEKISO HOUR H HH HR HOURS HRS MINUTE M MI MIN MINUTES MINS SECOND S SEC SECONDS SECS MILLISECOND MS \
    MSEC MILLISECONDS MICROSECOND US USEC MICROSECONDS NANOSECOND NS NSEC NANOSEC NANOSECONDS EPOCH_SECOND EPOCH EPOCH_MILLISECOND \
    TIMEZONE_HOUR TIMEZONE_MINUTE";

/// Words that only `DuckDB` has, or that stand in quotes.
const OTHERS: &str = "WEEKS DECADE DECADES DEC DECS CENTURY CENTURIES CENT C MILLENNIUM MILLENNIA MIL MILS MILLENIUM ISODOW ISOYEAR ISOWEEK \
    YEARWEEK ERA JULIAN TIMEZONE MSECOND MSECONDS MSECS USECOND USECONDS USECS NSECOND NSECONDS NSECS NANOSECS EPOCH_SECONDS \
    EPOCH_MILLISECONDS EPOCH_MICROSECOND EPOCH_MICROSECONDS EPOCH_NANOSECOND EPOCH_NANOSECONDS EPOCH_MS EPOCH_US EPOCH_NS TZH TZM";

/// The words that are meant most often.
pub const DATE_PARTS: [&str; 9] =
    ["year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"];

/// Whether a word is one for a date part, in either dialect.
pub fn is_date_part(word: &str) -> bool {
    let upper = word.to_ascii_uppercase();
    WORDS.split_ascii_whitespace().chain(OTHERS.split_ascii_whitespace()).any(|part| part == upper)
}

/// Which argument of a function is a date part.
pub fn date_part_at(function: &str, dialect: Dialect) -> Option<usize> {
    match dialect {
        Dialect::Snowflake => SNOWFLAKE.iter().find(|(name, _)| *name == function).map(|(_, at)| *at),
        Dialect::DuckDb => DUCKDB.contains(&function).then_some(0),
    }
}

/// Whether a word without quotes is a date part where it stands, on Snowflake.
pub(super) fn is_part(function: &str, index: usize, word: &str) -> bool {
    let upper = word.to_ascii_uppercase();
    SNOWFLAKE.contains(&(function, index)) && WORDS.split_ascii_whitespace().any(|part| part == upper)
}
