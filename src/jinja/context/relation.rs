//! `Relation`: the names of tables and views as templates handle them (dbt: `adapters/base/relation.py`).

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use super::call::{Call, given, unknown_method};
use super::methods;
use crate::config::{Window, event_time_text};
use crate::jinja::python;
use crate::sql::{Dialect, Quoting, Relation, RelationKind};

/// A relation in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationValue {
    /// Its name.
    pub relation: Relation,
    /// What it is, where that is known.
    pub kind: Option<RelationKind>,
    /// Which parts are written: database, schema, identifier.
    pub include: [bool; 3],
    /// The dialect, for what depends on it.
    pub dialect: Dialect,
    /// Text that stands for the relation instead of its name: a file read in place, a limited subquery.
    pub instead: Option<String>,
    /// Whether no rows are read of it (`--empty`).
    pub empty: bool,
    /// The event time that is read of it: its column, and when.
    pub during: Option<(String, Window)>,
    /// The view of the information schema this stands for, if it is one.
    pub information_schema: Option<Option<String>>,
    /// Whether it is an Iceberg table (Snowflake).
    pub is_iceberg: bool,
    /// The types that can be renamed and those that can be replaced, where not the adapter's.
    changeable: [Option<Vec<String>>; 2],
}

impl RelationValue {
    /// A relation with all parts written.
    pub fn new(relation: Relation, kind: Option<RelationKind>, dialect: Dialect) -> Self {
        Self {
            relation,
            kind,
            include: [true; 3],
            dialect,
            instead: None,
            empty: false,
            during: None,
            information_schema: None,
            is_iceberg: false,
            changeable: [None, None],
        }
    }

    fn render(&self) -> String {
        if let Some(text) = &self.instead {
            return text.clone();
        }
        let name = &self.relation;
        let quote = |part: &str, quoted: bool| if quoted { format!("\"{part}\"") } else { part.to_owned() };
        let database = name
            .database
            .as_deref()
            .filter(|p| self.include[0] && !p.is_empty())
            .map(|p| quote(p, name.quoting.database));
        if let Some(view) = &self.information_schema {
            let parts = [database, Some("INFORMATION_SCHEMA".to_owned()), view.clone()];
            return parts.into_iter().flatten().collect::<Vec<_>>().join(".");
        }
        let schema =
            name.schema.as_deref().filter(|p| self.include[1] && !p.is_empty()).map(|p| quote(p, name.quoting.schema));
        let own =
            (self.include[2] && !name.identifier.is_empty()).then(|| quote(&name.identifier, name.quoting.identifier));
        [database, schema, own].into_iter().flatten().collect::<Vec<_>>().join(".")
    }

