//! The environment and the clock, read once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::Utc;
use serde_json::{Map, Value, json};

use super::arguments::{Global, Running};
use super::settings;
use crate::config::{Options, Run, typed, yaml};
use crate::diagnostic::{Code, Diagnostic};
use crate::jinja::DBT_VERSION;
use crate::load::{Credentials, ObjectStoreOptions};

/// What follows `DBT_` in the variables of dbt that have a second name, with `DBT_ENGINE_`.
const ENGINE: &[&str] = &[
    "ARTIFACT_STATE_PATH",
    "CACHE_SELECTED_ONLY",
    "CLEAN_PROJECT_FILES_ONLY",
    "DEBUG",
    "DEFER",
    "DEFER_STATE",
    "DEFER_TO_STATE",
    "DOWNLOAD_DIR",
    "EMPTY",
    "EVENT_TIME_END",
    "EVENT_TIME_START",
    "EXCLUDE_RESOURCE_TYPES",
    "EXPORT_SAVED_QUERIES",
    "FAIL_FAST",
    "FAVOR_STATE",
    "FAVOR_STATE_MODE",
    "FULL_REFRESH",
    "HOST",
    "INCLUDE_SAVED_QUERY",
    "INDIRECT_SELECTION",
    "INTROSPECT",
    "INVOCATION_ENV",
    "LOG_CACHE_EVENTS",
    "LOG_FILE_MAX_BYTES",
    "LOG_FORMAT",
    "LOG_FORMAT_FILE",
    "LOG_LEVEL",
    "LOG_LEVEL_FILE",
    "LOG_PATH",
    "MACRO_DEBUGGING",
    "NO_PRINT",
    "PACKAGE_HUB_URL",
    "PARTIAL_PARSE",
    "PARTIAL_PARSE_FILE_DIFF",
    "PARTIAL_PARSE_FILE_PATH",
    "POPULATE_CACHE",
    "PP_FILE_DIFF_TEST",
    "PP_TEST",
    "PRINT",
    "PRINTER_WIDTH",
    "PROFILE",
    "PROFILES_DIR",
    "PROJECT_DIR",
    "QUIET",
    "RECORDED_FILE_PATH",
    "RESOURCE_TYPES",
    "SAMPLE",
    "SEND_ANONYMOUS_USAGE_STATS",
    "SHOW_RESOURCE_REPORT",
    "SINGLE_THREADED",
    "STATE",
    "STATIC_PARSER",
    "STORE_FAILURES",
    "TARGET",
    "TARGET_PATH",
    "TEST_STATE_MODIFIED",
    "UPLOAD_TO_ARTIFACTS_INGEST_API",
    "USE_COLORS",
    "USE_COLORS_FILE",
    "USE_EXPERIMENTAL_PARSER",
    "USE_FAST_TEST_EDGES",
    "VERSION_CHECK",
    "WARN_ERROR",
    "WARN_ERROR_OPTIONS",
    "WRITE_JSON",
];

/// The second name of one of dbt's own variables.
pub(super) fn engine_name(name: &str) -> Option<String> {
    let own = name.strip_prefix("DBT_").filter(|own| ENGINE.contains(own))?;
    Some(format!("DBT_ENGINE_{own}"))
}

/// Whether this is the second name of one of dbt's own variables.
pub(super) fn is_engine_name(name: &str) -> bool {
    name.strip_prefix("DBT_ENGINE_").is_some_and(|own| ENGINE.contains(&own))
}

/// The environment's variables, dbt's own under both of their names; those that are not Unicode are left out.
pub(super) fn variables() -> BTreeMap<String, String> {
    let read = |(key, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((key.into_string().ok()?, value.into_string().ok()?))
    };
    let mut variables: BTreeMap<String, String> = std::env::vars_os().filter_map(read).collect();
    for own in ENGINE {
        let (name, engine) = (format!("DBT_{own}"), format!("DBT_ENGINE_{own}"));
        if let Some(value) = variables.get(&engine).cloned() {
            variables.insert(name, value);
        } else if let Some(value) = variables.get(&name).cloned() {
            variables.insert(engine, value);
        }
    }
    variables
}

