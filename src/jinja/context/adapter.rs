//! `adapter`: dispatch, and questions to the warehouse.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, State};

use super::call::{Call, given, unknown_method};
use super::column::ColumnValue;
use super::methods;
use super::relation::{RelationClass, RelationValue};
use super::render::{Scene, problem};
use super::table::TableValue;
use super::world::{Problem, World};
use crate::config::is_template;
use crate::config::typed::Typed;
use crate::diagnostic::{Code, did_you_mean};
use crate::jinja::{Engine, Origin, Root, TemplateError, python};
use crate::sql::{Dialect, Relation};
use crate::warehouse::{CatalogRelation, Column, Outcome, WarehouseError};

/// The object `adapter` in a template.
#[derive(Debug)]
pub(super) struct Adapter(pub(super) Arc<Scene>);

/// Methods that only do something when executed; in the parse phase they give none, or an empty list.
const SILENT: [&str; 20] = [
    "get_relation",
    "drop_relation",
    "truncate_relation",
    "rename_relation",
    "create_schema",
    "drop_schema",
    "execute",
    "expand_target_column_types",
    "valid_snapshot_target",
    "assert_valid_snapshot_target_given_strategy",
    "get_incremental_strategy_macro",
    "get_hard_deletes_behavior",
    "commit",
    "verify_database",
    "describe_dynamic_table",
    "check_schema_exists",
    "add_query",
    "store_relation",
    "location_exists",
    "commit_if_has_connection",
];
const EMPTY: [&str; 5] = [
    "get_columns_in_relation",
    "get_missing_columns",
    "list_relations_without_caching",
    "get_column_schema_from_query",
    "list_schemas",
];

impl Object for Adapter {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "Relation" => Some(Value::from_object(RelationClass(self.dialect()))),
            "behavior" => Some(Value::from_object(Behavior(self.0.clone()))),
            name => {
                [methods::ADAPTER, &SILENT, &EMPTY].into_iter().find_map(|names| methods::method(self, names, name))
            }
        }
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let call = Call::new(args)?;
        if let Some(value) = self.always(state, method, &call) {
            return value;
        }
        let Some(world) = self.0.world() else {
            return match method {
                "execute" => Ok(python::tuple(vec![Value::from(()), Value::from(())])),
                _ if SILENT.contains(&method) => Ok(Value::from(())),
                _ if EMPTY.contains(&method) => Ok(python::list(Vec::new())),
                _ => Err(unknown_method("`adapter`", method)),
            };
        };
        self.asks(&world.clone(), state, method, &call)
    }
}

impl Adapter {
    fn dialect(&self) -> Dialect {
        self.0.session.facts.dialect
    }

    /// What does not depend on the phase.
    fn always(&self, state: &mut State<'_, '_>, method: &str, call: &Call) -> Option<Result<Value, Error>> {
        let text = |value: &str| Some(Ok(Value::from(value)));
        match method {
            "type" => text(self.dialect().adapter()),
            "dispatch" => Some(self.dispatch(call)),
            "quote" => Some(call.text(0, "identifier").map(|name| Value::from(format!("\"{name}\"")))),
            "quote_as_configured" => Some(self.quote_as_configured(call)),
            "quote_seed_column" => Some(call.text(0, "column").map(|name| {
                let quoted = call
                    .get(1, "quote_config")
                    .filter(given)
                    .map_or(self.dialect() == Dialect::DuckDb, |flag| flag.is_true());
                Value::from(if quoted { format!("\"{name}\"") } else { name })
            })),
            "cache_added" | "cache_dropped" | "cache_renamed" => {
                if let (Some(world), Some(relation)) = (self.0.world(), relation_argument(call.get(0, "relation"))) {
                    tell_changed(world, &relation);
                }
                text("")
            }
            "warn_once" => Some(Ok(Value::from(""))),
            "render_raw_columns_constraints" => Some(super::constraints::columns(call, self.dialect())),
            "render_raw_model_constraints" => Some(super::constraints::model(call, self.dialect())),
            "standardize_grants_dict" => Some(standardize_grants(call)),
            "is_motherduck" | "is_ducklake" | "use_ducklake_table_workarounds" | "disable_transactions" => {
                Some(Ok(Value::from(false)))
            }
            "escape_sql_string" => Some(call.text(0, "value").map(|value| Value::from(value.replace('\'', "''")))),
            "get_binding_char" => text(if self.dialect() == Dialect::DuckDb { "?" } else { "%s" }),
            "external_root" => text("."),
            "valid_incremental_strategies" => Some(Ok(python::list(
                ["append", "delete+insert", "merge", "microbatch"].iter().map(|name| Value::from(*name)).collect(),
            ))),
            "build_catalog_relation" => Some(Ok(super::catalog::relation(&self.0.subject, self.dialect()))),
            "get_catalog_integration" => Some(Ok(Value::from(()))),
            "batch_id_for_model" => text(""),
            "get_temp_relation_path" => Some(temporary_path(call)),
            "get_seed_file_path" => Some(seed_path(call)),
            "parse_index" => Some(super::index::parse(call, self.0.session.facts.run.started_at)),
            "external_write_options" => Some(super::external::write_options(call)),
            "external_read_location" => Some(super::external::read_location(call)),
            "convert_datetimes_to_strs" => Some(call.required(0, "table")),
            "convert_type" => Some(seed_type(call)),
            "catalog_supports_foreign_keys" => Some(Ok(Value::from(self.dialect() == Dialect::DuckDb))),
            "adapter_macro" => Some(call.text(0, "name").and_then(|name| self.named_macro(state, &name, call))),
            _ => None,
        }
    }