    /// The relation as it is read in a query: limited, and filtered by event time (dbt: `BaseRelation.__str__`).
    fn read(&self) -> String {
        let mut text = self.render();
        if self.empty {
            text = format!("(select * from {text} where false limit 0)");
        }
        if let Some((column, window)) = &self.during {
            text = format!(
                "(select * from {text} where {column} >= '{}' and {column} < '{}')",
                event_time_text(window.start),
                event_time_text(window.end)
            );
        }
        text
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Value {
        let mut copy = self.clone();
        change(&mut copy);
        Value::from_object(copy)
    }

    fn is(&self, kind: RelationKind) -> Value {
        Value::from(self.kind == Some(kind))
    }

    fn incorporate(&self, call: &Call) -> Value {
        self.with(|copy| {
            for (name, value) in call.named() {
                match name.as_str() {
                    "path" => copy.replace_parts(&value),
                    "type" => copy.kind = RelationKind::from_word(&python::str(&value)),
                    "table_format" => copy.set_format(&value),
                    "quote_policy" => apply_policy(&value, |part, on| copy.set_quoting(part, on)),
                    "include_policy" => apply_policy(&value, |part, on| copy.set_include(part, on)),
                    _ => {}
                }
            }
        })
    }

    fn set_format(&mut self, value: &Value) {
        self.is_iceberg = python::str(value) == "ICEBERG";
    }

    /// Whether the adapter can rename (0) or replace (1) a relation of this type.
    fn can_be(&self, change: usize) -> Value {
        let usual = ["table", "view", "dynamic_table"];
        let kind = self.kind.map_or("", RelationKind::as_str);
        let is_allowed = match &self.changeable[change] {
            Some(kinds) => kinds.iter().any(|allowed| allowed == kind),
            None => self.dialect == Dialect::Snowflake && usual.contains(&kind),
        };
        Value::from(is_allowed && !(change == 0 && self.is_iceberg))
    }

    /// The name of dbt's class, and how Python's `repr` writes the relation.
    fn representation(&self) -> String {
        let class = if self.dialect == Dialect::Snowflake { "SnowflakeRelation" } else { "DuckDBRelation" };
        format!("<{class} {}>", self.render())
    }

    fn set_quoting(&mut self, part: &str, on: bool) {
        match part {
            "database" => self.relation.quoting.database = on,
            "schema" => self.relation.quoting.schema = on,
            "identifier" => self.relation.quoting.identifier = on,
            _ => {}
        }
    }

    fn set_include(&mut self, part: &str, on: bool) {
        if let Some(index) = ["database", "schema", "identifier"].iter().position(|name| *name == part) {
            self.include[index] = on;
        }
    }

    fn replace_parts(&mut self, parts: &Value) {
        apply_parts(parts, |part, text| match part {
            "database" => self.relation.database = text,
            "schema" => self.relation.schema = text,
            "identifier" => self.relation.identifier = text.unwrap_or_default(),
            _ => {}
        });
    }

    fn matches(&self, call: &Call) -> bool {
        let own = [
            self.relation.database.as_deref(),
            self.relation.schema.as_deref(),
            Some(self.relation.identifier.as_str()),
        ];
        let quoted = [self.relation.quoting.database, self.relation.quoting.schema, self.relation.quoting.identifier];
        ["database", "schema", "identifier"].iter().enumerate().all(|(i, name)| {
            call.optional_text(i, name).is_none_or(|wanted| {
                let own = own[i].unwrap_or_default();
                own == wanted || (!quoted[i] || self.dialect == Dialect::DuckDb) && own.eq_ignore_ascii_case(&wanted)
            })
        })
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        let text = |part: Option<&str>| part.map_or(Value::from(()), Value::from);
        Some(match name {
            "database" => text(self.relation.database.as_deref()),
            "schema" => text(self.relation.schema.as_deref()),
            "identifier" | "name" | "table" => {
                text(Some(&self.relation.identifier).filter(|n| !n.is_empty()).map(String::as_str))
            }
            "type" => self.kind.map_or(Value::from(()), |kind| Value::from(kind.as_str())),
            "is_table" => self.is(RelationKind::Table),
            "is_view" => self.is(RelationKind::View),
            "is_cte" => self.is(RelationKind::Cte),
            "is_materialized_view" => self.is(RelationKind::MaterializedView),
            "is_dynamic_table" => self.is(RelationKind::DynamicTable),
            "is_iceberg_format" => Value::from(self.is_iceberg),
            "table_format" => Value::from(if self.is_iceberg { "ICEBERG" } else { "DEFAULT" }),
            "is_function" => self.is(RelationKind::Function),
            "__repr__" => Value::from(self.representation()),
            "is_transient" | "is_interactive_table" | "is_hybrid_table" | "is_pointer" | "__call__" => {
                Value::from(false)
            }
            "can_be_renamed" => self.can_be(0),
            "can_be_replaced" => self.can_be(1),
            "quote_policy" => python::from_json(&serde_json::json!({
                "database": self.relation.quoting.database, "schema": self.relation.quoting.schema, "identifier": self.relation.quoting.identifier})),
            "include_policy" => python::from_json(&serde_json::json!({
                "database": self.include[0], "schema": self.include[1], "identifier": self.include[2]})),
            "path" => python::from_json(&serde_json::json!({
                "database": self.relation.database, "schema": self.relation.schema, "identifier": self.relation.identifier})),
            "quote_character" => Value::from("\""),
            "View" => Value::from("view"),
            "Table" => Value::from("table"),
            "CTE" => Value::from("cte"),
            "External" => Value::from("external"),
            "MaterializedView" => Value::from("materialized_view"),
            "DynamicTable" => Value::from("dynamic_table"),
            "Function" => Value::from("function"),
            "metadata" => python::record([("type", Value::from(class_name(self.dialect)))]),
            "__mapping__" => Value::from(true),
            "information_schema_view" => self.information_schema.clone().flatten().map_or(Value::from(()), Value::from),
            _ => return None,
        })
    }
}

/// The name of dbt's class for relations of an adapter.
fn class_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::DuckDb => "DuckDBRelation",
        Dialect::Snowflake => "SnowflakeRelation",
    }
}

