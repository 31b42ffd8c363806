//! Python's exceptions as errors of the engine. The text is what Python says; the class decides the kind.

use std::borrow::Cow;

use minijinja::{Error, ErrorKind};

type Text = Cow<'static, str>;

/// An operation on a value of a type that does not have it.
pub(super) fn type_error(text: impl Into<Text>) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}

/// A value of the right type that cannot be used.
pub(super) fn value_error(text: impl Into<Text>) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}

/// A position outside of a sequence.
pub(super) fn index_error(text: impl Into<Text>) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}

/// A key that a mapping does not have; the text is the key's repr.
pub(super) fn key_error(text: impl Into<Text>) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}

/// A number that cannot be represented.
pub(super) fn overflow_error(text: impl Into<Text>) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}

/// A division by zero.
pub(super) fn zero_division(text: impl Into<Text>) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}

/// The use of an undefined value where Jinja2 refuses it.
pub(super) fn undefined_error() -> Error {
    Error::new(ErrorKind::UndefinedError, "the value is undefined")
}

/// A method that a type does not have. The engine may still find a callable item of that name.
pub(super) fn no_method(type_name: &str, name: &str) -> Error {
    Error::new(ErrorKind::UnknownMethod, format!("'{type_name} object' has no attribute '{name}'"))
}
