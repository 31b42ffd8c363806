#!/usr/bin/env python3
"""selector_files.py --tool CMD [options]: random selectors.yml files, and whether dbt and the tool select the same by them.

--tool CMD      the tool, called as dbt would be: CMD ls --profiles-dir . --selector S ...
--seeds A-B     which files to make: one per seed, asked one question (default 1-300)
--work DIR      where the project is copied to (default: a temporary folder)      --show   every question, with both answers

The project is that of the selection table (tests/projects/selection). Half of the files have a mistake: what is compared then is that
both refuse. Runs in the Python that has dbt-core. Exit 1 if an answer differs.
"""
import argparse, contextlib, io, json, os, random, shlex, shutil, subprocess, sys, tempfile

import yaml

NAMES = ("orders customers orders_daily report lonely stg_orders stg_payments stg_customers dim dim.v1 dim_v2 fee raw_orders customers_history "
         "board order_count order_facts orders_join nothing off shop parts marts staging crm * stg_* *orders* shop.marts.* [cd]* dim*").split()
VALUES = {
    "tag": ["stage", "raw", "money", "nightly", "second", "checked", "st*", "none", "*", 5],
    "source": ["crm", "web", "crm.customers", "web.*", "shop.crm", "*", "nope", "parts.crm.parts"],
    "exposure": ["board", "*", "shop.board", "nope"], "metric": ["order_count", "*"], "semantic_model": ["order_facts", "order*"],
    "saved_query": ["orders_by_day", "*"], "unit_test": ["orders_join", "*", "shop.*"],
    "path": ["models", "models/marts", "models/marts/orders.sql", "seeds", "models/*", "models/**/stg_*", "tests", "nope", "./models/marts"],
    "file": ["orders.sql", "orders", "stg_*", "_staging.yml", "*.csv"], "fqn": NAMES, "package": ["shop", "parts", "this", "*", "nope"],
    "config.materialized": ["view", "table", "ephemeral", "seed", "incremental", "*", "t*", None],
    "config.tags": ["stage", "nightly", ["stage"]], "config.meta.owner": ["ann", "bob", "a*"], "config.meta.level": [2, "2", 3, "*", 2.0],
    "config.meta.hot": [True, "true", False, "True"], "config.meta.areas": ["eu", "e*"], "config.meta.deep.er.est": ["x", "*"],
    "config.group": ["finance", "*"], "config.severity": ["warn", "WARN", "ERROR"], "config.quote_columns": [False, "false", True],
    "config.enabled": [True, "true"], "config.full_refresh": [False, True, None], "config.nosuch": ["x", "*"], "config": ["x"],
    "test_type": ["generic", "singular", "unit", "data", "nope"], "test_name": ["unique", "not_null", "is_round", "uni*"],
    "resource_type": ["model", "test", "seed", "source", "snapshot", "exposure", "unit_test", "analysis", "nope"],
    "group": ["finance", "growth", "f*", "nope"], "access": ["public", "private", "protected", "nope"],
    "version": ["latest", "prerelease", "old", "none", "nope"], "state": ["modified"], "result": ["error"], "source_status": ["fresher"],
    "nosuch": ["x"], "": ["x"],
}
USUAL = [m for m in VALUES if m not in ("state", "result", "source_status", "nosuch", "", "config")]
ODD = (5, True, None, "", [], {}, ["a"], {"a": 1}, "{{ nosuch }}", "{{ 'orders' }}", 1.5, "maybe")


def method(rnd):
    return rnd.choice(USUAL) if rnd.random() < 0.97 else rnd.choice(list(VALUES))


def word(rnd):
    name = method(rnd)
    value = rnd.choice(VALUES[name])
    text = str(value) if name in ("fqn", "path") and rnd.random() < 0.7 else f"{name}:{value}"
    return rnd.choice(("", "", "", "+", "1+", "2+", "@")) + text + rnd.choice(("", "", "", "+", "+1", "+2"))


def whole(rnd, earlier, depth):
    """a definition with all its keys"""
    name = method(rnd)
    given = {"method": name, "value": rnd.choice(VALUES[name])}
    if earlier and rnd.random() < 0.2:
        given = {"method": "selector", "value": rnd.choice(earlier)}
    for key, values in (("parents", (True, False)), ("children", (True, False)), ("parents_depth", (0, 1, 2, "1")),
                        ("children_depth", (0, 1, 2, 5)), ("indirect_selection", ("eager", "cautious", "buildable", "empty"))):
        if rnd.random() < 0.2:
            given[key] = rnd.choice(values)
    if rnd.random() < 0.08:
        given["childrens_parents"] = rnd.choice((True, False))
    if rnd.random() < 0.15:
        given["exclude"] = [definition(rnd, earlier, depth + 1) for _ in range(rnd.choice((1, 1, 2)))]
    return given


def several(rnd, earlier, depth):
    """a union or an intersection, perhaps with what is left out"""
    items = [definition(rnd, earlier, depth + 1) for _ in range(rnd.choice((1, 2, 2, 3)))]
    if rnd.random() < 0.35:
        items.insert(rnd.randrange(len(items) + 1), {"exclude": [definition(rnd, earlier, depth + 1) for _ in range(rnd.choice((1, 2)))]})
    return {rnd.choice(("union", "union", "intersection")): items}