fn apply_policy(policy: &Value, mut set: impl FnMut(&str, bool)) {
    for part in ["database", "schema", "identifier"] {
        if let Ok(value) = policy.get_attr(part)
            && given(&value)
        {
            set(part, value.is_true());
        }
    }
}

fn apply_parts(parts: &Value, mut set: impl FnMut(&str, Option<String>)) {
    for part in ["database", "schema", "identifier"] {
        if let Ok(value) = parts.get_attr(part)
            && !value.is_undefined()
        {
            set(part, given(&value).then(|| python::str(&value)));
        }
    }
}

impl Object for RelationValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        self.attribute(name).or_else(|| methods::method(self, methods::RELATION, name))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        let flags = |call: &Call| [call.get(0, "database"), call.get(1, "schema"), call.get(2, "identifier")];
        Ok(match method {
            "render" => Value::from(RelationValue::render(self)),
            "__str__" => Value::from(self.read()),
            "include" => self.with(|copy| {
                flags(&call).into_iter().enumerate().for_each(|(i, flag)| {
                    if let Some(flag) = flag.filter(given) {
                        copy.include[i] = flag.is_true();
                    }
                });
            }),
            "quote" => self.with(|copy| {
                for (part, flag) in ["database", "schema", "identifier"].iter().zip(flags(&call)) {
                    if let Some(flag) = flag.filter(given) {
                        copy.set_quoting(part, flag.is_true());
                    }
                }
            }),
            "without_identifier" => self.with(|copy| copy.include[2] = false),
            "incorporate" => self.incorporate(&call),
            "replace_path" => self.with(|copy| {
                call.named().into_iter().for_each(|(name, value)| {
                    copy.replace_parts(&python::record([(name.as_str(), value)]));
                });
            }),
            "information_schema" => {
                self.with(|copy| copy.information_schema = Some(call.optional_text(0, "view_name")))
            }
            "replace" => self.with(|copy| {
                if let Some(view) = call.optional_text(usize::MAX, "information_schema_view") {
                    copy.information_schema = Some(Some(view));
                }
            }),
            "information_schema_only" => self.with(|copy| copy.information_schema = Some(None)),
            "matches" => Value::from(self.matches(&call)),
            "quoted" => Value::from(format!("\"{}\"", call.text(0, "identifier")?)),
            "get" => call
                .optional_text(0, "key")
                .and_then(|key| self.attribute(&key))
                .or(call.get(1, "default"))
                .unwrap_or(Value::from(())),
            "get_ddl_prefix_for_create" => Value::from(""),
            "get_ddl_prefix_for_alter" => Value::from(if self.is_iceberg { "iceberg" } else { "" }),
            "needs_to_drop" => Value::from(self.needs_to_drop(call.get(0, "old_relation"))),
            "create" => return create(self.dialect, &call),
            "dynamic_table_config_changeset" => Value::from(()),
            _ => return Err(unknown_method("a relation", method)),
        })
    }

    fn custom_cmp(self: &Arc<Self>, other: &minijinja::value::DynObject) -> Option<std::cmp::Ordering> {
        let other = other.downcast_ref::<Self>()?;
        Some(RelationValue::render(self).cmp(&RelationValue::render(other)))
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.read())
    }
}

