//! Listing folders: every name, versions and stamps.

use chrono::TimeDelta;
use merganser::load::{Ledger, OnChange, Store};
use merganser::sql::Dialect;

use super::{Folder, early, ledger, load_folder, load_once, rows, spec, stamp, warehouse};

#[test]
fn odd_names_are_loaded() {
    let (folder, warehouse) = (Folder::new(), warehouse());
    let names =
        ["a b.json", "a%20b.json", "ä/日本.json", "x#1", "it's.json", "back\\slash.json", "a:b?*[c].json", "~tmp#12"];
    for name in names {
        folder.write(&format!("in/{name}"), "1\n");
    }
    let mut session = warehouse.session().unwrap();
    let spec = spec("in/", folder.path());
    load_folder(&*warehouse, &mut *session, &spec).unwrap();
    let mut wanted: Vec<String> = names.iter().map(|name| format!("in/{name} | 1 | 1")).collect();
    wanted.sort();
    let mut loaded = rows(&mut *session);
    loaded.sort();
    assert_eq!(loaded, wanted);
    let again = load_folder(&*warehouse, &mut *session, &spec).unwrap();
    assert_eq!((again.plan.loaded, again.report.files.len()), (names.len(), 0));
}

#[test]
fn keys_are_sorted_by_bytes() {
    let folder = Folder::new();
    for name in ["a/b", "a", "a-b", "a.b", "B", "é", "z"] {
        folder.write(&format!("in/{}", if name == "a" { "a0" } else { name }), "");
    }
    let spec = spec("in", folder.path());
    let listing = Store::open(&spec.location, &Default::default()).unwrap().list(&spec.location, &Ledger::default());
    let keys: Vec<String> = listing.unwrap().files.into_iter().map(|file| file.key).collect();
    assert_eq!(keys, ["B", "a-b", "a.b", "a/b", "a0", "z", "é"]);
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_text_and_a_link_to_itself_are_errors() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"a\xff")), "1\n").unwrap();
    let warehouse = warehouse();
    let mut session = warehouse.session().unwrap();
    let error = load_folder(&*warehouse, &mut *session, &spec(".", folder.path())).err().unwrap();
    assert!(error.message.contains("is not UTF-8"), "{error}");
    let folder = Folder::new();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
    let error = load_folder(&*warehouse, &mut *session, &spec(".", folder.path())).err().unwrap();
    assert!(error.message.contains("leads back to itself"), "{error}");
}

/// With a settled stamp a file is not read again; any rewrite changes the stamp and is noticed by content.
#[test]
fn stamps_save_reading_and_never_hide_a_change() {
    let (folder, warehouse) = (Folder::new(), warehouse());
    folder.write("in/a.jsonl", "{\"a\":1}\n");
    let mut spec = spec("in/", folder.path());
    spec.on_change = OnChange::ReplaceFileRows;
    let mut session = warehouse.session().unwrap();
    let later = |hours| {
        let mut stamp = stamp("later");
        stamp.now = chrono::Utc::now().naive_utc() + TimeDelta::hours(hours);
        stamp
    };
    let options = Default::default();
    // Loaded at a time before the file's own: the stamp proves nothing and is read again.
    load_once((&*warehouse, &mut *session), &spec, &options, stamp("one")).unwrap();
    let second = load_once((&*warehouse, &mut *session), &spec, &options, later(1)).unwrap();
    assert_eq!((second.plan.touched.len(), second.plan.loaded), (1, 1));
    assert_eq!(second.ledger.entries[0].seen_at, early());
    // Now the stamp is settled.
    let third = load_once((&*warehouse, &mut *session), &spec, &options, later(2)).unwrap();
    assert_eq!((third.plan.touched.len(), third.plan.loaded), (0, 1));
    let ledger = ledger(&*warehouse, &mut *session, &spec).unwrap();
    let listing = Store::open(&spec.location, &options).unwrap().list(&spec.location, &ledger).unwrap();
    assert!(!listing.files[0].hashed);
    // The same size, other content.
    std::fs::remove_file(folder.path().join("in/a.jsonl")).unwrap();
    folder.write("in/a.jsonl", "{\"a\":2}\n");
    let fourth = load_once((&*warehouse, &mut *session), &spec, &options, later(3)).unwrap();
    assert_eq!(fourth.report.rows(), 1);
    assert_eq!(rows(&mut *session), ["in/a.jsonl | 1 | {\"a\":2}"]);
    // The same content, written again.
    folder.write("in/a.jsonl", "{\"a\":2}\n");
    let fifth = load_once((&*warehouse, &mut *session), &spec, &options, later(4)).unwrap();
    assert!(fifth.plan.is_empty());
}

#[test]
fn a_file_that_changes_between_listing_and_reading_is_refused() {
    let (folder, warehouse) = (Folder::new(), warehouse());
    folder.write("in/a.jsonl", "{\"a\":1}\n");
    let spec = spec("in/", folder.path());
    let mut session = warehouse.session().unwrap();
    let store = Store::open(&spec.location, &Default::default()).unwrap();
    let listing = store.list(&spec.location, &Ledger::default()).unwrap();
    let plan = merganser::load::survey(&spec, &listing, &Ledger::default());
    for text in ["{\"a\":2}\n", "{\"a\":12}\n", ""] {
        folder.write("in/a.jsonl", text);
        let mut run = merganser::load::LoadRun {
            session: &mut *session,
            dialect: Dialect::DuckDb,
            store: &store,
            stamp: stamp("x"),
        };
        let error = merganser::load::load(&mut run, &spec, &plan).unwrap_err();
        assert_eq!(error.kind, merganser::load::LoadErrorKind::Changed);
        assert_eq!(rows(&mut *session), [""; 0]);
    }
}
