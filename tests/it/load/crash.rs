//! Killed at every step and run again, a load gives the rows of one clean run.

use merganser::load::{OnChange, OnError};
use merganser::sql::Relation;
use merganser::warehouse::{Cell, Outcome, Session, Warehouse, WarehouseError};

use super::{Folder, ask, gzip, load_folder, rows, spec, warehouse};

/// Fails at one call: before it reaches the engine, or after the engine has done it.
struct Failing {
    inner: Box<dyn Session>,
    left: usize,
    after: bool,
}

impl Failing {
    fn step<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Session) -> Result<T, WarehouseError>,
    ) -> Result<T, WarehouseError> {
        let fails = self.left == 1;
        // Past its end the connection is gone: nothing reaches the engine.
        if self.left == 0 || fails && !self.after {
            self.left = 0;
            return Err(WarehouseError::new("the connection is gone"));
        }
        self.left -= 1;
        let done = work(&mut *self.inner);
        if fails { Err(WarehouseError::new("the connection is gone")) } else { done }
    }
}

impl Session for Failing {
    fn execute(&mut self, sql: &str) -> Result<Outcome, WarehouseError> {
        self.step(|inner| inner.execute(sql))
    }

    fn append(&mut self, table: &Relation, columns: &[String], rows: Vec<Vec<Cell>>) -> Result<u64, WarehouseError> {
        self.step(|inner| inner.append(table, columns, rows))
    }

    fn canceller(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        None
    }
}

fn land_first(folder: &Folder) {
    folder.write("in/a.jsonl", "{\"a\":1}\n{bad\n{\"a\":2}\n");
    folder.write("in/b.jsonl.gz", gzip("{\"b\":1}\n"));
    folder.write("in/c.jsonl", "");
}

fn land_second(folder: &Folder) {
    folder.write("in/a.jsonl", "{\"a\":1}\n{\"a\":3}\n");
    folder.write("in/d.jsonl", "{\"d\":1}\n");
}

const LEDGER: &str = "select file_name, file_version, row_count, quarantined_count, status \
                      from dev.raw._merganser_loads order by all";
const QUARANTINE: &str = "select file_name, line_number, line_text from dev.raw._merganser_quarantine order by all";

fn state(warehouse: &dyn Warehouse) -> Vec<Vec<String>> {
    let mut session = warehouse.session().unwrap();
    vec![rows(&mut *session), ask(&mut *session, LEDGER), ask(&mut *session, QUARANTINE)]
}

/// Both loads with a connection that dies at call `left` of load `dies_in`, and then each load again.
fn run(on_change: OnChange, dies_in: usize, left: usize, after: bool) -> (Vec<Vec<String>>, bool) {
    let (folder, warehouse) = (Folder::new(), warehouse());
    let mut spec = spec("in/", folder.path());
    (spec.on_change, spec.on_error) = (on_change, OnError::Quarantine);
    let mut died = false;
    for (round, land) in [land_first, land_second].iter().enumerate() {
        land(&folder);
        if round == dies_in {
            let mut failing = Failing { inner: warehouse.session().unwrap(), left, after };
            died = load_folder(&*warehouse, &mut failing, &spec).is_err();
        }
        load_folder(&*warehouse, &mut *warehouse.session().unwrap(), &spec).unwrap();
    }
    load_folder(&*warehouse, &mut *warehouse.session().unwrap(), &spec).unwrap();
    (state(&*warehouse), died)
}

fn every_step(on_change: OnChange, rows_wanted: usize) {
    let (clean, _) = run(on_change, 9, 0, false);
    assert_eq!(clean[0].len(), rows_wanted, "{clean:?}");
    for dies_in in [0, 1] {
        for after in [false, true] {
            let mut steps = 0;
            for left in 1.. {
                let (state, died) = run(on_change, dies_in, left, after);
                assert_eq!(state, clean, "load {dies_in} died at call {left}, after = {after}");
                if !died {
                    break;
                }
                steps = left;
            }
            assert!(steps >= 9, "only {steps} steps");
        }
    }
}

#[test]
fn killed_at_every_step_with_versions_appended() {
    every_step(OnChange::AppendVersion, 6);
}

#[test]
fn killed_at_every_step_with_rows_replaced() {
    every_step(OnChange::ReplaceFileRows, 4);
}

#[test]
fn two_loads_of_one_plan_load_once() {
    let (folder, warehouse) = (Folder::new(), warehouse());
    land_second(&folder);
    let spec = spec("in/", folder.path());
    let mut session = warehouse.session().unwrap();
    let store = merganser::load::Store::open(&spec.location, &Default::default()).unwrap();
    let ledger = super::ledger(&*warehouse, &mut *session, &spec).unwrap();
    let listing = store.list(&spec.location, &ledger).unwrap();
    let plan = merganser::load::survey(&spec, &listing, &ledger);
    let mut go = |id: &str| {
        let stamp = super::stamp(id);
        let dialect = merganser::sql::Dialect::DuckDb;
        let mut run = merganser::load::LoadRun { session: &mut *session, dialect, store: &store, stamp };
        merganser::load::load(&mut run, &spec, &plan)
    };
    go("first").unwrap();
    let error = go("second").unwrap_err();
    assert!(error.message.to_lowercase().contains("key"), "{error}");
    assert_eq!(rows(&mut *session).len(), 3);
}
