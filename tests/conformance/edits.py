#!/usr/bin/env python3
"""edits.py --tool CMD [options]: random edits of public projects, and whether dbt and the tool agree on what comes of them.

--tool CMD      the tool, called as dbt would be: CMD parse|compile|build --profiles-dir D --target T ...
--only a,b      these projects (default: those in PROJECTS below); NAME=FOLDER or NAME=FOLDER:INNER is a folder with a project in it,
                its packages installed, and not a pack                 --packed DIR   folders of packs, as for check.py
--seeds A-B     which edits to make: one per seed and project (default 1-40)
--commands C,D  what is called, one after the other, until one fails (default parse,compile,build, on an empty DuckDB file); the exit
                code of each must be the same, and so must be the status of each node that build ran. `--loose` asks only whether
                the edit is an error to both, in whichever command
--work DIR      where projects are unpacked and edited (default: a temporary folder)
--blocks        edits of another kind: blocks and calls of Jinja, macros, and a selectors.yml
--data          edits of another kind: seeds, unit tests, snapshots, arguments of tests, and what is selected
--shapes        edits of another kind: whole declarations, keys of dbt_project.yml, packages.yml, profiles, stray lines of YAML
--code          edits of another kind: configurations, references, macro files, tests, docs, snapshots and seeds put in
--json FILE     every edit with both verdicts and messages             --keep         leave the edited projects

Runs in the Python that has dbt-core (make.py of the conformance tools makes it). An edit is a function of the project and a
generator seeded with the project's name and the seed, so that `--only P --seeds N-N` makes one again. Exit 1 if a verdict differs.
"""
import argparse, contextlib, io, json, os, random, re, shlex, shutil, subprocess, sys, tarfile, tempfile

import yaml

from edits_more import CODE, SHAPES

PROJECTS = ("jaffle_shop_duckdb", "jaffle-shop", "segment", "dbt_utils", "codegen", "mrr_playbook")
CACHE = os.environ.get("MERGANSER_ORACLE") or os.path.expanduser("~/.cache/merganser-oracle")
ODD = (5, "text", True, None, [], ["a"], {}, {"a": 1}, -1, "{{ 1 }}", "{{ nosuch }}", "")


class Project:
    """A folder whose own files (not its packages') are edited."""

    def __init__(self, root):
        self.root = root
        self.options = []  # of every command but parse
        self.profile = ""  # another one, if it is not empty

    def files(self, *endings):
        found = []
        for base, folders, names in os.walk(self.root):
            folders[:] = sorted(f for f in folders if f not in ("dbt_packages", "target", "logs", ".git"))
            found += [os.path.relpath(f"{base}/{n}", self.root) for n in names if n.endswith(endings)]
        return sorted(found)

    def read(self, path):
        with open(f"{self.root}/{path}", encoding="utf-8") as f:
            return f.read()

    def write(self, path, text):
        os.makedirs(os.path.dirname(f"{self.root}/{path}") or ".", exist_ok=True)
        with open(f"{self.root}/{path}", "w", encoding="utf-8") as f:
            f.write(text)

    def models(self):
        return [f for f in self.files(".sql") if f.startswith("models/")]

    def properties(self):
        return [f for f in self.files(".yml", ".yaml") if f.startswith(("models/", "seeds/", "snapshots/", "macros/"))]


def places(value, path=()):
    """every mapping and list of a YAML value with its path"""
    found = [(path, value)] if isinstance(value, (dict, list)) else []
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += places(item, (*path, key))
    return found


def in_yaml(change):
    """an edit of a YAML value; `change(rnd, places)` changes it in place and says what it did"""
    def edit(p, rnd, files=None):
        path = rnd.choice(files or p.properties())
        value = yaml.safe_load(p.read(path))
        done = change(rnd, places(value))
        p.write(path, yaml.safe_dump(value, sort_keys=False))
        return f"{path}: {done}"
    return edit


def mapping(rnd, found):
    return rnd.choice([(p, v) for p, v in found if isinstance(v, dict) and v])


@in_yaml
def unknown_key(rnd, found):
    path, value = mapping(rnd, found)
    value["surprise"] = rnd.choice(ODD)
    return f"unknown key at {path}"


@in_yaml
def other_type(rnd, found):
    path, value = mapping(rnd, found)
    key = rnd.choice(list(value))
    value[key] = rnd.choice(ODD)
    return f"{(*path, key)} = {value[key]!r}"


@in_yaml
def key_away(rnd, found):
    path, value = mapping(rnd, found)
    key = rnd.choice(list(value))
    del value[key]
    return f"{(*path, key)} removed"


