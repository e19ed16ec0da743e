//! What the manifests promise to those who build us, read from Cargo's own dependency tree.

use std::fs;

use crate::tools::{Result, cargo, output};

/// The products: what a user may depend on.
const PRODUCTS: [&str; 4] = ["hwmigrate-api", "hwmigrate", "hwmigrate-emulator", "hwmigrate-cli"];

/// The features of hwmigrate-api.
const SERVICES: [&str; 3] = ["iam", "oms", "sms"];

/// TLS other than rustls with ring: needs a system library, or a large C build.
const FOREIGN_TLS: [&str; 5] = ["openssl", "openssl-sys", "native-tls", "aws-lc-sys", "aws-lc-rs"];

/// The only members whose manifests may name the HTTP client.
const HTTP: [&str; 4] = ["hwmigrate-api", "hwmigrate", "hwmigrate-emulator", "hwmigrate-tests"];

/// Checks them all.
pub(crate) fn check() -> Result<()> {
    for product in PRODUCTS {
        let tree = crates_below(product)?;
        if let Some(found) = FOREIGN_TLS.iter().find(|foreign| tree.iter().any(|name| name == *foreign)) {
            return Err(format!("{product} depends on {found}; TLS must be rustls with ring alone").into());
        }
    }
    if crates_below("hwmigrate")?.iter().any(|name| name == "hwmigrate-emulator" || name == "progenitor") {
        return Err(
            "hwmigrate depends on the emulator or the generator, which its users must not build".into()
        );
    }
    if crates_below("hwmigrate-emulator")?.iter().any(|name| name == "hwmigrate") {
        return Err(
            "the emulator depends on hwmigrate, so a mistake in one could hide the same in the other".into(),
        );
    }
    only_these_name_the_http_client()?;
    let python = crates_below("hwmigrate-python-emulator")?;
    if let Some(found) = ["opendal", "rustls"].iter().find(|far| python.iter().any(|name| name == *far)) {
        return Err(
            format!("the emulator of the Python package is built with {found}, which it cannot use").into()
        );
    }
    for service in SERVICES {
        alone("hwmigrate-api", &[service])?;
    }
    // Whoever calls a service also logs in.
    alone("hwmigrate", &["oms", "iam"])?;
    alone("hwmigrate", &["sms", "iam"])
}

/// Builds a package with the feature of the first service, and sees that no service but these was compiled.
fn alone(package: &str, services: &[&str]) -> Result<()> {
    let mut check =
        cargo(&["check", "--locked", "--package", package, "--message-format", "json-render-diagnostics"]);
    let built = output(check.args(["--no-default-features", "--features", services[0]]))?;
    let mut sources = String::new();
    for message in built.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
        let made = message["filenames"][0].as_str().filter(|name| name.ends_with(".rmeta"));
        let name = message["target"]["name"].as_str().unwrap_or_default();
        if let (Some(made), "hwmigrate" | "hwmigrate_api") = (made, name) {
            // Beside `libhwmigrate-….rmeta` the compiler lists the files that it read.
            let list = made.replace("/libhwmigrate", "/hwmigrate").replace(".rmeta", ".d");
            sources.push_str(&fs::read_to_string(list)?);
        }
    }
    for service in SERVICES {
        let wanted = services.contains(&service);
        let generated = sources.contains(&format!("generated/{service}.rs"));
        let written = sources.contains(&format!("hwmigrate/src/{service}/"));
        if generated != wanted || (written && !wanted) {
            let how = if wanted { "missing" } else { "compiled too" };
            return Err(format!("{package} with the feature {}: {service} is {how}", services[0]).into());
        }
    }
    Ok(())
}

/// All crates that `package` is built from, on every platform.
fn crates_below(package: &str) -> Result<Vec<String>> {
    let options = ["--edges", "normal,build", "--target", "all", "--prefix", "none", "--format", "{lib}|{p}"];
    let tree = output(cargo(&["tree", "--locked", "--package", package]).args(options))?;
    let names = tree.lines().filter_map(|line| line.split('|').nth(1)?.split(' ').next().map(str::to_owned));
    let names: Vec<_> = names.collect();
    // A tree that names not even its root was not read as meant.
    if names.iter().any(|name| name == package) {
        Ok(names)
    } else {
        Err(format!("no tree for {package}").into())
    }
}

fn only_these_name_the_http_client() -> Result<()> {
    let metadata = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let mut named = 0;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let mut dependencies = package["dependencies"].as_array().into_iter().flatten();
        if dependencies.any(|dependency| dependency["name"] == "reqwest") {
            named += 1;
            let name = package["name"].as_str().unwrap_or_default();
            if !HTTP.contains(&name) {
                return Err(format!("{name} names reqwest; only {} may", HTTP.join(", ")).into());
            }
        }
    }
    if named == 0 {
        Err("no member names reqwest: the manifests were not read as meant".into())
    } else {
        Ok(())
    }
}
