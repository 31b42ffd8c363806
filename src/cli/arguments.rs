//! What can be typed. Names are dbt's where dbt has them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Compile, run and test dbt projects, on Snowflake or on an embedded engine.
#[derive(Debug, Parser)]
#[command(name = "merganser", version, max_term_width = 110, disable_help_subcommand = true)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Folder with `dbt_project.yml`; default: this folder, one above it, or ./project
    #[arg(long, global = true, env = "DBT_PROJECT_DIR", value_name = "DIR")]
    pub(super) project_dir: Option<PathBuf>,
    /// Folder with `profiles.yml`; default: this folder, the project's, ~/.dbt
    #[arg(long, global = true, env = "DBT_PROFILES_DIR", value_name = "DIR")]
    pub(super) profiles_dir: Option<PathBuf>,
    /// Profile to use instead of the one the project names
    #[arg(long, global = true, env = "DBT_PROFILE", value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Target of the profile
    #[arg(long, short = 't', global = true, env = "DBT_TARGET", value_name = "NAME")]
    pub(super) target: Option<String>,
    /// Folder for artifacts, relative to the project
    #[arg(long, global = true, env = "DBT_TARGET_PATH", value_name = "DIR")]
    pub(super) target_path: Option<PathBuf>,
    /// Project variables, as YAML: '{name: value}'
    #[arg(long, global = true, value_name = "YAML")]
    pub(super) vars: Option<String>,
    /// How many nodes run at a time
    #[arg(long, global = true, env = "DBT_THREADS", value_name = "N")]
    pub(super) threads: Option<usize>,
    /// Say only what is wrong [env: `DBT_QUIET`]
    #[arg(long, short = 'q', global = true, num_args = 0, default_missing_value = "true", value_parser = truth(), overrides_with = "no_quiet")]
    pub(super) quiet: Option<bool>,
    #[arg(long, global = true, hide = true, overrides_with = "quiet")]
    pub(super) no_quiet: bool,
    /// How problems and progress are written on standard error
    #[arg(long, global = true, env = "DBT_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    pub(super) log_format: Option<LogFormat>,
    /// What is written on standard error: this level and above; default: info
    #[arg(long, global = true, env = "DBT_LOG_LEVEL", value_enum, ignore_case = true, value_name = "LEVEL")]
    pub(super) log_level: Option<LogLevel>,
    /// Folder of a log file, `dbt.log`, that is added to
    #[arg(long, global = true, env = "DBT_LOG_PATH", value_name = "DIR")]
    pub(super) log_path: Option<PathBuf>,
    /// What is written into the log file; default: debug
    #[arg(long, global = true, env = "DBT_LOG_LEVEL_FILE", value_enum, ignore_case = true, value_name = "LEVEL")]
    pub(super) log_level_file: Option<LogLevel>,
    /// Say everything, `log` of templates without `info` too [env: `DBT_DEBUG`]
    #[arg(long, short = 'd', global = true, num_args = 0, default_missing_value = "true", value_parser = truth(), overrides_with = "no_debug")]
    pub(super) debug: Option<bool>,
    #[arg(long, global = true, hide = true, overrides_with = "debug")]
    pub(super) no_debug: bool,
    /// Show what templates `print`; --no-print does not [env: `DBT_PRINT`]
    #[arg(long, global = true, num_args = 0, default_missing_value = "true", value_parser = truth(), overrides_with = "no_print")]
    pub(super) print: Option<bool>,
    #[arg(long, global = true, hide = true, overrides_with = "print")]
    pub(super) no_print: bool,
    /// Use colours; --no-use-colors does not [env: `DBT_USE_COLORS`]
    #[arg(long, global = true, num_args = 0, default_missing_value = "true", value_parser = truth(), overrides_with = "no_use_colors")]
    pub(super) use_colors: Option<bool>,
    #[arg(long, global = true, hide = true, overrides_with = "use_colors")]
    pub(super) no_use_colors: bool,
    /// Ask the warehouse while compiling; --no-introspect does not [env: `DBT_INTROSPECT`]
    #[arg(long, global = true, num_args = 0, default_missing_value = "true", value_parser = truth(), overrides_with = "no_introspect")]
    pub(super) introspect: Option<bool>,
    #[arg(long, global = true, hide = true, overrides_with = "introspect")]
    pub(super) no_introspect: bool,
    /// Stop at the first failure; --no-fail-fast does not [env: `DBT_FAIL_FAST`]
    #[arg(long, short = 'x', global = true, num_args = 0, default_missing_value = "true", value_parser = truth(), overrides_with = "no_fail_fast")]
    pub(super) fail_fast: Option<bool>,
    #[arg(long, global = true, hide = true, overrides_with = "fail_fast")]
    pub(super) no_fail_fast: bool,
    /// Write artifacts; --no-write-json does not [env: `DBT_WRITE_JSON`]
    #[arg(long, global = true, num_args = 0, default_missing_value = "true", value_parser = truth(), overrides_with = "no_write_json")]
    pub(super) write_json: Option<bool>,
    #[arg(long, global = true, hide = true, overrides_with = "write_json")]
    pub(super) no_write_json: bool,
    /// Use what earlier invocations found; --no-partial-parse looks at everything anew [env: `DBT_PARTIAL_PARSE`]
    #[arg(long, global = true, num_args = 0, default_missing_value = "true", value_parser = truth(), overrides_with = "no_partial_parse")]
    pub(super) partial_parse: Option<bool>,
    #[arg(long, global = true, hide = true, overrides_with = "partial_parse")]
    pub(super) no_partial_parse: bool,
    /// Treat warnings as errors [env: `DBT_WARN_ERROR`]
    #[arg(long, global = true, num_args = 0, default_missing_value = "true", value_parser = truth(), overrides_with = "no_warn_error")]
    pub(super) warn_error: Option<bool>,
    #[arg(long, global = true, hide = true, overrides_with = "warn_error")]
    pub(super) no_warn_error: bool,
    /// Which warnings are errors, which stay, which are silent: '{error: all, warn: [..], silence: [..]}'
    #[arg(long, global = true, env = "DBT_WARN_ERROR_OPTIONS", value_name = "YAML", conflicts_with = "warn_error")]
    pub(super) warn_error_options: Option<String>,
    #[command(flatten)]
    pub(super) state: super::state::StateArguments,
    #[command(flatten)]
    pub(super) accepted: super::accepted::Accepted,
}

