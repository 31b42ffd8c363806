//! Compiled code: one unit for each template, macro body, call block and expression.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::machinery::ast::{Expr, Stmt};
use minijinja::machinery::{CodeGenerator, Instructions, parse, parse_expr};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Object;
use minijinja::{Error, Value};

use super::failure::TemplateError;
use super::normal::{self, Normal};
use super::open_block;
use super::place::{Origin, Place};
use super::rewrite::Rewriter;
use super::walk::Names;

/// Keeps a text for the life of the process, once for equal texts.
///
/// Compiled code borrows its text, and values made from code (a call block's closure) may go anywhere, so that the
/// borrow has no other end. The cost is the size of the project's distinct templates.
pub(super) fn keep(text: String) -> &'static str {
    static KEPT: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = kept.get_or_insert_default();
    if let Some(text) = kept.get(text.as_str()) {
        return text;
    }
    let text: &'static str = text.leak();
    kept.insert(text);
    text
}

/// Runs a step of a recursion over a tree whose depth the input decides, on more stack when little is left.
pub(super) fn deep<T>(step: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, step)
}

/// A text that is being compiled.
pub(super) struct Draft {
    /// Normalised and kept.
    pub(super) source: &'static str,
    pub(super) place: Arc<Place>,
    /// Offsets of `{{` whose value is not printed, ascending.
    pub(super) silent: Vec<usize>,
}

/// What a parameter is when no argument is given.
#[derive(Debug)]
pub(super) enum Preset {
    /// Undefined.
    Absent,
    /// A constant.
    Constant(Value),
    /// Evaluated by the first statements of the body.
    Computed,
}

/// A parameter.
#[derive(Debug)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) preset: Preset,
}

/// What a body can be called with.
#[derive(Debug, Default)]
pub(super) struct Signature {
    /// For messages; a call block has none.
    pub(super) name: Option<&'static str>,
    pub(super) params: Vec<Param>,
    /// Names whose values come from where the body stands.
    pub(super) captures: Vec<&'static str>,
    pub(super) takes_caller: bool,
    pub(super) takes_kwargs: bool,
    pub(super) takes_varargs: bool,
}

impl Signature {
    /// As in Jinja2, a body takes `caller`, `kwargs` and `varargs` if it reads names that nothing else gives it.
    pub(super) fn new(
        name: Option<&'static str>,
        params: Vec<Param>,
        captures: Vec<&'static str>,
        names: &Names,
    ) -> Signature {
        let takes = |name: &str| names.read.contains(name) && !params.iter().any(|param| param.name == name);
        let (takes_caller, takes_kwargs, takes_varargs) = (takes("caller"), takes("kwargs"), takes("varargs"));
        Signature { name, params, captures, takes_caller, takes_kwargs, takes_varargs }
    }

    /// Rules of Jinja2 for signatures.
    pub(super) fn check(&self) -> Result<(), String> {
        let caller = self.params.iter().find(|param| param.name == "caller");
        if caller.is_some_and(|param| matches!(param.preset, Preset::Absent)) {
            return Err("a parameter named `caller` must have a default".to_owned());
        }
        Ok(())
    }
}

/// Code with its signature and place.
pub(super) struct Unit {
    pub(super) instructions: Instructions<'static>,
    pub(super) signature: Signature,
    pub(super) source: &'static str,
    pub(super) place: Arc<Place>,
}

impl Unit {
    /// Generates code for rewritten statements.
    pub(super) fn new(draft: &Draft, signature: Signature, list: &[Stmt<'static>]) -> Unit {
        let mut generator = CodeGenerator::new("", draft.source);
        for stmt in list {
            generator.compile_stmt(stmt);
        }
        Unit::finish(draft, signature, generator)
    }

    fn finish(draft: &Draft, signature: Signature, generator: CodeGenerator<'static>) -> Unit {
        let (instructions, _) = generator.finish();
        Unit { instructions, signature, source: draft.source, place: draft.place.clone() }
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unit").field("signature", &self.signature).finish_non_exhaustive()
    }
}

impl Object for Unit {}

/// How a template's code differs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mode {
    /// Output remembers its place.
    pub(super) marks: bool,
    /// Undefined values may be walked through and called.
    pub(super) lenient: bool,
}

