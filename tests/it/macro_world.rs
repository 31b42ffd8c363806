//! The stand-in for a run in which the calls of `tests/macros` are rendered: the real context over a made-up warehouse, which
//! answers from the call's `given` and keeps a protocol of what it was told (`tests/macros/world.py`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use bigdecimal::BigDecimal;
use chrono::{TimeZone as _, Utc};
use merganser::config::{Run, Vars};
use merganser::jinja::value::{self, Error, Kwargs, Object, ObjectRepr, State, Value};
use merganser::jinja::{
    Engine, Library, Lookup, MacroDef, Origin, Phase, Problem, RefCall, RelationValue, Root, Session, SessionFacts,
    Subject, TemplateError, Voice, World, json_value, render,
};
use merganser::project::{self as block, BlockKind};
use merganser::source::MACRO_FILES;
use merganser::sql::{Dialect, Relation, RelationKind};
use merganser::warehouse::{CatalogRelation, Cell, Column, Outcome, Table, WarehouseError};
use serde_json::{Map, Value as Json, json};

type Answer = Result<Value, Error>;

/// The adapters of the recordings: `default` is one without macros of its own.
fn dialect(adapter: &str) -> Dialect {
    if adapter == "snowflake" { Dialect::Snowflake } else { Dialect::DuckDb }
}

/// The built-in macros an adapter sees.
fn library(adapter: &str) -> Library {
    let packages: &[&str] = match adapter {
        "snowflake" => &["dbt_snowflake", "dbt"],
        "duckdb" => &["dbt_duckdb", "dbt"],
        _ => &["dbt"],
    };
    let mut defs = Vec::new();
    for (path, text) in MACRO_FILES {
        let package = path.split('/').nth(1).unwrap();
        if packages.contains(&package) {
            defs.extend(macros(package, text.trim()));
        }
    }
    let (library, errors) = Library::new(defs, "root", packages);
    assert!(errors.is_empty(), "{errors:?}");
    library
}

fn macros(package: &str, text: &str) -> Vec<MacroDef> {
    let text: Arc<str> = text.into();
    let blocks = block::blocks(&text, &[BlockKind::Macro, BlockKind::Test, BlockKind::Materialization]).unwrap();
    let def = |block: block::Block| MacroDef {
        package: package.to_owned(),
        name: block.macro_name(&text).unwrap(),
        text: text.clone(),
        origin: Origin::default(),
        header: block.header,
        body: block.body,
        trim_start: block.trim_start,
        trim_end: block.trim_end,
    };
    blocks.into_iter().map(def).collect()
}

/// The session of calls with this adapter, these flags and this target.
pub(crate) fn session(adapter: &str, given: &Json) -> Arc<Session> {
    let flag = |name: &str| given["flags"][name].as_bool().unwrap_or(false);
    let mut target = json!({"name": "dev", "type": if adapter == "default" { "generic" } else { adapter }, "schema": "sc", "database": "db",
        "profile_name": "p", "threads": 4, "user": "u", "role": "r", "warehouse": "w"});
    update(&mut target, &given["target"]);
    let run = Run {
        command: "run",
        invocation_id: "00000000-0000-0000-0000-000000000000".to_owned(),
        started_at: Utc.with_ymd_and_hms(2024, 2, 29, 13, 14, 15).unwrap() + chrono::Duration::microseconds(678_901),
        full_refresh: flag("FULL_REFRESH"),
        store_failures: flag("STORE_FAILURES"),
        fail_fast: false,
        empty: false,
        event_time: None,
        undone: Arc::default(),
        sample: None,
        fatal_warnings: Vec::new(),
        all_deprecations: false,
        arguments: Map::new(),
    };
    let facts = SessionFacts {
        dialect: dialect(adapter),
        database: "db".to_owned(),
        schema: "sc".to_owned(),
        target: Arc::new(target),
        root: "root".to_owned(),
        vars: Vars { root: "root".to_owned(), ..Vars::default() },
        environment: Arc::default(),
        run,
        flags: given["behavior"].as_object().cloned().unwrap_or_default(),
        dispatch: Vec::new(),
        packages: vec!["root".to_owned()],
        versions: BTreeMap::new(),
    };
    Arc::new(Session { engine: Engine::new(), library: library(adapter), facts })
}

fn update(target: &mut Json, over: &Json) {
    for (key, value) in over.as_object().into_iter().flatten() {
        target[key] = value.clone();
    }
}