@in_yaml
def key_typo(rnd, found):
    path, value = mapping(rnd, found)
    key = rnd.choice(list(value))
    value[str(key) + "s"] = value.pop(key)
    return f"{(*path, key)} renamed"


@in_yaml
def entry_twice(rnd, found):
    path, value = rnd.choice([(p, v) for p, v in found if isinstance(v, list) and v])
    value.append(rnd.choice(value))
    return f"an entry of {path} twice"


@in_yaml
def config_value(rnd, found):
    path, value = rnd.choice([(p, v) for p, v in found if isinstance(v, dict) and "name" in v])
    key = rnd.choice(("materialized", "enabled", "tags", "meta", "schema", "alias", "unique_key", "severity", "grants", "docs",
                      "contract", "access", "group", "persist_docs", "quoting", "full_refresh", "on_schema_change", "strategy"))
    value.setdefault("config", {})
    if isinstance(value["config"], dict):
        value["config"][key] = rnd.choice(ODD)
    return f"config {key} of {path} = {value['config']!r}"


def project_file(p, rnd):
    return rnd.choice((unknown_key, other_type, key_away, key_typo))(p, rnd, ["dbt_project.yml"])


def file_away(p, rnd):
    path = rnd.choice(p.files(".sql", ".yml", ".yaml", ".csv", ".md"))
    os.remove(f"{p.root}/{path}")
    return f"{path} removed"


def substitute(pattern, files, new):
    def edit(p, rnd):
        hits = [(f, m) for f in files(p) for m in re.finditer(pattern, p.read(f))]
        path, hit = rnd.choice(hits)
        text = p.read(path)
        put = new(rnd, hit)
        p.write(path, text[:hit.start()] + put + text[hit.end():])
        return f"{path}:{text.count(chr(10), 0, hit.start()) + 1}: {hit.group(0)!r} -> {put!r}"
    return edit


def sql(p):
    return p.files(".sql")


ref_renamed = substitute(r"ref\(\s*['\"](\w+)['\"]", sql, lambda rnd, m: m.group(0)[:-1] + "_gone" + m.group(0)[-1])
source_renamed = substitute(r"source\(\s*['\"](\w+)['\"]", sql, lambda rnd, m: m.group(0)[:-1] + "_gone" + m.group(0)[-1])
jinja_cut = substitute(r"\{\{-?|-?\}\}|\{%-?|-?%\}|\{#|#\}", sql, lambda rnd, m: rnd.choice(("", m.group(0)[0], "{{", "%}")))
end_away = substitute(r"\{%-?\s*end\w+\s*-?%\}", sql, lambda rnd, m: rnd.choice(("", "{% endfor %}", "{% endif %}", "{% else %}")))
quote_away = substitute(r"['\"]", sql, lambda rnd, m: "")
bracket_away = substitute(r"[()\[\]]", sql, lambda rnd, m: "")
macro_renamed = substitute(r"\{\{-?\s*\w+(?=\()", sql, lambda rnd, m: m.group(0) + "x")
yaml_mark_away = substitute(r"[:\-\[\]'\"]", lambda p: p.properties() + ["dbt_project.yml"], lambda rnd, m: "")
yaml_indented = substitute(r"(?m)^ *(?=\S)", lambda p: p.properties(), lambda rnd, m: m.group(0) + rnd.choice((" ", "  ", "\t")))


def line_away(p, rnd):
    path = rnd.choice(p.files(".sql", ".yml"))
    lines = p.read(path).splitlines(keepends=True) or [""]
    at = rnd.randrange(len(lines))
    p.write(path, "".join(lines[:at] + lines[at + 1:]))
    return f"{path}:{at + 1} removed: {lines[at].strip()!r}"


def model_twice(p, rnd):
    path = rnd.choice(p.files(".sql"))
    base, name = os.path.split(path)
    p.write(f"{base}/again/{name}", p.read(path))
    return f"{path} twice"


def model_renamed(p, rnd):
    path = rnd.choice(p.models())
    os.rename(f"{p.root}/{path}", f"{p.root}/{path[:-4]}_new.sql")
    return f"{path} renamed"


def circle(p, rnd):
    path, other = rnd.choice(p.models()), rnd.choice(p.models())
    name = os.path.basename(other)[:-4]
    p.write(path, p.read(path) + f"\n-- depends_on: {{{{ ref('{name}') }}}}\n")
    return f"{path} reads {name}"


