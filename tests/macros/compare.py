#!/usr/bin/env python3
"""Renders the calls of `calls/*.txt` with dbt's macro library and with ours, and compares.

Needs a Python with dbt-core 1.11, dbt-duckdb and dbt-snowflake (an oracle's environment).
  compare.py check [WORD ..]   compares both libraries (what only ours has: with the calls file), prints what differs; only calls whose id has one of the words
  compare.py show [WORD ..]    prints what dbt's library renders
  compare.py names             names and parameters that differ between the libraries
  compare.py record            writes `calls.jsonl`: the calls with what dbt's library renders, for the Rust test
"""
import glob
import json
import os
import re
import sys

import jinja2
import dbt.include
import dbt_common.clients.jinja as common_jinja
from dbt_common.clients.jinja import extract_toplevel_blocks

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = os.path.join(HERE, "..", "..", "macros")
THEIRS = [p for p in dbt.include.__path__ if os.path.isdir(os.path.join(p, "global_project"))][0]
FOLDERS = {"dbt": "global_project", "dbt_duckdb": "duckdb", "dbt_snowflake": "snowflake"}
PREFIX = "dbt_macro__"
KINDS = {"macro", "materialization", "test", "data_test"}


class Macro:
    def __init__(self, name, package, text, path, node):
        self.name, self.package_name, self.macro_sql, self.node = name, package, text, node
        self.unique_id = f"macro.{package}.{name}"
        self.resource_type = "macro"
        self.original_file_path = self.path = path

    def header(self):
        source = self.macro_sql[: self.macro_sql.index("%}")]
        return re.sub(r"\s+", "", source.replace("{%-", "{%").rstrip("-"))[2:]


def macros_of(path, package):
    with open(path, newline="") as file:
        text = file.read().strip()
    for block in extract_toplevel_blocks(text, allowed_blocks=KINDS, collect_raw_data=False):
        found = list(common_jinja.parse(block.full_block).find_all(jinja2.nodes.Macro))
        node = next((m for m in found if m.name.startswith(PREFIX)), found[0])
        yield Macro(node.name.replace(PREFIX, ""), package, block.full_block, path, node)


def library(root, folders, packages):
    out = []
    for package in packages:
        for base, dirs, files in sorted(os.walk(os.path.join(root, folders[package]))):
            for name in sorted(files):
                if name.endswith(".sql"):
                    out += macros_of(os.path.join(base, name), package)
    return out


def theirs(packages):
    return library(THEIRS, FOLDERS, packages)


def ours(packages):
    return library(OURS, {p: p for p in packages}, packages)


def cases():
    """`## name [tokens] [lines] [ours] adapters.. {given}` opens a case; the lines up to the next one are the call

    `tokens`: white space and comments do not count; `lines`: a call per line; `ours`: call, a line `=>`, what we render.
    """
    for path in sorted(glob.glob(os.path.join(HERE, "calls", "*.txt"))):
        topic = os.path.basename(path)[:-4]
        with open(path) as file:
            text = file.read()
        match, count = "exact", {}
        for part in re.split(r"^## ", text, flags=re.M)[1:]:
            head, body = part.split("\n", 1)
            head, _, given = head.partition(" {")
            name, *words = head.split()
            given = json.loads("{" + given) if given else {}
            match = "tokens" if "tokens" in words else "exact"
            adapters = [w for w in words if w in ("default", "duckdb", "snowflake")] or ["default", "duckdb", "snowflake"]
            split = body.strip("\n").split("\n") if "lines" in words else [body.strip("\n")]
            wanted = None
            if "ours" in words:
                call, wanted = body.strip("\n").split("\n=>\n")
                split = [call]
            for call in split:
                if not call.strip():
                    continue
                n = count[name] = count.get(name, 0) + 1
                for adapter in adapters:
                    yield {"id": f"{topic}/{name}/{n}/{adapter}", "adapter": adapter, "match": match, "call": call, "given": given,
                           "wanted": wanted}


def selected(words):
    return [c for c in cases() if not words or any(w in c["id"] for w in words)]


def expected(case, reference):
    """what dbt renders, or for what dbt does not have what the calls file says"""
    if case["wanted"] is None:
        return answer(case, reference)
    return {"error": ""} if case["wanted"] == "error" else {"ok": case["wanted"]}


