//! Writes where `libduckdb` lies into the binary, so that it runs with no environment variable, and lists the built-in
//! macros, so that they are part of it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    println!("cargo:rerun-if-changed=macros");
    if let Some(folder) = std::env::var_os("DUCKDB_LIB_DIR") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.to_string_lossy());
        println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN");
    }
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the package's folder"));
    let mut files = Vec::new();
    collect(&root.join("macros"), &mut files);
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let below =
            file.strip_prefix(&root).expect("the files lie below the package's folder").to_string_lossy().into_owned();
        let _ = writeln!(list, "    ({below:?}, include_str!({:?})),", file.to_string_lossy());
    }
    list.push(']');
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo names a folder for what is built"));
    std::fs::write(out.join("macros.rs"), list).expect("the folder for what is built can be written to");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "sql") {
            files.push(path);
        }
    }
}
