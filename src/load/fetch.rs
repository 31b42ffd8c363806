//! Fetching and decoding beside the writer: one thread fetches, one decodes, and at most two files are in memory as they
//! are stored. What is decoded reaches the writer in batches of rows ready for the stage table.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

use super::decode::{Found, Poison, decode};
use super::ledger::Counted;
use super::{LandedFile, LoadError, LoadErrorKind, LoadSpec, LoadStamp, OnError, PlannedFile, Store};
use crate::warehouse::Cell;

/// What the writer receives, file after file in the order of the plan.
pub(super) enum Arrived {
    /// Rows of the current file.
    Rows(Vec<Vec<Cell>>),
    /// A refused line of the current file.
    Poison(Poison),
    /// The current file is complete.
    End(Counted),
    /// The current file cannot be loaded; nothing follows.
    Failed(Box<LoadError>),
}

/// A batch holds at most so many rows,
const BATCH_ROWS: usize = 4096;
/// and about so many bytes.
const BATCH_BYTES: usize = 8 << 20;
/// So many batches wait for the writer.
const WAITING_BATCHES: usize = 3;

/// Starts both threads. They end when everything was sent or when the receiver is dropped.
pub(super) fn start<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    spec: &'env LoadSpec,
    store: &'env Store,
    stamp: &'env LoadStamp,
    files: &'env [PlannedFile],
) -> Receiver<Arrived> {
    let (fetched, to_decode) = sync_channel(0);
    let (decoded, arrived) = sync_channel(WAITING_BATCHES);
    scope.spawn(move || {
        for planned in files {
            let bytes = store.fetch(&spec.location, &planned.file);
            let last = bytes.is_err();
            if fetched.send((&planned.file, bytes)).is_err() || last {
                break;
            }
        }
    });
    scope.spawn(move || {
        for (file, bytes) in to_decode {
            let counted = bytes.and_then(|bytes| Batches::new(spec, stamp, file, &decoded).run(&bytes));
            let (last, message) = match counted {
                Ok(counted) => (false, Arrived::End(counted)),
                Err(error) => (true, Arrived::Failed(Box::new(error))),
            };
            if decoded.send(message).is_err() || last {
                break;
            }
        }
    });
    arrived
}

/// One file's way from bytes to batches.
struct Batches<'a> {
    spec: &'a LoadSpec,
    stamp: &'a LoadStamp,
    file: &'a LandedFile,
    out: &'a SyncSender<Arrived>,
    rows: Vec<Vec<Cell>>,
    bytes: usize,
    refused: Option<Poison>,
}

impl<'a> Batches<'a> {
    fn new(spec: &'a LoadSpec, stamp: &'a LoadStamp, file: &'a LandedFile, out: &'a SyncSender<Arrived>) -> Self {
        Self { spec, stamp, file, out, rows: Vec::new(), bytes: 0, refused: None }
    }

    fn run(mut self, bytes: &[u8]) -> Result<Counted, LoadError> {
        let counted = decode(self.file, bytes, &self.spec.format, &mut |found| self.take(found))?;
        if let Some(poison) = &self.refused {
            return Err(refusal(self.file, poison));
        }
        self.flush();
        Ok(counted)
    }

    /// False when nobody waits for more.
    fn take(&mut self, found: Found) -> bool {
        match found {
            Found::Record { row, json } => {
                self.bytes += json.len();
                self.rows.push(stage_row(self.file, self.stamp, row, json));
                self.rows.len() < BATCH_ROWS && self.bytes < BATCH_BYTES || self.flush()
            }
            Found::Poison(poison) if self.spec.on_error == OnError::Quarantine => {
                self.out.send(Arrived::Poison(poison)).is_ok()
            }
            Found::Poison(poison) => {
                self.refused = Some(poison);
                false
            }
        }
    }

    fn flush(&mut self) -> bool {
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        rows.is_empty() || self.out.send(Arrived::Rows(rows)).is_ok()
    }
}

/// A row in the order of the stage table's columns.
fn stage_row(file: &LandedFile, stamp: &LoadStamp, row: u64, json: String) -> Vec<Cell> {
    vec![
        Cell::Json(json),
        Cell::Text(file.name.clone()),
        Cell::Text(file.version.clone()),
        Cell::Integer(i128::from(row)),
        file.modified.map_or(Cell::Null, Cell::Timestamp),
        Cell::Text(stamp.load_id.clone()),
        Cell::Timestamp(stamp.now),
    ]
}

fn refusal(file: &LandedFile, poison: &Poison) -> LoadError {
    LoadError::new(LoadErrorKind::Poison, poison.reason.clone())
        .in_file(&file.name)
        .at(poison.place.byte, poison.place.line)
        .help("correct the file, or set `on_error: quarantine` to load its other lines and keep this one aside")
}