def put_into_model(p, rnd):
    text = rnd.choice((
        "{{ nosuch() }}", "{{ nosuch }}", "{{ nosuch.attribute }}", "{{ var('nosuch') }}", "{{ env_var('NO_SUCH_VARIABLE') }}",
        "{{ config(materialized='nosuch') }}", "{{ config(materialized=5) }}", "{{ config(enabled='maybe') }}", "{{ config(tags=5) }}",
        "{{ config(surprise=1) }}", "{{ ref() }}", "{{ ref('a', 'b', 'c') }}", "{{ ref(5) }}", "{{ source('one') }}", "{{ 1 / 0 }}",
        "{{ 'a' + 1 }}", "{{ this.nosuch }}", "{{ adapter.nosuch() }}", "{{ dbt_utils.nosuch() }}", "{{ nosuch_package.f() }}",
        "{% macro inside() %}x{% endmacro %}", "{% set x = [1, 2 %}", "{% for x in 5 %}{% endfor %}", "{% do [].nosuch() %}",
        "{{ 'x' | nosuch }}", "{% if x is nosuch %}{% endif %}", "{{ exceptions.raise_compiler_error('stop') }}", "{% include 'x' %}",
        "{{ return(1) }}", "{% call statement('x') %}select 1{% endcall %}", "{{ config(meta=5) }}", "{{ doc('nosuch') }}",
        "{{ config(unique_key=['a']) }}", "{{ config(pre_hook='{{ nosuch() }}') }}", "{{ metric('nosuch') }}", "{% raw %}", "{{ }}",
        "{% snapshot s %}{% endsnapshot %}", "{% test t(model) %}{% endtest %}", "{{ graph.nodes.nosuch.name }}", "{{ model.nosuch }}",
        "{{ config.require('nosuch') }}", "{{ config.get('nosuch') }}", "{{ run_query('select nosuch') }}", "{{ fromjson('{') }}",
        "{{ builtins.ref('nosuch') }}", "{{ ref('nosuch').identifier }}", "{{ modules.nosuch }}", "{{ target.nosuch }}"))
    path = rnd.choice(p.models())
    p.write(path, p.read(path) + "\n" + text + "\n")
    return f"{path}: {text}"


def put_into_macro(p, rnd):
    """one more mistake behind the first line of a macro; only who calls it may notice"""
    text = rnd.choice(("{{ nosuch() }}", "{% if %}", "{% endfor %}", "{% for x in y %}", "{{ 'x' | nosuch }}", "{{ 1 + }}", "{% set = 1 %}",
                       "{{ caller() }}", "{{ ref('nosuch') }}", "{{ exceptions.raise_compiler_error('stop') }}", "{% do return(1, 2) %}",
                       "{{ kwargs.x }}", "{{ varargs[5] }}", "{% macro inner() %}", "{{ adapter.dispatch('nosuch')() }}", "{# open",
                       "{% raw %}", "{{ nosuch.attribute.deep }}", "{{ 'a' + 1 }}", "{% call nosuch() %}x{% endcall %}"))
    hits = [(f, m) for f in p.files(".sql") for m in re.finditer(r"{%-?\s*macro\s+\w+\([^)]*\)\s*-?%}", p.read(f))]
    path, hit = rnd.choice(hits)
    old = p.read(path)
    p.write(path, old[:hit.end()] + text + old[hit.end():])
    return f"{path}: {hit.group(0)} {text}"


