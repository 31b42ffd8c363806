//! Doing the same to many things that do not wait for each other.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::worker::{worker_name, workers};

/// Calls `work` with each item, its place and the worker's number from 1, on `threads` workers; the answers have the items' order.
pub fn each<I: Sync, O: Send>(threads: usize, items: &[I], work: impl Fn(&I, usize, usize) -> O + Sync) -> Vec<O> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    workers(threads.clamp(1, items.len().max(1)), worker_name, |worker| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return };
            let answer = work(item, index, worker);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, answer));
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, answer)| answer).collect()
}