def definition(rnd, earlier, depth=0):
    kind = rnd.random()
    if kind < (0.15 if depth else 0.1):
        return word(rnd)
    if kind < 0.3:
        name = method(rnd)
        return {name: rnd.choice(VALUES[name])}
    return several(rnd, earlier, depth) if kind > 0.65 and depth < 2 else whole(rnd, earlier, depth)


def places(value, path=()):
    found = [value] if isinstance(value, (dict, list)) and value else []
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        found += places(item)
    return found


def spoiled(rnd, entries):
    """one thing of the file is other than it was"""
    place = rnd.choice(places(entries))
    kind = rnd.choice(("value", "key away", "key twice", "typo", "more"))
    if isinstance(place, list):
        at = rnd.randrange(len(place))
        if kind == "key away":
            del place[at]
        elif kind == "more":
            place.append(rnd.choice((*ODD, {"exclude": ["orders"]}, {"exclude": "orders"}, {"union": ["orders"]}, {"exclude": []}, "orders+")))
        elif kind == "key twice":
            place.append(place[at])
        else:
            place[at] = rnd.choice(ODD)
        return
    key = rnd.choice(list(place))
    if kind == "value":
        place[key] = rnd.choice(ODD)
    elif kind == "key away":
        del place[key]
    elif kind == "typo":
        place[key + "s"] = place.pop(key)
    else:
        key = rnd.choice(("surprise", "method", "value", "union", "intersection", "exclude", "default", "children", "parents_depth",
                          "indirect_selection", "description", "childrens_parents", "name", "tag", "definition", "select"))
        place[key] = rnd.choice((*ODD, "orders", True, ["orders"], [{"tag": "stage"}], "eager", "tag", 1))


def made(rnd):
    """the text of a selectors.yml and the words of a question about it"""
    entries = []
    for at in range(rnd.choice((1, 2, 3))):
        entry = {"name": f"s{at}", "definition": definition(rnd, [e["name"] for e in entries])}
        if rnd.random() < 0.2:
            entry["description"] = "what it is for"
        if rnd.random() < 0.1:
            entry["default"] = rnd.choice((True, False, "{{ target.name == 'dev' }}", "{{ true }}"))
        entries.append(entry)
    asked = rnd.choice([e["name"] for e in entries])
    rnd.random() < 0.15 and rnd.shuffle(entries)
    rnd.random() < 0.45 and spoiled(rnd, entries)
    words = ["--selector", asked] if rnd.random() < 0.9 else [] if rnd.random() < 0.7 else ["--selector", "nosuch"]
    if rnd.random() < 0.15:
        words += [rnd.choice(("--exclude", "--exclude", "--select")), word(rnd)]
    if rnd.random() < 0.2:
        words += [rnd.choice(("--resource-type", "--exclude-resource-type")), rnd.choice(("model", "test", "source", "seed", "unit_test"))]
    if rnd.random() < 0.15:
        words += ["--indirect-selection", rnd.choice(("eager", "cautious", "buildable", "empty"))]
    entries = json.loads(json.dumps(entries))  # no part of it is another
    return yaml.safe_dump({"selectors": entries}, sort_keys=False), words


ASKED = ["--quiet", "ls", "--profiles-dir", ".", "--output", "json", "--output-keys", "unique_id"]


def ids(text):
    return sorted(json.loads(line)["unique_id"] for line in text.splitlines() if line.startswith("{"))


def dbt(runner, words):
    with contextlib.redirect_stdout(io.StringIO()):
        answer = runner.invoke(ASKED + words)
    if answer.exception is not None or not answer.success:
        return None, str(answer.exception)
    return ids("\n".join(answer.result or [])), ""


def other(tool, words):
    ran = subprocess.run([*shlex.split(tool), *ASKED, *words], capture_output=True, text=True)
    return (None if ran.returncode else ids(ran.stdout)), ran.stderr


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--tool", required=True)
    ap.add_argument("--seeds", default="1-300")
    ap.add_argument("--work")
    ap.add_argument("--show", action="store_true")
    a = ap.parse_args()
    os.environ.update(DBT_SEND_ANONYMOUS_USAGE_STATS="0", DBT_USE_COLORS="0", PYTHONWARNINGS="ignore")
    from dbt.cli.main import dbtRunner
    work = a.work or tempfile.mkdtemp(prefix="selectors")
    here = os.path.dirname(os.path.abspath(__file__))
    shutil.copytree(f"{here}/../projects/selection", f"{work}/project", dirs_exist_ok=True)
    os.chdir(f"{work}/project")
    os.remove("selectors.yml")
    runner = dbtRunner(manifest=dbtRunner().invoke(["--quiet", "parse", "--profiles-dir", "."]).result)
    first, last = map(int, a.seeds.split("-"))
    differ = refused = 0
    for seed in range(first, last + 1):
        text, words = made(random.Random(seed))
        with open("selectors.yml", "w", encoding="utf-8") as f:
            f.write(text)
        (theirs, message), (ours, said) = dbt(runner, words), other(a.tool, words)
        refused += theirs is None
        if theirs != ours:
            differ += 1
            gone = lambda x, y: "refused" if x is None else sorted(set(x) - set(y or ()))[:6]
            print(f"--- {seed}: {' '.join(words)}\n{text}dbt:  {gone(theirs, ours)} {message[:300]}\ntool: {gone(ours, theirs)} {said[:500]}", flush=True)
        elif a.show:
            print(f"--- {seed}: {' '.join(words)}\n{text}both: {theirs} {message[:200]} / {said[:200]}", flush=True)
    print(f"{last - first + 1} files, {refused} refused by dbt, {differ} answers differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