/// The model that calls are rendered for.
fn subject(dialect: Dialect, given: &Json) -> Arc<Subject> {
    let mut model = json!({
        "name": "my_model", "alias": "my_model", "unique_id": "model.root.my_model", "resource_type": "model", "package_name": "root",
        "schema": "sc", "database": "db", "path": "my_model.sql", "original_file_path": "models/my_model.sql",
        "description": "what it is", "language": "sql", "columns": {},
        "config": {"materialized": "table", "quote_columns": null, "column_types": {}}, "meta": {}, "tags": [], "constraints": [],
        "depends_on": {"nodes": ["model.root.a"], "macros": []}, "raw_code": "select 1 as id", "compiled_code": "select 1 as id",
        "fqn": ["root", "my_model"], "refs": [], "sources": [], "relation_name": "db.sc.my_model",
        "checksum": {"name": "sha256", "checksum": "abc"}});
    update(&mut model, &given["model"]);
    update(&mut model["config"], &given["config"]);
    let mut columns = json!({});
    for (name, declared) in model["columns"].as_object().unwrap() {
        columns[name] = json!({"name": name, "description": "", "data_type": null, "constraints": [], "quote": null});
        update(&mut columns[name], declared);
    }
    model["columns"] = columns;
    let mut config = given["config"].as_object().cloned().unwrap_or_default();
    for (ours, key) in [("pre_hooks", "pre-hook"), ("post_hooks", "post-hook")] {
        if let Some(hooks) = given.get(ours) {
            config.insert(key.to_owned(), hooks.clone());
        }
    }
    Arc::new(Subject {
        package: "root".to_owned(),
        unique_id: "model.root.my_model".to_owned(),
        this: Some(relation(dialect, ["db", "sc", "my_model"])),
        model: Arc::new(model.into()),
        config: Arc::new(config),
        schema: "sc".to_owned(),
        database: "db".to_owned(),
        ..Subject::default()
    })
}

fn relation(dialect: Dialect, [database, schema, identifier]: [&str; 3]) -> RelationValue {
    let relation = Relation {
        database: Some(database.to_owned()),
        schema: Some(schema.to_owned()),
        identifier: identifier.to_owned(),
        quoting: dialect.default_quoting(),
    };
    RelationValue::new(relation, Some(RelationKind::Table), dialect)
}

/// Renders a call; what the warehouse was told follows the output.
pub(crate) fn answer(session: &Arc<Session>, adapter: &str, given: &Json, call: &str) -> Result<String, TemplateError> {
    let stub = Arc::new(Stub { adapter: adapter.to_owned(), given: given.clone(), state: Mutex::default() });
    let subject = subject(dialect(adapter), given);
    let capture = format!("{{{{ adapter.execute('{CAPTURE}') }}}}");
    render(session, &subject, Phase::Execute(stub.clone()), &capture, Origin::default())?;
    let root = stub.state.lock().unwrap().root.take().unwrap();
    let over = Over { root: root.clone(), stub: stub.clone() };
    let root = Root::new(over, root.scope().clone());
    let template = session.engine.compile(call, Origin::default())?;
    let rendered = template.render(&session.engine, &root, false)?;
    let text = rendered.returned.map_or(rendered.text, |value| value::str(&value));
    let text = if adapter == "default" { base_classes(&text) } else { text };
    let told = std::mem::take(&mut stub.state.lock().unwrap().told);
    Ok(if told.is_empty() { text } else { format!("{text}\n== told ==\n{}", told.join("\n--\n")) })
}

/// The text with the names of dbt's base classes, which stand for an adapter without macros; `DuckDB`'s do here.
fn base_classes(text: &str) -> String {
    text.replace("DuckDBRelation", "BaseRelation").replace("DuckDBColumn(", "Column(").replace(", fields=[])", ")")
}

/// The statement that gives the context's own root away.
const CAPTURE: &str = "capture";

/// The made-up warehouse.
struct Stub {
    adapter: String,
    given: Json,
    state: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    told: Vec<String>,
    root: Option<Arc<Root>>,
    /// The method of `adapter` that is being answered.
    asked: String,
    /// What the next statement gives, instead of an answer.
    table: Option<Table>,
}

impl Stub {
    fn tell(&self, line: String) {
        self.state.lock().unwrap().told.push(line);
    }

