"""More kinds of edits for edits.py: whole declarations put into a project (YAML), and SQL, Jinja and configuration put into its files.

Each is a function of a project and a generator that changes files and says what it did. Most of what is put in has a mistake.
"""
import os

import yaml

ODD = (5, "text", True, None, [], ["a"], {}, {"a": 1}, -1, "", "{{ nosuch }}", "{{ 'a' }}", 1.5, "nosuch")


def name_of(path):
    return os.path.basename(path).rsplit(".", 1)[0]


def model(p, rnd):
    return rnd.choice([f for f in p.models() if f.endswith(".sql")])


def dump(p, path, value):
    p.write(path, yaml.safe_dump(value, sort_keys=False))


def entry(p, rnd, kind="models"):
    """a properties file, its content, and one entry of it that is a mapping"""
    found = []
    for path in p.properties():
        value = yaml.safe_load(p.read(path))
        items = value.get(kind) if isinstance(value, dict) else None
        found += [(path, value, one) for one in items or () if isinstance(one, dict) and "name" in one]
    return rnd.choice(found)


def config(item):
    given = item.get("config")
    if not isinstance(given, dict):
        item["config"] = given = {}
    return given


# --- declarations -----------------------------------------------------------------------------------------------------------------

def versions(p, rnd):
    path, value, item = entry(p, rnd)
    own = item["name"]
    item["versions"] = rnd.choice((
        [{"v": 1, "defined_in": own}], [{"v": 1, "defined_in": own}, {"v": 2, "defined_in": own}], [{"v": 1}], [{"v": 1, "defined_in": "nosuch"}],
        [{"v": 1, "defined_in": own}, {"v": 1, "defined_in": own}], [{"v": "a", "defined_in": own}], {"v": 1}, [], [{}], None, 5, ["a"],
        [{"v": None, "defined_in": own}], [{"v": 1.5, "defined_in": own}], [{"v": "1", "defined_in": own}, {"v": 1, "defined_in": own}],
        [{"v": 1, "defined_in": own, "columns": [{"include": "all", "exclude": ["nosuch"]}]}], [{"v": 1, "defined_in": own, "surprise": 1}],
        [{"v": 1, "defined_in": own, "columns": [{"include": "nosuch"}]}], [{"v": 1, "defined_in": own, "columns": [{"include": "*"}, {"include": "*"}]}],
        [{"v": 1, "defined_in": own, "columns": [{"name": "made_up"}]}], [{"v": 1, "defined_in": own, "config": {"alias": own}}],
        [{"v": 1, "defined_in": own, "deprecation_date": "tomorrow"}], [{"v": 1, "defined_in": own, "deprecation_date": "2020-01-01"}],
        [{"v": 1, "defined_in": own, "data_tests": [{"unique": {"column_name": "id"}}]}], [{"v": 1, "defined_in": own, "config": 5}],
        [{"v": 1, "defined_in": own, "config": {"enabled": False}}], [{"v": True, "defined_in": own}], [{"v": "{{ 1 }}", "defined_in": own}]))
    if rnd.random() < 0.3:
        item["latest_version"] = rnd.choice((1, 2, "1", "a", None, 1.0))
    dump(p, path, value)
    return f"{path} {own}: versions {item['versions']!r}, latest {item.get('latest_version')!r}"


def contract(p, rnd):
    path, value, item = entry(p, rnd)
    config(item)["contract"] = rnd.choice(({"enforced": True},) * 6 + ({"enforced": "true"}, {"enforced": 5}, {"enforce": True}, True, {"enforced": True, "alias_types": False}))
    if rnd.random() < 0.5:
        config(item)["materialized"] = rnd.choice(("table", "view", "incremental", "ephemeral"))
    columns = item.setdefault("columns", [])
    for column in columns if isinstance(columns, list) else ():
        if isinstance(column, dict) and rnd.random() < 0.9:
            column["data_type"] = rnd.choice(("integer", "varchar", "int", "string", "nosuch", "numeric(10,2)", "date", "", None, 5, "INTEGER", "timestamp"))
            if rnd.random() < 0.2:
                column["constraints"] = rnd.choice(([{"type": "not_null"}], [{"type": "nosuch"}], [{"type": "check"}], [{"type": "unique"}], [{}], 5,
                                                    [{"type": "check", "expression": "1 = 1"}], [{"type": "check", "expression": "nosuch > 1"}],
                                                    [{"type": "foreign_key", "to": "ref('nosuch')", "to_columns": ["id"]}], [{"type": "primary_key"}],
                                                    [{"type": "foreign_key"}], ["not_null"], [{"type": "not_null", "surprise": 1}], [{"type": "custom"}]))
    if rnd.random() < 0.3:
        item["constraints"] = rnd.choice(([{"type": "primary_key", "columns": ["nosuch"]}], [{"type": "primary_key"}], [{"type": "check", "expression": "1 = 1"}],
                                          [{"type": "nosuch"}], [{"type": "unique", "columns": "id"}], 5, [5], {}, [{"type": "not_null", "columns": ["id"]}]))
    dump(p, path, value)
    return f"{path} {item['name']}: contract {item['config']!r} {columns!r} {item.get('constraints')!r}"


def groups(p, rnd):
    made = rnd.choice(([{"name": "made", "owner": {"name": "ann"}}],) * 4 + (
        [{"name": "made"}], [{"owner": {"name": "ann"}}], [{"name": "made", "owner": {}}], [{"name": "made", "owner": "ann"}], [{"name": "made", "owner": {"email": 5}}],
        [{"name": "made", "owner": {"name": "ann"}}] * 2, [{"name": "made", "owner": {"name": "ann", "surprise": 1}}], {"name": "made"}, 5, None, [5],
        [{"name": "made", "owner": {"email": ["a@b", "c@d"]}}], [{"name": 5, "owner": {"name": "ann"}}], [{"name": "made", "owner": {"name": "ann"}, "surprise": 1}],
        [{"name": "made", "owner": {"name": "ann"}, "config": {"meta": {"a": 1}}}], [{"name": "made", "owner": {"name": "ann"}, "config": 5}]))
    dump(p, "models/made_up_groups.yml", {"groups": made})
    done = f"groups {made!r}"
    for _ in range(rnd.choice((1, 1, 2))):
        path = model(p, rnd)
        words = rnd.choice(("group='made'", "group='made', access='private'", "access='private'", "access='public'", "access='nosuch'", "access=5",
                            "group='nosuch'", "group=5", "group=none", "access=none", "group='made', access='public'", "access='protected', group=['made']",
                            "group='made', access='public', materialized='ephemeral'", "access='private', group=''"))
        p.write(path, f"{{{{ config({words}) }}}}\n" + p.read(path))
        done += f"; {path}: {words}"
    return done


def spoil(rnd, value):
    """one key of a made-up entry is odd, missing or unknown"""
    kind = rnd.choice(("none", "odd", "odd", "away", "more"))
    maps = [value] + [v for v in value.values() if isinstance(v, dict)] + [i for v in value.values() if isinstance(v, list) for i in v if isinstance(i, dict)]
    place = rnd.choice(maps)
    key = rnd.choice(list(place)) if place else "a"
    if kind == "odd":
        place[key] = rnd.choice(ODD)
    elif kind == "away" and place:
        del place[key]
    elif kind == "more":
        place[rnd.choice(("surprise", "meta", "tags", "config", "description", "label", "docs"))] = rnd.choice(ODD)
    return value