/// What dbt takes for true and false in its variables.
pub(super) fn truth() -> clap::builder::BoolishValueParser {
    clap::builder::BoolishValueParser::new()
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum LogLevel {
    /// Everything
    Debug,
    /// What happens
    Info,
    /// What should be looked at
    Warn,
    /// What is wrong
    Error,
    /// Nothing
    None,
}

impl LogLevel {
    /// The word for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::None => "none",
        }
    }
}

/// How standard error is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people
    #[value(alias = "text", alias = "debug")]
    Default,
    /// One line per problem
    Short,
    /// One JSON object per line
    Json,
}

/// Which nodes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct Select {
    /// Nodes to work on: names, paths, tag:x, source:x, +upstream, downstream+, a,b for both
    #[arg(long, short = 's', num_args = 1.., value_name = "SELECTOR")]
    pub(super) select: Vec<String>,
    /// The same, and for `ls` only models
    #[arg(long, short = 'm', alias = "model", num_args = 1.., value_name = "SELECTOR")]
    pub(super) models: Vec<String>,
    /// Nodes to leave out
    #[arg(long, num_args = 1.., value_name = "SELECTOR")]
    pub(super) exclude: Vec<String>,
    /// Selector of selectors.yml
    #[arg(long, value_name = "NAME")]
    pub(super) selector: Option<String>,
    /// Kinds of node [env: `DBT_RESOURCE_TYPES`]
    #[arg(long, visible_alias = "resource-types", num_args = 1.., value_name = "TYPE")]
    pub(super) resource_type: Vec<String>,
    /// Kinds of node to leave out [env: `DBT_EXCLUDE_RESOURCE_TYPES`]
    #[arg(long, visible_alias = "exclude-resource-types", num_args = 1.., value_name = "TYPE")]
    pub(super) exclude_resource_type: Vec<String>,
    /// The nodes themselves, where another command has chosen them.
    #[arg(skip)]
    pub(super) exactly: Option<std::collections::BTreeSet<String>>,
    /// Which tests come with a selected node; default: eager
    #[arg(long, env = "DBT_INDIRECT_SELECTION", value_enum, value_name = "MODE")]
    pub(super) indirect_selection: Option<IndirectSelection>,
}

/// `--indirect-selection`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum IndirectSelection {
    /// Tests with any parent selected
    #[default]
    Eager,
    /// Tests with all parents selected
    Cautious,
    /// Tests with all parents selected or upstream
    Buildable,
    /// None
    Empty,
}