def block_in_model(p, rnd):
    """a block that is not closed, closed twice, or closed by another's end; calls with wrong arguments"""
    text = rnd.choice((
        "{% if true %}", "{% if true %}{% endfor %}", "{% for i in range(3) %}", "{% for i in range(3) %}{% endif %}", "{% endif %}",
        "{% else %}", "{% elif x %}", "{% set x %}", "{% set x %}1{% endset %}{% endset %}", "{% call f() %}", "{% filter upper %}",
        "{% raw %}{% endraw %}{% endraw %}", "{% macro a( %}{% endmacro %}", "{% for i range(3) %}{% endfor %}", "{% set x 1 %}",
        "{% nosuch %}", "{% do %}", "{{ range() }}", "{{ range('a') }}", "{{ 'a' | replace }}", "{{ 'a' | join(1, 2, 3, 4) }}",
        "{{ ref('a', 'b', 'c', 'd') }}", "{{ ref(name='a') }}", "{{ source('a', 'b', 'c') }}", "{{ config('a', 'b') }}", "{{ var() }}",
        "{{ env_var() }}", "{{ log() }}", "{{ is_incremental(1) }}", "{{ dbt.type_string(1, 2, 3) }}", "{{ dbt.nosuch() }}",
        "{{ dbt.datediff('a') }}", "{{ return() }}", "{{ tojson() }}", "{{ set() }}", "{{ zip(1) }}", "{{ modules.re.match() }}",
        "{{ [1, 2][5] }}", "{{ {'a': 1}['b'] }}", "{{ {'a': 1}.b.c }}", "{{ none.x }}", "{{ 5() }}", "{{ 'a'() }}", "{{ 1 if }}",
        "{{ x y }}", "{{ 'a' 'b' }}", "{{ [1, }}", "{{ (1, }}", "{{ a.b. }}", "{{ 'open }}", "{% if 'open %}{% endif %}", "{{ a | }}",
        "{{ a is }}", "{{ not }}", "{{ 1 in 2 }}", "{{ [] < 1 }}", "{{ -'a' }}", "{{ 'a' * 'b' }}", "{{ 'a' % 1 }}", "{{ 5 % 0 }}",
        "{{ 'abc'[1:2:0] }}", "{% for a, b in [1] %}{% endfor %}", "{% for a, b in [(1, 2, 3)] %}{% endfor %}", "{% set a, b = 1 %}",
        "{% break %}", "{% for i in [1] %}{% break %}{% endfor %}", "{{ loop.index }}", "{{ super() }}", "{{ self.x() }}",
        "{% block a %}{% endblock %}", "{% extends 'a' %}", "{% import 'a' as b %}", "{% from 'a' import b %}", "{{ '%s' % () }}",
        "{{ '%d' % 'a' }}", "{{ '{}'.format() }}", "{{ ''.join([1]) }}", "{{ 'a'.nosuch() }}", "{{ dict(1) }}", "{{ {}.pop('a') }}",
        "{{ [].pop() }}", "{{ [].index(1) }}", "{{ 'a' | int | nosuch }}", "{{ 'a' | round }}", "{{ [1,'a'] | sort }}",
        "{{ [1,'a'] | sum }}", "{{ {} | dictsort(by='x') }}", "{{ namespace(1) }}", "{% set ns.x = 1 %}", "{{ cycler() }}"))
    path = rnd.choice(p.models())
    p.write(path, p.read(path) + "\n" + text + "\n")
    return f"{path}: {text}"


def selectors_file(p, rnd):
    """a selectors.yml, most of them with a mistake"""
    text = rnd.choice((
        "selectors: []", "selectors: {}", "selectors:", "selectors: [{name: a}]", "selectors: [{definition: a}]", "selector: []",
        "selectors: [{name: a, definition: {method: nosuch, value: x}}]", "selectors: [{name: a, definition: {method: tag}}]",
        "selectors: [{name: a, definition: {value: x}}]", "selectors: [{name: a, definition: {union: x}}]",
        "selectors: [{name: a, definition: {union: []}}]", "selectors: [{name: a, definition: {union: [{method: tag, value: x}], x: 1}}]",
        "selectors: [{name: a, definition: {intersection: [{exclude: [{method: tag, value: x}]}]}}]",
        "selectors: [{name: a, definition: {method: tag, value: x, surprise: 1}}]", "selectors: [{name: a, definition: 'nosuch:x'}]",
        "selectors: [{name: a, definition: {method: tag, value: x, children_depth: a}}]", "selectors: [{name: a, definition: 5}]",
        "selectors: [{name: a, definition: {method: tag, value: 5}}]", "selectors: [{name: a, definition: {method: path, value: [a]}}]",
        "selectors: [{name: a, definition: {tag: x}}]", "selectors: [{name: a, definition: {tag: x, path: y}}]",
        "selectors: [{name: a, definition: {nosuch: x}}]", "selectors: [{name: a, definition: ''}]", "selectors: [{name: 5, definition: a}]",
        "selectors: [{name: a, definition: '@a+'}]", "selectors: [{name: a, definition: {method: selector, value: nosuch}}]",
        "selectors: [{name: a, definition: {method: selector, value: a}}]", "selectors: [{name: a, definition: x, default: maybe}]",
        "selectors: [{name: a, definition: x, default: true}, {name: b, definition: y, default: true}]", "selectors: [a]", "5", "[",
        "selectors: [{name: a, definition: x}, {name: a, definition: y}]", "selectors: [{name: a, definition: x, surprise: 1}]",
        "selectors: [{name: a, definition: {union: [{method: tag, value: x}, {exclude: [y]}, {exclude: [z]}]}}]",
        "selectors: [{name: a, definition: {method: tag, value: x, parents: maybe}}]", "selectors: [{name: a, definition: null}]",
        "selectors: [{name: a, definition: {method: tag, value: x, childrens_parents: true, parents: true}}]",
        "selectors: [{name: a, definition: {method: tag, value: x, indirect_selection: nosuch}}]",
        "selectors: [{name: a, definition: {method: 'config.materialized', value: view}}]", "selectors: [{name: a, definition: {exclude: [x]}}]",
        "selectors: [{name: a, definition: {method: state, value: modified}}]", "selectors: [{name: a, definition: '{{ nosuch }}'}]"))
    p.write("selectors.yml", text + "\n")
    return f"selectors.yml: {text}"


