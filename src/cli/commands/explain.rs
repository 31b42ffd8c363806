//! `explain`.

use super::super::Outcome;
use super::super::printer::Printer;
use super::support;
use crate::diagnostic::{Code, Diagnostic, did_you_mean, explain as page};
use crate::source::Sources;

/// The topic that is the support table of Snowflake's SQL on the embedded engine.
const SNOWFLAKE: &str = "snowflake";

/// Prints the page of a code, of a function of Snowflake's, or the support table of all of them; without a name, the list of codes.
pub(super) fn explain(code: Option<&str>, printer: &Printer) -> Result<Outcome, Outcome> {
    let Some(name) = code else {
        for code in Code::ALL {
            let title =
                page(*code).lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
            printer.data(&format!("{:<28} {title}", code.as_str()));
        }
        return Ok(Outcome::Success);
    };
    if name == SNOWFLAKE {
        printer.data(&support::table());
        return Ok(Outcome::Success);
    }
    if let Some(rows) = support::function(name) {
        printer.data(&rows);
        return Ok(Outcome::Success);
    }
    if let Some(code) = Code::by_name(name) {
        printer.data(page(code));
        return Ok(Outcome::Success);
    }
    let near = did_you_mean(name, Code::ALL.iter().map(|code| code.as_str()).chain([SNOWFLAKE]));
    let help =
        near.map_or_else(|| "`merganser explain` lists all codes".to_owned(), |near| format!("did you mean `{near}`?"));
    printer.diagnostic(
        &Diagnostic::error(Code::BadOption, format!("no diagnostic `{name}`")).in_file("explain", 1).help(help),
        &Sources::default(),
    );
    Ok(Outcome::Unusable)
}
