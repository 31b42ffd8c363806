//! Killed in the middle, a build leaves nothing that the next one does not put right.

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{BUILD, Bench, DAYS, assert_as_expected, json};

/// When a build is killed: some time after it says this.
const MOMENTS: [&str; 6] =
    ["START source", "OK    source", "START seed", "START view", "START incremental", "START table"];

/// Waits at most this long after a moment.
const LATER: u64 = 250;

/// Milliseconds below [`LATER`], others each time.
fn a_while() -> Duration {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    Duration::from_millis(u64::from(nanos / 1_000) % LATER)
}

/// Starts a build and kills it (SIGKILL) after it has said `moment`.
fn killed_after(bench: &Bench, moment: &str) {
    let mut build: Child = bench.command(&BUILD).spawn().unwrap();
    let mut said = String::new();
    let found = BufReader::new(build.stderr.take().unwrap()).lines().any(|line| {
        let line = line.unwrap();
        said.push_str(&line);
        said.push('\n');
        line.contains(moment)
    });
    assert!(found, "the build never said `{moment}`:\n{said}");
    let wait = a_while();
    std::thread::sleep(wait);
    build.kill().unwrap();
    build.wait().unwrap();
    eprintln!("killed {wait:?} after `{moment}`");
    for name in ["manifest.json", "run_results.json", "catalog.json"] {
        let path = bench.target().join(name);
        if path.exists() {
            json(&path);
        }
    }
}

#[test]
fn a_first_build_killed_again_and_again() {
    let bench = Bench::new("killed-first");
    MOMENTS.iter().step_by(2).for_each(|moment| killed_after(&bench, moment));
    bench.run(&BUILD).ok();
    assert_as_expected(&bench);
    bench.run(&["load"]).ok();
    assert_eq!(bench.files_loaded(), 0);
}

#[test]
fn an_incremental_build_killed_again_and_again() {
    let bench = Bench::without_files("killed-incremental");
    bench.land(DAYS[0]);
    bench.run(&BUILD).ok();
    for day in &DAYS[1..] {
        bench.land(day);
    }
    MOMENTS.iter().skip(1).step_by(2).for_each(|moment| killed_after(&bench, moment));
    bench.run(&BUILD).ok();
    assert_as_expected(&bench);
}