    fn columns(&self, identifier: &str) -> Vec<Column> {
        let pairs: &[[&str; 2]] = match self.adapter.as_str() {
            "snowflake" => &[["ID", "NUMBER(38,0)"], ["NAME", "VARCHAR(256)"], ["CREATED_AT", "TIMESTAMP_NTZ(9)"]],
            "duckdb" => &[["id", "INTEGER"], ["name", "VARCHAR"], ["created_at", "TIMESTAMP"]],
            _ => &[["id", "integer"], ["name", "text"], ["created_at", "timestamp"]],
        };
        let usual = json!(pairs);
        let listed = &self.given["columns"];
        let found = listed.get(identifier).or_else(|| listed.get("*")).unwrap_or(&usual);
        let column = |pair: &Json| Column::new(pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        found.as_array().unwrap().iter().map(column).collect()
    }

    fn outcome(&self, sql: &str) -> Outcome {
        let message = "SUCCESS 1".to_owned();
        let asked = self.state.lock().unwrap().asked.clone();
        if asked != "execute" && sql.starts_with("select * from ") && sql.ends_with(" where false") {
            let name = sql
                .trim_end_matches(" where false")
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .rsplit(' ')
                .next()
                .unwrap_or_default();
            return Outcome {
                table: Table { columns: self.columns(name.trim_matches('"')), rows: Vec::new() },
                message,
                ..Outcome::default()
            };
        }
        if asked == "get_column_schema_from_query" {
            let declared = sql.contains("null as") && self.given["columns"].get("contract").is_some();
            let columns = self.columns(if declared { "contract" } else { "query" });
            return Outcome { table: Table { columns, rows: Vec::new() }, message, ..Outcome::default() };
        }
        self.tell(sql.to_owned());
        let answers = self.given["answers"].as_array().into_iter().flatten();
        let fits = |answer: &&Json| sql.to_lowercase().contains(&answer[0].as_str().unwrap().to_lowercase());
        let table = answers.filter(fits).map(|answer| table(&answer[1], &answer[2], true)).next().unwrap_or_default();
        Outcome { table, message, ..Outcome::default() }
    }
}

/// A table of JSON values; the numbers of answers are decimals, as warehouses give them.
fn table(names: &Json, rows: &Json, decimals: bool) -> Table {
    let cell = |value: &Json| match value {
        Json::Null => Cell::Null,
        Json::Bool(flag) => Cell::Boolean(*flag),
        Json::Number(number) if decimals && number.is_i64() => {
            Cell::Decimal(BigDecimal::from(number.as_i64().unwrap()))
        }
        Json::Number(number) if number.is_i64() => Cell::Integer(number.as_i64().unwrap().into()),
        Json::Number(number) => Cell::Float(number.as_f64().unwrap()),
        Json::String(text) => Cell::Text(text.clone()),
        other => Cell::Json(other.to_string()),
    };
    let rows: Vec<Vec<Cell>> =
        rows.as_array().unwrap().iter().map(|row| row.as_array().unwrap().iter().map(cell).collect()).collect();
    let kind = |index: usize| match rows.iter().map(|row| &row[index]).find(|cell| **cell != Cell::Null) {
        Some(Cell::Boolean(_)) => "BOOLEAN",
        Some(Cell::Integer(_)) => "INTEGER",
        Some(Cell::Decimal(_)) => "DECIMAL",
        Some(Cell::Float(_)) => "DOUBLE",
        _ => "VARCHAR",
    };
    let names = names.as_array().unwrap().iter().enumerate();
    Table { columns: names.map(|(index, name)| Column::new(name.as_str().unwrap(), kind(index))).collect(), rows }
}

impl World for Stub {
    fn reference(&self, _: &Subject, call: &RefCall) -> Result<RelationValue, Problem> {
        Ok(relation(dialect(&self.adapter), ["db", "sc", &call.name]))
    }

    fn source(&self, _: &Subject, source: &str, table: &str) -> Result<RelationValue, Problem> {
        Ok(relation(dialect(&self.adapter), ["raw", source, table]))
    }

    fn function(&self, _: &Subject, call: &[String]) -> Result<RelationValue, Problem> {
        let name = call.last().map(String::as_str).unwrap_or_default();
        Ok(relation(dialect(&self.adapter), ["db", "sc", name]))
    }

    fn graph(&self) -> Value {
        json_value(&json!({"nodes": {}, "sources": {}, "exposures": {}, "metrics": {}}))
    }

