//! What can be typed. Names are dbt's where dbt has them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Compile, run and test dbt projects, on Snowflake or on an embedded `DuckDB`.
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
    /// Say only what is wrong
    #[arg(long, short = 'q', global = true, env = "DBT_QUIET")]
    pub(super) quiet: bool,
    /// How problems and progress are written on standard error
    #[arg(
        long,
        global = true,
        env = "DBT_LOG_FORMAT",
        value_enum,
        default_value = "default",
        value_name = "FORMAT"
    )]
    pub(super) log_format: LogFormat,
    /// Use colours
    #[arg(long, global = true, overrides_with = "no_use_colors")]
    pub(super) use_colors: bool,
    /// Do not use colours
    #[arg(long, global = true)]
    pub(super) no_use_colors: bool,
    /// Do not ask the warehouse while compiling
    #[arg(long, global = true)]
    pub(super) no_introspect: bool,
    /// Stop at the first failure
    #[arg(long, short = 'x', global = true, env = "DBT_FAIL_FAST")]
    pub(super) fail_fast: bool,
    /// Do not write artifacts
    #[arg(long, global = true)]
    pub(super) no_write_json: bool,
    /// Treat warnings as errors
    #[arg(long, global = true, env = "DBT_WARN_ERROR")]
    pub(super) warn_error: bool,
    #[command(flatten)]
    pub(super) accepted: Accepted,
}

/// Flags of dbt that change nothing here; accepted so that scripts keep working.
#[derive(Debug, Clone, Args)]
pub(super) struct Accepted {
    #[arg(long, global = true, hide = true)]
    no_partial_parse: bool,
    #[arg(long, global = true, hide = true)]
    partial_parse: bool,
    #[arg(long, global = true, hide = true)]
    no_version_check: bool,
    #[arg(long, global = true, hide = true)]
    no_send_anonymous_usage_stats: bool,
    #[arg(long, global = true, hide = true)]
    no_static_parser: bool,
    #[arg(long, global = true, hide = true)]
    cache_selected_only: bool,
    #[arg(long, global = true, hide = true)]
    no_populate_cache: bool,
    #[arg(long, short = 'd', global = true, hide = true)]
    debug: bool,
    #[arg(long, global = true, hide = true, value_name = "LEVEL")]
    log_level: Option<String>,
    #[arg(long, global = true, hide = true, value_name = "DIR")]
    log_path: Option<PathBuf>,
    #[arg(long, global = true, hide = true, value_name = "N")]
    printer_width: Option<usize>,
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
    #[arg(long, short = 's', visible_alias = "models", short_alias = 'm', alias = "model", num_args = 1.., value_name = "SELECTOR")]
    pub(super) select: Vec<String>,
    /// Nodes to leave out
    #[arg(long, num_args = 1.., value_name = "SELECTOR")]
    pub(super) exclude: Vec<String>,
    /// Selector of selectors.yml
    #[arg(long, value_name = "NAME")]
    pub(super) selector: Option<String>,
    /// Kinds of node
    #[arg(long, visible_alias = "resource-types", num_args = 1.., value_name = "TYPE")]
    pub(super) resource_type: Vec<String>,
    /// Kinds of node to leave out
    #[arg(long, visible_alias = "exclude-resource-types", num_args = 1.., value_name = "TYPE")]
    pub(super) exclude_resource_type: Vec<String>,
    /// Which tests come with a selected node
    #[arg(long, value_enum, default_value = "eager", value_name = "MODE")]
    pub(super) indirect_selection: IndirectSelection,
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
    #[arg(long, short = 'f', env = "DBT_FULL_REFRESH")]
    pub(super) full_refresh: bool,
    /// Keep the rows that tests find in tables
    #[arg(long, env = "DBT_STORE_FAILURES")]
    pub(super) store_failures: bool,
    /// Read no rows of refs and sources
    #[arg(long, env = "DBT_EMPTY", overrides_with = "no_empty")]
    pub(super) empty: bool,
    /// Read rows of refs and sources
    #[arg(long, hide = true)]
    pub(super) no_empty: bool,
    /// Read refs and sources in a window of event time: '3 days', or '{start: …, end: …}'
    #[arg(long, env = "DBT_SAMPLE", value_name = "WINDOW")]
    pub(super) sample: Option<String>,
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
    },
    /// Check the project file, the profile and the connection
    Debug,
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
        /// Keys of the JSON objects
        #[arg(long, num_args = 1.., value_name = "KEY")]
        output_keys: Vec<String>,
    },
    /// Render nodes as the SQL that would run
    Compile {
        #[command(flatten)]
        select: Select,
        /// SQL to compile instead of nodes
        #[arg(long, value_name = "SQL")]
        inline: Option<String>,
        #[command(flatten)]
        running: Running,
    },
    /// Run a query and print its rows
    Show {
        #[command(flatten)]
        select: Select,
        /// SQL to run instead of a node
        #[arg(long, value_name = "SQL")]
        inline: Option<String>,
        /// How many rows; -1 for all
        #[arg(long, default_value_t = 5, allow_negative_numbers = true, value_name = "N")]
        limit: i64,
        /// How rows are written
        #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
        output: TextOrJson,
    },
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
        arguments: RunArguments,
    },
    /// Build models
    Run(RunArguments),
    /// Run data tests and unit tests
    Test(RunArguments),
    /// Build snapshots
    Snapshot(RunArguments),
    /// Load, seed, run and test, in the order of the graph; unit tests before their models
    Build(RunArguments),
    /// Documentation
    Docs {
        #[command(subcommand)]
        command: Docs,
    },
    /// Explain a diagnostic
    Explain {
        /// Its code; without one, all codes are listed
        code: Option<String>,
    },
    /// Remove what builds leave in the project's folder
    Clean,
    /// Completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// The arguments of commands that run nodes.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RunArguments {
    #[command(flatten)]
    pub(super) select: Select,
    #[command(flatten)]
    pub(super) running: Running,
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
        #[arg(long)]
        no_compile: bool,
        /// Do not read the warehouse's catalog
        #[arg(long)]
        empty_catalog: bool,
    },
}