/// Compiles a template: its last line end goes, as Jinja2 has it.
pub(super) fn template(text: &str, origin: Origin, mode: Mode) -> Result<Unit, TemplateError> {
    let mut normal = normal::template(text);
    if normal.text.ends_with('\n') {
        normal.text.pop();
    }
    let draft = draft(normal, origin);
    let list = parsed(&draft, 0)?;
    on_stack(draft.source, move || {
        let mut rewriter = rewriter(&draft, mode);
        rewriter.locals = Names::of(&list).assigned;
        rewriter.locals.insert("loop");
        let list = rewriter.block(&list);
        finish(rewriter)?;
        Ok(Unit::new(&draft, Signature::default(), &list))
    })
}

/// Compiles an expression; its value is what evaluation leaves.
pub(super) fn expression(text: &str, origin: Origin) -> Result<Unit, TemplateError> {
    let draft = draft(normal::expression(text), origin);
    let expr = parsed_expression(&draft, 0..draft.source.len())?;
    on_stack(draft.source, move || {
        let mut rewriter = rewriter(&draft, Mode::default());
        let expr = rewriter.expr(&expr);
        finish(rewriter)?;
        let mut generator = CodeGenerator::new("", draft.source);
        generator.compile_expr(&expr);
        Ok(Unit::finish(&draft, Signature::default(), generator))
    })
}

/// One parameter of a macro's header: its name and where its default lies in the header.
#[derive(Debug, Clone)]
pub(super) struct HeaderParam {
    pub(super) name: String,
    pub(super) default: HeaderDefault,
}

/// A default as the header gives it.
#[derive(Debug, Clone)]
pub(super) enum HeaderDefault {
    Absent,
    /// Bytes of the header.
    At(std::ops::Range<usize>),
    /// A list of one string, which a materialization's `supported_languages` is when the header says nothing.
    Languages,
}

/// The text of a macro: header and body, each with the byte of the file where it starts.
pub(super) struct MacroText<'m> {
    pub(super) name: &'m str,
    pub(super) file: u32,
    pub(super) header: (&'m str, usize),
    pub(super) body: (&'m str, usize),
    pub(super) params: &'m [HeaderParam],
}

/// Compiles a macro: its header's defaults and its body, which is a slice of the file and keeps its last line end.
pub(super) fn macro_body(text: &MacroText<'_>) -> Result<Unit, TemplateError> {
    let (draft, defaults, start) = macro_draft(text);
    let list = parsed(&draft, start)?;
    let mut exprs = Vec::with_capacity(defaults.len());
    for range in defaults {
        exprs.push(match range {
            Some(range) => Some((parsed_expression(&draft, range.clone())?, range.start)),
            None => None,
        });
    }
    on_stack(draft.source, move || {
        let names = Names::of(&list);
        let mut rewriter = rewriter(&draft, Mode::default());
        rewriter.locals.extend(&names.assigned);
        let mut prologue = Vec::new();
        let mut params = Vec::with_capacity(text.params.len());
        for (index, (param, default)) in text.params.iter().zip(&exprs).enumerate() {
            let name = keep(param.name.clone());
            rewriter.locals.insert(name);
            rewriter.shift = default.as_ref().map_or(0, |&(_, start)| start);
            let default = default.as_ref().map(|(expr, _)| expr);
            params.push(rewriter.param(name, index, default, &mut prologue));
        }
        rewriter.shift = start;
        prologue.extend(rewriter.block(&list));
        let signature = Signature::new(Some(keep(format!("dbt_macro__{}", text.name))), params, Vec::new(), &names);
        if let Err(message) = signature.check() {
            rewriter.errors.push(TemplateError::syntax(message, &draft.place, 0..text.header.0.len()));
        }
        finish(rewriter)?;
        Ok(Unit::new(&draft, signature, &prologue))
    })
}

type DefaultRanges = Vec<Option<std::ops::Range<usize>>>;

/// The kept text of a macro is its defaults, one after the other, and then its body, from the offset returned.
fn macro_draft(text: &MacroText<'_>) -> (Draft, DefaultRanges, usize) {
    let mut place = Place::new(text.file);
    let mut source = String::new();
    let mut ranges = Vec::new();
    for param in text.params {
        let start = source.len();
        match &param.default {
            HeaderDefault::Absent => {
                ranges.push(None);
                continue;
            }
            HeaderDefault::Languages => {
                place.push(start, text.header.1, Default::default());
                source.push_str("['sql']");
            }
            HeaderDefault::At(range) => {
                let normal = normal::expression(&text.header.0[range.clone()]);
                place.push(start, text.header.1 + range.start, normal.stages);
                source.push_str(&normal.text);
            }
        }
        ranges.push(Some(start..source.len()));
        source.push('\n');
    }
    let start = source.len();
    let normal = normal::template(text.body.0);
    place.push(start, text.body.1, normal.stages);
    source.push_str(&normal.text);
    let silent = normal.silent.iter().map(|offset| offset + start).collect();
    (Draft { source: keep(source), place: Arc::new(place), silent }, ranges, start)
}

fn draft(normal: Normal, origin: Origin) -> Draft {
    let mut place = Place::new(origin.file);
    place.push(0, origin.base, normal.stages);
    Draft { source: keep(normal.text), place: Arc::new(place), silent: normal.silent }
}

fn rewriter(draft: &Draft, mode: Mode) -> Rewriter<'_> {
    Rewriter {
        draft,
        shift: 0,
        locals: BTreeSet::from(["loop"]),
        marks: mode.marks,
        lenient: mode.lenient,
        barrier: false,
        errors: Vec::new(),
    }
}

