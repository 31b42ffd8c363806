//! Threads that work on nodes. Templates see their names (`thread_id`), and macros keep what belongs to one thread under them.

use std::thread::Builder;

/// The name of a worker, counted from 1, as dbt has it.
pub fn worker_name(worker: usize) -> String {
    format!("Thread-{worker} (worker)")
}

/// Calls `work` with 1 to `count`, each on a thread of that `name`, and waits for all.
pub(super) fn workers(count: usize, name: impl Fn(usize) -> String, work: impl Fn(usize) + Sync) {
    let work = &work;
    std::thread::scope(|scope| {
        for worker in 1..=count {
            let thread = Builder::new().name(name(worker)).spawn_scoped(scope, move || work(worker));
            thread.expect("the system has threads for the workers");
        }
    });
}