/// How a run is done.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Running")]
pub(super) struct Running {
    /// Rebuild incremental models and seeds from nothing
    #[arg(long, short = 'f', env = "DBT_FULL_REFRESH", value_parser = truth())]
    pub(super) full_refresh: bool,
    /// Keep the rows that tests find in tables
    #[arg(long, env = "DBT_STORE_FAILURES", value_parser = truth())]
    pub(super) store_failures: bool,
    /// Read no rows of refs and sources
    #[arg(long, env = "DBT_EMPTY", value_parser = truth(), overrides_with = "no_empty")]
    pub(super) empty: bool,
    /// Read rows of refs and sources
    #[arg(long, hide = true)]
    pub(super) no_empty: bool,
    /// Read refs and sources in a window of event time: '3 days', or '{start: …, end: …}'
    #[arg(long, env = "DBT_SAMPLE", value_name = "WINDOW")]
    pub(super) sample: Option<String>,
    /// Batches that an earlier run left undone, where another command has found them.
    #[arg(skip)]
    pub(super) undone: std::collections::BTreeMap<String, crate::config::Undone>,
    /// When the batches of microbatch models start
    #[arg(long, env = "DBT_EVENT_TIME_START", value_name = "TIME")]
    pub(super) event_time_start: Option<String>,
    /// When the batches of microbatch models end
    #[arg(long, env = "DBT_EVENT_TIME_END", value_name = "TIME")]
    pub(super) event_time_end: Option<String>,
    /// How results are written on standard output
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) output: TextOrJson,
}

/// `--output` of most commands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum TextOrJson {
    /// For people
    #[default]
    Text,
    /// For machines
    Json,
}

/// `--output` of `ls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListOutput {
    /// As a selector writes it
    Selector,
    /// The name
    Name,
    /// The file
    Path,
    /// One JSON object per line
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Start a project in a new folder
    Init {
        /// Its name
        #[arg(default_value = "my_project")]
        name: String,
        /// Accepted, since nothing is asked for a profile.
        #[arg(long, short = 's', hide = true)]
        skip_profile_setup: bool,
    },
    /// Check the project file, the profile and the connection
    Debug {
        /// Check the profile and the connection only
        #[arg(long)]
        connection: bool,
        /// Print the folder of profiles.yml only
        #[arg(long)]
        config_dir: bool,
    },
    /// Read the project and write its manifest
    Parse,
    /// List nodes
    #[command(visible_alias = "list")]
    Ls {
        #[command(flatten)]
        select: Select,
        /// What is printed for a node
        #[arg(long, value_enum, default_value = "selector", value_name = "FORMAT")]
        output: ListOutput,
        /// Keys of the JSON objects; `inferred_columns` for columns, types and whether they can be NULL, as the SQL says
        #[arg(long, num_args = 1.., value_name = "KEY")]
        output_keys: Vec<String>,
    },
    /// Render nodes as the SQL that would run
    Compile {
        #[command(flatten)]
        select: Select,
        /// SQL to compile instead of nodes
        #[arg(long, value_name = "SQL", conflicts_with_all = ["select", "selector"])]
        inline: Option<String>,
        /// Put ephemeral models in front of what reads them; --no-inject-ephemeral-ctes does not
        #[arg(long, overrides_with = "no_inject_ephemeral_ctes", hide = true)]
        inject_ephemeral_ctes: bool,
        /// Leave ephemeral models out of what reads them
        #[arg(long)]
        no_inject_ephemeral_ctes: bool,
        #[command(flatten)]
        running: Running,
    },
    /// Run a query and print its rows
    Show {
        #[command(flatten)]
        select: Select,
        /// SQL to run instead of a node
        #[arg(long, value_name = "SQL", conflicts_with_all = ["select", "selector"])]
        inline: Option<String>,
        /// SQL to run as it is, without templates
        #[arg(long, value_name = "SQL", conflicts_with = "inline")]
        inline_direct: Option<String>,
        /// Print the columns and their types instead of rows; nothing runs
        #[arg(long, conflicts_with = "inline")]
        schema: bool,
        /// How many rows; -1 for all
        #[arg(long, default_value_t = 5, allow_negative_numbers = true, value_name = "N")]
        limit: i64,
        /// How rows are written
        #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
        output: TextOrJson,
    },
    /// Print what columns are made from, or what is made from them
    Lineage(LineageArguments),
    /// Load seeds
    Seed(RunArguments),
    /// Load landing files into stage tables, each file once
    Load(RunArguments),
    /// Print the statements that a command would run
    Plan {
        /// The command
        #[arg(long = "for", value_enum, default_value = "build", value_name = "COMMAND")]
        command: Planned,
        #[command(flatten)]
        select: Select,
        #[command(flatten)]
        running: Running,
    },
    /// Build models
    Run(RunArguments),
    /// Run data tests and unit tests
    Test(RunArguments),
    /// Call a macro
    RunOperation {
        /// Its name; `package.name` for a macro of a package
        #[arg(value_name = "MACRO")]
        name: String,
        /// Its arguments, as YAML: '{name: value}'
        #[arg(long, value_name = "YAML")]
        args: Option<String>,
    },
    /// Sources
    Source {
        #[command(subcommand)]
        command: Source,
    },
    /// Run again what failed or was skipped in the last command
    Retry(RetryArguments),
    /// Make relations that are copies of another environment's
    Clone(CloneArguments),
    /// Install the packages the project names
    Deps(DepsArguments),
    /// Build snapshots
    Snapshot(RunArguments),
    /// Load, seed, run and test, in the order of the graph; unit tests before their models
    Build(RunArguments),
    /// Documentation
    Docs {
        #[command(subcommand)]
        command: Docs,
    },
    /// Explain a diagnostic, or what of Snowflake's SQL the embedded engine runs
    Explain {
        /// The diagnostic's code, `snowflake`, or a function of Snowflake's; without one, all codes are listed
        code: Option<String>,
    },
    /// Remove what builds leave in the project's folder
    Clean {
        /// Never remove a folder outside the project, which is so unless said otherwise
        #[arg(long, hide = true, overrides_with = "no_clean_project_files_only")]
        clean_project_files_only: bool,
        /// Remove folders outside the project too [env: `DBT_CLEAN_PROJECT_FILES_ONLY`]
        #[arg(long)]
        no_clean_project_files_only: bool,
    },
    /// Completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// The arguments of `lineage`.
