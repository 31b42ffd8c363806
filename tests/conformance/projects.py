"""More public projects to be compared with dbt, in the form that `oracle/make.py --projects` of the conformance tools reads.

Only names and revisions are here. `./dev oracles` copies the projects from git clones and asks dbt about them; what comes of it stays
in the cache folder, whatever the licences say (`--any-licence`).
"""
import os

FRESH = ("compile_fresh", "compile")
COMPILE = ("compile", "compile")
FULL = ("compile_fr", "compile", "--full-refresh")
AGAIN = ("compile2", "compile")
SEED, BUILD, RUN = ("seed", "seed"), ("build", "build"), ("build", "run")

DUCK = [FRESH, BUILD, COMPILE, FULL, AGAIN]
# tuva's seeds are fetched from the network: one model that reads nothing is built
DUCK_TUVA = [FRESH, ("build", "build", "--select", "metadata"), COMPILE, FULL, AGAIN]
SNOW = [("mkrel", "dbs"), FRESH, ("mkrel", "missing"), COMPILE, FULL, AGAIN]
SNOW_SEED = [("mkrel", "dbs"), FRESH, SEED, ("mkrel", "sources"), RUN, ("mkrel", "missing"), COMPILE, FULL, AGAIN]
SNOW_SOURCES_ARE_SEEDS = [("mkrel", "dbs"), FRESH, SEED, RUN, ("mkrel", "models"), COMPILE, FULL, AGAIN]
DEFAULT = {"duckdb": DUCK, "snowflake": SNOW}

UTILS = ("dbt_utils", "dbt-labs+dbt-utils", "1.3.3")
DATE = ("dbt_date", "godatadriven+dbt-date", "0.17.1")
EXPECTATIONS = ("dbt_expectations", "metaplane+dbt-expectations", "77d385655ce3")
SNOWPLOW_UTILS = ("snowplow_utils", "snowplow+dbt-snowplow-utils", "1.0.0")
FIVETRAN = [("fivetran_utils", "fivetran+dbt_fivetran_utils", "v0.4.10"), ("spark_utils", "dbt-labs+spark-utils", "0.3.3"), UTILS]
OPEN = "Apache-2.0"
TESTS = dict(proj="integration_tests", profile="integration_tests")


def fivetran(name, commit):
    """a package of fivetran's with its integration tests, whose seeds are its sources"""
    return dict(src=(f"fivetran+dbt_{name}", commit), links={name: "../../"}, pkgs=FIVETRAN, licence=OPEN, **TESTS,
                out={f"{name}_snowflake": dict(target="snowflake", steps=SNOW_SOURCES_ARE_SEEDS),
                     f"{name}_duckdb": dict(target="duckdb")})


def tested(package, source, commit, duckdb=None, **more):
    """a package with integration tests, on both targets"""
    return dict(src=(source, commit), links={package: "../../"}, licence=OPEN, **{**TESTS, **more},
                out={f"{package}_duckdb": dict(target="duckdb", steps=duckdb or DUCK),
                     f"{package}_snowflake": dict(target="snowflake", steps=SNOW_SEED)})


PROJECTS = {
    "audit_helper": tested("audit_helper", "dbt-labs+dbt-audit-helper", "3bd0ca4e9d79", pkgs=[UTILS]),
    "codegen": tested("codegen", "dbt-labs+dbt-codegen", "526cb1f", pkgs=[UTILS]),
    "mattermost": dict(
        src=("mattermost+mattermost-data-warehouse", "61af2424"), sub="transform/mattermost-analytics", profile="integration_tests",
        pkgs=[UTILS, ("codegen", "dbt-labs+dbt-codegen", "526cb1f"),
              ("dbt_project_evaluator", "dbt-labs+dbt-project-evaluator", "927abbd523b6"),
              ("dbt_snowflake_query_tags", "get-select+dbt-snowflake-query-tags", "HEAD")], licence=None,
        out={"mattermost_snowflake": dict(target="snowflake")}),
    "stripe": fivetran("stripe", "42687a2"),
    "dbt_artifacts": tested("dbt_artifacts", "brooklyn-data+dbt_artifacts", "6d37fa0", proj="integration_test_project"),
    "automate_dv_demo": dict(
        src=("Datavault-UK+automate-dv-demo", "HEAD"), profile="integration_tests", licence=OPEN,
        pkgs=[("automate_dv", "Datavault-UK+automate-dv", "0aa71153"), UTILS],
        out={"automate_dv_demo_snowflake": dict(target="snowflake")}),
    "tuva": dict(
        src=("tuva-health+tuva", "6be34c7a"), links={"the_tuva_project": "../../"}, licence=None, **TESTS,
        pkgs=[UTILS, DATE, EXPECTATIONS, ("elementary", "tuva-health+dbt-data-reliability", "HEAD")],
        out={"tuva_duckdb": dict(target="duckdb", steps=DUCK_TUVA)}),
    "snowplow_unified": tested("snowplow_unified", "snowplow+dbt-snowplow-unified", "6df7562", pkgs=[SNOWPLOW_UTILS, UTILS]),
    "snowflake_monitoring": dict(
        src=("get-select+dbt-snowflake-monitoring", "ff52462"), links={"dbt_snowflake_monitoring": "../../"}, licence=OPEN,
        proj="integration_test_project", profile="integration_tests",
        pkgs=[UTILS, ("dbt_query_tags", "get-select+dbt-query-tags", "HEAD")],
        out={"snowflake_monitoring_snowflake": dict(target="snowflake")}),
    "mrr_playbook": dict(
        src=("dbt-labs+mrr-playbook", "f7921cf"), pkgs=[("dbt_utils", "dbt-labs+dbt-utils", "0.8.0")], profile="integration_tests", licence=OPEN,
        out={"mrr_playbook_duckdb": dict(target="duckdb")}),
    "attribution_playbook": dict(
        src=("dbt-labs+attribution-playbook", "54e5543"), profile="integration_tests", licence=OPEN,
        out={"attribution_playbook_duckdb": dict(target="duckdb")}),
    "re_data": tested("re_data", "re-data+dbt-re-data", "c93f125", pkgs=[UTILS]),
    "dbt_date": tested("dbt_date", "godatadriven+dbt-date", "e706de9"),
    "zendesk": fivetran("zendesk", "d4a8aa3"),
    "netsuite": fivetran("netsuite", "986fb90"),
    "salesforce": fivetran("salesforce", "6c7b797"),
}

# In the list of the conformance tools, but not packed there.
GIVEN = ("jaffle-shop", "snowplow_attribution")


def without_oracle(folder):
    """names of projects that `./dev oracles` has not packed in `folder`"""
    return [name for name in (*GIVEN, *PROJECTS) if not os.path.exists(f"{folder}/{name}.tar.xz")]


if __name__ == "__main__":
    missing = without_oracle(os.path.join(os.environ.get("MERGANSER_ORACLE") or os.path.expanduser("~/.cache/merganser-oracle"), "packed"))
    if missing:
        print(f"not compared, because dbt was not asked about them here (`./dev oracles`): {', '.join(missing)}")
