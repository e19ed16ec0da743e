//! The native module of the Python package `hwmigrate`.

use pyo3::prelude::*;

#[pymodule]
mod _hwmigrate {
    use super::*;

    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        Ok(())
    }
}