    fn selected(&self) -> Vec<String> {
        Vec::new()
    }

    fn execute(&self, sql: &str) -> Option<Result<Outcome, WarehouseError>> {
        if sql == CAPTURE {
            self.state.lock().unwrap().root = Root::current();
            return Some(Ok(Outcome::default()));
        }
        let prepared = self.state.lock().unwrap().table.take();
        Some(Ok(match prepared {
            Some(table) => Outcome { table, ..Outcome::default() },
            None => self.outcome(sql),
        }))
    }

    fn relation(&self, relation: &Relation) -> Option<Result<Option<CatalogRelation>, WarehouseError>> {
        let there = self.given["existing"].get(&relation.identifier).and_then(Json::as_str);
        let asked = self.state.lock().unwrap().asked.clone();
        let found = there.or_else(|| (asked != "get_relation").then_some("table")).map(|kind| CatalogRelation {
            database: relation.database.clone().unwrap_or_default(),
            schema: relation.schema.clone().unwrap_or_default(),
            name: relation.identifier.clone(),
            kind: RelationKind::from_word(kind).unwrap(),
            columns: self.columns(&relation.identifier),
            comment: None,
            owner: None,
            rows: None,
        });
        Some(Ok(found))
    }

    fn relations(&self, _: &str, _: &str) -> Option<Result<Vec<CatalogRelation>, WarehouseError>> {
        Some(Ok(Vec::new()))
    }

    fn changed(&self, _: &str, _: &str) {}

    fn say(&self, text: &str, voice: Voice) {
        match voice {
            Voice::Detail => {}
            Voice::Warning => self.tell(format!("warn {text}")),
            Voice::Print | Voice::Log => self.tell(format!("log {text}")),
        }
    }
}

/// The context with what only the recordings have: makers of relations and columns, and an adapter that tells instead of doing.
struct Over {
    root: Arc<Root>,
    stub: Arc<Stub>,
}

impl Lookup for Over {
    fn get(&self, name: &str) -> Option<Value> {
        let tool = |name: &'static str| {
            Some(Value::from_object(Tool { name, root: self.root.clone(), stub: self.stub.clone() }))
        };
        match name {
            "rel" => tool("rel"),
            "col" => tool("col"),
            "cols" => tool("cols"),
            "tab" => tool("tab"),
            "write" => tool("write"),
            "print" => tool("print"),
            "submit_python_job" => tool("submit_python_job"),
            "load_agate_table" => tool("load_agate_table"),
            "adapter" => tool("adapter"),
            "sql_now" => Some(Value::from("now")),
            "execute" => Some(Value::from(self.stub.given["execute"].as_bool().unwrap_or(true))),
            _ => self.root.get(name),
        }
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A function of the recordings, or the adapter.
struct Tool {
    name: &'static str,
    root: Arc<Root>,
    stub: Arc<Stub>,
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What the recordings' adapter only notes down.
const TOLD: [&str; 15] = [
    "drop_relation",
    "rename_relation",
    "create_schema",
    "truncate_relation",
    "expand_target_column_types",
    "commit",
    "verify_database",
    "drop_schema",
    "valid_snapshot_target",
    "pre_model_hook",
    "assert_valid_snapshot_target_given_strategy",
    "store_relation",
    "warn_once",
    "commit_if_has_connection",
    "cache_added_",
];

/// Arguments by position, and those by name.
fn split(args: &[Value]) -> (Vec<Value>, Vec<(String, Value)>) {
    let Some((last, before)) = args.split_last().filter(|(last, _)| last.is_kwargs()) else {
        return (args.to_vec(), Vec::new());
    };
    let named = last.as_object().unwrap().try_iter_pairs().unwrap();
    (before.to_vec(), named.map(|(key, value)| (value::str(&key), value)).collect())
}

/// Arguments as Python prints them, those by name sorted.
fn shown(args: &[Value]) -> Vec<String> {
    let (positional, mut named) = split(args);
    named.sort_by(|a, b| a.0.cmp(&b.0));
    let named = named.iter().map(|(key, value)| format!("{key}={}", value::str(value)));
    positional.iter().map(value::str).chain(named).collect()
}

impl Tool {
    fn real(&self, name: &str) -> Value {
        self.root.get(name).unwrap()
    }

