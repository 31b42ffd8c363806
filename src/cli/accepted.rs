//! Flags of dbt, most of which change nothing here and are accepted so that scripts keep working.

use clap::Args;

use super::arguments::truth;

/// Flags that every command of dbt takes.
#[derive(Debug, Clone, Args)]
pub(super) struct Accepted {
    /// Whether `require-dbt-version` is checked.
    #[arg(long, global = true, hide = true, num_args = 0, default_missing_value = "true", value_parser = truth(), overrides_with = "no_version_check")]
    pub(super) version_check: Option<bool>,
    #[arg(long, global = true, hide = true, overrides_with = "version_check")]
    pub(super) no_version_check: bool,
    /// Whether nodes run one at a time.
    #[arg(long, global = true, hide = true, num_args = 0, default_missing_value = "true", value_parser = truth(), overrides_with = "no_single_threaded")]
    pub(super) single_threaded: Option<bool>,
    #[arg(long, global = true, hide = true, overrides_with = "single_threaded")]
    pub(super) no_single_threaded: bool,
    #[arg(long, global = true, hide = true)]
    no_send_anonymous_usage_stats: bool,
    #[arg(long, global = true, hide = true)]
    send_anonymous_usage_stats: bool,
    #[arg(long, global = true, hide = true)]
    no_static_parser: bool,
    #[arg(long, global = true, hide = true)]
    static_parser: bool,
    #[arg(long, global = true, hide = true)]
    no_use_experimental_parser: bool,
    #[arg(long, global = true, hide = true)]
    use_experimental_parser: bool,
    #[arg(long, global = true, hide = true)]
    cache_selected_only: bool,
    #[arg(long, global = true, hide = true)]
    no_cache_selected_only: bool,
    #[arg(long, global = true, hide = true)]
    populate_cache: bool,
    #[arg(long, global = true, hide = true)]
    no_populate_cache: bool,
    #[arg(long, global = true, hide = true)]
    log_cache_events: bool,
    #[arg(long, global = true, hide = true)]
    no_log_cache_events: bool,
    #[arg(long, global = true, hide = true)]
    macro_debugging: bool,
    #[arg(long, global = true, hide = true)]
    no_macro_debugging: bool,
    #[arg(long, global = true, hide = true, value_name = "FILE")]
    partial_parse_file_path: Option<std::path::PathBuf>,
    #[arg(long, global = true, hide = true)]
    partial_parse_file_diff: bool,
    #[arg(long, global = true, hide = true)]
    no_partial_parse_file_diff: bool,
    #[arg(long, short = 'r', global = true, hide = true, value_name = "FILE")]
    record_timing_info: Option<std::path::PathBuf>,
    /// Whether deprecations are told at each place.
    #[arg(long, global = true, hide = true, num_args = 0, default_missing_value = "true", value_parser = truth(), overrides_with = "no_show_all_deprecations")]
    pub(super) show_all_deprecations: Option<bool>,
    #[arg(long, global = true, hide = true, overrides_with = "show_all_deprecations")]
    pub(super) no_show_all_deprecations: bool,
    #[arg(long, global = true, hide = true)]
    show_resource_report: bool,
    #[arg(long, global = true, hide = true)]
    no_show_resource_report: bool,
    #[arg(long, global = true, hide = true)]
    use_fast_test_edges: bool,
    #[arg(long, global = true, hide = true)]
    no_use_fast_test_edges: bool,
    #[arg(long, global = true, hide = true)]
    upload_to_artifacts_ingest_api: bool,
    #[arg(long, global = true, hide = true)]
    no_upload_to_artifacts_ingest_api: bool,
    #[arg(long, global = true, hide = true, value_name = "YAML")]
    sqlparse: Option<String>,
    #[arg(long, global = true, hide = true, value_name = "FORMAT")]
    log_format_file: Option<String>,
    #[arg(long, global = true, hide = true, value_name = "BYTES")]
    log_file_max_bytes: Option<u64>,
    #[arg(long, global = true, hide = true)]
    use_colors_file: bool,
    #[arg(long, global = true, hide = true)]
    no_use_colors_file: bool,
    #[arg(long, global = true, hide = true, value_name = "N")]
    printer_width: Option<usize>,
}

/// Flags of `build` about saved queries, which do not run here, and of `build` and `seed` about what is shown of seeds.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct AcceptedOfRuns {
    #[arg(long, hide = true)]
    export_saved_queries: bool,
    #[arg(long, hide = true)]
    no_export_saved_queries: bool,
    #[arg(long, hide = true)]
    include_saved_query: bool,
    #[arg(long, hide = true)]
    no_include_saved_query: bool,
    #[arg(long, hide = true)]
    show: bool,
}
