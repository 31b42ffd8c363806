//! `args` of artifacts: every flag of the invocation under dbt's name, as it was typed or as it is when nobody says anything.

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde_json::{Map, Value, json};

use super::arguments::{Arguments, Command, Global, IndirectSelection, LogFormat, Running, Select};
use super::settings;

/// dbt's switches of behaviour, and what they are when nobody says anything.
const BEHAVIOUR: [(&str, bool); 16] = [
    ("require_all_warnings_handled_by_warn_error", false),
    ("require_batched_execution_for_custom_microbatch_strategy", false),
    ("require_explicit_package_overrides_for_builtin_materializations", true),
    ("require_generic_test_arguments_property", true),
    ("require_nested_cumulative_type_params", false),
    ("require_ref_searches_node_package_before_root", false),
    ("require_resource_names_without_spaces", true),
    ("require_unique_project_resource_names", false),
    ("require_yaml_configuration_for_mf_time_spines", false),
    ("skip_nodes_if_on_run_start_fails", false),
    ("source_freshness_run_project_hooks", true),
    ("state_modified_compare_more_unrendered_values", false),
    ("state_modified_compare_vars", false),
    ("validate_macro_args", false),
    ("static_parser", true),
    ("send_anonymous_usage_stats", true),
];

/// Flags that change nothing here, as dbt has them when nobody says anything.
fn constant() -> Value {
    json!({
        "cache_selected_only": false, "log_file_max_bytes": 10_485_760, "log_format_file": "debug", "macro_debugging": false,
        "partial_parse_file_diff": true, "populate_cache": true, "printer_width": 80, "show_all_deprecations": false,
        "show_resource_report": false, "strict_mode": false, "upload_to_artifacts_ingest_api": false, "use_colors_file": true,
        "use_fast_test_edges": false, "sqlparse": {"MAX_GROUPING_DEPTH": null, "MAX_GROUPING_TOKENS": null},
    })
}

/// What the flags say: those of all commands, then those of the command, then those that were typed.
pub(super) fn flags(
    global: &Global,
    (command, running): (&str, &Running),
    own: &Map<String, Value>,
    environment: &BTreeMap<String, String>,
) -> Map<String, Value> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let mut parsed = super::typed::read(typed.clone()).ok();
    let select = parsed.as_mut().and_then(|parsed| super::typed::selection(&mut parsed.command)).cloned();
    let select = select.unwrap_or_default();
    let mut known = constant().as_object().cloned().unwrap_or_default();
    let mut put = |value: Value| known.extend(value.as_object().cloned().unwrap_or_default());
    put(BEHAVIOUR
        .iter()
        .map(|(name, default)| ((*name).to_owned(), json!(own.get(*name).and_then(Value::as_bool).unwrap_or(*default))))
        .collect());
    let word = |level: super::arguments::LogLevel| level.as_str();
    let indirect = select.indirect_selection.or_else(|| settings::indirect_selection(own)).unwrap_or_default();
    put(json!({
        "defer": global.state.defers(), "favor_state": global.state.favors(), "select": select.select, "exclude": select.exclude,
        "indirect_selection": indirect_word(indirect), "introspect": global.introspect != Some(false),
        "log_format": if global.log_format == Some(LogFormat::Json) { "json" } else { "default" }, "log_level": global.log_level.map_or("info", word),
        "log_level_file": global.log_level_file.map_or("debug", word), "partial_parse": global.partial_parse != Some(false),
        "print": global.print != Some(false), "quiet": global.quiet == Some(true), "use_colors": global.use_colors != Some(false),
        "warn_error_options": warn_error_options(global, own), "write_json": global.write_json != Some(false),
        "version_check": global.accepted.version_check != Some(false),
        "invocation_command": shown(&typed, (environment, global.vars.as_deref())), "which": command,
    }));
    put(of_command(command, running, &select, parsed.as_ref()));
    put(said(global, running, &select));
    known
}

/// What only some commands have.
fn of_command(command: &str, running: &Running, select: &Select, parsed: Option<&Arguments>) -> Value {
    let types = json!({"resource_types": select.resource_type, "exclude_resource_types": select.exclude_resource_type});
    let with = |more: Value| {
        let mut both = types.as_object().cloned().unwrap_or_default();
        both.extend(more.as_object().cloned().unwrap_or_default());
        Value::Object(both)
    };
    match command {
        "run" | "snapshot" => json!({"empty": running.empty}),
        "build" => with(json!({
            "empty": running.empty, "export_saved_queries": false, "include_saved_query": false, "show": false,
        })),
        "test" | "clone" => types,
        "seed" => json!({"show": false}),
        "compile" => json!({"empty": running.empty, "inject_ephemeral_ctes": true, "output": "text"}),
        "show" => {
            let limit = match parsed.map(|parsed| &parsed.command) {
                Some(Command::Show { limit, .. }) => *limit,
                _ => 5,
            };
            json!({"limit": limit, "output": "text"})
        }
        "generate" => json!({"compile": true, "empty_catalog": false, "static": false}),
        _ => json!({}),
    }
}

/// What is there only because somebody said it.
fn said(global: &Global, running: &Running, select: &Select) -> Value {
    let yes = |flag: bool| flag.then_some(true);
    let said = json!({
        "full_refresh": yes(running.full_refresh), "store_failures": yes(running.store_failures),
        "fail_fast": yes(global.fail_fast == Some(true)), "warn_error": yes(global.warn_error == Some(true)),
        "debug": yes(global.debug == Some(true)), "target": global.target, "profile": global.profile, "threads": global.threads,
        "target_path": global.target_path, "state": global.state.state, "selector": select.selector, "sample": running.sample,
    });
    let given = said.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    Value::Object(given.map(|(key, value)| (key.clone(), value.clone())).collect())
}

fn indirect_word(indirect: IndirectSelection) -> &'static str {
    match indirect {
        IndirectSelection::Eager => "eager",
        IndirectSelection::Cautious => "cautious",
        IndirectSelection::Buildable => "buildable",
        IndirectSelection::Empty => "empty",
    }
}

fn warn_error_options(global: &Global, own: &Map<String, Value>) -> Value {
    let typed = global.warn_error_options.as_deref().and_then(|text| crate::config::yaml::parse(text).ok());
    let given = typed.or_else(|| own.get("warn_error_options").cloned()).unwrap_or_default();
    let of = |names: [&str; 2]| {
        names
            .iter()
            .find_map(|name| given.get(*name))
            .filter(|value| !value.is_null())
            .cloned()
            .unwrap_or_else(|| json!([]))
    };
    json!({"error": of(["error", "include"]), "warn": of(["warn", "exclude"]), "silence": of(["silence", "silence"])})
}

/// The command line as dbt shows it, without the values of secret variables.
fn shown(typed: &[OsString], (environment, vars): (&BTreeMap<String, String>, Option<&str>)) -> String {
    let words: Vec<String> = typed.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let vars = super::environment::vars(vars).unwrap_or_default();
    let vars = vars.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
    let secrets = environment.iter().map(|(name, value)| (name, value.as_str())).chain(vars);
    let secrets = secrets.filter(|(name, value)| name.starts_with("DBT_ENV_SECRET") && !value.is_empty());
    secrets.fold(format!("dbt {}", words.join(" ")), |text, (_, value)| text.replace(value, "*****"))
}