def csv_edit(p, rnd):
    path = rnd.choice(p.files(".csv"))
    lines = p.read(path).splitlines()
    at = 0 if rnd.random() < 0.4 else rnd.randrange(len(lines))
    cells = lines[at].split(",")
    cell = rnd.randrange(len(cells))
    kind = rnd.choice(("cell away", "comma", "quote", "text", "empty", "line away", "nothing left", "twice", "blank line", "wide"))
    if kind == "cell away":
        del cells[cell]
    elif kind in ("comma", "quote", "text", "empty", "wide", "twice"):
        cells[cell] = {"comma": ",", "quote": '"open', "text": "not a number", "empty": "", "wide": "x" * 300,
                       "twice": cells[0]}[kind]
    lines[at] = ",".join(cells)
    if kind == "line away":
        del lines[at]
    elif kind == "blank line":
        lines.insert(at, "")
    p.write(path, "" if kind == "nothing left" else "\n".join(lines) + "\n")
    return f"{path}:{at + 1}: {kind}"


@in_yaml
def test_argument(rnd, found):
    """a test's arguments: changed, away, or one more"""
    lists = [(p, v) for p, v in found if isinstance(v, list) and p and p[-1] in ("tests", "data_tests") and v]
    path, tests = rnd.choice(lists)
    at = rnd.randrange(len(tests))
    name = tests[at] if isinstance(tests[at], str) else next(iter(tests[at]))
    given = {} if isinstance(tests[at], str) else tests[at][name] or {}
    key = rnd.choice(("values", "to", "field", "severity", "where", "limit", "error_if", "warn_if", "fail_calc", "tags", "name", "config",
                      "enabled", "store_failures", "store_failures_as", "quote", "description", "arguments", "column_name", "model",
                      "meta", "alias", "schema", "surprise", *(given if isinstance(given, dict) else ())))
    value = rnd.choice((*ODD, "warn", "error", "> 5", "ref('nosuch')", "count(*)", "1 = 1", "table", ["a", 1, None], {"severity": "warn"},
                        {"where": "1 = 0"}, {"severity": "nosuch"}, {"values": ["a"]}))
    if isinstance(given, dict):
        given = {**given, key: value}
    tests[at] = {name: given}
    return f"{(*path, at)} {name}: {key} = {value!r}"


@in_yaml
def test_added(rnd, found):
    """a test with few or wrong arguments"""
    columns = [(p, v) for p, v in found if isinstance(v, dict) and "name" in v and len(p) >= 2 and p[-2] in ("columns", "models", "seeds")]
    path, entry = rnd.choice(columns)
    test = rnd.choice(("not_null", "unique", "accepted_values", "relationships", "nosuch", "not_null ", "", "nosuch.package",
                       {"accepted_values": {"values": ["a"]}}, {"accepted_values": {"values": "a"}}, {"accepted_values": {"value": ["a"]}},
                       {"accepted_values": {"arguments": {"values": [1]}}}, {"relationships": {"to": "ref('nosuch')", "field": "id"}},
                       {"relationships": {"to": "source('a', 'b')", "field": "id"}}, {"relationships": {"to": "nosuch", "field": "id"}},
                       {"relationships": {"field": "id"}}, {"unique": {"surprise": 1}}, {"unique": {"config": {"where": "nosuch = 1"}}},
                       {"unique": {"config": {"severity": "warn", "error_if": "nonsense"}}}, {"unique": None}, {"unique": []},
                       {"unique": {"name": "same"}}, {"unique": {}, "not_null": {}}, {"test_name": "unique", "name": "mine"}, 5, None, [],
                       {"not_null": {"config": {"fail_calc": "nosuch()"}}}, {"not_null": {"config": {"limit": 0}}},
                       {"not_null": {"config": {"store_failures": True}}}, {"not_null": {"where": "{{ nosuch }}"}}))
    tests = entry.setdefault("data_tests" if "tests" not in entry else "tests", [])
    if isinstance(tests, list):
        tests.append(test)
    return f"{path}: test {test!r}"


