//! The version of ecTrans whose interface this is, and that of this library.

use std::ffi::{CString, c_char, c_uint};
use std::sync::OnceLock;

/// The commit that the build was told of in `TERRELLA_COMMIT`.
const COMMIT: &str = match option_env!("TERRELLA_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// The interface's version.
#[unsafe(no_mangle)]
extern "C" fn ectrans_version() -> *const c_char {
    c"1.7.0".as_ptr()
}

/// The interface's version as one number, 10000 · major + 100 · minor + patch.
#[unsafe(no_mangle)]
extern "C" fn ectrans_version_int() -> c_uint {
    10_700
}

/// The interface's version and this library's.
#[unsafe(no_mangle)]
extern "C" fn ectrans_version_str() -> *const c_char {
    concat!("1.7.0-terrella-", env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The commit, shortened to any length; made once, because the caller never frees it.
fn commit(length: usize) -> *const c_char {
    static SHORTENED: OnceLock<Vec<CString>> = OnceLock::new();
    let shortened = SHORTENED.get_or_init(|| {
        let hexadecimal: String = COMMIT.chars().filter(char::is_ascii_alphanumeric).collect();
        (0..=hexadecimal.len()).map(|end| CString::new(&hexadecimal[..end]).unwrap_or_default()).collect()
    });
    shortened[length.min(shortened.len() - 1)].as_ptr()
}

/// The commit of this library, or "unknown".
#[unsafe(no_mangle)]
extern "C" fn ectrans_git_sha1() -> *const c_char {
    commit(usize::MAX)
}

/// Its first characters.
#[unsafe(no_mangle)]
extern "C" fn ectrans_git_sha1_abbrev(length: c_uint) -> *const c_char {
    commit(length as usize)
}

/// ecTrans's support library fiat plays no part here.
#[unsafe(no_mangle)]
extern "C" fn ectrans_fiat_version() -> *const c_char {
    c"0.0.0".as_ptr()
}

/// 0.
#[unsafe(no_mangle)]
extern "C" fn ectrans_fiat_version_int() -> c_uint {
    0
}

/// "0.0.0".
#[unsafe(no_mangle)]
extern "C" fn ectrans_fiat_version_str() -> *const c_char {
    c"0.0.0".as_ptr()
}

/// Empty.
#[unsafe(no_mangle)]
extern "C" fn ectrans_fiat_git_sha1() -> *const c_char {
    c"".as_ptr()
}

/// Empty.
#[unsafe(no_mangle)]
extern "C" fn ectrans_fiat_git_sha1_abbrev(_length: c_uint) -> *const c_char {
    c"".as_ptr()
}
