//! Snowflake's date and time formats (`YYYY-MM-DD HH24:MI:SS`) as the engine's.

use super::literal;

/// How an element is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Print {
    /// By the engine's format.
    By(&'static str),
    /// Fractions of a second, of so many digits.
    Fraction(usize),
    /// The offset from UTC, with what stands between hours and minutes.
    Offset(&'static str),
    /// The hours of the offset.
    Hours,
}

/// Elements, longest first, with how they are printed and the engine's form for reading. What is no element stands for itself.
const ELEMENTS: [(&str, Print, &str); 30] = [
    ("TZH:TZM", Print::Offset(":"), "%z"),
    ("TZHTZM", Print::Offset(""), "%z"),
    ("TZH", Print::Hours, "%z"),
    ("YYYY", Print::By("%Y"), "%Y"),
    ("UUUU", Print::By("%Y"), "%Y"),
    ("YY", Print::By("%y"), "%y"),
    ("MMMM", Print::By("%B"), "%b"),
    ("MON", Print::By("%b"), "%b"),
    ("MM", Print::By("%m"), "%m"),
    ("MI", Print::By("%M"), "%M"),
    ("DD", Print::By("%d"), "%d"),
    ("DY", Print::By("%a"), "%a"),
    ("HH24", Print::By("%H"), "%H"),
    ("HH12", Print::By("%I"), "%I"),
    ("HH", Print::By("%H"), "%H"),
    ("AM", Print::By("%p"), "%p"),
    ("PM", Print::By("%p"), "%p"),
    ("SS", Print::By("%S"), "%S"),
    (".FF0", Print::By(""), ""),
    ("FF0", Print::By(""), ""),
    ("FF1", Print::Fraction(1), "%n"),
    ("FF2", Print::Fraction(2), "%n"),
    ("FF3", Print::By("%g"), "%n"),
    ("FF4", Print::Fraction(4), "%n"),
    ("FF5", Print::Fraction(5), "%n"),
    ("FF6", Print::By("%f"), "%n"),
    ("FF7", Print::By("%f0"), "%n"),
    ("FF8", Print::By("%f00"), "%n"),
    ("FF9", Print::By("%f000"), "%n"),
    ("FF", Print::By("%f000"), "%n"),
];

/// A format's parts: elements, and text between them.
fn parts(format: &str) -> Vec<Result<&'static (&'static str, Print, &'static str), String>> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        let quoted = rest.strip_prefix('"').and_then(|inside| inside.split_once('"'));
        if let Some((text, after)) = quoted {
            parts.push(Err(text.to_owned()));
            rest = after;
            continue;
        }
        let starts = |element: &str| rest.get(..element.len()).is_some_and(|r| r.eq_ignore_ascii_case(element));
        let element = ELEMENTS.iter().find(|(element, ..)| starts(element));
        let length = element.map_or(first.len_utf8(), |(element, ..)| element.len());
        parts.push(element.ok_or_else(|| first.to_string()));
        rest = &rest[length..];
    }
    parts
}

/// The engine's expression that prints what a clock shows; `east` are its minutes from UTC, where it has a zone.
pub(super) fn printed(format: &str, clock: &str, east: Option<&str>) -> String {
    let (mut made, mut pending) = (Vec::new(), String::new());
    let by = |format: &mut String, made: &mut Vec<String>| {
        if !format.is_empty() {
            made.push(format!("strftime({clock}, {})", literal(&std::mem::take(format))));
        }
    };
    for part in parts(format) {
        let zone = match part {
            Err(text) => {
                pending.push_str(&text.replace('%', "%%"));
                continue;
            }
            Ok((_, Print::By(format), _)) => {
                pending.push_str(format);
                continue;
            }
            Ok((_, Print::Fraction(digits), _)) => format!("left(strftime({clock}, '%f'), {digits})"),
            // A timestamp without a zone shows that it is none.
            Ok((_, print, _)) => match (east, print) {
                (None, _) => "'Z'".to_owned(),
                (Some(east), Print::Offset(between)) => format!("sf_offset({east}, {})", literal(between)),
                (Some(east), _) => format!("left(sf_offset({east}, ''), 3)"),
            },
        };
        by(&mut pending, &mut made);
        made.push(zone);
    }
    by(&mut pending, &mut made);
    match made.as_slice() {
        // NULL stays NULL.
        [] => format!("left(strftime({clock}, '%Y'), 0)"),
        [one] => one.clone(),
        several => format!("({})", several.join(" || ")),
    }
}

/// The engine's format for reading.
pub(super) struct Reading {
    /// Its formats, any of which will do: months are read by their names and by their short names.
    pub(super) formats: Vec<String>,
    /// Whether an offset is read.
    pub(super) zoned: bool,
    /// Whether years have two digits.
    pub(super) short_year: bool,
}

/// How a format is read.
pub(super) fn reading(format: &str) -> Reading {
    let parts = parts(format);
    let format: String = parts
        .iter()
        .map(|part| match part {
            Ok((_, _, read)) => (*read).to_owned(),
            Err(text) => text.replace('%', "%%"),
        })
        .collect();
    let has = |form: &str| parts.iter().any(|part| matches!(part, Ok((_, _, read)) if *read == form));
    let (zoned, short_year, months) = (has("%z"), has("%y"), has("%b"));
    let formats = if months { vec![format.clone(), format.replace("%b", "%B")] } else { vec![format] };
    Reading { formats, zoned, short_year }
}

#[cfg(test)]
mod tests {
    use super::{printed, reading};

    #[test]
    fn formats_are_compiled_element_by_element() {
        let print = |format| printed(format, "c", Some("e"));
        assert_eq!(print("YYYY-MM-DD HH24:MI:SS.FF3"), "strftime(c, '%Y-%m-%d %H:%M:%S.%g')");
        assert_eq!(print("yyyymmdd\"T\"hh12 AM"), "strftime(c, '%Y%m%dT%I %p')");
        assert_eq!(print("YYYY-QQ"), "strftime(c, '%Y-QQ')");
        assert_eq!(
            print("SS.FF1 TZH"),
            "(strftime(c, '%S.') || left(strftime(c, '%f'), 1) || strftime(c, ' ') || left(sf_offset(e, ''), 3))"
        );
        assert_eq!(printed("TZHTZM", "c", None), "'Z'");
        assert_eq!(reading("DD-MON-YYYY").formats, ["%d-%b-%Y", "%d-%B-%Y"]);
        assert!(reading("YYYY TZH:TZM").zoned && !reading("YYYY").zoned);
    }
}
