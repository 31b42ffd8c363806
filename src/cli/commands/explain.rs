//! `explain`.

use super::super::Outcome;
use super::super::printer::Printer;
use crate::diagnostic::{Code, Diagnostic, did_you_mean, explain as page};
use crate::source::Sources;

/// Prints the page of a code, or the list of all.
pub(super) fn explain(code: Option<&str>, printer: &Printer) -> Result<Outcome, Outcome> {
    let Some(name) = code else {
        for code in Code::ALL {
            let title =
                page(*code).lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
            printer.data(&format!("{:<28} {title}", code.as_str()));
        }
        return Ok(Outcome::Success);
    };
    if let Some(code) = Code::by_name(name) {
        printer.data(page(code));
        return Ok(Outcome::Success);
    }
    let near = did_you_mean(name, Code::ALL.iter().map(|code| code.as_str()));
    let help =
        near.map_or_else(|| "`merganser explain` lists all codes".to_owned(), |near| format!("did you mean `{near}`?"));
    printer.diagnostic(
        &Diagnostic::error(Code::BadOption, format!("no diagnostic `{name}`")).in_file("explain", 1).help(help),
        &Sources::default(),
    );
    Ok(Outcome::Unusable)
}