def exposure(p, rnd):
    name = name_of(model(p, rnd))
    one = {"name": "made_up", "type": rnd.choice(("dashboard", "notebook", "application", "nosuch")), "owner": {"name": "ann", "email": "a@b"},
           "depends_on": [rnd.choice((f"ref('{name}')",) * 4 + ("ref('nosuch')", "source('a', 'b')", name, "metric('a')", "ref(5)", "", f"ref('{name}', v=1)"))],
           "url": "https://example.com", "maturity": rnd.choice(("high", "low", "nosuch"))}
    made = [spoil(rnd, one)]
    if rnd.random() < 0.1:
        made *= 2
    dump(p, "models/made_up_exposures.yml", {"exposures": made})
    return f"exposures {made!r}"


def source(p, rnd):
    table = {"name": "t", "identifier": "t", "columns": [{"name": "id", "data_tests": ["not_null"]}], "description": "text", "quoting": {"identifier": True}}
    one = {"name": "made_up", "schema": "main", "tables": [spoil(rnd, table)], "loader": "hand", "config": {"enabled": rnd.choice((True, False))},
           "freshness": rnd.choice((None, {"warn_after": {"count": 1, "period": "day"}}, {"warn_after": {"count": 1, "period": "week"}}, {"warn_after": 5},
                                    {"warn_after": {"count": -1, "period": "day"}}, {"warn_after": {"count": "a", "period": "day"}}, {"nosuch": 1},
                                    {"filter": "1 = 1"}, {"error_after": {"count": 1}}, {"error_after": {}}, 5)),
           "loaded_at_field": rnd.choice((None, "at", 5, ""))}
    if rnd.random() < 0.2:
        one["loaded_at_query"] = "select now()"
    if rnd.random() < 0.1:
        one["overrides"] = rnd.choice(("nosuch", "dbt_utils", 5))
    made = [spoil(rnd, one)] * rnd.choice((1, 1, 1, 2))
    if rnd.random() < 0.15 and isinstance(one.get("tables"), list):
        one["tables"] = one["tables"] * 2
    dump(p, "models/made_up_sources.yml", {"sources": made})
    if rnd.random() < 0.5:
        path = model(p, rnd)
        p.write(path, p.read(path) + "\n-- {{ source('made_up', 't') }}\n")
    return f"sources {made!r}"


def analysis_or_macro(p, rnd):
    """properties of macros, analyses, seeds, snapshots and tests, some of things that are not there"""
    kind = rnd.choice(("macros", "analyses", "seeds", "snapshots", "data_tests", "models", "functions"))
    names = {"macros": [name_of(f) for f in p.files(".sql") if f.startswith("macros/")], "seeds": [name_of(f) for f in p.files(".csv")],
             "models": [name_of(f) for f in p.models()]}.get(kind) or ["nosuch"]
    one = {"name": rnd.choice([*names, "nosuch"]), "description": rnd.choice(("text", "{{ doc('nosuch') }}", "{{ nosuch }}", "{{ doc() }}", "{{ 1 +", 5)),
           "config": rnd.choice(({}, {"enabled": False}, {"tags": 5}, {"meta": []}, 5, {"surprise": 1})), "docs": {"show": rnd.choice((True, False, "maybe", 5))}}
    if kind == "macros":
        del one["config"]
        one["arguments"] = rnd.choice(([{"name": "a", "type": "string"}], [{"type": "string"}], {"a": "string"}, ["a"], 5, [{"name": "a", "type": "nosuch"}], [{"name": 5}]))
    elif rnd.random() < 0.5:
        one["columns"] = rnd.choice(([{"name": "id"}, {"name": "id"}], [{}], {"id": "x"}, ["id"], 5, [{"name": "id", "data_tests": 5}], [{"name": "id", "quote": "maybe"}],
                                     [{"name": "id", "tests": ["unique"], "data_tests": ["unique"]}], [{"name": 5}], [{"name": None}], [{"name": "nosuch", "tests": ["unique"]}],
                                     [{"name": "id", "meta": {"a": 1}, "tags": "x"}], [{"name": "id", "tags": 5}], [{"name": "id", "data_type": ["a"]}]))
    made = [spoil(rnd, one)] * rnd.choice((1, 1, 1, 2))
    folder = {"macros": "macros", "seeds": "seeds", "snapshots": "snapshots", "analyses": "analyses", "data_tests": "tests"}.get(kind, "models")
    dump(p, f"{folder}/made_up_{kind}.yml", {"version": 2, kind: made})
    return f"{kind} {made!r}"


def semantic(p, rnd):
    name = name_of(model(p, rnd))
    one = {"name": "made_up", "model": rnd.choice((f"ref('{name}')",) * 4 + ("ref('nosuch')", name, 5)), "defaults": {"agg_time_dimension": "day"},
           "entities": [{"name": "id", "type": rnd.choice(("primary", "nosuch"))}], "measures": [{"name": "made_up_count", "agg": rnd.choice(("count", "sum", "nosuch")), "expr": "1"}],
           "dimensions": [{"name": "day", "type": "time", "type_params": {"time_granularity": "day"}}]}
    metric = {"name": "made_up_metric", "label": "text", "type": rnd.choice(("simple", "simple", "ratio", "derived", "nosuch")), "type_params": {"measure": "made_up_count"}}
    which = rnd.choice((one, metric))
    spoil(rnd, which)
    dump(p, "models/made_up_semantic.yml", {"semantic_models": [one], "metrics": [metric]})
    return f"semantic model {one!r}, metric {metric!r}"


def project_key(p, rnd):
    """one more key in dbt_project.yml"""
    value = yaml.safe_load(p.read("dbt_project.yml"))
    own, some = value["name"], name_of(model(p, rnd))
    folder = model(p, rnd).split("/")[1]
    kind = rnd.choice(("models", "models", "seeds", "snapshots", "data_tests", "tests", "sources", "exposures", "unit_tests", "metrics", "saved_queries", "semantic_models"))
    deep = rnd.choice(([own], [own], [own, folder], [own, some], ["nosuch"], ["dbt_utils"], [own, "nosuch"], []))
    setting, given = rnd.choice((
        ("+materialized", "table"), ("materialized", "table"), ("+materialized", "nosuch"), ("+materialized", 5), ("+materialized", None), ("+enabled", False),
        ("enabled", False), ("+enabled", "maybe"), ("+enabled", "{{ false }}"), ("+tags", "a"), ("tags", ["a"]), ("+tags", 5), ("+tags", {"a": 1}), ("+meta", 5),
        ("+meta", {"a": 1}), ("+schema", "other"), ("schema", "other"), ("+schema", 5), ("+schema", None), ("+schema", ["a"]), ("+database", "nosuch"), ("+alias", "same"),
        ("+nosuch", 1), ("nosuch", 1), ("nosuch", None), ("+pre-hook", "select 1"), ("+pre-hook", "select nosuch"), ("+post-hook", ["select 1", "{{ nosuch() }}"]),
        ("+post-hook", 5), ("+post_hook", "select 1"), ("pre-hook", {"sql": "select 1", "transaction": False}), ("+persist_docs", {"relation": True}), ("+persist_docs", 5),
        ("+grants", {"select": ["a"]}), ("+grants", 5), ("+contract", {"enforced": True}), ("+full_refresh", "maybe"), ("+severity", "warn"), ("+severity", "nosuch"),
        ("+store_failures", True), ("+where", "1 = 0"), ("+limit", "a"), ("+unique_key", "nosuch"), ("+on_schema_change", "nosuch"), ("+incremental_strategy", "nosuch"),
        ("+column_types", {"id": "nosuch"}), ("+column_types", 5), ("+quote_columns", "maybe"), ("+delimiter", ";"), ("+quoting", {"identifier": True}), ("+docs", {"show": False}),
        ("+docs", 5), ("+group", "nosuch"), ("+access", "nosuch"), ("+event_time", 5), ("+static_analysis", "off"), ("+", 1), (some, 5), (folder, "view"), (folder, None),
        ("+strategy", "nosuch"), ("+target_schema", "s"), ("+freshness", {"warn_after": 5}), ("+loaded_at_field", "at"), ("+transient", True), ("+batch_size", "nosuch")))
    place = value.setdefault(kind, {})
    for step in deep:
        if not isinstance(place, dict):
            break
        if not isinstance(place.get(step), dict):
            place[step] = {}
        place = place[step]
    if isinstance(place, dict):
        place[setting] = given
    dump(p, "dbt_project.yml", value)
    return f"dbt_project.yml: {(kind, *deep)} {setting}: {given!r}"


