//! What goes wrong in a template: the reason, and where, at every level of macros.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use minijinja::{Error, ErrorKind};

use super::code::Unit;
use super::place::Place;

/// The class of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The text is not Jinja.
    Syntax,
    /// A name, an attribute, a filter, a test or a method that does not exist.
    Undefined,
    /// A function or macro that does not exist was called.
    UnknownMacro,
    /// Raised on purpose by a native function, see [`raise`].
    Raised,
    /// An operation that its operands do not support, or a call with the wrong arguments.
    Type,
    /// Too many nested calls, or too many steps.
    Limit,
}

/// One level of a failure: code that was running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The unique id of the macro that was running; none for a template.
    pub macro_id: Option<Arc<str>>,
    /// The file's id.
    pub file: u32,
    /// Bytes of that file.
    pub span: Range<usize>,
}

/// Why a template cannot be compiled or rendered.
#[derive(Clone)]
pub struct TemplateError {
    /// The class.
    pub kind: FailureKind,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where, innermost first.
    pub trace: Vec<Frame>,
    /// What [`raise`] was given.
    pub payload: Option<Arc<dyn Any + Send + Sync>>,
}

impl TemplateError {
    pub(super) fn syntax(message: String, place: &Place, range: Range<usize>) -> TemplateError {
        let frame = Frame { macro_id: None, file: place.file(), span: place.range(range) };
        TemplateError { kind: FailureKind::Syntax, message, trace: vec![frame], payload: None }
    }

    /// What [`raise`] was given, if it is a `T`.
    pub fn payload<T: 'static>(&self) -> Option<&T> {
        self.payload.as_ref().and_then(|payload| payload.downcast_ref())
    }

    /// The failure of running `unit` as a template.
    pub(super) fn of(error: &Error, unit: &Unit) -> TemplateError {
        let mut trace = Vec::new();
        let mut level = error;
        let (mut place, mut source, mut macro_id) = (unit.place.clone(), unit.source, None);
        loop {
            let late = nested::<Late>(level).map(|late| late.0.clone());
            let range = clamp(late.or_else(|| level.range()), source);
            let span = place.range(range.clone());
            trace.push(Frame { macro_id: macro_id.take(), file: place.file(), span });
            let Some(inside) = nested::<Inside>(level) else {
                return TemplateError::innermost(level, &source[range], trace);
            };
            level = &inside.error;
            (place, source, macro_id) = (inside.unit.place.clone(), inside.unit.source, inside.macro_id.clone());
        }
    }

    fn innermost(error: &Error, text: &str, mut trace: Vec<Frame>) -> TemplateError {
        if let Some(Whole(failure)) = nested::<Whole>(error) {
            let mut failure = failure.clone();
            trace.reverse();
            failure.trace.extend(trace);
            return failure;
        }
        trace.reverse();
        if let Some(raised) = nested::<Raised>(error) {
            let payload = raised.payload.clone();
            return TemplateError { kind: FailureKind::Raised, message: raised.message.clone(), trace, payload };
        }
        let (kind, message) =
            if nested::<Limit>(error).is_some() { (FailureKind::Limit, detail(error)) } else { reason(error, text) };
        TemplateError { kind, message, trace, payload: None }
    }
}