#[derive(Debug, Clone, Args)]
pub(super) struct LineageArguments {
    /// One column: `model.column`, `source.table.column`, or a unique id and a column; without it, all columns of the selected
    /// nodes
    #[arg(value_name = "COLUMN")]
    pub(super) column: Option<String>,
    /// Follow columns up to sources and seeds; without it, one step
    #[arg(long, conflicts_with = "down")]
    pub(super) up: bool,
    /// Print what depends on the columns, directly or not
    #[arg(long)]
    pub(super) down: bool,
    /// How it is written
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) output: LineageOutput,
    #[command(flatten)]
    pub(super) select: Select,
}

/// `--output` of `lineage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LineageOutput {
    /// For people
    Text,
    /// One object per line and column
    Json,
    /// A Mermaid graph
    Mermaid,
}

/// The arguments of commands that run nodes.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RunArguments {
    #[command(flatten)]
    pub(super) select: Select,
    #[command(flatten)]
    pub(super) running: Running,
    #[command(flatten)]
    pub(super) accepted: super::accepted::AcceptedOfRuns,
    /// Carry out the plan that `merganser plan --output json` wrote to FILE, if it still fits
    #[arg(long, value_name = "FILE", conflicts_with_all = ["select", "exclude", "selector", "resource_type", "exclude_resource_type"])]
    pub(super) plan: Option<PathBuf>,
}

/// `source`.
#[derive(Debug, Subcommand)]
pub(super) enum Source {
    /// Ask sources when they were last loaded
    #[command(visible_alias = "snapshot-freshness")]
    Freshness {
        #[command(flatten)]
        select: Select,
        /// File for the results; default: sources.json in the target folder
        #[arg(long, short = 'o', value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// The arguments of `retry`.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RetryArguments {
    /// Rebuild incremental models and seeds from nothing, whatever the last command said
    #[arg(long, short = 'f', env = "DBT_FULL_REFRESH", value_parser = truth())]
    pub(super) full_refresh: bool,
    /// How results are written on standard output
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) output: TextOrJson,
}

/// The arguments of `clone`.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct CloneArguments {
    #[command(flatten)]
    pub(super) select: Select,
    #[command(flatten)]
    pub(super) running: Running,
}

/// The arguments of `deps`.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct DepsArguments {
    /// Only write package-lock.yml
    #[arg(long)]
    pub(super) lock: bool,
    /// Look for newer versions, whatever package-lock.yml says
    #[arg(long)]
    pub(super) upgrade: bool,
    /// Add a package to packages.yml: NAME@VERSION
    #[arg(long, value_name = "NAME@VERSION")]
    pub(super) add_package: Option<String>,
    /// Where the added package comes from
    #[arg(long, value_enum, default_value = "hub", requires = "add_package", value_name = "SOURCE")]
    pub(super) source: PackageSource,
}

/// `--source` of `deps`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum PackageSource {
    /// The registry
    #[default]
    Hub,
    /// A git repository
    Git,
    /// A folder
    Local,
}

/// What `plan` can plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Planned {
    /// Everything
    Build,
    /// Models
    Run,
    /// Seeds
    Seed,
    /// Tests
    Test,
    /// Landing files
    Load,
}

/// `docs`.
#[derive(Debug, Subcommand)]
pub(super) enum Docs {
    /// Write the catalog and the documentation page
    Generate {
        #[command(flatten)]
        select: Select,
        /// Do not compile
        #[arg(long, overrides_with = "compile")]
        no_compile: bool,
        /// Compile, which is so unless said otherwise
        #[arg(long, hide = true)]
        compile: bool,
        /// Do not read the warehouse's catalog
        #[arg(long)]
        empty_catalog: bool,
        /// Columns and types as the SQL says, where the warehouse's catalog has none; with --empty-catalog, for all
        #[arg(long = "static")]
        from_sql: bool,
    },
}