def answer(case, macros):
    from world import INTERNAL, World

    try:
        world = World(case["adapter"], macros[case["adapter"]], json.loads(json.dumps(case["given"])))
        return {"ok": world.render(case["call"])}
    except Exception as error:
        lines = [x.strip() for x in str(error).split("\n") if x.strip() and not x.strip().startswith((">", "in macro"))]
        return {"error": type(error).__name__ + ": " + " | ".join(lines[:12])}


def libraries(make):
    from world import INTERNAL

    parts = {p: make([p]) for p in ("dbt", "dbt_duckdb", "dbt_snowflake")}
    return {kind: [m for p in reversed(packages) for m in parts[p]] for kind, packages in INTERNAL.items()}


def normal(text):
    """SQL without comments, with white space and empty statements that mean nothing left out"""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"[ \t]--[ \t]+\S.*$", " ", text, flags=re.M).replace("\\n", " ")
    text = re.sub(r"^\s*--(?! *$).*?$", " ", text, flags=re.M)
    text = re.sub(r"^\s*None\s*$", " ", text, flags=re.M)
    text = re.sub(r"(__\w+?)\d{14,}", r"\1_NOW", re.sub(r" at 0x[0-9a-f]+", "", text))
    text = re.sub(r"\b[0-9a-f]{32}\b", "DIGEST", text)
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ?([(),;]) ?", r"\1", text)
    return re.sub(r";+(?=$| --| ==)", "", re.sub(r";+", ";", text))


def same(case, a, b):
    if "error" in a or "error" in b:
        return "error" in a and "error" in b
    return a["ok"] == b["ok"] if case["match"] == "exact" else normal(a["ok"]) == normal(b["ok"])


def report(case, a, b):
    """the two answers from a little before the first difference"""
    if "undefined" in b.get("error", "") and "error" not in a:
        print(f"---- {case['id']} ours: {b['error'][:160]}")
        return
    x, y = a.get("error") or a["ok"], b.get("error") or b["ok"]
    if case["match"] == "tokens":
        x, y = normal(x), normal(y)
    start = max(len(os.path.commonprefix([x, y])) - 40, 0)
    print(f"---- {case['id']}  {case['call'][:120]}\n  dbt:  {x[start:start + 240]!r}\n  ours: {y[start:start + 240]!r}")


def check(words):
    reference, mine = libraries(theirs), libraries(ours)
    good = bad = both = 0
    for case in selected(words):
        a, b = expected(case, reference), answer(case, mine)
        if same(case, a, b):
            good, both = good + 1, both + ("error" in a)
            continue
        bad += 1
        report(case, a, b)
    print(f"{good} agree ({both} of them fail on both sides), {bad} differ")
    return bad


def show(words):
    reference = libraries(theirs)
    seen = {}
    for case in selected(words):
        a = answer(case, reference)
        text = a.get("error") or (repr(a["ok"]) if case["match"] == "exact" else "\n" + a["ok"])
        key = case["id"].rsplit("/", 1)[0]
        seen.setdefault((key, case["call"]), {}).setdefault(text, []).append(case["adapter"])
    for (key, call), texts in seen.items():
        print(f"---- {key} {call[:160]}")
        for text, adapters in texts.items():
            print(f"{','.join(adapters)}: {text}")


def names():
    for package in FOLDERS:
        a = {m.name: m.header() for m in theirs([package])}
        b = {m.name: m.header() for m in ours([package])}
        print(f"{package}: {len(a)} names in dbt, {len(b)} in ours, {len(a.keys() & b.keys())} in both")
        for name in sorted(a.keys() - b.keys()):
            print("  missing", a[name])
        for name in sorted(b.keys() - a.keys()):
            print("  ours only", b[name])
        for name in sorted(a.keys() & b.keys()):
            if a[name] != b[name]:
                print(f"  differs {a[name]}\n          {b[name]}")


def record():
    reference = libraries(theirs)
    n = 0
    with open(os.path.join(HERE, "calls.jsonl"), "w") as file:
        for case in cases():
            a = expected(case, reference)
            if "error" in a:
                line = {k: case[k] for k in ("id", "adapter", "call", "given")} | {"fails": True}
            else:
                line = {k: case[k] for k in ("id", "adapter", "match", "call", "given")}
                line["expected"] = a["ok"] if case["match"] == "exact" else normal(a["ok"])
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            n += 1
    print(f"{n} calls recorded")


def main():
    command, words = sys.argv[1], sys.argv[2:]
    if command == "check":
        sys.exit(1 if check(words) else 0)
    {"show": lambda: show(words), "names": names, "record": record}[command]()


if __name__ == "__main__":
    main()
