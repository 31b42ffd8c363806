//! Damaged files: each is refused with its place, and leaves nothing.

use merganser::load::{Format, LoadError, LoadErrorKind, OnError};

use super::{Folder, ask, gzip, load_folder, rows, spec, warehouse};

fn many(n: usize) -> String {
    (0..n).map(|i| format!("{{\"i\":{i},\"text\":\"{}\"}}\n", i * 7919)).collect()
}

fn refused(name: &str, bytes: impl AsRef<[u8]>, format: Format) -> LoadError {
    let (folder, warehouse) = (Folder::new(), warehouse());
    folder.write("in/0.jsonl", "[1]\n");
    folder.write(&format!("in/{name}"), bytes);
    let mut spec = spec("in/", folder.path());
    (spec.format, spec.on_error) = (format, OnError::Quarantine);
    let mut session = warehouse.session().unwrap();
    let error = load_folder(&*warehouse, &mut *session, &spec).err().expect("a damaged file is refused");
    assert_eq!(error.file.as_deref(), Some(&*format!("in/{name}")));
    assert!(error.help.is_some());
    assert_eq!(rows(&mut *session), [""; 0]);
    assert_eq!(ask(&mut *session, "select count(*) from dev.raw._merganser_loads"), ["0"]);
    assert_eq!(ask(&mut *session, "select count(*) from dev.raw._merganser_quarantine"), ["0"]);
    error
}

#[test]
fn truncated_gzip() {
    let whole = gzip(many(60_000));
    for cut in [1, 8, 9, whole.len() / 2, whole.len() - 12] {
        let error = refused("a.jsonl.gz", &whole[..whole.len() - cut], Format::JsonLines);
        assert_eq!(
            (error.kind, &*error.message),
            (LoadErrorKind::Damaged, "the gzip stream ends too early"),
            "cut {cut}"
        );
    }
    let error = refused("a.jsonl.gz", &whole[..whole.len() - 1], Format::JsonLines);
    assert_eq!((error.line, error.byte), (Some(60_001), Some(many(60_000).len() as u64)));
    assert_eq!(
        refused("a.jsonl.gz", &whole[..whole.len() - 9], Format::Csv { delimiter: b';', null_if: vec![] }).kind,
        LoadErrorKind::Damaged
    );
}

#[test]
fn gzip_cut_to_nothing() {
    assert_eq!(refused("a.jsonl.gz", "", Format::JsonLines).kind, LoadErrorKind::Damaged);
}

#[test]
fn wrong_checksum() {
    let mut bytes = gzip(many(1000));
    let at = bytes.len() - 8;
    bytes[at] ^= 1;
    let error = refused("a.jsonl.gz", bytes, Format::JsonLines);
    assert_eq!(error.kind, LoadErrorKind::Damaged);
    assert!(error.message.contains("checksum"), "{error}");
}

#[test]
fn rubbish_after_gzip() {
    let bytes = [gzip(many(10)), b"{\"i\":1}\n".to_vec()].concat();
    assert_eq!(refused("a.jsonl.gz", bytes, Format::JsonLines).kind, LoadErrorKind::Damaged);
}

#[test]
fn concatenated_gzip_members_are_one_file() {
    let (folder, warehouse) = (Folder::new(), warehouse());
    folder.write("in/a.jsonl.gz", [gzip("{\"a\":1}\n{\"a\""), gzip(":2}\n"), gzip(""), gzip("3")].concat());
    let mut session = warehouse.session().unwrap();
    load_folder(&*warehouse, &mut *session, &spec("in/", folder.path())).unwrap();
    assert_eq!(
        rows(&mut *session),
        ["in/a.jsonl.gz | 1 | {\"a\":1}", "in/a.jsonl.gz | 2 | {\"a\":2}", "in/a.jsonl.gz | 3 | 3"]
    );
}