def project_top(p, rnd):
    value = yaml.safe_load(p.read("dbt_project.yml"))
    key, given = rnd.choice((
        ("name", "has space"), ("name", "1abc"), ("name", "dbt"), ("name", "has-dash"), ("name", 5), ("name", "dbt_utils"), ("version", 5), ("version", "a.b"), ("version", None),
        ("profile", "nosuch"), ("profile", 5), ("config-version", 1), ("config-version", 3), ("config-version", "2"), ("require-dbt-version", ">=99.0.0"),
        ("require-dbt-version", [">=1.0.0", "<2.0.0"]), ("require-dbt-version", "nonsense"), ("require-dbt-version", 5), ("require-dbt-version", []), ("require-dbt-version", [">1.0", "<0.5"]),
        ("model-paths", ["nosuch"]), ("model-paths", "models"), ("model-paths", ["models", "models"]), ("model-paths", []), ("model-paths", ["models", "seeds"]), ("model-paths", [5]),
        ("source-paths", ["models"]), ("data-paths", ["seeds"]), ("seed-paths", ["models"]), ("test-paths", ["models"]), ("macro-paths", ["models"]), ("macro-paths", ["nosuch"]),
        ("analysis-paths", ["models"]), ("snapshot-paths", ["models"]), ("docs-paths", ["nosuch"]), ("asset-paths", ["nosuch"]), ("model-paths", ["/absolute"]), ("function-paths", ["models"]),
        ("target-path", "models"), ("target-path", 5), ("packages-install-path", "nosuch"), ("clean-targets", "target"), ("clean-targets", [5]), ("log-path", "logs"),
        ("on-run-start", "select 1"), ("on-run-start", "select nosuch"), ("on-run-start", "{{ nosuch() }}"), ("on-run-start", ["select 1", ""]), ("on-run-start", 5), ("on-run-start", [5]),
        ("on-run-start", "{{ log('a') }}"), ("on-run-start", "{% if %}"), ("on-run-end", "select nosuch"), ("on-run-end", "{{ results | length }}"), ("on-run-end", "{{ results[99].node }}"),
        ("on-run-end", "{% for r in results %}{{ r.nosuch.deep }}{% endfor %}"), ("on-run-end", "{{ ref('nosuch') }}"), ("on-run-end", ["create table main.made as select 1 as a"]),
        ("on-run-start", "create table made (a int); insert into made values (1)"), ("on-run-end", "select '{{ schemas }}'"), ("on-run-end", {"sql": "select 1", "transaction": False}),
        ("vars", 5), ("vars", {"a": 1}), ("vars", {"nosuch": {"a": 1}}), ("vars", ["a"]), ("vars", {"a": "{{ nosuch }}"}), ("vars", None), ("query-comment", "text"), ("query-comment", None),
        ("query-comment", {"comment": "{{ nosuch() }}"}), ("query-comment", {"append": True}), ("query-comment", 5), ("query-comment", {"surprise": 1}), ("query-comment", "a */ b"), ("query-comment", ""),
        ("dispatch", [{"macro_namespace": "dbt", "search_order": ["nosuch", "dbt"]}]), ("dispatch", [{"macro_namespace": "dbt"}]), ("dispatch", {"a": 1}), ("dispatch", [5]), ("dispatch", []),
        ("dispatch", [{"macro_namespace": "dbt", "search_order": "dbt"}]), ("dispatch", [{"search_order": ["dbt"]}]), ("dispatch", [{"macro_namespace": "dbt", "search_order": []}]),
        ("quoting", {"identifier": False}), ("quoting", {"nosuch": True}), ("quoting", 5), ("quoting", {"identifier": "maybe"}), ("quoting", {"database": True, "schema": True, "identifier": True}),
        ("flags", {"nosuch": True}), ("flags", {"fail_fast": True}), ("flags", 5), ("flags", {"use_colors": "maybe"}), ("flags", {"indirect_selection": "nosuch"}), ("flags", {"warn_error": True}),
        ("flags", {"warn_error_options": {"include": "all"}}), ("flags", {"warn_error_options": {"error": ["NoNodesSelected"]}}), ("flags", {"warn_error_options": {"error": ["Nosuch"]}}),
        ("flags", {"require_explicit_package_overrides_for_builtin_materializations": False}), ("flags", {"validate_macro_args": True}), ("flags", {"require_generic_test_arguments_property": True}),
        ("flags", {"require_unique_project_resource_names": True}), ("flags", {"require_ref_searches_node_package_before_root": True}), ("restrict-access", True), ("restrict-access", "maybe"),
        ("surprise", 1), ("dbt-cloud", {"project-id": 5}), ("dbt-cloud", 5), ("packages", [{"local": "nosuch"}]), ("vars-path", "x"), ("models", 5), ("models", None), ("models", []), ("seeds", "a"),
        ("models", {"nosuch": None}), ("models", {"+enabled": False}), ("models", {"+materialized": "ephemeral"}), ("seeds", {"+enabled": False}), ("data_tests", {"+enabled": False}),
        ("sources", {"+enabled": False}), ("tests", {"+severity": "warn"}), ("data_tests", {"+severity": "warn", "+warn_if": ">5"})))
    value[key] = given
    if rnd.random() < 0.05:
        key, given = rnd.choice(("name", "profile", "version", "config-version", "model-paths")), "(gone)"
        value.pop(key, None)
    dump(p, "dbt_project.yml", value)
    return f"dbt_project.yml: {key} = {given!r}"


