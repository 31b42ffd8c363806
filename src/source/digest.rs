//! Digests of texts, in hexadecimal.

use std::fmt::Write;

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;

/// Bytes in hexadecimal, two digits each.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all that is written to it");
        text
    })
}

/// The MD5 of a text, or of bytes.
pub fn md5(text: impl AsRef<[u8]>) -> String {
    hexadecimal(&Md5::digest(text))
}

/// The SHA-1 of a text.
pub fn sha1(text: &str) -> String {
    hexadecimal(&Sha1::digest(text))
}

/// The SHA-256 of a text.
pub fn sha256(text: &str) -> String {
    hexadecimal(&Sha256::digest(text))
}
