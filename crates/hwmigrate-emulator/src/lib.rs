//! hwmigrate-emulator