fn finish(rewriter: Rewriter<'_>) -> Result<(), TemplateError> {
    rewriter.errors.into_iter().next().map_or(Ok(()), Err)
}

/// Parses the kept text from `start` on.
fn parsed(draft: &Draft, start: usize) -> Result<Vec<Stmt<'static>>, TemplateError> {
    let mut syntax = SyntaxConfig::builder();
    syntax.keep_trailing_newline(true);
    let syntax = syntax.build().map_err(|error| located(&error, draft, start))?;
    match on_stack(draft.source, || parse(&draft.source[start..], "", syntax)) {
        Ok(stmt) => Ok(vec![stmt]),
        Err(error) => Err(located(&error, draft, start)),
    }
}

fn parsed_expression(draft: &Draft, range: std::ops::Range<usize>) -> Result<Expr<'static>, TemplateError> {
    let start = range.start;
    on_stack(draft.source, || parse_expr(&draft.source[range])).map_err(|error| located(&error, draft, start))
}

fn located(error: &Error, draft: &Draft, shift: usize) -> TemplateError {
    let range = error.range().unwrap_or(0..0);
    let message = error.detail().unwrap_or("invalid syntax");
    let moved = |range: std::ops::Range<usize>| {
        let end = (range.end + shift).min(draft.source.len());
        (range.start + shift).min(end)..end
    };
    let (message, open) =
        open_block::explain(message, &draft.source[shift..], range.start).unwrap_or_else(|| (message.to_owned(), None));
    TemplateError::syntax(message, &draft.place, moved(open.unwrap_or(range)))
}

/// Runs the parser, the code generator or the disposal of a tree: recursions of minijinja as deep as the longest
/// chain of operators, which only the length of the text bounds.
fn on_stack<T>(source: &str, run: impl FnOnce() -> T) -> T {
    let operators = source.len() / 2;
    stacker::maybe_grow((operators * 256).max(128 * 1024), (operators * 4096).max(4 * 1024 * 1024), run)
}

/// What names a template reads and calls, without running it.
pub(super) fn tree(text: &str, origin: Origin) -> Result<Vec<Stmt<'static>>, TemplateError> {
    parsed(&draft(normal::template(text), origin), 0)
}

/// The same for a macro's defaults and body.
pub(super) fn macro_tree(text: &MacroText<'_>) -> Result<(Vec<Expr<'static>>, Vec<Stmt<'static>>), TemplateError> {
    let (draft, defaults, start) = macro_draft(text);
    let defaults = defaults.into_iter().flatten().map(|range| parsed_expression(&draft, range));
    Ok((defaults.collect::<Result<_, _>>()?, parsed(&draft, start)?))
}