#[test]
fn foreign_formats_are_named() {
    for (bytes, words) in [
        (&b"PAR1xxxx"[..], "a Parquet file"),
        (b"\x28\xb5\x2f\xfdx", "zstd"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\xff\xfe{\0", "UTF-16"),
    ] {
        let error = refused("a.x", bytes, Format::JsonLines);
        assert!(error.message.contains(words), "{error}");
    }
}

/// What a strict engine would only notice when the table is queried.
#[test]
fn every_loaded_payload_can_be_queried() {
    let (folder, warehouse) = (Folder::new(), warehouse());
    let deep = format!("{}1{}", "[".repeat(3000), "]".repeat(3000));
    let lines: Vec<Vec<u8>> = vec![
        b"{\"a\":1}\r".to_vec(),
        b"".to_vec(),
        b"  ".to_vec(),
        b"{\"a\":\"\xff\"}".to_vec(),
        br#"{"a":"\ud83d\ude00"}"#.to_vec(),
        br#"{"a":"\ud83d"}"#.to_vec(),
        br#"{"a":"\ude00\ud83d"}"#.to_vec(),
        br#"{"a":"\\ud83d"}"#.to_vec(),
        br#"{"a":"\u0000"}"#.to_vec(),
        b"{\"a\":1e999}".to_vec(),
        b"{\"a\":123456789012345678901234567890}".to_vec(),
        b"{\"a\":1,\"a\":2}".to_vec(),
        b"{\"a\":01}".to_vec(),
        b"{\"a\":1} {\"a\":2}".to_vec(),
        b"{\"a\":1,}".to_vec(),
        b"{\"a\":NaN}".to_vec(),
        b"{\"a\":\"tab\there\"}".to_vec(),
        b"{\"a\":\"nul\0here\"}".to_vec(),
        deep.into_bytes(),
        b"null".to_vec(),
        b"{\"a\":\"end without a line break\"}".to_vec(),
    ];
    folder.write("in/a.jsonl", [&b"\xef\xbb\xbf"[..], &lines.join(&b'\n')].concat());
    let mut spec = spec("in/", folder.path());
    spec.on_error = OnError::Quarantine;
    let mut session = warehouse.session().unwrap();
    let report = load_folder(&*warehouse, &mut *session, &spec).unwrap().report;
    assert_eq!((report.rows(), report.quarantined()), (10, 9));
    assert_eq!(ask(&mut *session, "select count(*) from dev.raw.orders where json_valid(payload)"), ["10"]);
    let values = ask(&mut *session, "select _row, payload ->> '$.a' from dev.raw.orders order by _row");
    assert_eq!(values[0], "1 | 1");
    assert_eq!(values.last().unwrap(), "19 | end without a line break");
    // Every refused line is found again in the file by its offset and length.
    let bytes = std::fs::read(folder.path().join("in/a.jsonl")).unwrap();
    let query = "select byte_offset, byte_length, line_number, line_text, reason from dev.raw._merganser_quarantine \
                 order by line_number";
    let refused = session.execute(query).unwrap().table.rows;
    for row in &refused {
        let number = |at: usize| row[at].to_string().parse::<usize>().unwrap();
        let found = &bytes[number(0)..number(0) + number(1)];
        assert_eq!(found, &lines[number(2) - 1][..]);
        assert_eq!(row[3].to_string(), String::from_utf8_lossy(found).replace('\0', "\u{fffd}"));
    }
    let reasons: Vec<String> = refused.iter().map(|row| format!("{} {}", row[2], row[4])).collect();
    let wanted = [
        "4 not UTF-8: the byte at offset 6 of the line begins no character",
        "6 not JSON: the escape at byte 6 of the value is half of a surrogate pair",
        "7 not JSON: the escape at byte 6 of the value is half of a surrogate pair",
        "13 not JSON: invalid number at column 7",
        "14 not JSON: trailing characters at column 9",
        "15 not JSON: key must be a string at column 8",
        "16 not JSON: expected value at column 6",
        "17 not JSON: control character (\\u0000-\\u001F) found while parsing a string at column 9",
        "18 not JSON: control character (\\u0000-\\u001F) found while parsing a string at column 9",
    ];
    assert_eq!(reasons, wanted);
}