def packages_file(p, rnd):
    """packages.yml and its relatives; what is installed stays as it is"""
    text = rnd.choice((
        "packages: []", "packages:", "packages: 5", "packages: {a: b}", "packages: [a]", "packages: [{surprise: 1}]", "packages: [{package: dbt-labs/dbt_utils}]",
        "packages: [{package: dbt-labs/dbt_utils, version: [\">=1.0.0\", \"<0.5.0\"]}]", "packages: [{package: dbt-labs/dbt_utils, version: 1.0.0}, {package: dbt-labs/dbt_utils, version: 1.1.0}]",
        "packages: [{git: \"https://example.com/a.git\"}]", "packages: [{git: 5, revision: a}]", "packages: [{local: nosuch}]", "packages: [{local: 5}]", "packages: [{package: 5, version: 1.0.0}]",
        "packages: [{package: dbt-labs/dbt_utils, version: 1.0.0, surprise: 1}]", "packages: [{package: dbt_utils, version: 1.0.0}]", "surprise: 1", "[", "packages: [{tarball: \"https://example.com/a.tar.gz\", name: a}]",
        "packages: [{tarball: a}]", "packages: [{package: dbt-labs/dbt_utils, version: nonsense}]", "packages: [{private: a/b}]", "packages: [{package: \"{{ nosuch }}\", version: 1.0.0}]",
        "packages: [{package: dbt-labs/dbt_utils, version: 1.0.0, install-prerelease: maybe}]", "packages: [{package: a/b, version: 1.0.0}, {package: c/d, version: 1.0.0}, {package: e/f, version: 1.0.0}]"))
    file = rnd.choice(("packages.yml", "packages.yml", "dependencies.yml", "package-lock.yml"))
    if file == "dependencies.yml":
        text = rnd.choice((text, "projects: [{name: upstream}]", "projects: 5", "projects: [a]", "projects: [{}]", text + "\nprojects: []"))
    p.write(file, text + "\n")
    return f"{file}: {text}"


def yaml_text(p, rnd):
    """text put behind a line of a properties file"""
    path = rnd.choice(p.properties() + ["dbt_project.yml"])
    lines = p.read(path).splitlines()
    at = rnd.randrange(len(lines) + 1)
    width = len(lines[at - 1]) - len(lines[at - 1].lstrip()) if at else 0
    text = " " * rnd.choice((width, width, 0, width + 2, width + 1)) + rnd.choice((
        "surprise: 1", "- surprise", "- name: made_up", "name: made_up", "version: 2", "version: 3", "{{ nosuch }}", "description: a: b", "description: 'open", "description: |", "# only a comment",
        "\ttabbed: 1", "*nosuch", "&anchor", "<<: *nosuch", "? a", "- - a", "{", "}", "key: [1, 2", "@", "`", "%", "---", "...", "!!python/object:x {}", "key: !nosuch x", "a: 1\na: 2", "data_tests: [unique]",
        "columns: []", "config: {enabled: false}", "models: []", "'quoted': \"\\q\"", "key: 2020-13-45", "key: 0x1G", "key: 1_000", "key: yes", "no: yes", "~: 1", "1: 2", "[a]: b", "{a: 1}: b", "\u00a0x: 1", "x: \x07"))
    p.write(path, "\n".join(lines[:at] + [text] + lines[at:]) + "\n")
    return f"{path}:{at + 1}: {text!r}"


# --- SQL, Jinja and configuration -------------------------------------------------------------------------------------------------

CONFIGS = (
    "materialized='incremental'", "materialized='incremental', unique_key='nosuch'", "materialized='incremental', unique_key=['nosuch', 'more']", "materialized='incremental', incremental_strategy='nosuch'",
    "materialized='incremental', incremental_strategy='append'", "materialized='incremental', incremental_strategy='delete+insert'", "materialized='incremental', incremental_strategy='merge'",
    "materialized='incremental', incremental_strategy='merge', unique_key=1", "materialized='incremental', incremental_strategy='insert_overwrite'", "materialized='incremental', incremental_strategy=5",
    "materialized='incremental', incremental_strategy='microbatch'", "materialized='incremental', incremental_strategy='microbatch', event_time='nosuch', begin='2026-01-01', batch_size='day'",
    "materialized='incremental', incremental_strategy='microbatch', event_time='a', begin='nonsense', batch_size='day'", "materialized='incremental', incremental_strategy='microbatch', event_time='a', begin='2026-01-01', batch_size='week'",
    "materialized='incremental', incremental_strategy='microbatch', event_time=5, begin='2026-01-01', batch_size='day'", "materialized='incremental', on_schema_change='nosuch'",
    "materialized='incremental', on_schema_change='fail'", "materialized='incremental', on_schema_change='append_new_columns'", "materialized='incremental', on_schema_change=5", "materialized='incremental', full_refresh='maybe'",
    "materialized='incremental', merge_update_columns=['nosuch'], unique_key='1'", "materialized='incremental', incremental_predicates='1 = 1'", "materialized='incremental', unique_key=''", "materialized='incremental', unique_key=[]",
    "materialized='incremental', unique_key={}", "materialized='view', unique_key='a'", "materialized='Table'", "materialized='table '", "materialized=''", "materialized=none", "materialized=['table']", "materialized='ephemeral'",
    "materialized='materialized_view'", "materialized='test'", "materialized='seed'", "materialized='snapshot'", "materialized='clone'", "materialized='external'", "materialized='table_function'", "materialized='ephemeral', pre_hook='select 1'",
    "pre_hook='select nosuch'", "post_hook='select nosuch'", "pre_hook='{{ nosuch() }}'", "pre_hook=['select 1', 'select 2']", "pre_hook={'sql': 'select 1'}", "pre_hook={'surprise': 1}", "pre_hook=5", "post_hook=none",
    "post_hook='select * from {{ this }}'", "post_hook='{{ ref(\"nosuch\") }}'", "pre_hook=''", "post_hook=after_commit('select 1')", "pre_hook=before_begin('select nosuch')", "post_hook='{% if %}'", "post_hook=[5]",
    "post_hook='drop table nosuch'", "post_hook='create table if not exists made_up_by_hook as select 1'", "alias='same_name'", "alias=''", "alias=5", "alias='has space'", "alias='a.b'", "alias='quote\"d'", "schema='other'", "schema=5", "schema=''",
    "schema='has space'", "database='nosuch'", "database=''", "database=5", "enabled=false", "enabled='false'", "enabled=0", "enabled=none", "tags='a'", "tags=['a', 5]", "tags={'a': 1}", "meta=none", "meta='a'", "meta={'a': {'b': 1}}",
    "grants={'select': 'a'}", "grants={'select': 5}", "grants={'nosuch': ['a']}", "grants={'+select': ['a']}", "persist_docs={'relation': true, 'columns': true}", "persist_docs={'nosuch': true}", "contract={'enforced': true}",
    "contract=true", "contract={'enforced': 'maybe'}", "docs={'show': false}", "docs={'node_color': 'nosuch'}", "docs='a'", "quoting={'identifier': false}", "quoting={'nosuch': true}", "sql_header='select 1;'", "sql_header='select nosuch;'",
    "sql_header=5", "full_refresh=true", "event_time='a'", "lookback='a'", "begin=5", "batch_size='nosuch'", "concurrent_batches='maybe'", "group='nosuch'", "access='nosuch'", "severity='nosuch'", "packages=['a']", "surprise={}",
    "freshness={'warn_after': 5}", "column_types={}", "unique_key=none", "name='other'", "version=5", "static_analysis='off'", "depends_on=['a']", "sql='select 1'", "unrendered_config={}", "resource_type='seed'", "path='x'",
    "**{'materialized': 'table'}", "**{'pre-hook': 'select 1'}", "**{'a b': 1}", "**5", "{'materialized': 'table'}", "{'materialized': 'table'}, tags='a'", "[]", "5", "materialized=var('nosuch')", "materialized=var('nosuch', 'table')",
    "materialized=target.nosuch", "materialized='ta' ~ 'ble'", "tags=tags", "enabled=(1 == 1)", "enabled=target.type == 'nosuch'", "materialized=nosuch()", "materialized=env_var('NO_SUCH_VARIABLE')", "a=1, a=2", "=", "a=", "'a'=1",
    "partition_by='nosuch'", "indexes=[{'columns': ['nosuch']}]", "indexes=5", "materialized='table', indexes=[{'columns': ['nosuch'], 'unique': true}]", "transient=true", "options={}", "location='x.csv'", "format='nosuch'")


