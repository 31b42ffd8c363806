//! `completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::super::{Arguments, Outcome};

/// Writes the completions of a shell.
pub(super) fn completions(shell: Shell) -> Result<Outcome, Outcome> {
    clap_complete::generate(shell, &mut Arguments::command(), "merganser", &mut std::io::stdout().lock());
    Ok(Outcome::Success)
}