/// What was typed and what the environment says, as options.
pub(super) fn options(global: &Global, command: &'static str, running: &Running) -> Result<Options, Box<Diagnostic>> {
    let environment = variables();
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let project_dir = project_dir(global, &here)?;
    let vars = vars(global.vars.as_deref())?;
    let profiles_dirs = profiles_dirs(global, &here, Some(&project_dir), &environment);
    let started_at = Utc::now();
    let event_time = super::window::event_time(running)?;
    let sample = super::window::sample(running, started_at)?;
    let flags = settings::project_flags(Some(&project_dir), &profiles_dirs);
    let mut arguments = super::invocation::flags(global, (command, running), &flags, &environment);
    let places = json!({
        "project_dir": project_dir.to_string_lossy(), "profiles_dir": profiles_dirs.first().map(|dir| dir.to_string_lossy()),
        "log_path": global.log_path.as_ref().map_or_else(|| project_dir.join("logs"), |path| project_dir.join(path)).to_string_lossy(),
        "vars": without_secrets(&vars),
        "event_time_start": event_time.map(|window| window.start.format("%Y-%m-%dT%H:%M:%S").to_string()),
        "event_time_end": event_time.map(|window| window.end.format("%Y-%m-%dT%H:%M:%S").to_string()),
    });
    arguments.extend(places.as_object().cloned().unwrap_or_default());
    let run = Run {
        command,
        invocation_id: uuid::Uuid::new_v4().to_string(),
        started_at,
        full_refresh: running.full_refresh,
        store_failures: running.store_failures,
        fail_fast: global.fail_fast == Some(true),
        empty: running.empty,
        event_time,
        undone: Arc::new(running.undone.clone()),
        sample,
        fatal_warnings: Vec::new(),
        all_deprecations: global.accepted.show_all_deprecations == Some(true),
        arguments,
    };
    Ok(Options {
        target_path: global.target_path.as_ref().map(|path| project_dir.join(path)),
        project_dir,
        profiles_dirs,
        profile: global.profile.clone(),
        target: global.target.clone(),
        threads: if global.accepted.single_threaded == Some(true) { Some(1) } else { global.threads },
        dbt_version: (global.accepted.version_check != Some(false)).then(|| DBT_VERSION.to_owned()),
        vars: Arc::new(vars),
        environment: Arc::new(environment),
        run,
    })
}

/// The folder given, or this one, the project's, and `.dbt` of the home folder: where to look for `profiles.yml`, in order.
pub(super) fn profiles_dirs(
    global: &Global,
    here: &Path,
    project_dir: Option<&Path>,
    environment: &BTreeMap<String, String>,
) -> Vec<PathBuf> {
    if let Some(dir) = &global.profiles_dir {
        return vec![here.join(dir)];
    }
    let home = environment.get("HOME").map(|home| Path::new(home).join(".dbt"));
    let folders = [Some(here.to_path_buf()), project_dir.map(Path::to_path_buf), home];
    folders.into_iter().flatten().collect()
}

/// The folder given, this one or one above it, or `./project`.
pub(super) fn project_dir(global: &Global, here: &Path) -> Result<PathBuf, Box<Diagnostic>> {
    if let Some(given) = &global.project_dir {
        let folder = here.join(given);
        return if folder.is_dir() {
            Ok(folder)
        } else {
            let message = format!("there is no folder {}", given.display());
            let problem = Diagnostic::error(Code::BadOption, message).in_file("--project-dir", 1);
            Err(Box::new(problem.help("name a folder that is there")))
        };
    }
    let is_project = |folder: &Path| folder.join("dbt_project.yml").is_file();
    if is_project(here) {
        return Ok(here.to_path_buf());
    }
    if is_project(&here.join("project")) {
        return Ok(here.join("project"));
    }
    here.ancestors().find(|folder| is_project(folder)).map(Path::to_path_buf).ok_or_else(|| {
        let help = "run `merganser init NAME` to start a project, or pass --project-dir";
        Box::new(
            Diagnostic::error(Code::MissingFile, "there is no dbt_project.yml here, above, or in ./project")
                .in_file("dbt_project.yml", 1)
                .help(help),
        )
    })
}

/// `--vars`: a YAML mapping.
pub(super) fn vars(text: Option<&str>) -> Result<Map<String, Value>, Box<Diagnostic>> {
    let Some(text) = text else { return Ok(Map::new()) };
    match yaml::parse_exactly(text.trim()) {
        Ok(Value::Object(vars)) => Ok(vars),
        Ok(Value::Null) => Ok(Map::new()),
        _ => {
            let message = "--vars is not a YAML mapping";
            Err(Box::new(
                Diagnostic::error(Code::BadOption, message).in_file("--vars", 1).help("write --vars '{name: value}'"),
            ))
        }
    }
}

/// The variables as artifacts show them: secret ones, by the same name as those of the environment, are stars.
fn without_secrets(vars: &Map<String, Value>) -> Map<String, Value> {
    let shown = |(name, value): (&String, &Value)| {
        (name.clone(), if name.starts_with("DBT_ENV_SECRET") { json!("*****") } else { typed::plain(value) })
    };
    vars.iter().map(shown).collect()
}

/// How S3 is reached: the variables that AWS's own tools read.
pub(super) fn object_store(environment: &BTreeMap<String, String>) -> ObjectStoreOptions {
    let text = |key: &str| environment.get(key).filter(|value| !value.is_empty()).cloned();
    let endpoint = text("AWS_ENDPOINT_URL_S3").or_else(|| text("AWS_ENDPOINT_URL"));
    let credentials = match (text("AWS_ACCESS_KEY_ID"), text("AWS_SECRET_ACCESS_KEY")) {
        (Some(access_key_id), Some(secret_access_key)) => {
            Credentials::Key { access_key_id, secret_access_key, session_token: text("AWS_SESSION_TOKEN") }
        }
        _ if text("AWS_NO_SIGN_REQUEST").is_some() => Credentials::Anonymous,
        _ if text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").is_some() || text("AWS_EXECUTION_ENV").is_some() => {
            Credentials::Instance
        }
        _ => Credentials::Missing,
    };
    ObjectStoreOptions {
        region: text("AWS_REGION").or_else(|| text("AWS_DEFAULT_REGION")),
        allow_http: endpoint.as_ref().is_some_and(|url| url.starts_with("http://")),
        endpoint,
        credentials,
        virtual_hosted_style: false,
    }
}
