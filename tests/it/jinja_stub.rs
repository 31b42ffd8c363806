//! The stub context of the Jinja cases: what a model of project `root` sees, with a made-up warehouse of type `snowflake`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use merganser::jinja::value::{
    self, DynObject, Enumerator, Error, ErrorKind, Object, ObjectRepr, State, Value, dict, list, tuple,
};
use merganser::jinja::{Engine, Root, Scope, raise};

type Answer = Result<Value, Error>;

/// Arguments of a call.
struct Args<'a> {
    positional: &'a [Value],
    keywords: Option<&'a Value>,
}

impl<'a> Args<'a> {
    fn new(args: &'a [Value]) -> Args<'a> {
        match args.split_last() {
            Some((last, before)) if last.is_kwargs() => Args { positional: before, keywords: Some(last) },
            _ => Args { positional: args, keywords: None },
        }
    }

    fn get(&self, index: usize, name: &str) -> Option<Value> {
        self.positional.get(index).cloned().or_else(|| self.keywords?.as_object()?.get_value_by_str(name))
    }

    fn text(&self, index: usize, name: &str) -> Option<String> {
        self.get(index, name).filter(|value| !value.is_none()).map(|value| value.to_string())
    }
}

fn raised(message: impl Into<String>) -> Error {
    raise(message, "stub")
}

fn none() -> Value {
    Value::from(())
}

/// A function.
struct Function<F>(F);

impl<F> fmt::Debug for Function<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<function>")
    }
}

impl<F: Fn(&mut State<'_, '_>, &Args<'_>) -> Answer + Send + Sync + 'static> Object for Function<F> {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Answer {
        (self.0)(state, &Args::new(args))
    }
}

fn function(run: impl Fn(&mut State<'_, '_>, &Args<'_>) -> Answer + Send + Sync + 'static) -> Value {
    Value::from_object(Function(run))
}

fn constant(value: Value) -> Value {
    function(move |_, _| Ok(value.clone()))
}

/// An object with attributes, some of which are functions; perhaps callable itself.
struct Thing {
    name: &'static str,
    members: Vec<(&'static str, Value)>,
    call: Option<Value>,
}

impl fmt::Debug for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.name)
    }
}

impl Object for Thing {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.members.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone())
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Answer {
        match &self.call {
            Some(call) => call.call(state, args),
            None => Err(Error::new(ErrorKind::InvalidOperation, "not callable")),
        }
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Answer {
        match self.get_value_by_str(method) {
            Some(member) => member.call(state, args),
            None => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

fn thing(name: &'static str, members: Vec<(&'static str, Value)>) -> Value {
    Value::from_object(Thing { name, members, call: None })
}

fn callable(name: &'static str, members: Vec<(&'static str, Value)>, call: Value) -> Value {
    Value::from_object(Thing { name, members, call: Some(call) })
}

fn record(fields: Vec<(&str, Value)>) -> Value {
    value::record(fields)
}

fn texts(items: &[&str]) -> Value {
    list(items.iter().map(|&item| Value::from(item)).collect())
}

#[derive(Clone)]
struct Relation {
    parts: [Option<String>; 3],
    kind: String,
    shown: [bool; 3],
}

const PARTS: [&str; 3] = ["database", "schema", "identifier"];

impl Relation {
    fn new(database: Option<&str>, schema: Option<&str>, identifier: Option<&str>) -> Relation {
        let parts = [database, schema, identifier].map(|part| part.map(str::to_owned));
        Relation { parts, kind: "table".to_owned(), shown: [true; 3] }
    }

    fn value(self) -> Value {
        Value::from_object(self)
    }

    fn text(&self) -> String {
        let parts = self.parts.iter().zip(self.shown).filter(|(_, shown)| *shown);
        parts.filter_map(|(part, _)| Some(format!("\"{}\"", part.as_ref()?))).collect::<Vec<_>>().join(".")
    }

    fn of(args: &Args<'_>, kind: &str) -> Relation {
        let parts = [0, 1, 2].map(|index| args.text(index, PARTS[index]));
        Relation { parts, kind: args.text(3, "type").unwrap_or_else(|| kind.to_owned()), shown: [true; 3] }
    }
}

impl fmt::Debug for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Rel {}>", self.text())
    }
}