    fn named_macro(&self, state: &mut State<'_, '_>, name: &str, call: &Call) -> Result<Value, Error> {
        let callee = self.find(name, None)?;
        callee.call(state, call.positional().get(1..).unwrap_or_default())
    }

    fn quote_as_configured(&self, call: &Call) -> Result<Value, Error> {
        let name = call.text(0, "identifier")?;
        let quoting = self.dialect().default_quoting();
        let quoted = match call.text(1, "quote_key")?.as_str() {
            "database" => quoting.database,
            "schema" => quoting.schema,
            _ => quoting.identifier,
        };
        Ok(Value::from(if quoted { format!("\"{name}\"") } else { name }))
    }

    fn dispatch(&self, call: &Call) -> Result<Value, Error> {
        let name = call.text(0, "macro_name")?;
        let namespace = call.optional_text(1, "macro_namespace");
        if call.get(usize::MAX, "packages").is_some() {
            let text = "`adapter.dispatch` takes no `packages`";
            return Err(problem(Problem::new(Code::TypeError, text).help("give the namespace as `macro_namespace`")));
        }
        if name.contains('.') {
            let message = format!("`{name}` must be the name of a macro without its package");
            return Err(problem(
                Problem::new(Code::UnknownMacro, message)
                    .help("pass the package as the second argument of `adapter.dispatch`"),
            ));
        }
        self.find(&name, namespace.as_deref())
    }