def unit_test(p, rnd):
    """a unit test of some model, most of them with a mistake"""
    path = rnd.choice(p.models())
    name = os.path.basename(path)[:-4]
    read = re.findall(r"ref\(\s*['\"](\w+)['\"]\s*\)", p.read(path))
    given = [{"input": f"ref('{one}')", "rows": []} for one in read]
    test = {"name": "made_up", "model": name, "given": given, "expect": {"rows": []}}
    change = rnd.choice(("none", "model", "given", "input", "rows", "expect", "format", "column", "key", "fixture", "type", "overrides", "twice"))
    inside = rnd.choice(given) if given else test
    if change in ("model", "given", "expect", "type"):
        test[change if change != "type" else rnd.choice(("name", "config", "description", "versions"))] = rnd.choice(ODD)
    elif change == "input":
        inside["input"] = rnd.choice(("ref('nosuch')", "this", "nosuch", 5, None, "source('a', 'b')", ""))
    elif change == "rows":
        inside["rows"] = rnd.choice((*ODD, [{"id": 1}], [[1]], "select 1 as id", "id\n1"))
    elif change == "format":
        inside["format"] = rnd.choice(("csv", "sql", "dict", "nosuch", 5))
    elif change == "column":
        test["expect"]["rows"] = [{"nosuch_column": 1}]
    elif change == "key":
        test["surprise"] = rnd.choice(ODD)
    elif change == "fixture":
        inside["fixture"], inside["format"] = "nosuch", "csv"
    elif change == "overrides":
        test["overrides"] = rnd.choice((5, {"macros": {"is_incremental": True}}, {"vars": {"a": 1}}, {"macros": 5}, {"nosuch": 1}))
    tests = [test, dict(test)] if change == "twice" else [test]
    p.write("models/made_up_unit.yml", yaml.safe_dump({"unit_tests": tests}, sort_keys=False))
    return f"unit test of {name}: {change} {test!r}"


def snapshot(p, rnd):
    """a snapshot of some model, in YAML or in a block, most of them with a mistake"""
    name = os.path.basename(rnd.choice(p.models()))[:-4]
    config = {"strategy": "check", "unique_key": "1", "check_cols": "all"}
    change = rnd.choice(("none", "strategy", "unique_key", "check_cols", "away", "timestamp", "updated_at", "hard_deletes", "names", "target"))
    key = {"timestamp": "strategy"}.get(change, change)
    if change == "away":
        del config[rnd.choice(list(config))]
    elif change == "timestamp":
        config["strategy"] = "timestamp"
    elif change == "target":
        config[rnd.choice(("target_schema", "target_database", "schema", "dbt_valid_to_current"))] = rnd.choice(ODD)
    elif change == "names":
        config["snapshot_meta_column_names"] = rnd.choice((5, {}, {"nosuch": "a"}, {"dbt_valid_from": "since"}, {"dbt_valid_from": 5}))
    elif change != "none":
        config[key] = rnd.choice((*ODD, "nosuch", "ignore", "invalidate", "new_record", ["nosuch"]))
    if rnd.random() < 0.5:
        relation = rnd.choice((f"ref('{name}')",) * 5 + ("ref('nosuch')", name, 5, None, ""))
        p.write("snapshots/made_up.yml", yaml.safe_dump({"snapshots": [{"name": "made_up", "relation": relation, "config": config}]}))
        return f"snapshot in YAML of {relation}: {config!r}"
    arguments = ", ".join(f"{k}={v!r}" for k, v in config.items())
    p.write("snapshots/made_up.sql",
            f"{{% snapshot made_up %}}{{{{ config({arguments}) }}}} select * from {{{{ ref('{name}') }}}} {{% endsnapshot %}}")
    return f"snapshot of {name}: {config!r}"


def sql_word(p, rnd):
    """a word of SQL away, or another in its place; only who runs it may notice"""
    hits = [(f, m) for f in p.models() for m in re.finditer(r"(?<![\w{%'\"])[a-z_]{3,}(?![\w('\"])", p.read(f))]
    path, hit = rnd.choice(hits)
    text, put = p.read(path), rnd.choice(("", "nosuch", "select", "1", ",", ")", "from"))
    p.write(path, text[:hit.start()] + put + text[hit.end():])
    return f"{path}: {hit.group(0)!r} at {hit.start()} -> {put!r}"


def selection(p, rnd):
    """what is selected, for every command but parse"""
    names = [os.path.basename(f)[:-4] for f in p.models()]
    one = lambda: rnd.choice(names)
    text = rnd.choice((
        one(), f"{one()}+", f"+{one()}", f"@{one()}", f"2+{one()}+1", f"+{one()},{one()}+", f"{one()} {one()}", "nosuch", "tag:nosuch",
        "config.materialized:view", "config.nosuch:1", "path:models", "path:nosuch", "resource_type:model", "resource_type:nosuch",
        "test_type:generic", "test_type:nosuch", "state:modified", "result:error", "source:*", "nosuch:x", "selector:nosuch", "file:x.sql",
        "fqn:*", "package:this", "package:nosuch", "access:public", "access:nosuch", "group:nosuch", "version:latest", "version:nosuch",
        "unit_test:*", "exposure:nosuch", "metric:x", "test_name:unique", "+", "@", "a++b", "+1+a", "1+", ",", f"{one()},", f"@{one()}+",
        "*", f"{one()[:3]}*", "tag:", ":", "source_status:fresher", "semantic_model:x", "saved_query:x", "+config.materialized:table+",
        "config.tags:x", "config.meta.a:1", "config.meta:{}", "state:nosuch", "", " ", "wildcard:*"))
    flag = rnd.choice(("--select", "--select", "--exclude", "--selector", "--models", "--resource-type", "--indirect-selection"))
    p.options += [flag, text]
    return f"{flag} {text!r}"


