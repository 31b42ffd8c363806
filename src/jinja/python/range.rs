//! Python's `range`, with the sandbox's limit on its length.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::argument::{int, split};
use super::error::{overflow_error, type_error, value_error};
use super::list::search;

const LONGEST: i128 = 100_000;

/// Numbers from `start` to before `stop`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) start: i128,
    pub(super) stop: i128,
    pub(super) step: i128,
}

impl Range {
    pub(super) fn len(&self) -> usize {
        let span = if self.step > 0 { self.stop - self.start } else { self.start - self.stop };
        let step = self.step.abs();
        usize::try_from((span.max(0) + step - 1) / step).unwrap_or(usize::MAX)
    }

    /// The range of the numbers at these positions, which lie `by` apart.
    pub(super) fn pick(&self, positions: &[usize], by: i128) -> Range {
        let step = self.step * by;
        let start = positions.first().map_or(self.start, |at| self.at(*at));
        Range { start, stop: start + step * positions.len() as i128, step }
    }

    /// The number at this position.
    pub(super) fn at(&self, at: usize) -> i128 {
        self.start + self.step * at as i128
    }
}

/// Python's `range(stop)`, `range(start, stop)` and `range(start, stop, step)`.
pub(super) fn construct(_state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let (positional, keywords) = split(args);
    if !keywords.is_empty() {
        return Err(type_error("range() takes no keyword arguments"));
    }
    let numbers = positional.iter().map(int).collect::<Result<Vec<_>, _>>()?;
    let (start, stop, step) = match numbers[..] {
        [stop] => (0, stop, 1),
        [start, stop] => (start, stop, 1),
        [start, stop, step] => (start, stop, step),
        _ => return Err(type_error(format!("range expected 1 to 3 arguments, got {}", numbers.len()))),
    };
    if step == 0 {
        return Err(value_error("range() arg 3 must not be zero"));
    }
    if [start, stop, step].iter().any(|n| i64::try_from(*n).is_err()) {
        return Err(overflow_error("range() argument is too large"));
    }
    let range = Range { start, stop, step };
    if range.len() as i128 > LONGEST {
        let text = format!("range too big: the sandbox blocks ranges larger than {LONGEST}");
        return Err(overflow_error(text));
    }
    Ok(Value::from_object(range))
}

impl Object for Range {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(name) = key.as_str() {
            return self.get_value_by_str(name);
        }
        let at = key.as_usize().filter(|at| *at < self.len())?;
        Some(Value::from(self.at(at)))
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "start" => Some(Value::from(self.start)),
            "stop" => Some(Value::from(self.stop)),
            "step" => Some(Value::from(self.step)),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let range = **self;
        Enumerator::Iter(Box::new((0..range.len()).map(move |at| Value::from(range.at(at)))))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.len())
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if matches!(method, "count" | "index") {
            let own: Vec<Value> = (0..self.len()).map(|at| Value::from(self.at(at))).collect();
            return search("range", method, &own, args);
        }
        Err(super::error::no_method("range", method))
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.step {
            1 => write!(f, "range({}, {})", self.start, self.stop),
            step => write!(f, "range({}, {}, {step})", self.start, self.stop),
        }
    }
}