def config_in_model(p, rnd):
    path, words = model(p, rnd), rnd.choice(CONFIGS)
    text = f"{{{{ config({words}) }}}}"
    p.write(path, f"{text}\n{p.read(path)}" if rnd.random() < 0.7 else f"{p.read(path)}\n{text}\n")
    if rnd.random() < 0.1:
        other = model(p, rnd)
        p.write(other, f"{text}\n{p.read(other)}")
        path += f" and {other}"
    return f"{path}: {text}"


def config_in_yaml(p, rnd):
    path, value, item = entry(p, rnd)
    given = rnd.choice((
        {"materialized": "incremental", "incremental_strategy": "nosuch"}, {"materialized": "incremental", "unique_key": "nosuch"}, {"materialized": "incremental", "on_schema_change": "nosuch"}, {"pre_hook": "select nosuch"},
        {"pre-hook": ["select 1", 5]}, {"post_hook": "{{ nosuch() }}"}, {"post-hook": "{{ ref('nosuch') }}"}, {"materialized": "{{ 'table' }}"}, {"materialized": "{{ nosuch }}"}, {"materialized": "{{ var('nosuch') }}"}, {"enabled": "{{ true }}"},
        {"alias": "{{ this }}"}, {"tags": ["{{ nosuch }}"]}, {"meta": {"a": "{{ nosuch }}"}}, {"+materialized": "table"}, {"schema": "{{ target.schema }}"}, {"database": "nosuch"}, {"grants": {"select": "{{ env_var('NO_SUCH') }}"}},
        {"contract": {"enforced": "{{ true }}"}}, {"event_time": "{{ 5 }}"}, {"persist_docs": {"relation": "maybe"}}, {"docs": {"show": "{{ false }}"}}, {"docs": {"node_color": "#zzz"}}, {"unique_key": {"a": 1}}, {"enabled": None},
        {"full_refresh": "{{ false }}"}, {"tags": "{{ ['a', 'b'] }}"}, {"meta": "{{ {'a': 1} }}"}, {"materialized": "view", "sql_header": "select 1;"}, {"quoting": {"identifier": "{{ true }}"}}, {"column_types": {"a": "int"}},
        {"begin": "2026-01-01"}, {"lookback": -1}, {"batch_size": "day"}, {"materialized": "view", "contract": True}, {"group": "{{ 'nosuch' }}"}, {"access": "public"}, {"access": "private"}, {"where": "1"}, {"severity": "error"}))
    config(item).update(given)
    dump(p, path, value)
    return f"{path} {item['name']}: config {given!r}"


def reference(p, rnd):
    """a model reads something in an unusual way, or something that cannot be read"""
    import re
    path = model(p, rnd)
    other, third = model(p, rnd), model(p, rnd)
    name, own = name_of(other), yaml.safe_load(p.read("dbt_project.yml"))["name"]
    seeds = [name_of(f) for f in p.files(".csv")] or [name]
    tests = [name_of(f) for f in p.files(".sql") if f.startswith("tests/")] or ["nosuch"]
    way = rnd.choice(("", "", "", "disabled", "ephemeral", "private", "disabled in yaml", "gone", "versioned", "empty"))
    if way == "disabled":
        p.write(other, "{{ config(enabled=false) }}" + p.read(other))
    elif way == "ephemeral":
        p.write(other, "{{ config(materialized='ephemeral') }}" + p.read(other))
    elif way == "private":
        dump(p, "models/made_up_groups.yml", {"groups": [{"name": "made", "owner": {"name": "ann"}}]})
        p.write(other, "{{ config(group='made', access='private') }}" + p.read(other))
    elif way == "disabled in yaml":
        dump(p, "models/made_up.yml", {"models": [{"name": name, "config": {"enabled": False}}]})
    elif way == "gone":
        os.remove(f"{p.root}/{other}")
    elif way == "versioned":
        dump(p, "models/made_up.yml", {"models": [{"name": name, "versions": [{"v": 1, "defined_in": name}]}]})
    elif way == "empty":
        p.write(other, rnd.choice(("", "\n", "-- nothing", "{# nothing #}", "{% set a = 1 %}", ";", "select")))
    if not os.path.exists(f"{p.root}/{path}"):
        path = model(p, rnd)
    call = rnd.choice((
        f"ref('{name}')", f"ref('{name}')", f"ref('{name}')", f"ref('{own}', '{name}')", f"ref('nosuch', '{name}')", f"ref('{name}', v=1)", f"ref('{name}', v=2)", f"ref('{name}', version='a')", f"ref('{name}', v=none)",
        f"ref('{name}', surprise=1)", f"ref(['{name}'])", f"ref(none)", f"ref('{name.upper()}')", f"ref('{name} ')", f"ref('{own}.{name}')", f"ref('{rnd.choice(seeds)}')", f"ref('{rnd.choice(tests)}')", f"ref('{name_of(path)}')",
        f"ref('{name}').identifier", f"ref('{name}').nosuch", f"ref('{name}').include(database=false)", f"ref('{name}').include(nosuch=1)", f"ref('{name}').render()", f"source('{own}', '{name}')", f"source('nosuch')",
        f"source('a', 'b', 'c')", f"source(5, 5)", f"this", f"this.schema", f"this.nosuch()", f"ref(var('nosuch', '{name}'))", f"ref('{name}' if true else 'nosuch')", f"ref('nosuch' if false else '{name}')", f"ref(*['{name}'])",
        f"ref(**{{'model_name': '{name}'}})", f"ref('{name}', package='{own}')", f"ref(model_name='{name}')", f"builtins.ref('{name}')", f"builtins.source('a', 'b')", f"builtins.nosuch('a')", f"load_relation(ref('{name}'))",
        f"adapter.get_relation('a', 'b', 'c')", f"adapter.get_columns_in_relation(ref('{name}')) | length", f"dbt_utils.star(ref('{name}'))", f"get_where_subquery(ref('{name}'))", f"metric('a')", f"function('nosuch')", f"doc('nosuch')"))
    put = rnd.choice(("from", "end", "if", "macro"))
    text = p.read(path)
    if put == "from" and (hits := [m for m in re.finditer(r"\{\{-?\s*(?:ref|source)\([^}]*\}\}", text)]):
        hit = rnd.choice(hits)
        text = text[:hit.start()] + "{{ " + call + " }}" + text[hit.end():]
    elif put == "if":
        text += f"\n{{% if {rnd.choice(('execute', 'not execute', 'false', 'is_incremental()'))} %}} -- {{{{ {call} }}}}\n{{% endif %}}\n"
    elif put == "macro":
        p.write("macros/made_up_reader.sql", "{% macro made_up_reader() %}{{ " + call + " }}{% endmacro %}")
        text += "\n-- {{ made_up_reader() }}\n"
    else:
        text += "\n-- {{ " + call + " }}\n"
    p.write(path, text)
    return f"{path}: {call} ({put}); {other} {way or 'as it was'}"


