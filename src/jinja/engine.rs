//! The engine: templates in, text out.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use minijinja::value::{Rest, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value, tests};

use super::code::{self, Mode, Unit};
use super::failure::{self, TemplateError};
use super::lenient::{self, Everything};
use super::library::Macro;
use super::literal;
use super::mark::{self, Gathered, Segment};
use super::native;
use super::place::Origin;
use super::python;
use super::root::{Context, Root};
use super::run::{self, Closure, Render, Return};
use crate::config::{python_yaml, yaml};

/// Filters, tests and functions that every template has. Shared by threads; renders share nothing else.
pub struct Engine {
    env: Environment<'static>,
    globals: Arc<[String]>,
    /// Templates that stand in no file, by text and leniency: most generic tests of a project share a few of them.
    shared: RwLock<HashMap<(String, bool), Arc<Template>>>,
}

/// How many templates are kept for the next render of the same text.
const SHARED: usize = 128;

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}

/// A compiled template or expression.
#[derive(Debug)]
pub struct Template {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Text without anything to render, and where it lies.
    Verbatim(String, Origin),
    Code {
        unit: Arc<Unit>,
        lenient: bool,
    },
}

/// What a render gives.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// The output.
    pub text: String,
    /// Where each byte of the output came from, in order and without gaps; empty unless asked for.
    pub segments: Vec<Segment>,
    /// The value of a `return()` on the template's own level, which ends the render; or a macro's result.
    pub returned: Option<Value>,
    /// Unique ids of the macros that were called, in order, each once.
    pub called: Vec<Arc<str>>,
    /// Those of them that the template itself called, not another macro: what dbt records for a node.
    pub called_directly: Vec<Arc<str>>,
}

impl Engine {
    /// An engine with Python's values and dbt's `return`.
    pub fn new() -> Engine {
        let mut env = Environment::new();
        env.set_debug(false);
        env.set_undefined_behavior(UndefinedBehavior::Lenient);
        python::install(&mut env);
        python::install_yaml(
            &mut env,
            |text| yaml::parse_exactly(text).map_err(|error| error.message),
            |value| Ok(python_yaml(value)),
        );
        install(&mut env);
        let mut globals: Vec<String> = env.globals().map(|(name, _)| name.to_owned()).collect();
        globals.sort_unstable();
        Engine { env, globals: globals.into(), shared: RwLock::default() }
    }

    /// Compiles a template to be rendered when models are compiled or run.
    pub fn compile(&self, text: &str, origin: Origin) -> Result<Arc<Template>, TemplateError> {
        self.template(text, origin, false)
    }

    /// Compiles a model to be rendered while the project is parsed: undefined values on the model's own level may be
    /// walked through and called, because macros and columns may not be known yet.
    pub fn compile_lenient(&self, text: &str, origin: Origin) -> Result<Arc<Template>, TemplateError> {
        self.template(text, origin, true)
    }

    fn template(&self, text: &str, origin: Origin, lenient: bool) -> Result<Arc<Template>, TemplateError> {
        if !has_jinja(text) {
            return Ok(Arc::new(Template { kind: Kind::Verbatim(text.to_owned(), origin) }));
        }
        let key = (origin == Origin::NOWHERE).then(|| (text.to_owned(), lenient));
        let known = |key| self.shared.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        if let Some(known) = key.as_ref().and_then(known) {
            return Ok(known);
        }
        let unit = Arc::new(code::template(text, origin, Mode { marks: true, lenient })?);
        let template = Arc::new(Template { kind: Kind::Code { unit, lenient } });
        if let Some(key) = key {
            let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
            if shared.len() >= SHARED {
                // Those that are used again come back; most are not.
                shared.clear();
            }
            shared.insert(key, template.clone());
        }
        Ok(template)
    }

    /// A template with what it sees. One that stands in no file and has texts in its calls is shared by all that differ in these.
    fn prepared(
        &self,
        text: &str,
        origin: Origin,
        root: &Arc<Root>,
    ) -> Result<(Arc<Template>, Arc<Root>), TemplateError> {
        match literal::lifted(text).filter(|_| origin == Origin::NOWHERE) {
            Some((shared, texts)) => Ok((self.template(&shared, origin, false)?, literal::root(&texts, root))),
            None => Ok((self.template(text, origin, false)?, root.clone())),
        }
    }

    /// Renders a text that stands in no file.
    pub fn render_text(&self, text: &str, root: &Arc<Root>) -> Result<String, TemplateError> {
        let (template, root) = self.prepared(text, Origin::NOWHERE, root)?;
        Ok(template.render(self, &root, false)?.text)
    }

