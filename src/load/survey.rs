//! Which files are to be loaded, and why: the listing minus the ledger. Pure.

use std::collections::BTreeMap;

use super::{IgnoredKey, LandedFile, Ledger, Listing, LoadSpec, OnChange, Status};

/// What a load would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadPlan {
    /// The files to load, in the order of their keys' bytes.
    pub files: Vec<PlannedFile>,
    /// Files that changed although the spec says that they must not; while there are any, nothing is loaded.
    pub refused: Vec<PlannedFile>,
    /// How many listed file versions are in the stage table already.
    pub loaded: usize,
    /// Loaded files on disk whose times changed but not their content: only the ledger's stamp is renewed.
    pub touched: Vec<LandedFile>,
    /// Keys below the place that are not loaded, with the reason.
    pub ignored: Vec<IgnoredKey>,
    /// The stage table is gone and the ledger's entries for it are void.
    pub starts_over: bool,
    /// What else a person should know, in whole sentences.
    pub notes: Vec<String>,
}

/// A file to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFile {
    /// The file.
    pub file: LandedFile,
    /// Why it is loaded.
    pub why: Why,
}

/// Why a file is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The ledger does not know it.
    New,
    /// Its last loaded version was another one.
    Changed {
        /// That version.
        from: String,
    },
    /// It has the content again that another version had replaced.
    Reverted {
        /// The version that is loaded now.
        from: String,
    },
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::New => f.write_str("new"),
            Self::Changed { from } => write!(f, "changed since version {from}"),
            Self::Reverted { from } => write!(f, "changed back from version {from}"),
        }
    }
}

impl LoadPlan {
    /// Whether a load would leave the stage table as it is.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.refused.is_empty()
    }

    /// The stored bytes to read.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|planned| planned.file.size).sum()
    }
}

/// Compares the listing with the ledger.
pub fn survey(spec: &LoadSpec, listing: &Listing, ledger: &Ledger) -> LoadPlan {
    let mut plan = LoadPlan {
        ignored: listing.ignored.clone(),
        starts_over: !ledger.stage_exists && !ledger.entries.is_empty(),
        ..LoadPlan::default()
    };
    if plan.starts_over {
        plan.notes.push(format!("`{}` is gone: all its files are loaded again.", spec.relation));
    }
    let empty = Ledger::default();
    let valid = if plan.starts_over { &empty } else { ledger };
    for file in &listing.files {
        place(&mut plan, spec.on_change, file, valid);
    }
    let twins = twins(&plan.files, valid);
    plan.notes.extend(twins);
    plan
}

fn place(plan: &mut LoadPlan, on_change: OnChange, file: &LandedFile, ledger: &Ledger) {
    let same = ledger.of(&file.name).find(|entry| entry.version == file.version);
    let last = ledger.of(&file.name).rfind(|entry| entry.status == Status::Loaded);
    let why = match (same, last) {
        (Some(same), _) if same.status == Status::Loaded => {
            plan.loaded += 1;
            if file.hashed {
                plan.touched.push(file.clone());
            }
            if let Some(later) = last.filter(|last| last.loaded_at > same.loaded_at) {
                plan.notes.push(format!(
                    "`{}` changed back to a version that was loaded before version {}; its rows are there already.",
                    file.name, later.version
                ));
            }
            return;
        }
        (Some(same), last) => Why::Reverted { from: last.unwrap_or(same).version.clone() },
        (None, Some(last)) => Why::Changed { from: last.version.clone() },
        (None, None) => Why::New,
    };
    let refused = on_change == OnChange::Fail && why != Why::New;
    let planned = PlannedFile { file: file.clone(), why };
    if refused { plan.refused.push(planned) } else { plan.files.push(planned) }
}

/// Notes about files of one content: each is loaded, since whether one of them is a copy is for the models to say.
fn twins(files: &[PlannedFile], ledger: &Ledger) -> Vec<String> {
    let mut first: BTreeMap<(&str, u64), &str> = BTreeMap::new();
    for entry in &ledger.entries {
        first.entry((&entry.version, entry.stored_bytes)).or_insert(&entry.file);
    }
    let mut notes = Vec::new();
    for PlannedFile { file, .. } in files.iter().filter(|planned| planned.file.size > 0) {
        let known = *first.entry((&file.version, file.size)).or_insert(&file.name);
        if known != file.name {
            notes.push(format!("`{}` has the same content as `{known}`; the rows of both are loaded.", file.name));
        }
    }
    notes
}