def macro_file(p, rnd):
    """a macro file, and perhaps a model that calls what is in it"""
    text = rnd.choice((
        "{% macro made(a, b=1) %}{{ a }}{% endmacro %}", "{% macro made(a, a) %}x{% endmacro %}", "{% macro made(a=1, b) %}x{% endmacro %}", "{% macro made %}x{% endmacro %}", "{% macro made() %}x", "{% macro %}x{% endmacro %}",
        "{% macro made() %}x{% endmacro %}{% macro made() %}y{% endmacro %}", "{% macro made() %}{{ nosuch }}{% endmacro %}", "{% macro made() %}{{ nosuch() }}{% endmacro %}", "{% macro made() %}{{ made() }}{% endmacro %}",
        "{% macro made() %}{{ return(nosuch.x) }}{% endmacro %}", "{% macro made() %}{% do nosuch() %}{% endmacro %}", "{% macro made(*args) %}x{% endmacro %}", "{% macro made(a) -%}{{ a.b.c }}{%- endmacro %}", "x {{ nosuch() }} y",
        "{% macro made() %}{% if true %}{% endmacro %}", "{% macro made() %}{% endif %}{% endmacro %}", "{% macro made() %}{{ 'a }}{% endmacro %}", "{% macro made() %}{{ 1 + }}{% endmacro %}", "{% macro made-it() %}x{% endmacro %}",
        "{% macro 1made() %}x{% endmacro %}", "{% macro made() %}{% macro inner() %}{% endmacro %}{% endmacro %}", "{% set a = 1 %}{% macro made() %}{{ a }}{% endmacro %}", "{% test made(model) %}select 1 where false{% endtest %}",
        "{% test made() %}select 1{% endtest %}", "{% test made(model, column_name, x) %}select 1{% endtest %}", "{% test %}{% endtest %}", "{% test made(model) %}select 1", "{% materialization made, default %}{{ return({'relations': []}) }}{% endmaterialization %}",
        "{% materialization made %}{% endmaterialization %}", "{% materialization made, nosuch='a' %}{% endmaterialization %}", "{% materialization made, adapter='duckdb' %}{% call statement('main') %}select 1{% endcall %}{{ return({'relations': []}) }}{% endmaterialization %}",
        "{% materialization made, default %}{% endmaterialization %}", "{% materialization table, default %}{{ exceptions.raise_compiler_error('no') }}{% endmaterialization %}", "{% materialization view, default %}{% call statement('main') %}select 1{% endcall %}{{ return({'relations': [this]}) }}{% endmaterialization %}",
        "{% macro generate_schema_name(custom_schema_name, node) %}{{ nosuch }}{% endmacro %}", "{% macro generate_schema_name(custom_schema_name) %}x{% endmacro %}", "{% macro generate_schema_name(custom_schema_name=none, node=none) %}made_up{% endmacro %}",
        "{% macro generate_alias_name(custom_alias_name, node) %}same{% endmacro %}", "{% macro generate_alias_name(custom_alias_name, node) %}{{ exceptions.raise_compiler_error('no') }}{% endmacro %}", "{% macro generate_alias_name(custom_alias_name=none, node=none) %}a_{{ node.name }}{% endmacro %}",
        "{% macro generate_database_name(custom_database_name=none, node=none) %}nosuch{% endmacro %}", "{% macro ref(a) %}{{ return(builtins.ref(a)) }}{% endmacro %}", "{% macro ref(a) %}{{ return(builtins.ref('nosuch')) }}{% endmacro %}",
        "{% macro source(a, b) %}{{ return(builtins.source(a, b)) }}{% endmacro %}", "{% macro config() %}x{% endmacro %}", "{% macro create_table_as(temporary, relation, sql) %}select nosuch{% endmacro %}", "{% macro default__made() %}x{% endmacro %}",
        "{% macro made() %}{{ return(adapter.dispatch('made')()) }}{% endmacro %}{% macro default__made() %}x{% endmacro %}", "{% macro made() %}{{ return(adapter.dispatch('made', 'nosuch')()) }}{% endmacro %}", "{% macro made() %}{{ adapter.dispatch('a.b')() }}{% endmacro %}",
        "{% macro made() %}{{ run_query('select nosuch') }}{% endmacro %}", "{% macro made() %}{% if execute %}{{ run_query('select 1').columns[0].values()[0] }}{% endif %}{% endmacro %}", "{% macro made() %}{{ run_query('select 1').columns[0] }}{% endmacro %}",
        "{% macro made() %}{% set x = caller() %}{% endmacro %}", "{% macro made() %}{{ varargs | length }}{{ kwargs | length }}{% endmacro %}", "{% docs made %}x{% enddocs %}", "{% snapshot made %}select 1{% endsnapshot %}", "{% call made() %}{% endcall %}",
        "{% macro made() %}{# open{% endmacro %}", "{% macro made() %}{% raw %}{{ x }}{% endraw %}{% endmacro %}", "{% macro made() %}{% for a in [1, 2] %}{{ loop.nosuch.x }}{% endfor %}{% endmacro %}", "{% macro get_where_subquery(relation) %}(select nosuch){% endmacro %}",
        "{% macro made() %}{% set ns = namespace(a=1) %}{% set ns.b = 2 %}{{ ns.c.d }}{% endmacro %}", "{%- macro made() -%}{{ exceptions.warn('careful') }}{%- endmacro -%}", "{% macro made(a: string, b) %}x{% endmacro %}", "{% macro should_full_refresh() %}{{ return(5) }}{% endmacro %}",
        "{% macro is_incremental() %}{{ return(true) }}{% endmacro %}", "{% macro get_limit_sql(sql, limit) %}x{% endmacro %}", "{% macro current_timestamp() %}nosuch(){% endmacro %}", "{% function made() %}1{% endfunction %}", "{% macro made() %}1{% endmacro %} trailing {% if x %}", ""))
    path = rnd.choice(("macros/made_up.sql",) * 4 + ("tests/generic/made_up.sql", "models/made_up_macro.sql", "macros/deep/er/made_up.sql", "macros/made_up.jinja"))
    p.write(path, text)
    call = rnd.choice(("", "made()", "made(1)", "made(1, 2, 3)", "made(a=1)", "made(nosuch=1)", "made('x', b='y')", "made_up.made()", "made", "made.x", "made(*[1])", "made(1, a=1)"))
    where = ""
    if call:
        where = model(p, rnd)
        call = rnd.choice(("{{ config(materialized='made') }}", "-- {{ " + call + " }}", "-- {{ " + call + " }}", "{% call " + (call if "(" in call else "made()") + " %}x{% endcall %}"))
        p.write(where, p.read(where) + "\n" + call + "\n")
    if "test made" in text and rnd.random() < 0.7:
        dump(p, "models/made_up_tests.yml", {"models": [{"name": name_of(model(p, rnd)), "data_tests": [rnd.choice(("made", {"made": {"x": 1}}, {"made": {"column_name": "id"}}))]}]})
    return f"{path}: {text}; {where}: {call}"


