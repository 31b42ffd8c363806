//! Where lines go: standard output, standard error, and the log file if one is asked for.

use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use super::arguments::LogLevel;
use super::warnings::Warnings;
use crate::compile::Listener;
use crate::diagnostic::Format;
use crate::jinja::Voice;

/// The places of one command's lines; shared with the threads that run templates.
pub(super) struct Output {
    pub(super) format: Format,
    /// What is shown on standard error.
    pub(super) level: LogLevel,
    /// Whether `print` of templates is shown.
    pub(super) prints: bool,
    /// The log file, with what goes there.
    pub(super) file: Option<(Mutex<File>, LogLevel)>,
    /// What becomes of warnings.
    pub(super) warnings: Warnings,
}

impl Output {
    /// A line of data. A reader that went away ends nothing: the work is done anyway.
    pub(super) fn data(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = out.write_all(b"\n");
        }
    }

    /// Text for people, where its level is asked for.
    pub(super) fn line(&self, level: LogLevel, text: &str) {
        if self.format != Format::Json && self.level <= level {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
        self.log(level, text);
    }

    /// A JSON line, where machines listen.
    pub(super) fn event(&self, level: LogLevel, value: &serde_json::Value) {
        if self.format == Format::Json && self.level <= level {
            let _ = writeln!(std::io::stderr().lock(), "{value}");
        }
    }

    /// A rendered diagnostic, as it is.
    pub(super) fn problem(&self, level: LogLevel, text: &str) {
        if self.level <= level {
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
        self.log(level, text.trim_end());
    }

    /// A line of a template.
    pub(super) fn spoken(&self, text: &str, voice: Voice) {
        let (level, prefix) = match voice {
            Voice::Print if self.prints => return self.data(text),
            Voice::Print => return,
            Voice::Log => (LogLevel::Info, ""),
            Voice::Detail => (LogLevel::Debug, ""),
            Voice::Warning if self.warnings.silence_said() => return,
            Voice::Warning => (LogLevel::Warn, "warning: "),
        };
        self.line(level, &format!("{prefix}{text}"));
        self.event(level, &json!({"event": "log", "level": level.as_str(), "message": text}));
    }

    /// Hears templates while they run.
    pub(super) fn listener(self: &Arc<Self>) -> Listener {
        let output = self.clone();
        Box::new(move |text, voice| output.spoken(text, voice))
    }

    fn log(&self, level: LogLevel, text: &str) {
        if let Some((file, wanted)) = &self.file
            && *wanted <= level
        {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let now = chrono::Utc::now().format("%H:%M:%S%.6f");
            // A log that cannot be written ends nothing: it was opened, so the disk is full or gone.
            let _ = writeln!(file, "{now} [{:5}] {text}", level.as_str());
        }
    }
}

/// Opens the log file of a folder, which is made if it is not there; lines are added to what it holds.
pub(super) fn log_file(folder: &std::path::Path) -> std::io::Result<File> {
    std::fs::create_dir_all(folder)?;
    File::options().create(true).append(true).open(folder.join("dbt.log"))
}
