//! Running code: the render at hand, calls of macros and call blocks, and their limits.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use minijinja::machinery::{Instructions, eval, make_string_output};
use minijinja::value::{Object, ObjectRepr};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, Value};

use super::code::{Preset, Signature, Unit};
use super::failure::{self, Returned};
use super::mark::Gathered;
use super::native::Wished;
use super::python;
use super::root::Root;

/// How many calls of macros and call blocks may be open at once; dbt gives up near 145.
const DEPTH: usize = 200;

/// How many steps (calls and turns of loops) one render may take.
const STEPS: u64 = 5_000_000;

/// The render that a thread is busy with.
#[derive(Debug)]
pub(super) struct Render {
    pub(super) root: Arc<Root>,
    pub(super) gathered: Gathered,
    /// Whether `as_bool` and its like mark values for native rendering.
    pub(super) native: bool,
    /// What `as_bool` and its like gave.
    pub(super) wished: Vec<Wished>,
    /// Unique ids of the macros called so far, in order, each once.
    pub(super) called: Vec<Arc<str>>,
    /// Those called while no other macro was open, in the order of such calls.
    pub(super) direct: Vec<Arc<str>>,
    open: usize,
    steps: u64,
}

impl Render {
    pub(super) fn new(root: Arc<Root>, gathered: Gathered) -> Render {
        Render {
            root,
            gathered,
            native: false,
            wished: Vec::new(),
            called: Vec::new(),
            direct: Vec::new(),
            open: 0,
            steps: 0,
        }
    }

