//! Gives the shared library the name by which programs will ask for it, and keeps it loaded.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let part = |name: &str| std::env::var(name).unwrap_or_default();
    if part("CARGO_CFG_TARGET_OS") != "linux" {
        return;
    }
    // Before 1.0 each minor version may change the interface, so it is part of the name.
    let (major, minor) = (part("CARGO_PKG_VERSION_MAJOR"), part("CARGO_PKG_VERSION_MINOR"));
    let version = if major == "0" { format!("0.{minor}") } else { major };
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libhwmigrate.so.{version}");
    // A thread that looks up a host name may outlive the client; `dlclose` must not take its code away.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
