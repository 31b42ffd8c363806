//! Everything that is written: data on standard output, all else on standard error.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;

use super::arguments::{Global, LogFormat};
use crate::diagnostic::{Diagnostic, Format, Level, Style, render};
use crate::source::Sources;

/// Writes for one command.
pub(super) struct Printer {
    format: Format,
    style: Style,
    quiet: bool,
    /// Whether warnings count as errors.
    strict: bool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    errors: usize,
    warnings: usize,
}

impl Printer {
    pub(super) fn new(global: &Global, no_color: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let colour = (global.use_colors || terminal && !no_color) && !global.no_use_colors;
        let format = match global.log_format {
            LogFormat::Default => Format::Pretty,
            LogFormat::Short => Format::Short,
            LogFormat::Json => Format::Json,
        };
        let style = Style { colour, width: 110 };
        Self { format, style, quiet: global.quiet, strict: global.warn_error, seen: Mutex::default() }
    }

    /// A line of data. A reader that went away ends nothing: the work is done anyway.
    pub(super) fn data(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = out.write_all(b"\n");
        }
    }

    /// A line about what happens; nothing when quiet, or when machines listen.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet && self.format != Format::Json {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// A JSON line about what happens, when machines listen.
    pub(super) fn event(&self, value: &serde_json::Value) {
        if !self.quiet && self.format == Format::Json {
            let _ = writeln!(std::io::stderr().lock(), "{value}");
        }
    }

    /// A problem.
    pub(super) fn diagnostic(&self, diagnostic: &Diagnostic, sources: &Sources) {
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut shown = diagnostic.clone();
        if self.strict && shown.level == Level::Warning {
            shown.level = Level::Error;
        }
        match shown.level {
            Level::Error => seen.errors += 1,
            Level::Warning => seen.warnings += 1,
            Level::Note => {}
        }
        if self.quiet && shown.level != Level::Error {
            return;
        }
        let text = render(&shown, sources, self.format, self.style);
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }

    /// Several problems, errors last, so that they stand nearest to the prompt.
    pub(super) fn diagnostics<'a>(
        &self,
        diagnostics: impl Iterator<Item = &'a Diagnostic>,
        sources: &Sources,
    ) {
        let mut list: Vec<&Diagnostic> = diagnostics.collect();
        list.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.level));
        list.into_iter().for_each(|diagnostic| self.diagnostic(diagnostic, sources));
    }

    /// How many errors and warnings were printed.
    pub(super) fn counts(&self) -> (usize, usize) {
        let seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (seen.errors, seen.warnings)
    }

    /// A word in a colour, where colours are used: 1 red, 2 green, 3 yellow, 8 grey.
    pub(super) fn paint(&self, text: &str, colour: u8) -> String {
        if self.style.colour { format!("\u{1b}[38;5;{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
