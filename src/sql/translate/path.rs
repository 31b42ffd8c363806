//! Paths into semi-structured values: `v:a.b[0]`, `v['a']`, `GET`.

use sqlparser::ast::{AccessExpr, Expr, JsonPath, JsonPathElem, Subscript, Value};

use super::expression::unescape;
use super::typed::Typed;
use super::{Step, Translator, literal};
use crate::sql::DataType;
use crate::sql::data_type::Family;
use crate::sql::problem::{SqlProblem, WRONG_TYPE};

/// A path as it is collected: what is known at translation, or an expression of the engine.
struct Path {
    text: String,
    computed: bool,
}

impl Path {
    fn root() -> Self {
        Self { text: String::from("$"), computed: false }
    }

    fn key(&mut self, name: &str) {
        let step = format!(".\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
        self.fixed(&step);
    }

    fn index(&mut self, index: i64) {
        let step = if index < 0 { "[#]".to_owned() } else { format!("[{index}]") };
        self.fixed(&step);
    }

    fn fixed(&mut self, step: &str) {
        if self.computed {
            self.text = format!("{} || {}", self.text, literal(step));
        } else {
            self.text.push_str(step);
        }
    }

    fn computed(&mut self, step: &str) {
        if !self.computed {
            self.text = literal(&self.text);
            self.computed = true;
        }
        self.text = format!("{} || {step}", self.text);
    }

    fn sql(&self) -> String {
        if self.computed { format!("({})", self.text) } else { literal(&self.text) }
    }
}

impl Translator<'_> {
    pub(super) fn json_access(&mut self, value: &Expr, path: &JsonPath) -> Step<Typed> {
        let root = self.semi(value)?;
        let mut steps = Path::root();
        for step in &path.path {
            match step {
                JsonPathElem::Dot { key, quoted: true } => steps.key(&key.replace("\"\"", "\"")),
                JsonPathElem::Dot { key, .. } => steps.key(key),
                JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } => {
                    self.bracket(key, &mut steps)?;
                }
            }
        }
        Ok(extract(&root, &steps))
    }

    /// `v[0]`, `v['a']`, `v[i].b`: on columns and calls.
    pub(super) fn field_access(&mut self, root: &Expr, chain: &[AccessExpr]) -> Step<Typed> {
        let (root, chain) = self.split_qualifier(root, chain)?;
        let mut steps = Path::root();
        for access in chain {
            match access {
                AccessExpr::Subscript(Subscript::Index { index }) => self.bracket(index, &mut steps)?,
                AccessExpr::Dot(Expr::Identifier(key)) => steps.key(&key.value),
                AccessExpr::Dot(other) => {
                    return Err(SqlProblem::unsupported("this path", self.range_of(other)));
                }
                AccessExpr::Subscript(Subscript::Slice { .. }) => {
                    return Err(SqlProblem::unsupported("a slice", 0..0).help("use ARRAY_SLICE"));
                }
            }
        }
        Ok(extract(&root, &steps))
    }

    /// The parser reads `t.v[0]` as the column `t` and the path `.v[0]`.
    fn split_qualifier<'e>(&mut self, root: &Expr, chain: &'e [AccessExpr]) -> Step<(Typed, &'e [AccessExpr])> {
        if let (Expr::Identifier(first), [AccessExpr::Dot(Expr::Identifier(second)), rest @ ..]) = (root, chain)
            && self.relation(std::slice::from_ref(first)).is_ok()
        {
            let column = self.resolve_qualified(&[first.clone(), second.clone()])?;
            return Ok((column, rest));
        }
        Ok((self.semi(root)?, chain))
    }

    /// A value that has paths: a semi-structured one.
    pub(super) fn semi(&mut self, expr: &Expr) -> Step<Typed> {
        let value = self.expression(expr)?;
        match value.ty.family() {
            Family::Semi => Ok(value),
            Family::Unknown => Ok(Typed::new(format!("CAST({} AS JSON)", value.sql), DataType::Variant)),
            Family::Null => Ok(Typed::new("CAST(NULL AS JSON)", DataType::Variant)),
            _ => {
                let message = format!("{} has no paths; only VARIANT, OBJECT and ARRAY have", value.ty);
                Err(SqlProblem::new(WRONG_TYPE, message, self.range_of(expr)))
            }
        }
    }

    fn bracket(&mut self, key: &Expr, steps: &mut Path) -> Step<()> {
        if let Expr::Value(value) = key {
            match &value.value {
                Value::SingleQuotedString(text) => {
                    steps.key(&unescape(text));
                    return Ok(());
                }
                Value::Number(digits, _) => {
                    let index = digits.parse();
                    steps.index(index.map_err(|_| SqlProblem::unsupported("this index", self.range_of(key)))?);
                    return Ok(());
                }
                _ => {}
            }
        }
        let computed = self.expression(key)?;
        steps.computed(&computed_step(&computed));
        Ok(())
    }

    /// `GET(v, key_or_index)`.
    pub(super) fn get(&mut self, value: &Expr, key: &Expr) -> Step<Typed> {
        let root = self.semi(value)?;
        let mut steps = Path::root();
        self.bracket(key, &mut steps)?;
        Ok(extract(&root, &steps))
    }

    /// `GET_PATH(v, 'a.b[0]')`.
    pub(super) fn get_path(&mut self, value: &Expr, path: &Expr) -> Step<Typed> {
        let root = self.semi(value)?;
        self.path_of(root, path)
    }

    /// What stands at a written path of a value.
    pub(super) fn path_of(&self, root: Typed, path: &Expr) -> Step<Typed> {
        let Some(text) = constant(path) else {
            return Err(SqlProblem::unsupported("a computed path", self.range_of(path)));
        };
        let steps = written_path(&text)
            .ok_or_else(|| SqlProblem::unsupported(format!("the path `{text}`"), self.range_of(path)))?;
        Ok(extract(&root, &steps))
    }
}

