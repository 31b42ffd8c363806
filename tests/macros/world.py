"""The stand-in for dbt's run time in which a call of `calls.jsonl` is rendered.

Relations and columns are dbt's own classes; the adapter answers from the case and keeps a protocol of what was asked of it.
A case may set, under "given":
  config {..}        values of config.get; flags {..}; model {..} merged over the model below; target {..}; vars {..}
  columns {id: [[name, type], ..]}   of relations by identifier; "*" for every other relation, "query" for queries, "contract"
                                     for the query without rows that stands for a contract
  existing {id: type}                relations that are in the warehouse
  answers [[part of a query, [names], [[row], ..]], ..]   what queries return
  execute false      the parse phase's value of `execute`
"""
import datetime
import decimal
import json
from argparse import Namespace

import pytz
from dbt.adapters.base import BaseRelation, Column
from dbt.adapters.duckdb import DuckDBAdapter
from dbt.adapters.duckdb.column import DuckDBColumn
from dbt.adapters.duckdb.relation import DuckDBRelation
from dbt.adapters.snowflake import SnowflakeAdapter
from dbt.adapters.snowflake.column import SnowflakeColumn
from dbt.adapters.snowflake.relation import SnowflakeRelation
from dbt.clients.jinja import get_rendered
from dbt.context.base import BaseContext
from dbt.context.macros import MacroNamespaceBuilder
from dbt.context.macro_resolver import MacroResolver  # noqa: F401  (loads dbt's context package in the right order)
from dbt.clients.jinja import MacroStack
from dbt.flags import set_from_args
from dbt_common.clients.agate_helper import table_from_rows
from dbt_common.exceptions import CompilationError

set_from_args(Namespace(), None)

CLASSES = {
    "default": (BaseRelation, Column, DuckDBAdapter),
    "duckdb": (DuckDBRelation, DuckDBColumn, DuckDBAdapter),
    "snowflake": (SnowflakeRelation, SnowflakeColumn, SnowflakeAdapter),
}
INTERNAL = {"default": ["dbt"], "duckdb": ["dbt_duckdb", "dbt"], "snowflake": ["dbt_snowflake", "dbt"]}
PREFIXES = {"default": ["default"], "duckdb": ["duckdb", "default"], "snowflake": ["snowflake", "default"]}
NOW = datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)
COLUMNS = {
    "default": [["id", "integer"], ["name", "text"], ["created_at", "timestamp"]],
    "duckdb": [["id", "INTEGER"], ["name", "VARCHAR"], ["created_at", "TIMESTAMP"]],
    "snowflake": [["ID", "NUMBER(38,0)"], ["NAME", "VARCHAR(256)"], ["CREATED_AT", "TIMESTAMP_NTZ(9)"]],
}
MODEL = dict(
    name="my_model", alias="my_model", unique_id="model.root.my_model", resource_type="model", package_name="root", schema="sc",
    database="db", path="my_model.sql", original_file_path="models/my_model.sql", description="what it is", language="sql",
    columns={}, config={"materialized": "table", "quote_columns": None, "column_types": {}}, meta={}, tags=[], constraints=[],
    depends_on={"nodes": ["model.root.a"], "macros": []}, raw_code="select 1 as id", compiled_code="select 1 as id",
    fqn=["root", "my_model"], refs=[], sources=[], relation_name="db.sc.my_model", checksum={"name": "sha256", "checksum": "abc"})


class Attr(dict):
    """a dictionary whose items are attributes too"""

    def __getattr__(self, key):
        try:
            return self[key]
        except KeyError:
            raise AttributeError(key)


class Behavior:
    def __init__(self, values):
        self._values = values

    def __getattr__(self, key):
        return Attr(no_warn=self._values.get(key, False))


