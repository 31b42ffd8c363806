//! The map from output back to the template: which bytes of the output came from where.

use std::ops::Range;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, Output, State, Value};

use super::python;
use super::run::{Render, current};

/// A stretch of output and the bytes of the file it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Bytes of the output.
    pub out: Range<usize>,
    /// The file's id.
    pub file: u32,
    /// Bytes of the file.
    pub src: Range<usize>,
    /// Whether the output is that text, byte for byte, save for line ends; else an expression made it.
    pub exact: bool,
}

/// Literal text of a template, with its bytes in the file.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) text: &'static str,
    pub(super) src: Range<usize>,
}

impl Object for Raw {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// A printed value, with the bytes of its `{{ }}` in the file.
#[derive(Debug)]
struct Marked {
    value: Value,
    src: Range<usize>,
}

impl Object for Marked {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// A range as the argument of `_mark`.
pub(super) fn pack(src: Range<usize>) -> u64 {
    let half = |offset: usize| u64::from(u32::try_from(offset).unwrap_or(u32::MAX));
    half(src.start) << 32 | half(src.end)
}

/// The filter `_mark`: a value with its place.
pub(super) fn mark(value: Value, packed: u64) -> Value {
    let half = |bits: u64| usize::try_from(bits & u64::from(u32::MAX)).unwrap_or(usize::MAX);
    Value::from_object(Marked { value, src: half(packed >> 32)..half(packed) })
}

/// What a render gathers from its top-level output.
#[derive(Debug)]
pub(super) enum Gathered {
    /// Nothing: the output's text alone is wanted.
    Text,
    /// Where each byte came from.
    Map { file: u32, length: usize, segments: Vec<Segment> },
    /// The values themselves, for native rendering.
    Values(Vec<Value>),
}

impl Gathered {
    fn add(&mut self, len: usize, src: &Range<usize>, exact: bool) {
        if let (Gathered::Map { file, length, segments }, true) = (self, len > 0) {
            segments.push(Segment { out: *length..*length + len, file: *file, src: src.clone(), exact });
            *length += len;
        }
    }
}

/// Prints a value: the environment's formatter.
pub(super) fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if let Some(raw) = value.downcast_object_ref::<Raw>() {
        let native = gather(|gathered| match gathered {
            Gathered::Values(values) => {
                values.push(Value::from(raw.text));
                true
            }
            gathered => {
                gathered.add(raw.text.len(), &raw.src, true);
                false
            }
        });
        return if native { Ok(()) } else { Ok(out.write_str(raw.text)?) };
    }
    let Some(marked) = value.downcast_object_ref::<Marked>() else {
        return python::formatter(out, state, value);
    };
    let mode = gather(|gathered| match gathered {
        Gathered::Text => None,
        Gathered::Map { .. } => Some(false),
        Gathered::Values(values) => {
            values.push(marked.value.clone());
            Some(true)
        }
    });
    match mode {
        None => python::formatter(out, state, &marked.value),
        Some(true) => Ok(()),
        Some(false) => {
            let text = python::str(&marked.value);
            gather(|gathered| gathered.add(text.len(), &marked.src, false));
            Ok(out.write_str(&text)?)
        }
    }
}

fn gather<T>(with: impl FnOnce(&mut Gathered) -> T) -> T {
    current(|render: Option<&mut Render>| match render {
        Some(render) => with(&mut render.gathered),
        None => with(&mut Gathered::Text),
    })
}
