//! Writes where `libduckdb` lies into the binary, so that it runs with no environment variable.

fn main() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    if let Some(folder) = std::env::var_os("DUCKDB_LIB_DIR") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.to_string_lossy());
        println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN");
    }
}