fn clamp(range: Option<Range<usize>>, source: &str) -> Range<usize> {
    let mut range = range.unwrap_or(0..0);
    let whole = |mut offset: usize| {
        while !source.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    range.end = whole(range.end.min(source.len()));
    range.start = whole(range.start.min(range.end));
    range
}

fn detail(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}

fn reason(error: &Error, text: &str) -> (FailureKind, String) {
    match error.kind() {
        ErrorKind::SyntaxError => (FailureKind::Syntax, detail(error)),
        ErrorKind::UnknownFunction => {
            let name = error.detail().and_then(|detail| detail.split(' ').next()).unwrap_or(text);
            (FailureKind::UnknownMacro, format!("`{name}` is undefined"))
        }
        ErrorKind::UndefinedError if error.detail().is_none() => {
            let object = text.rfind(['.', '[']).map_or(text, |end| &text[..end]).trim();
            let message = if object.is_empty() || object.contains('\n') {
                return match text.trim().split_once('(') {
                    Some((called, _)) if !called.contains(char::is_whitespace) => {
                        (FailureKind::UnknownMacro, format!("`{called}` is undefined"))
                    }
                    _ => (FailureKind::Undefined, "the value is undefined".to_owned()),
                };
            } else {
                format!("`{object}` is undefined")
            };
            (FailureKind::Undefined, message)
        }
        ErrorKind::UndefinedError | ErrorKind::UnknownMethod | ErrorKind::UnknownFilter | ErrorKind::UnknownTest => {
            (FailureKind::Undefined, detail(error))
        }
        _ => (FailureKind::Type, detail(error)),
    }
}

impl fmt::Debug for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateError")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("trace", &self.trace)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for TemplateError {}

/// An error that a native function returns to stop the render, with a value of the caller's own, such as a diagnostic.
/// The value survives every macro in between and comes out as [`TemplateError::payload`].
pub fn raise(message: impl Into<String>, payload: impl Any + Send + Sync) -> Error {
    raised(message.into(), Some(Arc::new(payload)))
}

pub(super) fn raised(message: String, payload: Option<Arc<dyn Any + Send + Sync>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.clone()).with_source(Raised { message, payload })
}

/// What [`raise`] gave an error, if it is a `T`: for native functions that catch the errors of functions they call.
pub fn payload<T: 'static>(error: &Error) -> Option<&T> {
    let mut level = error;
    while let Some(inside) = nested::<Inside>(level) {
        level = &inside.error;
    }
    nested::<Raised>(level)?.payload.as_ref()?.downcast_ref()
}

/// The error of a compiled text or a whole render that a running template asked for.
pub(super) fn whole(failure: TemplateError) -> Error {
    Error::new(ErrorKind::InvalidOperation, failure.message.clone()).with_source(Whole(failure))
}

pub(super) fn limit(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message).with_source(Limit)
}

/// The failure of what stands at `range`, for when the evaluation has ended.
pub(super) fn late(message: String, range: Range<usize>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message).with_source(Late(range))
}

/// The error of a body as the error of its call: the caller's place is added when it passes through there.
pub(super) fn inside(error: Error, unit: &Arc<Unit>, macro_id: Option<&Arc<str>>) -> Error {
    let inside = Inside { unit: unit.clone(), macro_id: macro_id.cloned(), error };
    // Not the kind of the inner error: minijinja takes some kinds as an answer, such as that there is no such method.
    Error::new(ErrorKind::EvalBlock, "inside a call").with_source(inside)
}

/// The first error of a type among the direct causes.
pub(super) fn nested<T: StdError + 'static>(error: &Error) -> Option<&T> {
    let mut cause = StdError::source(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

#[derive(Debug)]
struct Raised {
    message: String,
    payload: Option<Arc<dyn Any + Send + Sync>>,
}

#[derive(Debug)]
struct Whole(TemplateError);

#[derive(Debug)]
struct Limit;

/// A failure that is reported after its place has run.
#[derive(Debug)]
struct Late(Range<usize>);

/// An error within a macro or call block. It has no `source`, so that a search among causes ends at each level.
#[derive(Debug)]
struct Inside {
    unit: Arc<Unit>,
    macro_id: Option<Arc<str>>,
    error: Error,
}

macro_rules! causes {
    ($($name:ident: $text:literal),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($text)
            }
        }
        impl StdError for $name {}
    )*};
}

causes!(Raised: "raised", Whole: "failed", Limit: "a limit", Late: "late", Inside: "inside a call");

/// Carries the value of `return()` to the macro that ends with it.
#[derive(Debug)]
pub(super) struct Returned(pub(super) minijinja::Value);

impl fmt::Display for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`return` outside of a macro")
    }
}

impl StdError for Returned {}

/// The value of a `return()` that this error is.
pub(super) fn returned(error: &Error) -> Option<minijinja::Value> {
    let mut level = error;
    loop {
        if let Some(Returned(value)) = nested(level) {
            return Some(value.clone());
        }
        level = &nested::<Inside>(level)?.error;
    }
}
