//! The binary `merganser`: one call into `cli`.

fn main() -> std::process::ExitCode {
    merganser::cli::main()
}