def other_file(p, rnd):
    """a singular test, an analysis, a docs file, a snapshot file, or something that has no business there"""
    name = name_of(model(p, rnd))
    path, text = rnd.choice((
        ("tests/made_up.sql", f"select * from {{{{ ref('{name}') }}}} where false"), ("tests/made_up.sql", "select 1"), ("tests/made_up.sql", "select 1;"), ("tests/made_up.sql", "select 1 where false;"), ("tests/made_up.sql", ""),
        ("tests/made_up.sql", "{{ config(severity='warn') }} select 1"), ("tests/made_up.sql", "{{ config(severity='nosuch') }} select 1"), ("tests/made_up.sql", "{{ config(warn_if='>5', error_if='>10') }} select 1"),
        ("tests/made_up.sql", "{{ config(error_if='nonsense') }} select 1"), ("tests/made_up.sql", "{{ config(fail_calc='nosuch') }} select 1"), ("tests/made_up.sql", "{{ config(limit=1) }} select 1"), ("tests/made_up.sql", "{{ config(limit='a') }} select 1"),
        ("tests/made_up.sql", "{{ config(store_failures=true) }} select 1 as a where false"), ("tests/made_up.sql", "{{ config(enabled=false) }} {{ nosuch() }}"), ("tests/made_up.sql", "{{ config(materialized='table') }} select 1"),
        ("tests/made_up.sql", "select 1 as a, 2 as a"), ("tests/made_up.sql", "select nosuch"), ("tests/made_up.sql", "-- nothing"), ("tests/made_up.sql", "with a as (select 1) select * from a limit 0"), ("tests/made_up.sql", "{{ ref('nosuch') }}"),
        ("tests/made_up.sql", "{{ config(store_failures_as='view') }} select 1 as a"), ("tests/made_up.sql", "{{ config(store_failures_as='nosuch') }} select 1 as a"), ("tests/made_up.sql", "{{ config(tags=5, meta={'a': 1}) }} select 1 where false"),
        (f"tests/{name}.sql", "select 1 where false"), ("analyses/made_up.sql", "{{ nosuch() }}"), ("analyses/made_up.sql", f"select * from {{{{ ref('{name}') }}}}"), ("analyses/made_up.sql", "{% if %}"), (f"analyses/{name}.sql", "select 1"),
        ("models/made_up.md", "{% docs made_up %}text{% enddocs %}"), ("models/made_up.md", "{% docs made_up %}text"), ("models/made_up.md", "{% docs made_up %}a{% enddocs %}{% docs made_up %}b{% enddocs %}"), ("models/made_up.md", "{% docs %}a{% enddocs %}"),
        ("models/made_up.md", "{% docs made-up %}a{% enddocs %}"), ("models/made_up.md", "{{ nosuch }}"), ("models/made_up.md", "{% if %}"), ("models/made_up.md", "{% enddocs %}"), ("models/made_up.md", "{% docs a %}{% docs b %}x{% enddocs %}{% enddocs %}"),
        ("models/made_up.md", "{% macro x() %}{% endmacro %}"), ("models/made_up.md", "{% docs a %}{{ nosuch() }}{% enddocs %}"), ("models/made_up.md", "{% docs a b %}x{% enddocs %}"), ("models/made_up.md", "{# open"), ("models/made_up.md", "{% raw %}"),
        ("snapshots/made_up.sql", "{% snapshot a %}{{ config(strategy='check', check_cols='all', unique_key='1') }} select 1 as id{% endsnapshot %}{% snapshot a %}select 1{% endsnapshot %}"), ("snapshots/made_up.sql", "select 1"), ("snapshots/made_up.sql", ""),
        ("snapshots/made_up.sql", "{% snapshot %}select 1{% endsnapshot %}"), ("snapshots/made_up.sql", "{% snapshot a %}select 1"), ("snapshots/made_up.sql", "{% snapshot a %}{{ config(strategy='check', check_cols=['nosuch'], unique_key='id') }} select 1 as id{% endsnapshot %}"),
        ("snapshots/made_up.sql", "{% snapshot a %}{{ config(strategy='timestamp', updated_at='nosuch', unique_key='id') }} select 1 as id{% endsnapshot %}"), ("snapshots/made_up.sql", "{% snapshot a %}{{ config(strategy='nosuch', unique_key='id') }} select 1 as id{% endsnapshot %}"),
        ("snapshots/made_up.sql", "{% snapshot a %}{{ config(unique_key='id') }} select 1 as id{% endsnapshot %}"), ("snapshots/made_up.sql", "{% snapshot a %}{{ config(strategy='check', check_cols='all', unique_key=['id', 'nosuch']) }} select 1 as id{% endsnapshot %}"),
        ("snapshots/made_up.sql", f"{{% snapshot {name} %}}{{{{ config(strategy='check', check_cols='all', unique_key='id') }}}} select 1 as id{{% endsnapshot %}}"), ("snapshots/made_up.sql", "{% snapshot a %}{{ config(strategy='check', check_cols='all', unique_key='id', hard_deletes='nosuch') }} select 1 as id{% endsnapshot %}"),
        ("snapshots/made_up.sql", "{% snapshot a %}{{ config(strategy='check', check_cols='all', unique_key='id', materialized='table') }} select 1 as id{% endsnapshot %}"), ("snapshots/made_up.sql", "{% snapshot a %}{{ config(strategy='check', check_cols='all', unique_key='id') }} select 1 as id;{% endsnapshot %}"),
        ("models/made_up.sql", "select 1 as id"), ("models/made_up.sql", ""), ("models/made_up.sql", "select 1;"), ("models/made_up.sql", "select 1; select 2"), ("models/made_up.sql", "-- nothing"), ("models/made_up.sql", "{{ this }}"), ("models/made up.sql", "select 1 as a"),
        ("models/made.up.sql", "select 1 as a"), ("models/MADE_UP.sql", "select 1 as a"), ("models/made-up.sql", "select 1 as a"), (f"models/{name.upper()}.sql", "select 1 as a"), (f"models/again/{name}.sql", "select 1 as a"), ("models/made_up.SQL", "select 1 as a"),
        ("models/made_up.csv", "a\n1\n"), ("models/made_up.txt", "x"), ("models/.hidden.sql", "{{ nosuch() }}"), ("models/made_up.sql~", "{{ nosuch() }}"), ("models/made_up.yml", ""), ("models/made_up.yml", "5"), ("models/made_up.yml", "- a"), ("models/made_up.yml", "version: 2"),
        ("models/made_up.yml", "version: 1\nmodels: []"), ("models/made_up.yml", "version: '2'"), ("models/made_up.yml", "models: {}"), ("models/made_up.yml", "models:"), ("models/made_up.yml", "surprise: []"), ("models/made_up.yml", "version: 2\nmodel: []"), ("models/made_up.yaml", "models: [{name: nosuch}]"),
        ("models/made_up.yml", "models: [{name: }]"), ("models/made_up.yml", f"models: [{{name: {name}}}, {{name: {name}}}]"), ("models/made_up.yml", f"models: [{{name: {name}}}]"), ("models/made_up.yml", "seeds: [a]"), ("models/made_up.yml", "anchors: [&a {x: 1}]"), ("models/made_up.yml", "# only"),
        (f"seeds/{name}.csv", "a\n1\n"), ("seeds/made_up.csv", "a,a\n1,2\n"), ("seeds/made_up.csv", "a,A\n1,2\n"), ("seeds/made_up.csv", "a,\n1,2\n"), ("seeds/made_up.csv", "a\n"), ("seeds/made_up.csv", ""), ("seeds/made_up.csv", "a,b\n1\n"), ("seeds/made_up.csv", "a,b\n1,2,3\n"),
        ("seeds/made_up.csv", "a,b\n\"x\ny\",2\n"), ("seeds/made_up.csv", "a,b\n\"x\"\"y\",2\n"), ("seeds/made_up.csv", "a,b\n\"open,2\n"), ("seeds/made_up.csv", "a b,c-d\n1,2\n"), ("seeds/made_up.csv", "\ufeffa,b\n1,2\n"), ("seeds/made_up.csv", "a;b\n1;2\n"), ("seeds/made_up.csv", "a,b\n1,\n,2\n"),
        ("seeds/made_up.csv", "a,b\r\n1,2\r\n"), ("seeds/made_up.csv", "select,from\n1,2\n"), ("seeds/made_up.csv", "a\n1\nx\n"), ("seeds/made_up.csv", "a\n2020-01-01\n2020-13-01\n"), ("seeds/made_up.csv", "a\ntrue\n5\n"), ("seeds/made_up.csv", "a\n" + "9" * 30 + "\n"), ("seeds/made_up.csv", "a,b\n\n1,2\n\n"),
        ("seeds/made_up.csv", "1,2\n1,2\n"), ("seeds/made_up.csv", "a,b\n'x',\"y\"\n"), ("seeds/made_up.csv", " a , b \n 1 , x \n"), ("seeds/made_up.csv", "a\n1.5\n1e5\n"), ("seeds/made_up.csv", "a\nnull\nNULL\nNone\n"), ("seeds/made_up.csv", "a\n00012\n"), ("seeds/made_up.csv", "a,b\n{{ x }},{% y %}\n")))
    p.write(path, text)
    return f"{path}: {text!r}"


