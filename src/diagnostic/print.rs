//! Printing diagnostics: `pretty` for people, `short` for editors, `json` for machines.

use std::fmt::Write as _;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity, SourceCode};
use serde_json::json;

use super::{Diagnostic, Label, Level, place};
use crate::source::Sources;

/// How diagnostics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// With the source text around the place.
    Pretty,
    /// One line each.
    Short,
    /// One JSON object per line.
    Json,
}

/// How wide and how colourful the pretty format is.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Use ANSI colours.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// The text of one diagnostic, ending in a newline.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, format: Format, style: Style) -> String {
    match format {
        Format::Pretty => pretty(diagnostic, sources, style),
        Format::Short => short(diagnostic, sources),
        Format::Json => json_line(diagnostic, sources),
    }
}

fn short(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let place = place(diagnostic, sources).map(|p| p + ": ").unwrap_or_default();
    format!("{place}{}[{}]: {}\n", diagnostic.level.as_str(), diagnostic.code, diagnostic.message)
}

fn json_line(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let (mut file, mut start, mut end) = (None, None, None);
    if let Some(label) = diagnostic.labels.first() {
        let source = sources.file(label.span.file);
        file = Some(source.path.clone());
        start = Some(source.position(label.span.start));
        end = Some(source.position(label.span.end.max(label.span.start)));
    } else if let Some(unread) = &diagnostic.unread {
        let position = crate::source::Position { line: unread.line, column: 1 };
        (file, start, end) = (Some(unread.path.clone()), Some(position), Some(position));
    }
    let line = json!({
        "code": diagnostic.code.as_str(),
        "level": diagnostic.level.as_str(),
        "message": diagnostic.message,
        "node": diagnostic.node,
        "file": file,
        "line": start.map(|p| p.line),
        "column": start.map(|p| p.column),
        "end_line": end.map(|p| p.line),
        "end_column": end.map(|p| p.column),
        "help": diagnostic.help,
    });
    format!("{line}\n")
}

fn pretty(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    let theme = if style.colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler =
        GraphicalReportHandler::new_themed(theme).with_width(style.width).with_links(false).with_context_lines(1);
    let mut out = String::new();
    let report = Report::new(diagnostic, sources);
    // The handler writes into a string, which cannot fail.
    let _ = handler.render_report(&mut out, &report);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    for frame in &diagnostic.trace {
        let file = sources.file(frame.span.file);
        let position = file.position(frame.span.start);
        let _ = writeln!(out, "   in {} at {}:{}:{}", frame.text, file.path, position.line, position.column);
    }
    if let Some(excerpt) = &diagnostic.excerpt {
        let _ = writeln!(out, "   compiled:");
        excerpt.lines().for_each(|line| {
            let _ = writeln!(out, "   │ {line}");
        });
    }
    out
}

/// A diagnostic in the shape the printing library takes.
struct Report<'a> {
    diagnostic: &'a Diagnostic,
    source: Option<NamedSource<String>>,
    labels: Vec<LabeledSpan>,
}

impl<'a> Report<'a> {
    fn new(diagnostic: &'a Diagnostic, sources: &Sources) -> Self {
        let file = diagnostic.labels.first().map(|label| sources.file(label.span.file));
        let same_file = |label: &&Label| Some(label.span.file) == diagnostic.labels.first().map(|l| l.span.file);
        let labels = diagnostic.labels.iter().filter(same_file).map(|label| {
            let text = (!label.text.is_empty()).then(|| label.text.clone());
            LabeledSpan::new(text, label.span.start, label.span.end.saturating_sub(label.span.start))
        });
        let source = file.map(|f| NamedSource::new(&f.path, f.text.to_string()));
        Self { diagnostic, source, labels: labels.collect() }
    }
}

impl std::fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(unread) = &self.diagnostic.unread {
            write!(f, "{}:{}: ", unread.path, unread.line)?;
        }
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn std::fmt::Display + 'b>> {
        Some(Box::new(format!("{}[{}]", self.diagnostic.level.as_str(), self.diagnostic.code)))
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.diagnostic.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Note => Severity::Advice,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn std::fmt::Display + 'b>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display + 'b>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
