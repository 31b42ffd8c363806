//! Files for others: manifest, run results, catalog, the documentation site.

pub mod site;
