//! Why a call did not work, before it becomes an error object.

use std::any::Any;

use crate::result::hwm_result;

/// A failure: one of the high-level crate, or one that only this interface knows.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Of the high-level crate.
    Core(hwmigrate::Error),
    /// Of this interface.
    Own {
        /// Its number.
        result: hwm_result,
        /// What is wrong.
        message: String,
        /// What to do about it.
        advice: Option<&'static str>,
    },
}

impl From<hwmigrate::Error> for Failure {
    fn from(error: hwmigrate::Error) -> Self {
        Self::Core(error)
    }
}

impl Failure {
    pub(crate) fn own(result: hwm_result, message: impl Into<String>) -> Self {
        Self::Own { result, message: message.into(), advice: None }
    }

    /// An argument that cannot be used.
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::own(hwm_result::HWM_ARGUMENT, message)
    }

    pub(crate) fn busy(what: &str) -> Self {
        Self::Own {
            result: hwm_result::HWM_BUSY,
            message: format!("another thread is using this {what}"),
            advice: Some("let one thread step at a time, or give each its own"),
        }
    }

    /// From what a panic carried.
    pub(crate) fn panic(cause: Box<dyn Any + Send>) -> Self {
        let text = match (cause.downcast_ref::<&str>(), cause.downcast_ref::<String>()) {
            (Some(text), _) => (*text).to_owned(),
            (_, Some(text)) => text.clone(),
            _ => "no text".to_owned(),
        };
        // Dropping a foreign value might panic in turn.
        std::mem::forget(cause);
        Self::Own {
            result: hwm_result::HWM_PANIC,
            message: format!("a bug of hwmigrate: {text}"),
            advice: Some("please report it; what the call did is not known"),
        }
    }

    pub(crate) fn result(&self) -> hwm_result {
        match self {
            Self::Core(error) => error.kind().into(),
            Self::Own { result, .. } => *result,
        }
    }
}
