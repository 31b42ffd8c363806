//! How many arguments functions take that both dialects have, or that have one meaning only: for saying what is wrong before
//! anything runs. A function that is not here may take any number.

/// Names with the fewest and the most arguments.
const ARITY: [(&str, usize, usize); 66] = [
    ("UPPER", 1, 1),
    ("LOWER", 1, 1),
    ("LENGTH", 1, 1),
    ("LEN", 1, 1),
    ("REVERSE", 1, 1),
    ("ASCII", 1, 1),
    ("CHR", 1, 1),
    ("TRIM", 1, 2),
    ("LTRIM", 1, 2),
    ("RTRIM", 1, 2),
    ("LEFT", 2, 2),
    ("RIGHT", 2, 2),
    ("REPEAT", 2, 2),
    ("REPLACE", 2, 3),
    ("SUBSTR", 2, 3),
    ("SUBSTRING", 2, 3),
    ("LPAD", 2, 3),
    ("RPAD", 2, 3),
    ("SPLIT", 2, 2),
    ("SPLIT_PART", 3, 3),
    ("STARTSWITH", 2, 2),
    ("ENDSWITH", 2, 2),
    ("CONTAINS", 2, 2),
    ("TRANSLATE", 3, 3),
    ("INITCAP", 1, 2),
    ("MD5", 1, 1),
    ("NULLIF", 2, 2),
    ("IFNULL", 2, 2),
    ("NVL", 2, 2),
    ("NVL2", 3, 3),
    ("IFF", 3, 3),
    ("ZEROIFNULL", 1, 1),
    ("NULLIFZERO", 1, 1),
    ("DIV0", 2, 2),
    ("DIV0NULL", 2, 2),
    ("COALESCE", 1, usize::MAX),
    ("GREATEST", 1, usize::MAX),
    ("LEAST", 1, usize::MAX),
    ("CONCAT_WS", 2, usize::MAX),
    ("ABS", 1, 1),
    ("SIGN", 1, 1),
    ("SQRT", 1, 1),
    ("EXP", 1, 1),
    ("LN", 1, 1),
    ("POWER", 2, 2),
    ("POW", 2, 2),
    ("MOD", 2, 2),
    ("ROUND", 1, 3),
    ("YEAR", 1, 1),
    ("QUARTER", 1, 1),
    ("MONTH", 1, 1),
    ("DAY", 1, 1),
    ("HOUR", 1, 1),
    ("MINUTE", 1, 1),
    ("SECOND", 1, 1),
    ("DATEADD", 3, 3),
    ("DATEDIFF", 3, 3),
    ("DATE_TRUNC", 2, 2),
    ("ADD_MONTHS", 2, 2),
    ("MONTHS_BETWEEN", 2, 2),
    ("SUM", 1, 1),
    ("AVG", 1, 1),
    ("MEDIAN", 1, 1),
    ("ROW_NUMBER", 0, 0),
    ("LAG", 1, 3),
    ("LEAD", 1, 3),
];

/// The fewest and the most arguments of a function, where they are known.
pub(in crate::sql) fn arity(name: &str) -> Option<(usize, usize)> {
    ARITY.iter().find(|(known, ..)| *known == name).map(|(_, fewest, most)| (*fewest, *most))
}

#[cfg(test)]
mod tests {
    use super::arity;
    use crate::sql::function::forms;

    #[test]
    fn what_the_function_table_takes_is_within() {
        for (name, ..) in super::ARITY {
            let (fewest, most) = arity(name).unwrap();
            for form in forms(name).unwrap_or_default() {
                let count = form.arguments.len();
                let least = if form.repeats { count - 1 } else { count };
                assert!(fewest <= least && (form.repeats || count <= most), "{name}");
            }
        }
    }
}