    /// The macro that implements `name`: in each package searched, the adapter's own version, then the default one.
    fn find(&self, name: &str, namespace: Option<&str>) -> Result<Value, Error> {
        let session = &self.0.session;
        let groups = session.dispatch_packages(namespace, &self.0.subject.package);
        let prefixes = [self.dialect().adapter(), "default"];
        for group in &groups {
            for prefix in prefixes {
                let searched = format!("{prefix}__{name}");
                if let Some(found) = group.iter().find_map(|package| session.library.get(package, &searched)) {
                    return Ok(found.value());
                }
            }
        }
        let packages = groups.concat();
        let known: Vec<String> = session.library.iter().map(|m| m.def().name.clone()).collect();
        let wanted = format!("default__{name}");
        let message = format!("no macro `{}__{name}` or `{wanted}`", prefixes[0]);
        let help = match did_you_mean(&wanted, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`? searched in: {}", packages.join(", ")),
            None => format!("searched in: {}", packages.join(", ")),
        };
        Err(problem(Problem::new(Code::UnknownMacro, message).help(help)))
    }

    /// The project's macro of a built-in's name, or a package's: it is asked in place of the built-in one.
    fn overriding(&self, name: &str) -> Option<Value> {
        let (session, facts) = (&self.0.session, &self.0.session.facts);
        let internal = crate::project::internal_packages(facts.dialect.adapter());
        let mut written = facts.packages.iter().filter(|package| !internal.contains(package));
        written.find_map(|package| session.library.get(package, name)).map(crate::jinja::Macro::value)
    }

    /// What needs the warehouse.
    fn asks(
        &self,
        world: &Arc<dyn World>,
        state: &mut State<'_, '_>,
        method: &str,
        call: &Call,
    ) -> Result<Value, Error> {
        match method {
            "get_relation" => self.get_relation(world, call),
            "get_columns_in_relation" => {
                if let Some(own) = self.overriding(method) {
                    return own.call(state, call.positional());
                }
                Ok(self.columns(self.columns_in(world, &required_relation(call, 0, "relation")?)?.iter()))
            }
            "get_missing_columns" => {
                let from = self.columns_in(world, &required_relation(call, 0, "from_relation")?)?;
                let to = self.columns_in(world, &required_relation(call, 1, "to_relation")?)?;
                let is_new = |column: &&Column| !to.iter().any(|there| there.name == column.name);
                Ok(self.columns(from.iter().filter(is_new)))
            }
            "get_column_schema_from_query" => {
                let sql = call.text(0, "sql")?;
                let outcome = answer(
                    world.execute(&format!("select * from (\n{sql}\n) as __dbt_sbq where false limit 0")),
                    method,
                )?;
                Ok(self.columns(outcome.table.columns.iter()))
            }
            "list_relations_without_caching" | "list_relations" => self.list_relations(world, call),
            "check_schema_exists" => {
                let (database, schema) = (call.text(0, "database")?, call.text(1, "schema")?);
                let found = answer(world.relations(&database, &schema), method)?;
                Ok(Value::from(!found.is_empty() || self.schema_is_there(world, &schema)?))
            }
            "already_exists" => {
                let relation = self.named(
                    &[Some(self.0.subject.database.clone()), Some(call.text(0, "schema")?)],
                    &call.text(1, "name")?,
                );
                Ok(Value::from(answer(world.relation(&relation), method)?.is_some()))
            }
            "execute" => self.execute(world, call),
            "add_query" => self.add_query(world, call),
            "existing_key_constraint_types" => self.key_constraints(world, &required_relation(call, 0, "relation")?),
            "location_exists" => {
                let sql = format!("select 1 from '{}' where 1=0", call.text(0, "location")?.replace('\'', "''"));
                Ok(Value::from(world.execute(&sql).is_some_and(|found| found.is_ok())))
            }
            "expand_target_column_types" => self.expand_columns(world, state, call),
            "drop_relation" | "rename_relation" | "truncate_relation" | "create_schema" | "drop_schema" => {
                let callee = self.find(method, Some("dbt"))?;
                let text = callee.call(state, call.positional())?;
                relation_argument(call.get(0, "relation")).iter().for_each(|relation| tell_changed(world, relation));
                if method.ends_with("_schema") {
                    answer(Some(world.commit()), method)?;
                }
                Ok(text)
            }
            "get_incremental_strategy_macro" => self.strategy(call),
            "get_hard_deletes_behavior" => hard_deletes(state, call),
            "commit" | "commit_if_has_connection" => answer(Some(world.commit()), method).map(|()| Value::from(())),
            "valid_snapshot_target"
            | "assert_valid_snapshot_target_given_strategy"
            | "verify_database"
            | "store_relation" => Ok(Value::from(())),
            _ => Err(unknown_method("`adapter`", method)),
        }
    }

    /// The columns a relation has now. The catalog as it was read knows nothing of temporary relations, nor of what this render
    /// has changed, so then the relation itself is asked; one that is not there has none.
    fn columns_in(&self, world: &Arc<dyn World>, relation: &RelationValue) -> Result<Vec<Column>, Error> {
        if !self.0.has_written()
            && let Some(found) = answer(world.relation(&relation.relation), "get_columns_in_relation")?
        {
            return Ok(found.columns);
        }
        let name = python::str(&Value::from_object(relation.clone()));
        match world.execute(&format!("select * from {name} where false")) {
            Some(Ok(outcome)) => Ok(outcome.table.columns),
            Some(Err(_)) => Ok(Vec::new()),
            None => answer(None, "get_columns_in_relation"),
        }
    }

    /// Sends a statement; one that is not a query may change what the catalog holds.
    fn send(&self, world: &Arc<dyn World>, sql: &str) -> Result<Outcome, Error> {
        if !is_query(sql) {
            self.0.note_write();
        }
        answer(world.execute(sql), "execute")
    }

    fn execute(&self, world: &Arc<dyn World>, call: &Call) -> Result<Value, Error> {
        if call.truth(1, "auto_begin", false) {
            answer(Some(world.begin()), "execute")?;
        }
        let outcome = self.send(world, &call.text(0, "sql")?)?;
        let response = response(&outcome);
        let table = if call.truth(2, "fetch", false) {
            TableValue::of(&outcome.table)
        } else {
            TableValue::new(Vec::new(), Vec::new(), Vec::new())
        };
        Ok(python::tuple(vec![response, Value::from_object(table)]))
    }

    /// A statement with values for its placeholders, which are written into it.
    fn add_query(&self, world: &Arc<dyn World>, call: &Call) -> Result<Value, Error> {
        let sql = call.text(0, "sql")?;
        let mark = if self.dialect() == Dialect::DuckDb { "?" } else { "%s" };
        let values: Vec<Value> = match call.get(2, "bindings").filter(given) {
            Some(bindings) => bindings.try_iter()?.collect(),
            None => Vec::new(),
        };
        let mut parts = sql.split(mark);
        let mut filled = parts.next().unwrap_or_default().to_owned();
        let mut values = values.iter();
        for part in parts {
            filled.push_str(&values.next().map_or_else(|| mark.to_owned(), literal));
            filled.push_str(part);
        }
        if call.truth(1, "auto_begin", true) {
            answer(Some(world.begin()), "add_query")?;
        }
        self.send(world, &filled).map(|_| Value::from(()))
    }

    /// Kinds of keys that a table has (dbt-duckdb: `existing_key_constraint_types`).
    fn key_constraints(&self, world: &Arc<dyn World>, relation: &RelationValue) -> Result<Value, Error> {
        let name = &relation.relation;
        let same = |column: &str, part: Option<&str>| {
            part.map_or_else(
                || "true".to_owned(),
                |part| format!("lower({column}) = lower('{}')", part.replace('\'', "''")),
            )
        };
        let sql = format!(
            "select distinct replace(lower(constraint_type), ' ', '_') as kind from duckdb_constraints() where {} and {} and {} \
             and constraint_type in ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') order by kind",
            same("database_name", name.database.as_deref()),
            same("schema_name", name.schema.as_deref()),
            same("table_name", Some(&name.identifier)),
        );
        let outcome = answer(world.execute(&sql), "existing_key_constraint_types")?;
        Ok(python::list(
            outcome.table.rows.iter().filter_map(|row| Some(Value::from(row.first()?.to_string()))).collect(),
        ))
    }

    /// Widens the text columns of a table so that another's values fit (dbt: `expand_column_types`).
    fn expand_columns(&self, world: &Arc<dyn World>, state: &mut State<'_, '_>, call: &Call) -> Result<Value, Error> {
        let from = self.columns_in(world, &required_relation(call, 0, "from_relation")?)?;
        let target = call.required(1, "to_relation")?;
        let to = self.columns_in(world, &required_relation(call, 1, "to_relation")?)?;
        for column in &to {
            let Some(wider) = from.iter().find(|other| other.name == column.name) else { continue };
            let (wider, own) = (ColumnValue::of(wider, self.dialect()), ColumnValue::of(column, self.dialect()));
            if let Some(data_type) = own.widened(&wider) {
                let callee = self.find("alter_column_type", Some("dbt"))?;
                callee.call(state, &[target.clone(), Value::from(column.name.clone()), Value::from(data_type)])?;
            }
        }
        Ok(Value::from(()))
    }

    fn schema_is_there(&self, world: &Arc<dyn World>, schema: &str) -> Result<bool, Error> {
        let sql = format!(
            "select count(*) from information_schema.schemata where lower(schema_name) = lower('{}')",
            schema.replace('\'', "''")
        );
        let outcome = answer(world.execute(&sql), "check_schema_exists")?;
        Ok(outcome.table.rows.first().and_then(|row| row.first()).is_some_and(|cell| cell.to_string() != "0"))
    }

    fn named(&self, path: &[Option<String>; 2], identifier: &str) -> Relation {
        Relation {
            database: path[0].clone(),
            schema: path[1].clone(),
            identifier: identifier.to_owned(),
            quoting: self.dialect().default_quoting(),
        }
    }

    fn get_relation(&self, world: &Arc<dyn World>, call: &Call) -> Result<Value, Error> {
        let database = call.optional_text(0, "database").or_else(|| Some(self.0.subject.database.clone()));
        let relation = self.named(&[database, call.optional_text(1, "schema")], &call.text(2, "identifier")?);
        let found = answer(world.relation(&relation), "get_relation")?;
        Ok(found.map_or(Value::from(()), |found| self.found(&found)))
    }

    fn found(&self, found: &CatalogRelation) -> Value {
        let relation = self.named(&[Some(found.database.clone()), Some(found.schema.clone())], &found.name);
        Value::from_object(RelationValue::new(relation, Some(found.kind), self.dialect()))
    }

    fn list_relations(&self, world: &Arc<dyn World>, call: &Call) -> Result<Value, Error> {
        let (database, schema) = match relation_argument(call.get(0, "schema_relation")) {
            Some(relation) => {
                (relation.relation.database.unwrap_or_default(), relation.relation.schema.unwrap_or_default())
            }
            None => (call.text(0, "database")?, call.text(1, "schema")?),
        };
        let found = answer(world.relations(&database, &schema), "list_relations")?;
        Ok(python::list(found.iter().map(|relation| self.found(relation)).collect()))
    }

    fn columns<'a>(&self, columns: impl Iterator<Item = &'a Column>) -> Value {
        python::list(columns.map(|column| Value::from_object(ColumnValue::of(column, self.dialect()))).collect())
    }

    /// The macro that renders an incremental strategy (dbt: `get_incremental_strategy_macro`).
    fn strategy(&self, call: &Call) -> Result<Value, Error> {
        let strategy = call.optional_text(1, "strategy").unwrap_or_else(|| "default".to_owned());
        let name = format!("get_incremental_{}_sql", strategy.replace('+', "_"));
        let root = Root::current();
        root.and_then(|root| root.get(&name)).ok_or_else(|| {
            let message = format!("no macro `{name}` for the incremental strategy `{strategy}`");
            problem(
                Problem::new(Code::UnknownMacro, message)
                    .help("use append, merge, delete+insert or microbatch, or write the macro"),
            )
        })
    }
}

fn tell_changed(world: &Arc<dyn World>, relation: &RelationValue) {
    if let (Some(database), Some(schema)) = (&relation.relation.database, &relation.relation.schema) {
        world.changed(database, schema);
    }
}

fn relation_argument(value: Option<Value>) -> Option<RelationValue> {
    value.and_then(|value| value.downcast_object::<RelationValue>()).map(|relation| (*relation).clone())
}

fn required_relation(call: &Call, index: usize, name: &str) -> Result<RelationValue, Error> {
    let value = call.required(index, name)?;
    relation_argument(Some(value.clone())).ok_or_else(|| {
        let message = format!("a relation is needed, and `{}` was given", python::str(&value));
        problem(
            Problem::new(Code::TypeError, message)
                .help("pass `ref(…)`, `source(…)`, `this` or `api.Relation.create(…)`"),
        )
    })
}

/// The warehouse's answer, or the problem at the place of the call.
fn answer<T>(given: Option<Result<T, WarehouseError>>, asked: &str) -> Result<T, Error> {
    match given {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => {
            let mut found = Problem::new(Code::WarehouseError, error.message);
            found.help = error.help;
            Err(problem(found))
        }
        None => {
            let message = format!("`{asked}` asks the warehouse, and there is no connection");
            Err(problem(
                Problem::new(Code::OfflineQuery, message)
                    .help("run without --no-introspect, or guard the call with `{% if execute %}`"),
            ))
        }
    }
}

/// What a statement answered: dbt's `AdapterResponse`, which prints as its message.
#[derive(Debug)]
struct Response {
    message: String,
    affected: Option<u64>,
    query_id: Option<String>,
}

impl Object for Response {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "_message" => Value::from(self.message.clone()),
            "code" => Value::from(self.message.split(' ').next().unwrap_or_default()),
            "rows_affected" => {
                self.affected.and_then(|rows| i64::try_from(rows).ok()).map_or(Value::from(-1), Value::from)
            }
            "query_id" => self.query_id.clone().map_or(Value::from(()), Value::from),
            _ => return None,
        })
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

fn response(outcome: &Outcome) -> Value {
    Value::from_object(Response {
        message: outcome.message.clone(),
        affected: outcome.affected,
        query_id: outcome.query_id.clone(),
    })
}

/// Whether a statement only reads.
fn is_query(sql: &str) -> bool {
    let text = sql.trim_start();
    let word: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
    matches!(
        word.to_lowercase().as_str(),
        "select" | "with" | "show" | "describe" | "desc" | "from" | "values" | "explain"
    )
}

/// A value as SQL writes it.
fn literal(value: &Value) -> String {
    if value.is_none() || value.is_undefined() {
        return "null".to_owned();
    }
    let is_plain = value.as_str().is_none() && value.as_object().is_none();
    if is_plain { python::str(value) } else { format!("'{}'", python::str(value).replace('\'', "''")) }
}

/// Where a table stands in for a temporary one (dbt-duckdb: `get_temp_relation_path`).
fn temporary_path(call: &Call) -> Result<Value, Error> {
    let model = call.required(0, "model")?;
    let name =
        format!("{}{}", python::str(&model.get_attr("name")?), call.optional_text(1, "batch_id").unwrap_or_default());
    Ok(python::record([
        ("schema", Value::from("dbt_temp")),
        ("database", model.get_attr("database")?),
        ("identifier", Value::from(name)),
    ]))
}

fn seed_path(call: &Call) -> Result<Value, Error> {
    let model = call.required(0, "model")?;
    let parts = ["root_path", "original_file_path"]
        .map(|key| model.get_attr(key).ok().filter(given).map(|part| python::str(&part)));
    Ok(Value::from(parts.into_iter().flatten().collect::<Vec<_>>().join("/")))
}

/// The type of a table's column for `create table` (dbt: `convert_agate_type`).
fn seed_type(call: &Call) -> Result<Value, Error> {
    let table = call.required(0, "agate_table")?;
    let index = usize::try_from(call.required(1, "col_idx")?).unwrap_or(usize::MAX);
    let found = table.downcast_object::<TableValue>().and_then(|table| table.seed_type(index));
    Ok(found.map_or(Value::from(()), Value::from))
}

/// What a snapshot does about rows that are gone (dbt: `get_hard_deletes_behavior`); `config` is a mapping or the `config` object.
fn hard_deletes(state: &mut State<'_, '_>, call: &Call) -> Result<Value, Error> {
    let config = call.required(0, "config")?;
    let mut field = |name: &str| -> Result<Option<Value>, Error> {
        let found = match config.as_object().map(minijinja::value::DynObject::repr) {
            Some(ObjectRepr::Plain) => config.call_method(state, "get", &[Value::from(name)])?,
            _ => config.get_attr(name)?,
        };
        Ok(Some(found).filter(given))
    };
    let (legacy, named) = (field("invalidate_hard_deletes")?, field("hard_deletes")?.map(|value| python::str(&value)));
    let behavior = match (legacy, named.as_deref()) {
        (Some(_), Some(_)) => {
            let text = "a snapshot has both `hard_deletes` and `invalidate_hard_deletes`";
            return Err(problem(Problem::new(Code::BadConfig, text).help("keep `hard_deletes`")));
        }
        (Some(legacy), None) if legacy.is_true() => "invalidate",
        (_, None) => "ignore",
        (None, Some(known @ ("ignore" | "invalidate" | "new_record"))) => known,
        (None, Some(other)) => {
            let message = format!("`{other}` is not a value of `hard_deletes`");
            return Err(problem(Problem::new(Code::BadConfig, message).help("use ignore, invalidate or new_record")));
        }
    };
    Ok(Value::from(behavior))
}

/// `SHOW GRANTS` rows as privilege → grantees.
fn standardize_grants(call: &Call) -> Result<Value, Error> {
    let table = call.required(0, "grants_table")?;
    let mut grants: Vec<(String, Vec<Value>)> = Vec::new();
    for row in table.try_iter()? {
        let field = |name: &str| row.get_item(&Value::from(name)).ok().filter(given).map(|value| python::str(&value));
        let grantee = field("grantee").or_else(|| field("grantee_name"));
        let (Some(grantee), Some(privilege)) = (grantee, field("privilege_type").or_else(|| field("privilege"))) else {
            continue;
        };
        if privilege == "OWNERSHIP" {
            continue;
        }
        match grants.iter_mut().find(|(known, _)| *known == privilege) {
            Some((_, list)) => list.push(Value::from(grantee)),
            None => grants.push((privilege, vec![Value::from(grantee)])),
        }
    }
    python::dict(grants.into_iter().map(|(privilege, list)| (Value::from(privilege), python::list(list))).collect())
}

/// `adapter.behavior.<flag>`: what `flags:` of the project says, else off.
#[derive(Debug)]
struct Behavior(Arc<Scene>);

impl Object for Behavior {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let set = self.0.session.facts.flags.get(key.as_str()?);
        Some(Value::from_object(Flag(set.and_then(serde_json::Value::as_bool).unwrap_or(false))))
    }
}

/// A behaviour flag, with `no_warn` and `setting`.
#[derive(Debug)]
struct Flag(bool);

impl Object for Flag {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        matches!(key.as_str()?, "no_warn" | "setting").then(|| Value::from(self.0))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0
    }
}

/// The arguments of a generic test as its macro gets them, and the macros they called: strings are templates, and those that
/// look like a call of `ref`, `source`, `var`, `env_var` or `doc` are expressions; `column_name` is taken as it is (dbt:
/// `add_rendered_test_kwargs`).
pub(super) struct Arguments<'a> {
    pub(super) engine: &'a Engine,
    pub(super) root: &'a Arc<Root>,
    pub(super) called: Vec<Arc<str>>,
}

impl Arguments<'_> {
    /// One argument, rendered.
    pub(super) fn render(&mut self, key: &str, value: &serde_json::Value) -> Result<Value, TemplateError> {
        use serde_json::Value as Json;
        match value {
            Json::String(text) if key == "column_name" => Ok(Value::from(text.clone())),
            Json::String(text) if Typed::of(text).is_some() => Ok(python::from_json(value)),
            Json::String(text) => {
                let text = if looks_like_call(text) { format!("{{{{ {text} }}}}") } else { text.clone() };
                if !is_template(&text) {
                    // Without Jinja it is a template all the same, whose last line end goes.
                    return Ok(Value::from(text.strip_suffix('\n').unwrap_or(&text)));
                }
                self.native(&text)
            }
            Json::Array(items) => {
                let items: Result<_, TemplateError> = items.iter().map(|item| self.render("", item)).collect();
                Ok(python::list(items?))
            }
            Json::Object(entries) => {
                let mut pairs = Vec::new();
                for (name, item) in entries {
                    pairs.push((python::from_json(&name.as_str().into()), self.render("", item)?));
                }
                python::dict(pairs).map_err(plain)
            }
            other => Ok(python::from_json(other)),
        }
    }

    fn native(&mut self, text: &str) -> Result<Value, TemplateError> {
        let (value, called) = self.engine.render_native_value(text, Origin::NOWHERE, self.root)?;
        let new = called.into_iter().filter(|id| !self.called.contains(id)).collect::<Vec<_>>();
        self.called.extend(new);
        Ok(value)
    }
}

/// A failure without a place: building a dictionary of YAML's keys cannot fail.
fn plain(error: Error) -> TemplateError {
    let message = error.detail().unwrap_or("the arguments cannot be a mapping").to_owned();
    TemplateError { kind: crate::jinja::FailureKind::Type, message, trace: Vec::new(), payload: None }
}

fn looks_like_call(text: &str) -> bool {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('(') else { return false };
    matches!(name.trim_end(), "env_var" | "ref" | "var" | "source" | "doc") && rest.ends_with(')') && rest.len() > 1
}
