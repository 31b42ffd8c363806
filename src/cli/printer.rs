//! Everything that is written: data on standard output, all else on standard error.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, OnceLock};

use super::arguments::{Global, LogFormat, LogLevel};
use super::levels::Levels;
use super::output::{Output, log_file};
use super::warnings::{Verdict, Warnings};
use crate::config::Weight;
use crate::diagnostic::{Code, Diagnostic, Format, Level, Style, render};
use crate::source::Sources;

/// Writes for one command.
pub(super) struct Printer {
    output: Arc<Output>,
    style: Style,
    seen: Mutex<Seen>,
    /// How much problems matter, once the project is read.
    levels: OnceLock<Levels>,
    /// `--show-all-deprecations`: each is told at each place.
    repeats: bool,
}

#[derive(Default)]
struct Seen {
    errors: usize,
    warnings: usize,
    /// dbt's names of the deprecations told.
    deprecations: BTreeSet<&'static str>,
}

impl Printer {
    pub(super) fn new(global: &Global, warnings: Warnings, no_color: bool) -> std::io::Result<Self> {
        let terminal = std::io::stderr().is_terminal();
        let colour = global.use_colors.unwrap_or(terminal && !no_color);
        let format = match global.log_format.unwrap_or(LogFormat::Default) {
            LogFormat::Default => Format::Pretty,
            LogFormat::Short => Format::Short,
            LogFormat::Json => Format::Json,
        };
        let asked =
            if global.debug == Some(true) { LogLevel::Debug } else { global.log_level.unwrap_or(LogLevel::Info) };
        let level = if global.quiet == Some(true) { asked.max(LogLevel::Error) } else { asked };
        let file = match &global.log_path {
            Some(folder) => Some((Mutex::new(log_file(folder)?), global.log_level_file.unwrap_or(LogLevel::Debug))),
            None => None,
        };
        let output = Arc::new(Output { format, level, prints: global.print.unwrap_or(true), file, warnings });
        let repeats = global.accepted.show_all_deprecations == Some(true);
        let style = Style { colour, width: 110 };
        Ok(Self { output, style, seen: Mutex::default(), levels: OnceLock::new(), repeats })
    }

    /// Where its lines go.
    pub(super) fn output(&self) -> &Arc<Output> {
        &self.output
    }

    /// A line of data.
    pub(super) fn data(&self, text: &str) {
        self.output.data(text);
    }

    /// A line about what happens; nothing when quiet, or when machines listen.
    pub(super) fn note(&self, text: &str) {
        self.output.line(LogLevel::Info, text);
    }

    /// A JSON line about what happens, when machines listen.
    pub(super) fn event(&self, value: &serde_json::Value) {
        self.output.event(LogLevel::Info, value);
    }

    /// Sets how much problems matter from here on.
    pub(super) fn weigh(&self, levels: Levels) {
        let _ = self.levels.set(levels);
    }

    /// A problem with the level that it is told with; none for one that is not told.
    fn weighed(&self, diagnostic: &Diagnostic, sources: &Sources) -> Option<Diagnostic> {
        let mut shown = diagnostic.clone();
        match self.levels.get().and_then(|levels| levels.weight(&shown, sources)) {
            Some(Weight::Off) => return None,
            Some(Weight::Warn) => shown.level = Level::Warning,
            Some(Weight::Error) => shown.level = Level::Error,
            None => {}
        }
        match self.output.warnings.verdict(&shown) {
            Verdict::Silent => return None,
            Verdict::Error => shown.level = Level::Error,
            Verdict::Unchanged => {}
        }
        Some(shown)
    }

    /// A problem.
    pub(super) fn diagnostic(&self, diagnostic: &Diagnostic, sources: &Sources) {
        let Some(shown) = self.weighed(diagnostic, sources) else { return };
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let deprecation = shown.event.filter(|_| shown.code == Code::Deprecated && !self.repeats);
        if deprecation.is_some_and(|event| !seen.deprecations.insert(event)) {
            return;
        }
        match shown.level {
            Level::Error => seen.errors += 1,
            Level::Warning => seen.warnings += 1,
            Level::Note => {}
        }
        let level = match shown.level {
            Level::Error => LogLevel::Error,
            Level::Warning => LogLevel::Warn,
            Level::Note => LogLevel::Info,
        };
        self.output.problem(level, &render(&shown, sources, self.output.format, self.style));
    }

    /// Several problems, errors last, so that they stand nearest to the prompt.
    pub(super) fn diagnostics<'a>(&self, diagnostics: impl Iterator<Item = &'a Diagnostic>, sources: &Sources) {
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