    fn call(&mut self, macro_id: Option<&Arc<str>>) {
        if let Some(id) = macro_id {
            let add = |list: &mut Vec<Arc<str>>| {
                if !list.iter().any(|known| Arc::ptr_eq(known, id)) {
                    list.push(id.clone());
                }
            };
            add(&mut self.called);
            if self.open == 0 {
                add(&mut self.direct);
            }
            self.open += 1;
        }
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Render>> = const { RefCell::new(None) };
    static OPEN: Cell<usize> = const { Cell::new(0) };
    /// For each evaluation that runs, the failure that awaits its end.
    static LATE: RefCell<Vec<Option<Error>>> = const { RefCell::new(Vec::new()) };
}

/// The render at hand, for a moment that runs no template code.
pub(super) fn current<T>(with: impl FnOnce(Option<&mut Render>) -> T) -> T {
    CURRENT.with_borrow_mut(|render| with(render.as_mut()))
}

/// Runs something as a render of its own, inside the one at hand if there is one.
pub(super) fn within<T>(render: Render, run: impl FnOnce() -> T) -> (T, Render) {
    struct Restore(Option<Render>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let restore = Restore(CURRENT.replace(Some(render)));
    let value = run();
    let render = CURRENT.take().expect("every render that starts inside this one restores it");
    drop(restore);
    (value, render)
}

/// Counts steps of the render at hand and stops it when there are too many.
pub(super) fn step() -> Result<(), Error> {
    current(|render| {
        let Some(render) = render else { return Ok(()) };
        render.steps += 1;
        if render.steps > STEPS {
            return Err(failure::limit(format!("the template does not end: it took more than {STEPS} steps")));
        }
        Ok(())
    })
}

static BLOCKS: BTreeMap<&'static str, Instructions<'static>> = BTreeMap::new();

/// Evaluates code with a root context: its text and what evaluation leaves.
pub(super) fn evaluate(env: &Environment<'_>, unit: &Unit, root: Value) -> Result<(String, Option<Value>), Error> {
    let mut text = String::new();
    let mut out = make_string_output(&mut text);
    LATE.with_borrow_mut(|late| late.push(None));
    let ended = super::code::deep(|| eval(env, &unit.instructions, root, &BLOCKS, &mut out, AutoEscape::None));
    let late = LATE.with_borrow_mut(Vec::pop).flatten();
    drop(out);
    let (value, _) = ended?;
    late.map_or(Ok((text, value)), Err)
}

/// Where a call block stands in its kept text.
#[derive(Debug)]
pub(super) struct Spot(Range<usize>);

impl Spot {
    pub(super) fn new(range: Range<usize>) -> Spot {
        Spot(range)
    }
}

impl Object for Spot {}

/// The filter `_cbout`: what a call block prints. A value that is no string fails when the text is put together, at the end of
/// the body: a `return()` before that makes up for it.
pub(super) fn printed(value: Value, spot: &Value) -> Value {
    if value.as_str().is_some() {
        return value;
    }
    let range = spot.downcast_object_ref::<Spot>().map_or(0..0, |spot| spot.0.clone());
    let message = format!("a `call` block prints a string, and this one returned {}", python::repr(&value));
    LATE.with_borrow_mut(|late| {
        if let Some(first @ None) = late.last_mut() {
            *first = Some(failure::late(message, range));
        }
    });
    Value::from("")
}

/// The values of a body that runs: what names mean before the render's variables are asked.
#[derive(Debug)]
struct Locals {
    unit: Arc<Unit>,
    /// By parameter; none where no argument was given.
    values: Vec<Option<Value>>,
    captured: Arc<[Value]>,
    caller: Option<Value>,
    varargs: Option<Value>,
    kwargs: Option<Value>,
    root: Arc<Root>,
}

impl Object for Locals {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let signature = &self.unit.signature;
        if let Some(index) = signature.params.iter().position(|param| param.name == key) {
            return Some(self.values[index].clone().unwrap_or(Value::UNDEFINED));
        }
        if let Some(index) = signature.captures.iter().position(|name| *name == key) {
            return self.captured.get(index).cloned();
        }
        let own = match key {
            "caller" => &self.caller,
            "varargs" => &self.varargs,
            "kwargs" => &self.kwargs,
            _ => &None,
        };
        if own.is_some() {
            return own.clone();
        }
        if let Some(index) = key.strip_prefix("__m").and_then(|index| index.parse::<usize>().ok()) {
            return self.values.get(index).map(|value| Value::from(value.is_none()));
        }
        self.root.get(key)
    }
}

/// Calls a body: a macro's or a call block's. Its errors get the body's place.
pub(super) fn call(
    env: &Environment<'_>,
    unit: &Arc<Unit>,
    captured: &Arc<[Value]>,
    args: &[Value],
    macro_id: Option<&Arc<str>>,
) -> Result<Value, Error> {
    step()?;
    let root = current(|render| {
        render.map(|render| {
            render.call(macro_id);
            render.root.clone()
        })
    });
    let root = root.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "a macro was called outside of a render"))?;
    let _open = Open::enter(macro_id.is_some())?;
    let locals = bind(unit, captured, args, root)?;
    match evaluate(env, unit, Value::from_object(locals)) {
        Ok((text, _)) => Ok(Value::from(text)),
        Err(error) => Err(failure::inside(error, unit, macro_id)),
    }
}

/// One open call, until it is dropped.
struct Open {
    counted: bool,
}

impl Open {
    fn enter(counted: bool) -> Result<Open, Error> {
        let open = OPEN.get() + 1;
        OPEN.set(open);
        let entered = Open { counted };
        if open > DEPTH {
            return Err(failure::limit(format!("macros call each other more than {DEPTH} levels deep")));
        }
        Ok(entered)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        OPEN.set(OPEN.get() - 1);
        if self.counted {
            current(|render| render.into_iter().for_each(|render| render.open -= 1));
        }
    }
}

