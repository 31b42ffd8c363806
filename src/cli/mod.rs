//! Arguments, commands, output, exit codes.
//!
//! What was typed ([`arguments`]) and the environment become [`crate::config::Options`] here, once. Every command is the same
//! road, walked as far as it needs: read → parse → select → compile → plan → execute → artifacts.

mod accepted;
mod arguments;
mod artifacts;
mod columns;
mod commands;
mod deprecated;
mod driver;
mod environment;
mod invocation;
mod levels;
mod listing;
mod open;
mod output;
mod printer;
mod progress;
mod record;
mod saved_plan;
mod settings;
mod state;
mod typed;
mod warnings;
mod window;

use std::process::ExitCode;

pub use arguments::Arguments;
pub use listing::listings;

/// Reads the command line, runs the command, and says how it ended: 0 when all went well, 1 when a node failed, 2 when the
/// command could not do its work (dbt's exit codes).
pub fn main() -> ExitCode {
    let arguments = match typed::read(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => {
            let is_answer = !error.use_stderr();
            // A closed pipe while printing help is no failure.
            let _ = error.print();
            return ExitCode::from(if is_answer { 0 } else { 2 });
        }
    };
    let pool = rayon::ThreadPoolBuilder::new().thread_name(|index| crate::execute::worker_name(index + 1));
    // Who uses this as a library may have a pool already; its threads have names of their own.
    let _ = pool.build_global();
    // Deep templates need a deep stack; the main thread's size is the system's choice.
    let run = move || commands::run(&arguments);
    let thread = std::thread::Builder::new().name("MainThread".to_owned()).stack_size(64 << 20).spawn(run);
    let ended = thread.map(std::thread::JoinHandle::join);
    match ended {
        Ok(Ok(outcome)) => ExitCode::from(outcome.code()),
        _ => ExitCode::from(2),
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// All went well.
    Success,
    /// A node failed.
    Failure,
    /// The command could not do its work.
    Unusable,
}

impl Outcome {
    fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Unusable => 2,
        }
    }
}