class Adapter:
    """answers from the case; what it is told to do goes into the protocol"""

    def __init__(self, kind, given, namespace, protocol):
        self.kind, self.given, self._namespace, self._protocol = kind, given, namespace, protocol
        self.Relation, self.Column, self._class = CLASSES[kind]
        self._real = self._class.__new__(self._class)
        self.config = Attr(flags={})
        self.behavior = Behavior(given.get("behavior", {}))

    def __getattr__(self, key):
        return getattr(self._real, key)

    def dispatch(self, macro_name, macro_namespace=None, packages=None):
        search = [None] if macro_namespace is None else ["root", macro_namespace]
        for package in search:
            for prefix in PREFIXES[self.kind]:
                try:
                    macro = self._namespace().get_from_package(package, f"{prefix}__{macro_name}")
                except CompilationError:
                    macro = None
                if macro is not None:
                    return macro
        raise CompilationError(f"In dispatch: No macro named '{macro_name}' found")

    def type(self):
        return {"default": "generic"}.get(self.kind, self.kind)

    def quote(self, name):
        return f'"{name}"'

    def quote_as_configured(self, name, key):
        return name if self.kind == "snowflake" else f'"{name}"'

    def quote_seed_column(self, name, quote_config):
        quoted = self.kind != "snowflake" if quote_config is None else quote_config
        return self.quote(name) if quoted else name

    def _relation(self, database, schema, identifier, kind):
        return self.Relation.create(database=database, schema=schema, identifier=identifier, type=kind)

    def get_relation(self, database=None, schema=None, identifier=None):
        kind = self.given.get("existing", {}).get(identifier)
        return self._relation(database, schema, identifier, kind) if kind else None

    def _columns(self, identifier):
        listed = self.given.get("columns", {})
        return [self.Column.from_description(*c) if self.kind == "snowflake" else self.Column.create(*c)
                for c in listed.get(identifier, listed.get("*", COLUMNS[self.kind]))]

    def get_columns_in_relation(self, relation):
        return self._columns(relation.identifier)

    def get_column_schema_from_query(self, sql, *a):
        declared = "null as" in sql and "contract" in self.given.get("columns", {})
        return self._columns("contract" if declared else "query")

    def get_missing_columns(self, a, b):
        known = [c.name for c in self._columns(b.identifier)]
        return [c for c in self._columns(a.identifier) if c.name not in known]

    def list_relations_without_caching(self, *a):
        return []

    def check_schema_exists(self, *a):
        return True

    def execute(self, sql, auto_begin=False, fetch=False, limit=None):
        self._protocol.append(sql)
        for part, names, rows in self.given.get("answers", []):
            if part.lower() in sql.lower():
                return "SUCCESS 1", table_from_rows([[decimal.Decimal(v) if isinstance(v, int) and not isinstance(v, bool) else v
                                                      for v in r] for r in rows], names)
        return "SUCCESS 1", table_from_rows([], [])

    def add_query(self, sql, *a, **kw):
        self._protocol.append(f"adapter.add_query {sql} {json.dumps(kw, default=str, sort_keys=True)}")

    def build_catalog_relation(self, model):
        values = dict(table_format="DEFAULT", catalog_name="info_schema", catalog_type="INFO_SCHEMA", catalog_database=None,
                      is_transient=True, cluster_by=None, automatic_clustering=None, file_format=None, external_volume=None,
                      base_location=None)
        config = self.given.get("config", {})
        values["is_transient"] = config.get("transient", True)
        keys = config.get("cluster_by")
        values["cluster_by"] = ", ".join(keys) if isinstance(keys, list) else keys
        values["automatic_clustering"] = config.get("automatic_clustering", False)
        return Attr({**values, **self.given.get("catalog_relation", {})})

    def get_temp_relation_path(self, model, batch_id=""):
        return Attr(schema="dbt_temp", identifier=model["name"] + batch_id)

    def duckdb_version(self):
        return "1.5.6"

    def is_motherduck(self):
        return False

    def disable_transactions(self):
        return False

    def is_ducklake(self, relation):
        return self.given.get("ducklake", False)

    def use_ducklake_table_workarounds(self, relation):
        return False

    def external_root(self):
        return "root/dir"

    def location_exists(self, location):
        return False

    def catalog_supports_foreign_keys(self, database):
        return False

    def existing_key_constraint_types(self, relation):
        return []

    def convert_datetimes_to_strs(self, table):
        return table

    def convert_type(self, table, index):
        return self._class.convert_agate_type(table, index)

    def get_binding_char(self):
        return "?"

    def get_incremental_strategy_macro(self, context, strategy):
        return context[f"get_incremental_{strategy.replace('+', '_')}_sql"]

    def get_seed_file_path(self, model):
        return "seeds/s.csv"

    def batch_id_for_model(self, model):
        return ""

    def standardize_grants_dict(self, table):
        out = {}
        for row in table.rows:
            out.setdefault(row[0], []).append(row[1])
        return out

    def describe_dynamic_table(self, relation):
        return self.given.get("dynamic_table", {})

    def _tell(name):
        def told(self, *a, **kw):
            shown = [str(x) for x in a] + [f"{k}={v}" for k, v in sorted(kw.items())]
            self._protocol.append(f"adapter.{name} " + ", ".join(shown))
        return told

    drop_relation, rename_relation, create_schema = _tell("drop_relation"), _tell("rename_relation"), _tell("create_schema")
    truncate_relation, expand_target_column_types = _tell("truncate_relation"), _tell("expand_target_column_types")
    commit, verify_database, drop_schema = _tell("commit"), _tell("verify_database"), _tell("drop_schema")
    valid_snapshot_target, pre_model_hook = _tell("valid_snapshot_target"), _tell("pre_model_hook")
    assert_valid_snapshot_target_given_strategy = _tell("assert_valid_snapshot_target_given_strategy")
    store_relation, warn_once = _tell("store_relation"), _tell("warn_once")
    commit_if_has_connection, cache_added_ = _tell("commit_if_has_connection"), _tell("cache_added")

    def cache_added(self, relation):
        return ""

    def cache_dropped(self, relation):
        return ""

    def cache_renamed(self, a, b):
        return ""