def seed_config(p, rnd):
    """a seed's configuration"""
    import csv
    path = rnd.choice(p.files(".csv"))
    header = next(csv.reader([p.read(path).splitlines()[0]]))
    one = rnd.choice(header)
    given = rnd.choice((
        {"column_types": {one: "varchar"}}, {"column_types": {one: "nosuch"}}, {"column_types": {one: "integer"}}, {"column_types": {one: "date"}}, {"column_types": {one: 5}}, {"column_types": {one: None}}, {"column_types": {"nosuch": "varchar"}}, {"column_types": {one.upper(): "varchar"}},
        {"column_types": [one]}, {"column_types": "varchar"}, {"quote_columns": True}, {"quote_columns": "maybe"}, {"delimiter": ";"}, {"delimiter": "||"}, {"delimiter": ""}, {"delimiter": 5}, {"delimiter": "\t"}, {"enabled": False}, {"schema": "other"}, {"alias": "other"},
        {"full_refresh": False}, {"materialized": "table"}, {"pre-hook": "select nosuch"}, {"post-hook": "select 1"}, {"tags": ["a"]}, {"meta": 5}, {"column_types": {one: "{{ 'varchar' }}"}}, {"column_types": {one: "decimal(5,2)"}}, {"column_types": {one: "varchar(1)"}}, {"contract": {"enforced": True}},
        {"quoting": {"identifier": True}}, {"event_time": one}, {"persist_docs": {"columns": True}}, {"grants": {"select": ["a"]}}, {"unique_key": one}, {"column_types": {one: "timestamp"}}, {"column_types": {one: "boolean"}}, {"column_types": {one: ""}}))
    columns = rnd.choice((None, None, [{"name": one, "data_tests": ["not_null"]}], [{"name": one, "data_type": "integer"}], [{"name": "nosuch", "data_tests": ["unique"]}]))
    item = {"name": name_of(path), "config": given}
    if columns:
        item["columns"] = columns
    dump(p, "seeds/made_up_seeds.yml", {"seeds": [item]})
    for file in p.properties():  # a seed may be described once
        if file != "seeds/made_up_seeds.yml":
            value = yaml.safe_load(p.read(file))
            if isinstance(value, dict) and any(isinstance(s, dict) and s.get("name") == item["name"] for s in value.get("seeds") or ()):
                value["seeds"] = [s for s in value["seeds"] if not (isinstance(s, dict) and s.get("name") == item["name"])]
                dump(p, file, value)
    return f"seed {item!r}"


def profile(p, rnd):
    """the profile is another"""
    p.profile = rnd.choice((
        {"outputs": {"t": {"type": "nosuch"}}}, {"outputs": {"t": {}}}, {"outputs": {"other": {"type": "duckdb"}}}, {"outputs": {"t": {"type": "duckdb", "path": "{{ nosuch }}"}}}, {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb", "threads": "a"}}},
        {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb", "surprise": 1}}}, {"outputs": {}}, {"outputs": 5}, 5, None, {"target": "t"}, {"outputs": {"t": {"type": "duckdb", "path": "nosuch/x.duckdb"}}}, {"outputs": {"t": {"type": "duckdb", "path": 5}}},
        {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb", "schema": 5}}}, {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb", "schema": "has space"}}}, {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb", "threads": 0}}},
        {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb", "extensions": 5}}}, {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb", "settings": {"nosuch": 1}}}}, {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb", "attach": [{"path": "y.duckdb", "alias": "y"}]}}},
        {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb", "database": "nosuch"}}}, {"outputs": {"t": {"type": "duckdb", "path": "{{ env_var('NO_SUCH_VARIABLE') }}"}}}, {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb", "threads": "{{ 2 }}"}}},
        {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb", "schema": "{{ 'a' }}"}}}, {"outputs": {"t": {"type": "duckdb"}}}, {"outputs": {"t": {"type": 5}}}, {"outputs": {"t": 5}}, {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb"}}, "target": "nosuch"},
        {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb"}}, "surprise": 1}, {"outputs": {"t": {"type": "duckdb", "path": "x.duckdb", "retries": {"connect_attempts": 1}}}}, {"outputs": {"t": {"type": "snowflake", "account": "a"}}}))
    return f"profile {p.profile!r}"


SHAPES = (versions, versions, contract, contract, groups, exposure, source, source, analysis_or_macro, analysis_or_macro, semantic, project_key, project_key, project_key,
          project_top, project_top, project_top, packages_file, yaml_text, yaml_text, yaml_text, profile)
CODE = (config_in_model, config_in_model, config_in_model, config_in_model, config_in_yaml, config_in_yaml, reference, reference, reference, macro_file, macro_file, macro_file,
        other_file, other_file, other_file, seed_config)