/// The text of a string literal.
pub(super) fn constant(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(unescape(text)),
            Value::DollarQuotedString(text) => Some(text.value.clone()),
            _ => None,
        },
        Expr::Nested(inner) => constant(inner),
        _ => None,
    }
}

/// The path that a text writes: `a.b[0]."c d"['e']`.
fn written_path(text: &str) -> Option<Path> {
    let mut steps = Path::root();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (key, after) = inside.split_once(']')?;
            match key.parse() {
                Ok(index) => steps.index(index),
                Err(_) => {
                    let quote = key.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
                    steps.key(key.strip_prefix(quote)?.strip_suffix(quote)?);
                }
            }
            rest = after.strip_prefix(['.', ':']).unwrap_or(after);
        } else if let Some(inside) = rest.strip_prefix('"') {
            let (key, after) = inside.split_once('"')?;
            steps.key(key);
            rest = after.strip_prefix(['.', ':']).unwrap_or(after);
        } else {
            let end = rest.find(['.', '[', ':']).unwrap_or(rest.len());
            if end == 0 {
                return None;
            }
            steps.key(&rest[..end]);
            rest = rest[end..].strip_prefix(['.', ':']).unwrap_or(&rest[end..]);
        }
    }
    Some(steps)
}

/// The step for a key or index that is an expression.
fn computed_step(key: &Typed) -> String {
    match key.ty.family() {
        // A negative index has no element.
        Family::Number | Family::Float => {
            let index = format!("CAST({} AS BIGINT)", key.sql);
            format!("CASE WHEN {index} < 0 THEN '[#]' ELSE '[' || {index} || ']' END")
        }
        _ => format!("'.\"' || replace({}, '\"', '\\\"') || '\"'", key.text()),
    }
}

/// The value at a path; paths of paths become one.
fn extract(root: &Typed, steps: &Path) -> Typed {
    let (value, path) = match &root.path {
        Some((value, base)) if !steps.computed && base.starts_with('\'') => {
            let base = &base[1..base.len() - 1];
            let step = steps.sql();
            (value.clone(), format!("'{base}{}", &step[2..]))
        }
        _ => (root.sql.clone(), steps.sql()),
    };
    let sql = format!("json_extract({value}, {path})");
    Typed { path: Some((value, path)), ..Typed::new(sql, DataType::Variant) }
}