    /// Compiles an expression, without braces around it.
    pub fn compile_expression(&self, text: &str, origin: Origin) -> Result<Expression, TemplateError> {
        Ok(Expression { unit: Arc::new(code::expression(text, origin)?) })
    }

    /// Calls a macro from outside of any template: a materialization, an operation.
    pub fn call(&self, root: &Arc<Root>, callee: &Macro, args: &[Value]) -> Result<Rendered, TemplateError> {
        let unit = callee.unit()?;
        let (result, render) = run::within(Render::new(root.clone(), Gathered::Text), || callee.run(&self.env, args));
        match result {
            Ok(value) => Ok(Rendered { returned: Some(value), ..finished(String::new(), render) }),
            Err(error) => {
                let mut failure = TemplateError::of(&error, unit);
                // The outermost frame is the call itself, which lies in no file.
                failure.trace.pop();
                Err(failure)
            }
        }
    }

    /// Renders as dbt renders YAML: a text that is one expression keeps the expression's value; `as_number`,
    /// `as_bool` and `as_native` read a text as a Python literal. Beside the value, the macros the text itself called.
    pub fn render_native_value(
        &self,
        text: &str,
        origin: Origin,
        root: &Arc<Root>,
    ) -> Result<(Value, Vec<Arc<str>>), TemplateError> {
        let (template, root) = self.prepared(text, origin, root)?;
        let Kind::Code { unit, .. } = &template.kind else { return Ok((Value::from(text), Vec::new())) };
        let mut render = Render::new(root.clone(), Gathered::Values(Vec::new()));
        render.native = true;
        let context = Value::from_object(Context(root));
        let (result, render) = run::within(render, || run::evaluate(&self.env, unit, context));
        let called = render.direct;
        let result = result.and_then(|_| match render.gathered {
            Gathered::Values(values) => native::join(values, &render.wished),
            Gathered::Text | Gathered::Map { .. } => Ok(Value::from("")),
        });
        result.map(|value| (value, called)).map_err(|error| TemplateError::of(&error, unit))
    }

    /// The same as JSON.
    pub fn render_native(
        &self,
        text: &str,
        origin: Origin,
        root: &Arc<Root>,
    ) -> Result<serde_json::Value, TemplateError> {
        let (value, _) = self.render_native_value(text, origin, root)?;
        python::setting_json(&value).map_err(|error| {
            let message = if value.is_undefined() {
                format!(
                    "`{}` is undefined",
                    text.trim_matches(|c: char| matches!(c, '{' | '}' | '-') || c.is_whitespace())
                )
            } else {
                error.detail().unwrap_or("the value has no form in JSON").to_owned()
            };
            let place =
                failure::Frame { macro_id: None, file: origin.file, span: origin.base..origin.base + text.len() };
            TemplateError { kind: failure::FailureKind::Type, message, trace: vec![place], payload: None }
        })
    }
}

impl Template {
    /// Renders. With `marks`, where each byte came from is recorded.
    pub fn render(&self, engine: &Engine, root: &Arc<Root>, marks: bool) -> Result<Rendered, TemplateError> {
        let (unit, lenient) = match &self.kind {
            Kind::Verbatim(text, origin) => return Ok(verbatim(text, *origin, marks)),
            Kind::Code { unit, lenient } => (unit, *lenient),
        };
        let gathered = if marks {
            Gathered::Map { file: unit.place.file(), length: 0, segments: Vec::new() }
        } else {
            Gathered::Text
        };
        let context = if lenient {
            Value::from_object(Everything { root: root.clone(), globals: engine.globals.clone() })
        } else {
            Value::from_object(Context(root.clone()))
        };
        let render = Render::new(root.clone(), gathered);
        let (result, render) = run::within(render, || run::evaluate(&engine.env, unit, context));
        match result {
            Ok((text, _)) => Ok(finished(text, render)),
            Err(error) => match failure::returned(&error) {
                Some(value) => Ok(Rendered { returned: Some(value), ..finished(String::new(), render) }),
                None => Err(TemplateError::of(&error, unit)),
            },
        }
    }
}

