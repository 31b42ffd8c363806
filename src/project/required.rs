//! The versions of dbt that a project says it is for (`require-dbt-version`).

use serde_json::Value;

use super::Package;
use super::deps::{Fit, fit};
use crate::config::yaml;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Sources, Span};

/// Reports a project that is not for this version of dbt; without a version only what cannot be read.
pub(super) fn check(package: &Package, version: Option<&str>, sources: &Sources, diagnostics: &mut Diagnostics) {
    const KEY: &str = "require-dbt-version";
    let file = &package.file;
    let bounds: Vec<&str> = match file.value.get(KEY) {
        Some(Value::String(text)) => text.split(',').map(str::trim).collect(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    let shown = bounds.join(", ");
    let (message, help) = match fit(&bounds, version.unwrap_or("0.0.0")) {
        Fit::Unreadable(text) => (format!("`{text}` is no version of dbt"), "write bounds such as `>=1.8.0`"),
        _ if version.is_none() => return,
        Fit::Fits => return,
        Fit::Impossible => (format!("no version of dbt is {shown}"), "write bounds that leave something between them"),
        Fit::Outside => (
            format!(
                "project `{}` is for dbt {shown}, and this does what dbt {} does",
                file.name,
                version.unwrap_or("")
            ),
            "change the bounds, use another version of the package, or pass --no-version-check",
        ),
    };
    let span = Span::new(file.file, yaml::locate(sources.text(file.file), &[KEY.into()]));
    diagnostics.push(Diagnostic::error(Code::BadConfig, message).at(span).help(help));
}