impl Object for Relation {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let part = |index: usize| Some(self.parts[index].as_ref().map_or_else(none, |part| Value::from(part.as_str())));
        match key {
            "database" => part(0),
            "schema" => part(1),
            "identifier" | "name" | "table" => part(2),
            "type" => Some(Value::from(self.kind.as_str())),
            "metadata" => Some(record(vec![("type", Value::from("SnowflakeRelation"))])),
            "is_view" | "is_table" | "is_cte" => Some(Value::from(key == format!("is_{}", self.kind))),
            "can_be_renamed" | "can_be_replaced" => Some(Value::from(true)),
            "is_dynamic_table" | "is_iceberg_format" => Some(Value::from(false)),
            "__class__" => Some(Value::from("Relation")),
            "__repr__" => Some(Value::from(format!("{self:?}"))),
            "View" | "Table" | "CTE" => Some(Value::from(key.to_lowercase())),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["database", "schema", "identifier", "type", "metadata"])
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        other.downcast_ref::<Relation>().map(|other| self.text().cmp(&other.text()))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Answer {
        let args = Args::new(args);
        let mut new = (**self).clone();
        match method {
            "include" => {
                for (index, part) in PARTS.iter().enumerate() {
                    if let Some(shown) = args.get(index, part).filter(|shown| !shown.is_none()) {
                        new.shown[index] = shown.is_true();
                    }
                }
            }
            "without_identifier" => new.shown[2] = false,
            "quote" => {}
            "incorporate" => {
                if let Some(path) = args.get(0, "path").filter(|path| !path.is_none()) {
                    for (index, part) in PARTS.iter().enumerate() {
                        let part = path.get_item(&Value::from(*part)).unwrap_or_default();
                        if !part.is_undefined() {
                            new.parts[index] = (!part.is_none()).then(|| part.to_string());
                        }
                    }
                }
                new.kind = args.text(1, "type").unwrap_or(new.kind);
            }
            "render" => return Ok(Value::from(self.text())),
            "information_schema" => {
                new = Relation::new(self.parts[0].as_deref(), Some("INFORMATION_SCHEMA"), None);
                new.parts[2] = args.text(0, "view");
                new.kind = "view".to_owned();
            }
            "create" => new = Relation::of(&args, "none"),
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        }
        Ok(new.value())
    }
}

struct Column {
    name: String,
    dtype: String,
}

impl Column {
    fn value(name: &str, dtype: &str) -> Value {
        Value::from_object(Column { name: name.to_owned(), dtype: dtype.to_owned() })
    }
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Col {} ({})>", self.name, self.dtype)
    }
}

impl Object for Column {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "name" | "column" => Some(Value::from(self.name.as_str())),
            "quoted" => Some(Value::from(format!("\"{}\"", self.name))),
            "dtype" | "data_type" => Some(Value::from(self.dtype.as_str())),
            _ => None,
        }
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, _: &[Value]) -> Answer {
        let (string, number) = (self.dtype.starts_with("VARCHAR"), self.dtype.starts_with("NUMBER"));
        let float = self.dtype.starts_with("FLOAT");
        Ok(match method {
            "is_string" => Value::from(string),
            "is_number" => Value::from(number || float),
            "is_numeric" => Value::from(number),
            "is_integer" => Value::from(false),
            "is_float" => Value::from(float),
            "string_size" => Value::from(256),
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        })
    }
}

/// agate's mapped sequence: items by position and by name.
#[derive(Debug)]
struct Keyed {
    keys: Vec<String>,
    items: Vec<Value>,
}

impl Object for Keyed {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(name) = key.as_str() {
            let index = self.keys.iter().position(|key| key == name)?;
            return self.items.get(index).cloned();
        }
        self.items.get(usize::try_from(key.clone()).ok()?).cloned()
    }

    fn get_value_by_str(self: &Arc<Self>, _key: &str) -> Option<Value> {
        None
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.items.len())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Answer {
        let keys = || self.keys.iter().map(|key| Value::from(key.as_str()));
        let pairs = || keys().zip(self.items.iter().cloned());
        Ok(match method {
            "values" => tuple(self.items.clone()),
            "keys" => tuple(keys().collect()),
            "items" => tuple(pairs().map(|(key, value)| tuple(vec![key, value])).collect()),
            "dict" => dict(pairs().collect())?,
            "get" => args.first().and_then(|key| self.get_value(key)).or(args.get(1).cloned()).unwrap_or_else(none),
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        })
    }
}

/// What a query returns.
struct Table {
    names: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<Table>")
    }
}

impl Table {
    fn row(&self, index: usize) -> Option<Value> {
        Some(Value::from_object(Keyed { keys: self.names.clone(), items: self.rows.get(index)?.clone() }))
    }
}