impl RelationValue {
    /// Whether a relation of another type stands in the way of a table (dbt-snowflake: `needs_to_drop`).
    fn needs_to_drop(&self, old: Option<Value>) -> bool {
        let old = old.and_then(|value| value.downcast_object::<Self>());
        old.is_some_and(|old| old.kind != Some(RelationKind::Table))
    }
}

/// `api.Relation.create(database=, schema=, identifier=, type=, quote_policy=)`.
pub(super) fn create(dialect: Dialect, call: &Call) -> Result<Value, Error> {
    let relation = Relation {
        database: call.optional_text(usize::MAX, "database"),
        schema: call.optional_text(usize::MAX, "schema"),
        identifier: call.optional_text(usize::MAX, "identifier").unwrap_or_default(),
        quoting: dialect.default_quoting(),
    };
    let mut value = RelationValue::new(relation, None, dialect);
    if let Some(word) = call.optional_text(usize::MAX, "type") {
        let kind = RelationKind::from_word(&word).filter(|kind| dialect.has(*kind));
        let unknown = || Error::new(ErrorKind::InvalidOperation, format!("`{word}` is not a type of relation"));
        value.kind = Some(kind.ok_or_else(unknown)?);
    }
    for (index, name) in ["renameable_relations", "replaceable_relations"].into_iter().enumerate() {
        if let Some(kinds) = call.get(usize::MAX, name).filter(given) {
            value.changeable[index] = Some(kinds.try_iter()?.map(|kind| python::str(&kind)).collect());
        }
    }
    if let Some(format) = call.get(usize::MAX, "table_format") {
        value.set_format(&format);
    }
    for (name, policy) in [("quote_policy", true), ("include_policy", false)] {
        if let Some(given) = call.get(usize::MAX, name) {
            apply_policy(
                &given,
                |part, on| {
                    if policy { value.set_quoting(part, on) } else { value.set_include(part, on) }
                },
            );
        }
    }
    Ok(Value::from_object(value))
}

/// The class `api.Relation`.
#[derive(Debug)]
pub(super) struct RelationClass(pub(super) Dialect);

impl Object for RelationClass {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let word = match key.as_str()? {
            "View" => "view",
            "Table" => "table",
            "CTE" => "cte",
            "External" => "external",
            "MaterializedView" => "materialized_view",
            "DynamicTable" => "dynamic_table",
            "get_relation_type" => return Some(Value::from_object(RelationTypes)),
            name => return methods::method(self, methods::RELATION_CLASS, name),
        };
        Some(Value::from(word))
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        create(self.0, &Call::new(args)?)
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "create" => create(self.0, &Call::new(args)?),
            "get_relation_type" => Ok(Value::from_object(RelationTypes)),
            _ => Err(unknown_method("`api.Relation`", method)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<class 'Relation'>")
    }
}

/// The words for types of relation, as `api.Relation.get_relation_type`.
#[derive(Debug)]
struct RelationTypes;

impl Object for RelationTypes {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let word = match key.as_str()? {
            "Table" => "table",
            "View" => "view",
            "CTE" => "cte",
            "MaterializedView" => "materialized_view",
            "External" => "external",
            "DynamicTable" => "dynamic_table",
            _ => return None,
        };
        Some(Value::from(word))
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Ok(Value::from_object(RelationTypes))
    }
}

/// Quoting from the `quoting:` of a project, a source or a node over what holds otherwise.
pub fn merge_quoting(base: Quoting, over: &serde_json::Map<String, serde_json::Value>) -> Quoting {
    let flag = |key: &str, default: bool| over.get(key).and_then(serde_json::Value::as_bool).unwrap_or(default);
    Quoting {
        database: flag("database", base.database),
        schema: flag("schema", base.schema),
        identifier: flag("identifier", base.identifier),
    }
}
