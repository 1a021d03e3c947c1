//! Entry point for libFuzzer; `BALU_FUZZ` names the target.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;

/// Run one input.
///
/// # Safety
/// *data* points to *size* readable bytes, as libFuzzer promises.
#[unsafe(no_mangle)]
#[allow(non_snake_case)]
pub unsafe extern "C" fn LLVMFuzzerTestOneInput(data: *const u8, size: usize) -> i32 {
    static TARGET: OnceLock<String> = OnceLock::new();
    let target = TARGET.get_or_init(|| std::env::var("BALU_FUZZ").unwrap_or_default());
    let input = if size == 0 {
        &[]
    } else {
        // SAFETY: see above.
        unsafe { std::slice::from_raw_parts(data, size) }
    };
    match target.as_str() {
        "magic" => magic(input),
        "components" => components(input),
        "header" => header(input),
        _ => panic!("BALU_FUZZ names no target"),
    }
    0
}

/// What a fuzzer that works has to find: proof that the instrumentation is there.
fn magic(input: &[u8]) {
    if let [a, b, c, d, ..] = *input {
        assert!(u32::from_be_bytes([a, b, c, d]) != 0x4261_6c75, "found it");
    }
}

/// Paths: what is accepted has only real names and is put together to the same path again.
fn components(input: &[u8]) {
    let path = OsStr::from_bytes(input);
    let Ok(parts) = balu_paths::components(path) else {
        return;
    };
    let mut again = OsString::new();
    for part in &parts {
        let bytes = part.as_bytes();
        assert!(!bytes.is_empty() && bytes != b"." && bytes != b"..");
        assert!(!bytes.contains(&b'/') && !bytes.contains(&0) && bytes.len() <= 255);
        assert!(balu_paths::check_name(part).is_ok());
        again = balu_paths::join(&again, part);
    }
    assert_eq!(again, path);
    if let Some(first) = parts.first() {
        assert!(!first.eq_ignore_ascii_case(balu_paths::PRIVATE));
    }
}

/// The block in front of a vault's file: what is read stands on the disk as it was.
fn header(input: &[u8]) {
    let _ = balu_vault::Header::parse(input);
    let mut block = [0; balu_vault::HEADER];
    let body = block.len() - 32;
    let length = input.len().min(body);
    block[..length].copy_from_slice(&input[..length]);
    let sum = ring::digest::digest(&ring::digest::SHA256, &block[..body]);
    block[body..].copy_from_slice(sum.as_ref());
    if let Ok(read) = balu_vault::Header::parse(&block) {
        assert_eq!(*read.bytes(), block);
    }
}
