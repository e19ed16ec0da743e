//! The reference page in the repository is the one the program writes.
#![allow(clippy::unwrap_used)]

use std::path::Path;

#[test]
fn the_page_in_the_repository_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let page = hwmigrate_cli::reference();
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = committed.lines().zip(page.lines()).position(|(one, other)| one != other);
    assert!(
        committed == page,
        "docs/cli.md is out of date (first difference near line {:?}); \
         run UPDATE_REFERENCE=1 cargo test -p hwmigrate-cli --test reference",
        differs.map(|line| line + 1)
    );
}

#[test]
fn the_page_names_every_command() {
    let page = hwmigrate_cli::reference();
    for command in ["oms migrate", "oms task batch-update", "oms sync events", "login", "api", "emulator"] {
        assert!(page.contains(&format!("# hwmigrate {command}\n")), "{command}");
    }
    assert!(!page.contains("__reference"));
}