    fn relation(&self, state: &mut State<'_, '_>, args: &[Value]) -> Answer {
        let (positional, mut named) = split(args);
        let words = ["identifier", "type", "database", "schema"];
        named.extend(positional.into_iter().enumerate().map(|(index, value)| (words[index].to_owned(), value)));
        for (word, usual) in [("type", "table"), ("database", "db"), ("schema", "sc")] {
            if !named.iter().any(|(key, _)| key == word) {
                named.push((word.to_owned(), Value::from(usual)));
            }
        }
        let class = self.real("api").get_attr("Relation")?;
        class.call_method(state, "create", &[Value::from(Kwargs::from_iter(named))])
    }

    fn table(&self, state: &mut State<'_, '_>, names: &Json, rows: &Json) -> Answer {
        self.stub.state.lock().unwrap().table = Some(table(names, rows, false));
        let asked = [Value::from("table"), Value::from(false), Value::from(true)];
        self.real("adapter").call_method(state, "execute", &asked)?.get_item(&Value::from(1))
    }

    fn columns(&self, state: &mut State<'_, '_>, name: &Value) -> Answer {
        let of = self.relation(state, std::slice::from_ref(name))?;
        self.real("adapter").call_method(state, "get_columns_in_relation", &[of])
    }
}

impl Object for Tool {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.real("adapter").get_attr(key.as_str()?).ok().filter(|value| !value.is_undefined())
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Answer {
        let nothing = Value::from("");
        match self.name {
            "rel" => self.relation(state, args),
            "col" => self.real("api").get_attr("Column")?.call_method(state, "create", args),
            "cols" => self.columns(state, args.first().unwrap_or(&Value::from("*"))),
            "tab" => self.table(state, &value::to_json(&args[0])?, &value::to_json(&args[1])?),
            "load_agate_table" => self.table(state, &json!(["id", "name"]), &json!([[1, "a"], [2, "b'c"]])),
            name => {
                self.stub
                    .tell(format!("{name} {}", split(args).0.iter().map(value::str).collect::<Vec<_>>().join(" ")));
                Ok(nothing)
            }
        }
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Answer {
        if TOLD.contains(&method) {
            self.stub.tell(format!("adapter.{method} {}", shown(args).join(", ")));
            return Ok(Value::from(()));
        }
        let given = &self.stub.given;
        match method {
            "type" if self.stub.adapter == "default" => return Ok(Value::from("generic")),
            "add_query" => {
                let (positional, named) = split(args);
                let named =
                    value::to_json(&value::record(named.iter().map(|(key, value)| (key.as_str(), value.clone()))))?;
                self.stub.tell(format!("adapter.add_query {} {}", value::str(&positional[0]), python_json(&named)));
                return Ok(Value::from(()));
            }
            "is_ducklake" if given.get("ducklake").is_some() => return Ok(Value::from(true)),
            "external_root" => return Ok(Value::from("root/dir")),
            "location_exists" | "catalog_supports_foreign_keys" => return Ok(Value::from(false)),
            "existing_key_constraint_types" => return Ok(value::list(Vec::new())),
            "get_seed_file_path" => return Ok(Value::from("seeds/s.csv")),
            "get_binding_char" => return Ok(Value::from("?")),
            "describe_dynamic_table" => {
                return Ok(value::from_json(given.get("dynamic_table").unwrap_or(&json!({}))));
            }
            "build_catalog_relation" if given.get("catalog_relation").is_some() => {
                let real = self.real("adapter").call_method(state, method, args)?;
                let mut made = value::to_json(&real)?;
                if made.is_null() {
                    made = json!({"is_transient": true, "cluster_by": null, "automatic_clustering": false});
                }
                update(&mut made, &given["catalog_relation"]);
                return Ok(value::from_json(&made));
            }
            _ => {}
        }
        let before = std::mem::replace(&mut self.stub.state.lock().unwrap().asked, method.to_owned());
        let answer = self.real("adapter").call_method(state, method, args);
        self.stub.state.lock().unwrap().asked = before;
        answer
    }
}

/// JSON as Python's `json.dumps(…, sort_keys=True)` writes it.
fn python_json(value: &Json) -> String {
    match value {
        Json::Array(items) => format!("[{}]", items.iter().map(python_json).collect::<Vec<_>>().join(", ")),
        Json::Object(entries) => {
            let mut pairs: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}: {}", json!(key), python_json(value))).collect();
            pairs.sort();
            format!("{{{}}}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}