class Config:
    def __init__(self, values, model):
        self.values, self.model = values, model

    def __call__(self, *a, **kw):
        self.values.update(kw)
        return ""

    def get(self, name, default=None, validator=None):
        return self.values.get(name, default)

    def require(self, name, validator=None):
        if name not in self.values:
            raise CompilationError("missing config " + name)
        return self.values[name]

    def set(self, name, value):
        self.values[name] = value
        return ""

    def meta_get(self, name, default=None, validator=None):
        return (self.values.get("meta") or {}).get(name, default)

    def persist_relation_docs(self):
        return bool((self.values.get("persist_docs") or {}).get("relation", False))

    def persist_column_docs(self):
        return bool((self.values.get("persist_docs") or {}).get("columns", False))


class Var:
    def __init__(self, values):
        self._values = values

    def __call__(self, name, default=None):
        return self._values.get(name, default)

    def has_var(self, name):
        return name in self._values


class Exceptions:
    """every way to fail is one failure with the message as its text"""

    def __init__(self, protocol):
        self._protocol = protocol

    def warn(self, msg, node=None):
        self._protocol.append("warn " + msg)
        return ""

    def warn_snapshot_timestamp_data_types(self, a, b):
        self._protocol.append(f"warn snapshot types {a} {b}")

    def raise_compiler_error(self, msg="", node=None):
        raise CompilationError(str(msg))

    def __getattr__(self, name):
        def fail(*a, **kw):
            raise CompilationError(name + " " + " ".join(str(x) for x in a))
        return fail


FROM_DBT = ("return", "fromjson", "tojson", "fromyaml", "toyaml", "set", "set_strict", "zip", "zip_strict", "modules",
            "diff_of_two_dicts", "local_md5")
BASE = BaseContext(cli_vars={}).to_dict()


