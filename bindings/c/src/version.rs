//! Which version this is.

use std::ffi::{CStr, c_char};

/// This library's version with a NUL.
const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// The version of the library, such as "0.1.0". It is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn hwm_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Whether a program made with that version of the header can use this library.
///
/// @param major HWM_VERSION_MAJOR, as the program was compiled.
/// @param minor HWM_VERSION_MINOR.
/// @param patch HWM_VERSION_PATCH.
#[unsafe(no_mangle)]
pub extern "C" fn hwm_version_check(major: u32, minor: u32, patch: u32) -> bool {
    fits((major, minor, patch), parts(env!("CARGO_PKG_VERSION")))
}

fn parts(version: &str) -> (u32, u32, u32) {
    let mut parts = version.split(['.', '-', '+']).map(|part| part.parse().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next())
}

/// Before 1.0 a minor version may change the interface; afterwards it only adds.
fn fits(header: (u32, u32, u32), library: (u32, u32, u32)) -> bool {
    let frozen = |(major, minor, _): (u32, u32, u32)| if major == 0 { (0, minor) } else { (major, 0) };
    frozen(header) == frozen(library) && header <= library
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_headers_of_the_same_interface_fit() {
        assert!(fits((0, 1, 0), (0, 1, 3)));
        assert!(!fits((0, 1, 4), (0, 1, 3)));
        assert!(!fits((0, 1, 0), (0, 2, 0)));
        assert!(fits((1, 1, 5), (1, 2, 0)));
        assert!(!fits((1, 3, 0), (1, 2, 9)));
        assert!(!fits((1, 0, 0), (2, 0, 0)));
    }

    #[test]
    fn the_version_is_the_manifests() {
        assert_eq!(VERSION.to_str(), Ok(env!("CARGO_PKG_VERSION")));
        assert_eq!(parts("1.22.3-rc.1"), (1, 22, 3));
    }
}
