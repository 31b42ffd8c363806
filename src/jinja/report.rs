//! A failed render as a diagnostic at the place in the user's template.

use std::ops::Range;

use super::context::Problem;
use super::{FailureKind, Frame, TemplateError};
use crate::diagnostic::{Code, Diagnostic, Label};
use crate::source::{FileId, Span};

fn span(frame: &Frame) -> Span {
    Span::new(FileId::from_number(frame.file), frame.span.clone())
}

/// What is wrong, at the innermost place that belongs to the project or its packages (else at `whole`), with the macro calls that led there.
/// `is_own` tells whether a file is the user's rather than part of the binary.
pub fn report(
    error: &TemplateError,
    node: &str,
    whole: (FileId, Range<usize>),
    is_own: &dyn Fn(FileId) -> bool,
) -> Diagnostic {
    let problem = error.payload::<Problem>();
    let code = problem.map_or_else(|| code(error), |problem| problem.code);
    let mut diagnostic = Diagnostic::error(code, error.message.clone()).node(node);
    diagnostic.help = problem.and_then(|problem| problem.help.clone()).or_else(|| help(error).map(str::to_owned));
    let frames: Vec<&Frame> = error.trace.iter().filter(|frame| frame.file != u32::MAX).collect();
    let own = frames.iter().position(|frame| is_own(FileId::from_number(frame.file)));
    let place = own.map_or_else(|| Span::new(whole.0, whole.1), |index| span(frames[index]));
    diagnostic = diagnostic.at(place);
    let name = |frame: &Frame| {
        frame.macro_id.as_ref().map_or_else(|| node.to_owned(), |id| format!("macro `{}`", macro_name(id)))
    };
    let others = frames.iter().enumerate().filter(|(index, _)| Some(*index) != own);
    diagnostic.trace(others.map(|(_, frame)| Label { span: span(frame), text: name(frame) }).collect())
}

fn macro_name(unique_id: &str) -> &str {
    unique_id.strip_prefix("macro.").unwrap_or(unique_id)
}

fn code(error: &TemplateError) -> Code {
    match error.kind {
        FailureKind::Syntax => Code::TemplateSyntax,
        FailureKind::UnknownMacro => Code::UnknownMacro,
        FailureKind::Undefined => Code::UndefinedName,
        FailureKind::Raised => Code::RaisedError,
        FailureKind::Type | FailureKind::Limit => Code::TypeError,
    }
}

fn help(error: &TemplateError) -> Option<&'static str> {
    match error.kind {
        FailureKind::Syntax => Some("every `{{`, `{%` and `{#` needs its end, and every block its end tag"),
        FailureKind::UnknownMacro => Some("check the macro's name, and that its package is installed"),
        FailureKind::Undefined => Some("define it with `{% set %}`, or check the spelling"),
        FailureKind::Limit => Some("look for a macro that calls itself without end"),
        FailureKind::Raised | FailureKind::Type => None,
    }
}
