"""Files that `cargo xtask generate` derives. Do not edit."""