impl Object for Table {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.row(usize::try_from(key.clone()).ok()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let rows = (0..self.rows.len()).filter_map(|index| self.row(index));
        let column = |(index, name): (usize, &String)| {
            let items: Vec<Value> = self.rows.iter().map(|row| row[index].clone()).collect();
            (name.clone(), Value::from_object(Keyed { keys: Vec::new(), items }))
        };
        match key {
            "column_names" => Some(tuple(self.names.iter().map(|name| Value::from(name.as_str())).collect())),
            "columns" => {
                let (keys, items) = self.names.iter().enumerate().map(column).unzip();
                Some(Value::from_object(Keyed { keys, items }))
            }
            "rows" => Some(list(rows.collect())),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.rows.len())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<Table>")
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, _: &[Value]) -> Answer {
        match method {
            "print_table" => Ok(none()),
            "rename" => Ok(Value::from_object(Table { names: self.names.clone(), rows: self.rows.clone() })),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

fn decimal(text: &str) -> Value {
    value::decimal(text.parse().unwrap())
}

fn table() -> Value {
    let names = ["C1", "C2", "C3"].map(str::to_owned).into();
    let rows = vec![
        vec![decimal("1"), Value::from("a"), none()],
        vec![decimal("2.50"), Value::from("b'c"), Value::from(true)],
    ];
    Value::from_object(Table { names, rows })
}

fn dispatch(scope: &Arc<Scope>) -> Value {
    let scope = scope.clone();
    function(move |_, args| {
        let name = args.text(0, "macro_name").unwrap_or_default();
        if name.contains('.') {
            return Err(raised("bad dispatch name"));
        }
        let packages = match args.text(1, "macro_namespace") {
            Some(package) => vec![Some("root".to_owned()), Some(package)],
            None => vec![None],
        };
        for package in packages {
            for prefix in ["snowflake", "default"] {
                if let Ok(Some(found)) = scope.find(package.as_deref(), &format!("{prefix}__{name}")) {
                    return Ok(found);
                }
            }
        }
        Err(raised(format!("In dispatch: No macro named '{name}' found")))
    })
}

fn adapter(scope: &Arc<Scope>) -> Value {
    let columns =
        [("id", "NUMBER(38,0)"), ("name", "VARCHAR(256)"), ("created_at", "TIMESTAMP_NTZ(9)"), ("amount", "FLOAT")];
    let mut members = vec![
        ("dispatch", dispatch(scope)),
        ("type", constant(Value::from("snowflake"))),
        ("quote", function(|_, args| Ok(Value::from(format!("\"{}\"", args.text(0, "name").unwrap_or_default()))))),
        ("quote_as_configured", function(|_, args| Ok(args.get(0, "name").unwrap_or_default()))),
        ("quote_seed_column", function(|_, args| Ok(args.get(0, "name").unwrap_or_default()))),
        ("get_relation", function(|_, args| Ok(Relation::of(args, "table").value()))),
        (
            "get_columns_in_relation",
            function(move |_, _| Ok(list(columns.iter().map(|(name, dtype)| Column::value(name, dtype)).collect()))),
        ),
        ("get_missing_columns", function(|_, _| Ok(list(Vec::new())))),
        ("list_relations_without_caching", function(|_, _| Ok(list(Vec::new())))),
        ("check_schema_exists", constant(Value::from(true))),
        ("execute", function(|_, _| Ok(tuple(vec![Value::from("SUCCESS 1"), table()])))),
        ("cache_added", constant(Value::from(""))),
        ("cache_dropped", constant(Value::from(""))),
        ("Relation", relation_class()),
    ];
    for name in [
        "expand_target_column_types",
        "drop_relation",
        "rename_relation",
        "create_schema",
        "drop_schema",
        "verify_database",
        "commit",
    ] {
        members.push((name, constant(none())));
    }
    thing("adapter", members)
}

fn relation_class() -> Value {
    let create = function(|_, args| Ok(Relation::of(args, "None").value()));
    let kinds = [("View", "view"), ("Table", "table"), ("CTE", "cte")].map(|(key, kind)| (key, Value::from(kind)));
    thing("Relation", [vec![("create", create)], kinds.into()].concat())
}

fn column_class() -> Value {
    let translate = function(|_, args| {
        let name = args.text(0, "dtype").unwrap_or_default();
        Ok(Value::from(if name == "string" { "text".to_owned() } else { name }))
    });
    let create = function(|_, args| {
        Ok(Column::value(&args.text(0, "name").unwrap_or_default(), &args.text(1, "dtype").unwrap_or_default()))
    });
    thing("Column", vec![("translate_type", translate), ("create", create)])
}

fn config() -> Value {
    let value = |name: &str| match name {
        "materialized" => Some(Value::from("table")),
        "tags" => Some(texts(&["a", "b"])),
        "enabled" => Some(Value::from(true)),
        "unique_key" => Some(Value::from("id")),
        "meta" => Some(record(vec![("owner", Value::from("x"))])),
        _ => None,
    };
    let get = function(move |_, args| {
        let found = value(&args.text(0, "name").unwrap_or_default());
        Ok(found.or(args.get(1, "default")).unwrap_or_else(none))
    });
    let require = function(move |_, args| {
        value(&args.text(0, "name").unwrap_or_default()).ok_or_else(|| raised("a config is missing"))
    });
    let no = constant(Value::from(false));
    let members = vec![
        ("get", get),
        ("require", require),
        ("persist_relation_docs", no.clone()),
        ("persist_column_docs", no),
        ("model", record(vec![("name", Value::from("my_model"))])),
    ];
    callable("config", members, constant(Value::from("")))
}

fn var() -> Value {
    let value = |name: &str| match name {
        "v1" => Some(Value::from("x")),
        "v2" => Some(list(vec![Value::from(1), Value::from(2)])),
        "v3" => Some(record(vec![("a", Value::from(1))])),
        "v4" => Some(Value::from(true)),
        "dbt_date:time_zone" => Some(Value::from("America/Los_Angeles")),
        _ => None,
    };
    let call = function(move |_, args| {
        let name = args.text(0, "name").unwrap_or_default();
        Ok(value(&name).or(args.get(1, "default")).unwrap_or_else(|| Value::from(format!("var_{name}"))))
    });
    let has = function(move |_, args| Ok(Value::from(value(&args.text(0, "name").unwrap_or_default()).is_some())));
    callable("var", vec![("has_var", has)], call)
}

fn exceptions() -> Value {
    let fail = function(|_, args| Err(raised(args.text(0, "msg").unwrap_or_default())));
    let names = [
        "raise_compiler_error",
        "raise_not_implemented",
        "missing_config",
        "column_type_missing",
        "raise_contract_error",
        "raise_fail_fast_error",
        "relation_wrong_type",
    ];
    let mut members: Vec<_> = names.into_iter().map(|name| (name, fail.clone())).collect();
    members.push(("warn", constant(Value::from(""))));
    thing("exceptions", members)
}

fn model() -> Value {
    let text = |text: &str| Value::from(text);
    let column = record(vec![("name", text("id")), ("description", text("pk")), ("data_type", text("int"))]);
    let empty = || record(Vec::new());
    let config = record(vec![("materialized", text("table")), ("tags", texts(&["a"])), ("meta", empty())]);
    record(vec![
        ("name", text("my_model")),
        ("alias", text("my_model")),
        ("unique_id", text("model.root.my_model")),
        ("resource_type", text("model")),
        ("package_name", text("root")),
        ("schema", text("sc")),
        ("database", text("db")),
        ("path", text("my_model.sql")),
        ("original_file_path", text("models/my_model.sql")),
        ("description", text("d")),
        ("columns", record(vec![("id", column)])),
        ("config", config),
        ("meta", empty()),
        ("tags", texts(&["a"])),
        ("depends_on", record(vec![("nodes", texts(&["model.root.a"])), ("macros", texts(&[]))])),
        ("raw_code", text("select 1")),
        ("compiled_code", text("select 1 as id")),
        ("language", text("sql")),
        ("fqn", texts(&["root", "my_model"])),
        ("checksum", record(vec![("checksum", text("abc"))])),
    ])
}

fn results() -> (Value, Value) {
    let stored: Arc<Mutex<BTreeMap<String, Value>>> = Arc::default();
    let results = stored.clone();
    let store = function(move |_, args| {
        let table = args.get(2, "agate_table").unwrap_or_else(none);
        let mut data = Vec::new();
        if let Some(table) = table.downcast_object_ref::<Table>() {
            data = table.rows.iter().map(|row| tuple(row.clone())).collect();
        }
        let response = args.get(1, "response").unwrap_or_else(none);
        let result = record(vec![("response", response), ("data", list(data)), ("table", table)]);
        stored.lock().unwrap().insert(args.text(0, "name").unwrap_or_default(), result);
        Ok(Value::from(""))
    });
    let load = function(move |_, args| {
        let name = args.text(0, "name").unwrap_or_default();
        Ok(results.lock().unwrap().get(&name).cloned().unwrap_or_else(none))
    });
    (store, load)
}

fn target() -> Value {
    let names = ["name", "type", "schema", "database", "profile_name", "user", "role", "warehouse"];
    let values = ["dev", "snowflake", "sc", "db", "p", "u", "r", "w"].map(Value::from);
    record(names.into_iter().zip(values).chain([("threads", Value::from(4))]).collect())
}

fn graph() -> Value {
    let node = vec![("name", Value::from("a")), ("resource_type", Value::from("model")), ("tags", texts(&["x"]))];
    let empty = ["sources", "exposures", "metrics"].map(|name| (name, record(Vec::new())));
    record([vec![("nodes", record(vec![("model.root.a", record(node))]))], empty.into()].concat())
}

/// The variables of a render.
pub(crate) fn variables(_: &Arc<Engine>, scope: &Arc<Scope>, execute: bool) -> BTreeMap<String, Value> {
    let text = |text: &str| Value::from(text);
    let reference = function(|_, args| {
        let name = args.positional.last().map(ToString::to_string);
        Ok(Relation::new(Some("db"), Some("sc"), name.as_deref()).value())
    });
    let source = function(|_, args| {
        Ok(Relation::new(Some("raw"), args.text(0, "a").as_deref(), args.text(1, "b").as_deref()).value())
    });
    let (store_result, load_result) = results();
    let builtins = record(vec![("ref", reference.clone()), ("source", source.clone()), ("config", config())]);
    let flags = ["FULL_REFRESH", "STORE_FAILURES", "EMPTY"].map(|flag| (flag, Value::from(false)));
    let flags = [flags.into(), vec![("WHICH", text("run"))]].concat();
    let env_var = function(|_, args| {
        let default = args.get(1, "default").filter(|default| !default.is_none());
        Ok(default.unwrap_or_else(|| Value::from(format!("env_{}", args.text(0, "name").unwrap_or_default()))))
    });
    let render = function(|state, args| {
        Ok(Value::from(merganser::jinja::value::render_nested(state, &args.text(0, "text").unwrap_or_default())?))
    });
    let attempt = function(|state, args| match args.positional {
        [_, callee, rest @ ..] => {
            let args: Vec<Value> = rest.iter().chain(args.keywords).cloned().collect();
            callee.call(state, &args)
        }
        _ => Err(raised("a function is missing")),
    });
    let blank = constant(text(""));
    let mut vars = BTreeMap::new();
    let started = chrono::DateTime::from_timestamp(1_709_212_455, 678_901_000).unwrap();
    let stubs = [
        ("log", blank.clone()),
        ("print", blank.clone()),
        ("debug", blank.clone()),
        ("write", blank),
        ("adapter", adapter(scope)),
        ("ref", reference),
        ("source", source),
        ("builtins", builtins),
        ("config", config()),
        ("var", var()),
        ("env_var", env_var),
        ("target", target()),
        ("this", Relation::new(Some("db"), Some("sc"), Some("my_model")).value()),
        ("_rel", Relation::new(Some("db"), Some("sc"), Some("t1")).value()),
        ("model", model()),
        ("exceptions", exceptions()),
        ("flags", record(flags)),
        ("execute", Value::from(execute)),
        ("dbt_version", text("1.11.16")),
        ("invocation_id", text("00000000-0000-0000-0000-000000000000")),
        ("run_started_at", value::datetime(started)),
        ("graph", graph()),
        ("database", text("db")),
        ("schema", text("sc")),
        ("sql", text("select 1 as id")),
        ("compiled_code", text("select 1 as id")),
        ("pre_hooks", texts(&[])),
        ("post_hooks", texts(&[])),
        ("selected_resources", texts(&[])),
        ("api", record(vec![("Relation", relation_class()), ("Column", column_class())])),
        ("column", column_class()),
        ("store_result", store_result),
        ("load_result", load_result),
        ("validation", record(vec![("any", record(Vec::new()))])),
        ("render", render),
        ("project_name", text("root")),
        ("thread_id", text("Thread-1")),
        ("try_or_compiler_error", attempt),
        ("defer_relation", none()),
        ("_table", table()),
        ("_dec", decimal("3.140")),
        ("_date", value::date(chrono::NaiveDate::from_ymd_opt(2024, 1, 31).unwrap())),
    ];
    vars.extend(stubs.map(|(name, value)| (name.to_owned(), value)));
    vars
}

/// The root that a native function sees is the render's.
#[test]
fn has_a_current_root_only_while_rendering() {
    assert!(Root::current().is_none());
}