class World:
    def __init__(self, kind, macros, given):
        self.protocol = protocol = []
        ctx = {k: BASE[k] for k in FROM_DBT}
        builder = MacroNamespaceBuilder("root", "root", MacroStack(), INTERNAL[kind], None)
        for macro in macros:
            builder.add_macro(macro, ctx)
        namespace = builder.build_namespace({}, ctx)
        self.adapter = Adapter(kind, given, lambda: namespace, protocol)
        relation_class, column_class, _ = CLASSES[kind]
        results = {}
        model = json.loads(json.dumps(MODEL))
        for key, value in given.get("model", {}).items():
            model[key] = value
        model = Attr(model)
        model["config"] = {**model["config"], **given.get("config", {})}
        model["columns"] = {k: Attr({"name": k, "description": "", "data_type": None, "constraints": [], "quote": None, **v})
                            for k, v in model["columns"].items()}
        config = Config(dict(given.get("config", {})), model)

        def store_result(name, response=None, agate_table=None):
            rows = [tuple(r.values()) for r in agate_table.rows] if agate_table is not None else []
            results[name] = Attr(response=response, data=rows, table=agate_table)
            return ""

        def ref(*a, **kw):
            return relation_class.create(database="db", schema="sc", identifier=a[-1], type="table")

        def source(a, b):
            return relation_class.create(database="raw", schema=a, identifier=b, type="table")

        def log(msg, info=False):
            protocol.append(f"log {msg}") if info else None
            return ""

        def relation(identifier, type="table", database="db", schema="sc", **kw):
            return relation_class.create(database=database, schema=schema, identifier=identifier, type=type, **kw)

        def column(name, dtype):
            return column_class.create(name, dtype)

        def table(names, rows):
            return table_from_rows(rows, names)

        def told(name):
            def tell(*a, **kw):
                protocol.append(name + " " + " ".join(str(x) for x in a))
                return ""
            return tell

        ctx.update({
            "adapter": self.adapter, "ref": ref, "source": source, "config": config, "var": Var(given.get("vars", {})),
            "target": Attr({"name": "dev", "type": self.adapter.type(), "schema": "sc", "database": "db", "profile_name": "p", "threads": 4,
                            "user": "u", "role": "r", "warehouse": "w", **given.get("target", {})}),
            "this": relation("my_model"), "model": model, "exceptions": Exceptions(protocol),
            "flags": Attr({"FULL_REFRESH": False, "STORE_FAILURES": False, "WHICH": "run", "EMPTY": False, **given.get("flags", {})}),
            "execute": given.get("execute", True), "dbt_version": "1.11.16", "invocation_id": "00000000-0000-0000-0000-000000000000",
            "run_started_at": pytz.utc.localize(NOW), "env_var": lambda name, default=None: default,
            "graph": given.get("graph", {"nodes": {}, "sources": {}, "exposures": {}, "metrics": {}}),
            "database": "db", "schema": "sc", "sql": model["compiled_code"], "compiled_code": model["compiled_code"],
            "pre_hooks": given.get("pre_hooks", []), "post_hooks": given.get("post_hooks", []), "selected_resources": [],
            "api": Attr(Relation=relation_class, Column=column_class), "column": column_class, "store_result": store_result,
            "store_raw_result": lambda name, message=None, code=None, rows_affected=None, agate_table=None: store_result(
                name, f"{message} {code} {rows_affected}", agate_table),
            "load_result": lambda name: results.get(name), "validation": Attr(any=lambda *a: "string"),
            "render": lambda text: get_rendered(text, ctx), "write": told("write"), "context": ctx, "project_name": "root",
            "thread_id": "Thread-1", "invocation_args_dict": {}, "dbt_metadata_envs": {}, "log": log, "print": told("print"),
            "submit_python_job": told("submit_python_job"), "builtins": {"ref": ref, "source": source, "config": config},
            "try_or_compiler_error": lambda msg, f, *a, **k: f(*a, **k), "defer_relation": None, "debug": lambda: "",
            "load_agate_table": lambda: table(*given.get("seed", [["id", "name"], [[1, "a"], [2, "b'c"]]])),
            "sql_now": "now", "rel": relation, "col": column, "tab": table, "cols": lambda name="*": self.adapter._columns(name),
        })
        ctx.update(namespace)
        self.context = ctx

    def render(self, text):
        out = str(get_rendered(text, self.context))
        return out if not self.protocol else out + "\n== told ==\n" + "\n--\n".join(self.protocol)