EDITS = (unknown_key, other_type, key_away, key_typo, entry_twice, config_value, project_file, file_away, ref_renamed, source_renamed,
         jinja_cut, end_away, quote_away, bracket_away, macro_renamed, yaml_mark_away, yaml_indented, line_away, model_twice,
         model_renamed, circle, put_into_model, put_into_model, put_into_model, other_type, config_value)
BLOCKS = (put_into_macro, block_in_model, block_in_model, block_in_model, selectors_file)
DATA = (csv_edit, csv_edit, test_argument, test_added, test_added, unit_test, unit_test, snapshot, snapshot, sql_word, selection)


KINDS = ((BLOCKS, "blocks"), (DATA, "data"), (SHAPES, "shapes"), (CODE, "code"))


def own_profile(project, options):
    """the options, with the profile that an edit made"""
    if project.profile == "":
        return options
    project.write("made_up_profiles/profiles.yml", yaml.safe_dump({"edits": project.profile}))
    return ["--profiles-dir", f"{project.root}/made_up_profiles", "--profile", "edits"]


def edited(project, name, seed, edits):
    """makes one edit that this project allows; returns its name and what it did"""
    rnd = random.Random(f"{name} {seed}")
    for _ in range(50):
        edit = rnd.choice(edits)
        try:
            return getattr(edit, "__name__", "edit"), edit(project, rnd)
        except (IndexError, yaml.YAMLError, TypeError, AttributeError):  # nothing there to edit in this way
            continue
    raise SystemExit(f"{name}: no edit can be made")


def in_folder(root, work):
    """a project that lies in a folder, with a profile for it"""
    root, _, inner = root.partition(":")
    os.makedirs(f"{work}/profiles", exist_ok=True)
    with open(f"{work}/profiles/profiles.yml", "w", encoding="utf-8") as f:
        f.write("edits: {target: t, outputs: {t: {type: duckdb, path: \"{{ env_var('ORACLE_DUCKDB') }}\", schema: main, threads: 2}}}\n")
    return root, inner or ".", ["--profiles-dir", f"{work}/profiles", "--target", "t", "--profile", "edits"]


def unpack(name, packed, work):
    """the project of a pack: its folder's copy to work in, with the options dbt is called with"""
    if "=" in name:
        return in_folder(name.partition("=")[2], work)
    path = next((f"{d}/{name}.tar.xz" for d in packed if os.path.exists(f"{d}/{name}.tar.xz")), None)
    if path is None:
        return None
    with tarfile.open(path) as t:
        t.extraction_filter = getattr(tarfile, "data_filter", None)
        meta = json.load(t.extractfile(t.next()))
        members = [m for m in t if not m.name.startswith((f"{name}/oracle/", f"{name}/warehouse/"))]
        t.extractall(work, members=members)
    oracle = next((o for o in meta["oracles"].values() if o["type"] == "duckdb"), None)
    if oracle is None:
        return None
    options = ["--profiles-dir", f"{work}/{name}/profiles", "--target", oracle["target"]]
    options += ["--profile", oracle["profile"]] if oracle.get("profile") else []
    options += ["--vars", json.dumps(oracle["vars"])] if oracle.get("vars") else []
    return f"{work}/{name}/project", meta["project_dir"], options


def remember_trees():
    """dbt parses the text of each of its own macros twice in every invocation; the tree of a text is the same each time"""
    from dbt_common.clients import jinja
    parse, trees = jinja.MacroFuzzEnvironment.parse, {}

    def remembering(self, source, *more, **named):
        key = (type(self), source)
        if key not in trees:
            trees[key] = parse(self, source, *more, **named)
        return trees[key]

    jinja.MacroFuzzEnvironment.parse = remembering


def dbt(command, folder, options):
    """the exit code of dbt's command line, what it says, and the status of each node"""
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner
    reset_adapters()
    here = os.getcwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            result = dbtRunner().invoke([command, "--quiet", "--no-partial-parse", *options, "--target-path", f"{folder}/target"])
        message = str(result.exception or "")
        results = getattr(result.result, "results", None) or ()
        for one in results:
            message += str(one.message or "") if str(one.status) == "error" else ""
        statuses = {one.node.unique_id: str(one.status) for one in results if getattr(one, "node", None) is not None}
        return 0 if result.success else 2 if result.exception else 1, message, statuses
    finally:
        os.chdir(here)