/// Jinja2's rules: positional arguments first, then keywords for the parameters that are left, and what remains goes
/// to `varargs` and `kwargs` if the body reads them, or is an error.
fn bind(unit: &Arc<Unit>, captured: &Arc<[Value]>, args: &[Value], root: Arc<Root>) -> Result<Locals, Error> {
    let signature = &unit.signature;
    let (positional, keywords) = match args.split_last() {
        Some((last, before)) if last.is_kwargs() => (before, Some(last)),
        _ => (args, None),
    };
    let keyword = |name: &str| keywords.and_then(|keywords| keywords.as_object()?.get_value_by_str(name));
    let mut taken = Vec::new();
    let mut values = Vec::with_capacity(signature.params.len());
    for (index, param) in signature.params.iter().enumerate() {
        let mut value = positional.get(index).cloned();
        if value.is_none() {
            value = keyword(param.name);
            taken.extend(value.is_some().then_some(param.name));
        }
        values.push(value.or_else(|| match &param.preset {
            Preset::Constant(value) => Some(value.clone()),
            Preset::Absent | Preset::Computed => None,
        }));
    }
    let mut caller = None;
    if signature.takes_caller {
        caller = keyword("caller");
        taken.extend(caller.is_some().then_some("caller"));
        caller = caller.or(Some(Value::UNDEFINED));
    }
    let extra = positional.get(signature.params.len()..).unwrap_or_default();
    let (varargs, kwargs) = rest(signature, extra, keywords, &taken)?;
    Ok(Locals { unit: unit.clone(), values, captured: captured.clone(), caller, varargs, kwargs, root })
}

fn rest(
    signature: &Signature,
    extra: &[Value],
    keywords: Option<&Value>,
    taken: &[&str],
) -> Result<(Option<Value>, Option<Value>), Error> {
    let name = || signature.name.map_or_else(|| "None".to_owned(), |name| format!("'{name}'"));
    let refuse = |message: String| Err(Error::new(ErrorKind::TooManyArguments, message));
    let count = keywords.and_then(Value::len).unwrap_or(0);
    let mut kwargs = None;
    if signature.takes_kwargs || count > taken.len() {
        let pairs: Vec<(Value, Value)> = keywords
            .and_then(Value::as_object)
            .and_then(minijinja::value::DynObject::try_iter_pairs)
            .into_iter()
            .flatten()
            .filter(|(key, _)| key.as_str().is_some_and(|key| !taken.contains(&key)))
            .collect();
        if signature.takes_kwargs {
            kwargs = Some(python::dict(pairs)?);
        } else if let Some((key, _)) = pairs.first() {
            if key.as_str() == Some("caller") {
                return refuse(format!("macro {} does not use `caller`, and cannot be used in a `call` block", name()));
            }
            return refuse(format!(
                "macro {} takes no keyword argument '{}'",
                name(),
                key.as_str().unwrap_or_default()
            ));
        }
    }
    if signature.takes_varargs {
        return Ok((Some(python::tuple(extra.to_vec())), kwargs));
    }
    if !extra.is_empty() {
        return refuse(format!("macro {} takes not more than {} argument(s)", name(), signature.params.len()));
    }
    Ok((None, kwargs))
}

/// A call block's body, or an inline macro, as a value: code and the values of its free names.
#[derive(Debug)]
pub(super) struct Closure {
    unit: Arc<Unit>,
    captured: Arc<[Value]>,
}

impl Closure {
    /// The filter `_closure`.
    pub(super) fn make(unit: &Value, captured: Vec<Value>) -> Result<Value, Error> {
        let unit = unit
            .downcast_object::<Unit>()
            .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "`_closure` is not a filter"))?;
        Ok(Value::from_object(Closure { unit, captured: captured.into() }))
    }
}

impl Object for Closure {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        call(state.env(), &self.unit, &self.captured, args, None)
    }
}

/// dbt's `return(data)`: ends the macro that is running.
#[derive(Debug)]
pub(super) struct Return;

impl Object for Return {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let value = match args {
            [value] if value.is_kwargs() => value.as_object().and_then(|keywords| keywords.get_value_by_str("data")),
            [value] => Some(value.clone()),
            _ => None,
        };
        let value = value.ok_or_else(|| Error::new(ErrorKind::MissingArgument, "`return` takes one argument"))?;
        Err(Error::new(ErrorKind::InvalidOperation, "`return` outside of a macro").with_source(Returned(value)))
    }
}
