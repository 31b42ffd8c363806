//! What the project declares: models, seeds, snapshots, sources, tests, exposures, policies, macros.

pub mod block;
