//! Snowflake's date and time formats (`YYYY-MM-DD HH24:MI:SS`) as the engine's.

/// A format that the engine has no counterpart for: the element.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownElement(pub(super) String);

/// Elements, longest first, with the engine's form for printing and for reading.
const ELEMENTS: [(&str, &str, &str); 31] = [
    ("TZH:TZM", "+00:00", "%z"),
    ("TZHTZM", "+0000", "%z"),
    ("TZH", "+00", "%z"),
    ("YYYY", "%Y", "%Y"),
    ("UUUU", "%Y", "%Y"),
    ("YY", "%y", "%y"),
    ("MMMM", "%B", "%B"),
    ("MON", "%b", "%b"),
    ("MM", "%m", "%m"),
    ("MI", "%M", "%M"),
    ("DD", "%d", "%d"),
    ("DY", "%a", "%a"),
    ("HH24", "%H", "%H"),
    ("HH12", "%I", "%I"),
    ("HH", "%H", "%H"),
    ("AM", "%p", "%p"),
    ("PM", "%p", "%p"),
    ("SS", "%S", "%S"),
    (".FF0", "", ""),
    ("FF0", "", ""),
    ("FF1", "", "%f"),
    ("FF2", "", "%f"),
    ("FF3", "%g", "%f"),
    ("FF4", "", "%f"),
    ("FF5", "", "%f"),
    ("FF6", "%f", "%f"),
    ("FF7", "%f0", "%f"),
    ("FF8", "%f00", "%f"),
    ("FF9", "%f000", "%f"),
    ("FF", "%f000", "%f"),
    ("T", "T", "T"),
];

/// The engine's format for printing.
pub(super) fn printing(format: &str) -> Result<String, UnknownElement> {
    compile(format, false)
}

/// The engine's format for reading.
pub(super) fn reading(format: &str) -> Result<String, UnknownElement> {
    compile(format, true)
}

fn compile(format: &str, reads: bool) -> Result<String, UnknownElement> {
    let mut out = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let inside = &rest[1..];
            let end = inside.find('"').ok_or_else(|| UnknownElement(rest.to_owned()))?;
            out.push_str(&inside[..end].replace('%', "%%"));
            rest = &inside[end + 1..];
            continue;
        }
        let starts = |element: &str| rest.get(..element.len()).is_some_and(|r| r.eq_ignore_ascii_case(element));
        if let Some((element, print, read)) = ELEMENTS.iter().find(|(element, _, _)| starts(element)) {
            let form = if reads { read } else { print };
            if form.is_empty() && !element.ends_with('0') {
                return Err(UnknownElement((*element).to_owned()));
            }
            out.push_str(form);
            rest = &rest[element.len()..];
            continue;
        }
        if first.is_alphabetic() {
            let word: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            return Err(UnknownElement(word));
        }
        out.push_str(if first == '%' { "%%" } else { &rest[..first.len_utf8()] });
        rest = &rest[first.len_utf8()..];
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{UnknownElement, printing, reading};

    #[test]
    fn formats_are_compiled_element_by_element() {
        assert_eq!(printing("YYYY-MM-DD HH24:MI:SS.FF3").as_deref(), Ok("%Y-%m-%d %H:%M:%S.%g"));
        assert_eq!(printing("yyyymmdd\"T\"hh12 AM").as_deref(), Ok("%Y%m%dT%I %p"));
        assert_eq!(reading("DD-MON-YYYY").as_deref(), Ok("%d-%b-%Y"));
        assert_eq!(printing("YYYY-QQ"), Err(UnknownElement("QQ".to_owned())));
        assert_eq!(printing("SS.FF1"), Err(UnknownElement("FF1".to_owned())));
    }
}
