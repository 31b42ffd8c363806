//! The binary `merganser`: one call into `cli`.

/// Parsing makes and drops many small values on all threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    merganser::cli::main()
}