def other(tool, command, folder, options):
    target = f"{folder}/target_tool"
    shutil.rmtree(target, ignore_errors=True)
    ran = subprocess.run([*shlex.split(tool), command, "--quiet", *options, "--target-path", target], cwd=folder,
                         capture_output=True, text=True, timeout=300)
    try:
        with open(f"{target}/run_results.json", encoding="utf-8") as f:
            statuses = {one["unique_id"]: one["status"] for one in json.load(f)["results"]}
    except OSError:
        statuses = {}
    return ran.returncode, ran.stdout + ran.stderr, statuses


def stages(tool, commands, folder, options, more):
    """each command's answers of both, until one of them fails"""
    answers = []
    for command in commands:
        own = [*options, *(() if command == "parse" else more)]
        os.environ["ORACLE_DUCKDB"] = f"{folder}/dbt.duckdb"
        theirs = dbt(command, folder, own)
        os.makedirs(f"{folder}/tool", exist_ok=True)
        os.environ["ORACLE_DUCKDB"] = f"{folder}/tool/dbt.duckdb"
        ours = other(tool, command, folder, own)
        answers.append((command, theirs, ours))
        if theirs[0] or ours[0]:
            break
    return answers


def differences(answers, loose):
    """what is not the same, in words"""
    command, theirs, ours = answers[-1]
    if loose:
        return [] if bool(theirs[0]) == bool(ours[0]) and ours[0] in (0, 1, 2) else [f"{command}: exit {theirs[0]} and {ours[0]}"]
    found = [f"{command}: exit {theirs[0]} and {ours[0]}"] if theirs[0] != ours[0] else []
    if command == "build" and theirs[2] and ours[2]:
        nodes = [n for n in sorted({*theirs[2], *ours[2]}) if theirs[2].get(n) != ours[2].get(n)]
        found += [f"{n}: {theirs[2].get(n)} and {ours[2].get(n)}" for n in nodes[:4]]
    return found


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--tool", required=True)
    ap.add_argument("--only")
    ap.add_argument("--packed", action="append")
    ap.add_argument("--seeds", default="1-40")
    ap.add_argument("--commands", default="parse,compile,build")
    ap.add_argument("--loose", action="store_true")
    ap.add_argument("--work")
    ap.add_argument("--json")
    ap.add_argument("--blocks", action="store_true")
    ap.add_argument("--data", action="store_true")
    ap.add_argument("--shapes", action="store_true")
    ap.add_argument("--code", action="store_true")
    ap.add_argument("--keep", action="store_true")
    a = ap.parse_args()
    os.environ.update(DBT_SEND_ANONYMOUS_USAGE_STATS="0", DBT_USE_COLORS="0", PYTHONWARNINGS="ignore")
    work = os.path.abspath(a.work or tempfile.mkdtemp(prefix="edits"))
    remember_trees()
    first, last = map(int, a.seeds.split("-"))
    records, differ = [], 0
    for name in a.only.split(",") if a.only else PROJECTS:
        found = unpack(name, a.packed or [f"{CACHE}/packed"], work)
        if found is None:
            print(f"{name}: not packed here for DuckDB", flush=True)
            continue
        whole, inner, options = found
        name = name.partition("=")[0]
        for seed in range(first, last + 1):
            copy = f"{work}/edited/{name}-{seed}"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(whole, copy, symlinks=True)
            folder = os.path.normpath(f"{copy}/{inner}")
            project = Project(folder)
            kind, done = edited(project, name, seed, next((k for k, chosen in KINDS if getattr(a, chosen, False)), EDITS))
            answers = stages(a.tool, a.commands.split(","), folder, own_profile(project, options), project.options)
            command, theirs, ours = answers[-1]
            said = differences(answers, a.loose)
            differ += bool(said)
            records.append(dict(project=name, seed=seed, edit=kind, done=done, command=command, dbt=theirs[0], code=ours[0],
                                message=theirs[1], said=ours[1], differences=said))
            if said:
                print(f"{name} {seed}: {done}\n   {'; '.join(said)}\n   dbt: {theirs[1].strip()[:300]}\n   tool: {ours[1].strip()[:400]}",
                      flush=True)
            if not a.keep:
                shutil.rmtree(copy, ignore_errors=True)
    wrong = sum(bool(r["dbt"]) for r in records)
    print(f"{len(records)} edits, {wrong} of them errors to dbt, {differ} answers differ")
    if a.json:
        with open(a.json, "w") as f:
            json.dump(records, f, indent=1)
    if not a.work and not a.keep:
        shutil.rmtree(work, ignore_errors=True)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