/// Renders text inside the render at hand, with its variables: dbt's `render()`, and a variable's text.
pub(super) fn nested(env: &Environment<'_>, text: &str) -> Result<String, Error> {
    if !has_jinja(text) {
        return Ok(text.to_owned());
    }
    let outside = || Error::new(ErrorKind::InvalidOperation, "`render` was called outside of a render");
    let root = Root::current().ok_or_else(outside)?;
    let mode = Mode { marks: true, lenient: false };
    let unit = Arc::new(code::template(text, Origin::default(), mode).map_err(failure::whole)?);
    let context = Value::from_object(Context(root.clone()));
    let (result, _) = run::within(Render::new(root, Gathered::Text), || run::evaluate(env, &unit, context));
    match result {
        Ok((text, _)) => Ok(text),
        Err(error) => match failure::returned(&error) {
            Some(_) => Ok(String::new()),
            None => Err(failure::whole(TemplateError::of(&error, &unit))),
        },
    }
}

/// A compiled expression.
#[derive(Debug)]
pub struct Expression {
    unit: Arc<Unit>,
}

impl Expression {
    /// The value of the expression.
    pub fn evaluate(&self, engine: &Engine, root: &Arc<Root>) -> Result<Value, TemplateError> {
        let context = Value::from_object(Context(root.clone()));
        let render = Render::new(root.clone(), Gathered::Text);
        let (result, _) = run::within(render, || run::evaluate(&engine.env, &self.unit, context));
        let value = result.map_err(|error| TemplateError::of(&error, &self.unit))?.1;
        Ok(value.unwrap_or(Value::UNDEFINED))
    }
}

fn verbatim(text: &str, origin: Origin, marks: bool) -> Rendered {
    let src: Range<usize> = origin.base..origin.base + text.len();
    let segment = Segment { out: 0..text.len(), file: origin.file, src, exact: true };
    let segments = if marks && !text.is_empty() { vec![segment] } else { Vec::new() };
    Rendered { text: text.to_owned(), segments, ..Rendered::default() }
}

fn finished(text: String, render: Render) -> Rendered {
    let segments = match render.gathered {
        Gathered::Map { segments, .. } => segments,
        Gathered::Text | Gathered::Values(_) => Vec::new(),
    };
    Rendered { text, segments, returned: None, called: render.called, called_directly: render.direct }
}

/// Whether there is anything to render; dbt returns other text as it is, its last line end included.
fn has_jinja(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(2).any(|pair| matches!(pair, b"{{" | b"{%" | b"{#" | b"}}" | b"%}" | b"#}"))
}

/// The filters that rewritten code calls, besides the operators of `python`.
fn install(env: &mut Environment<'static>) {
    env.set_formatter(mark::format);
    env.add_global("return", Value::from_object(Return));
    env.add_filter("_mark", mark::mark);
    env.add_filter("_closure", |unit: Value, captured: Rest<Value>| Closure::make(&unit, captured.0));
    env.add_filter("_cbout", |value: Value, spot: Value| run::printed(value, &spot));
    env.add_filter("_compare", |state: &mut State, first: Value, pairs: Rest<Value>| compare(state, &first, &pairs));
    env.add_filter("_pattr", |value: Value, name: String| lenient::attribute(&value, &name));
    env.add_filter("_new_list", |_: Value| python::list(Vec::new()));
    env.add_filter("_new_dict", |_: Value| python::record([]));
    env.add_filter("_pcall", |state: &mut State, value: Value, args: Rest<ValueOrKwargs>| {
        lenient::call(state, &value, &args.into_values())
    });
    env.add_filter("_pmethod", |state: &mut State, value: Value, name: String, args: Rest<ValueOrKwargs>| {
        lenient::method(state, &value, &name, &args.into_values())
    });
    env.add_filter("_cycle", |state: &mut State, value: Value, args: Rest<ValueOrKwargs>| {
        lenient::cycle(state, &value, &args.into_values())
    });
    env.add_filter("_unsafe", |value: Value, name: String| lenient::unsafe_attribute(&value, &name));
    env.add_test("filter", |state: &State, value: Value| {
        value.as_str().is_some_and(|name| tests::is_filter(state, name))
    });
    env.add_test("test", |state: &State, value: Value| value.as_str().is_some_and(|name| tests::is_test(state, name)));
    native::install(env);
}

/// `a < b < c`: pairs of an operator's filter and its right operand.
fn compare(state: &mut State<'_, '_>, first: &Value, pairs: &[Value]) -> Result<Value, Error> {
    let mut left = first.clone();
    let mut result = Value::from(true);
    for pair in pairs.chunks_exact(2) {
        let [operator, right] = pair else { break };
        result = state.apply_filter(operator.as_str().unwrap_or_default(), &[left, right.clone()])?;
        if !result.is_true() {
            break;
        }
        left = right.clone();
    }
    Ok(result)
}
