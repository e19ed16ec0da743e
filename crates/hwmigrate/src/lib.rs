//! hwmigrate
