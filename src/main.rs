//! The binary `merganser`: one call into `cli`.

fn main() {}
