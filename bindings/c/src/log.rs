//! What the library tells about itself, for the program's log.

use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::{c_char, c_void};
use std::fmt::{self, Write as _};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError, RwLock};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::callback::{UserData, hwm_release};
use crate::engine::Inside;
use crate::enter::{enter, quietly};
use crate::error::hwm_error;
use crate::failure::Failure;
use crate::memory::terminated;
use crate::pointer::output;
use crate::result::hwm_result;

/// How much is told.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(dead_code, reason = "programs name all of them, the library does not")]
pub enum hwm_log_level {
    /// Nothing.
    HWM_LOG_OFF = 0,
    /// Bugs of the library.
    HWM_LOG_ERROR = 1,
    /// What deserves attention although a call went on.
    HWM_LOG_WARNING = 2,
    /// What happens seldom.
    HWM_LOG_INFO = 3,
    /// Every request, with operation, status and request id.
    HWM_LOG_DEBUG = 4,
}

/// Receives a line: no line break, no secret, no body of a request or answer.
/// It lives until the callback returns. Must return soon, and must not send
/// anything through the library.
pub type hwm_log_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, level: hwm_log_level, line: *const c_char)>;

type Callback = unsafe extern "C" fn(*mut c_void, hwm_log_level, *const c_char);

/// Who listens. Held for reading while a line is told, so that a callback is
/// never running any more when it has been replaced.
static LISTENER: RwLock<Option<(Callback, UserData)>> = RwLock::new(None);

/// How much the listener wants; read at every event, so without a lock.
static WANTED: AtomicI32 = AtomicI32::new(0);

thread_local! {
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

/// Sends the library's log to a function, for the whole process, in place of
/// the one before. When it returns, that one runs no more: it is waited for,
/// so hold no lock that the callback takes.
///
/// @param level How much; a `hwm_log_level`.
/// @param callback NULL for none.
/// @param release May be NULL. Called when `user_data` is needed no more, also
///        when this function fails.
///
/// HWM_IN_CALLBACK inside a log callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_log_set(
    level: i32,
    callback: hwm_log_callback,
    user_data: *mut c_void,
    release: hwm_release,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let user_data = UserData::new(user_data, release);
    let error = output!(error);
    enter(error, || {
        if !(0..=hwm_log_level::HWM_LOG_DEBUG as i32).contains(&level) {
            return Err(Failure::argument(format!("`level` is {level}, which is no hwm_log_level")));
        }
        if TELLING.get() {
            let words = "the log cannot be changed from inside its callback";
            return Err(Failure::own(hwm_result::HWM_IN_CALLBACK, words));
        }
        static INSTALL: Once = Once::new();
        // Fails only where somebody has installed one; within this library nobody else does.
        INSTALL.call_once(|| drop(tracing::subscriber::set_global_default(Forward::default())));
        let listener = callback.map(|callback| (callback, user_data));
        WANTED.store(if listener.is_some() { level } else { 0 }, Ordering::Relaxed);
        let before = {
            let mut place = LISTENER.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *place, listener)
        };
        // Outside the lock: its release function is the program's code.
        drop(before);
        Ok(hwm_result::HWM_OK)
    })
}

fn tell(level: hwm_log_level, line: &str) {
    if TELLING.get() || level as i32 > WANTED.load(Ordering::Relaxed) {
        return;
    }
    let listener = LISTENER.read().unwrap_or_else(PoisonError::into_inner);
    let Some((callback, user_data)) = &*listener else { return };
    let line = terminated(&line.replace(['\n', '\r'], " "));
    TELLING.set(true);
    let _inside = Inside::enter();
    // SAFETY: the program's function with its pointer, and a text that lives here.
    unsafe { callback(user_data.pointer(), level, line.as_ptr()) };
    TELLING.set(false);
}

/// Tells of a panic, which the guard around every function then catches.
pub(crate) fn panicked(info: &PanicHookInfo<'_>) {
    tell(hwm_log_level::HWM_LOG_ERROR, &format!("a bug of hwmigrate: {info}"));
}

/// Turns events and spans into lines.
#[derive(Default)]
struct Forward {
    last: AtomicU64,
    spans: Mutex<HashMap<u64, Span>>,
}

struct Span {
    line: String,
    level: hwm_log_level,
    handles: usize,
}

fn level(of: &Level) -> Option<hwm_log_level> {
    match *of {
        Level::ERROR => Some(hwm_log_level::HWM_LOG_ERROR),
        Level::WARN => Some(hwm_log_level::HWM_LOG_WARNING),
        Level::INFO => Some(hwm_log_level::HWM_LOG_INFO),
        Level::DEBUG => Some(hwm_log_level::HWM_LOG_DEBUG),
        _ => None,
    }
}

impl Forward {
    fn spans<T>(&self, id: &Id, change: impl FnOnce(&mut HashMap<u64, Span>, u64) -> T) -> T {
        change(&mut self.spans.lock().unwrap_or_else(PoisonError::into_inner), id.into_u64())
    }
}

impl Subscriber for Forward {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> tracing::subscriber::Interest {
        // Crates below may log what we would not: only our own words pass.
        let ours = metadata.target().starts_with("hwmigrate") && level(metadata.level()).is_some();
        if ours { tracing::subscriber::Interest::sometimes() } else { tracing::subscriber::Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        level(metadata.level()).is_some_and(|level| level as i32 <= WANTED.load(Ordering::Relaxed))
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = Id::from_u64(self.last.fetch_add(1, Ordering::Relaxed) + 1);
        quietly(|| {
            let mut line = Line(attributes.metadata().name().to_owned());
            attributes.record(&mut line);
            let level = level(attributes.metadata().level()).unwrap_or(hwm_log_level::HWM_LOG_DEBUG);
            self.spans(&id, |spans, id| spans.insert(id, Span { line: line.0, level, handles: 1 }));
        });
        id
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut line = Line(String::new());
        values.record(&mut line);
        self.spans(id, |spans, id| {
            if let Some(span) = spans.get_mut(&id) {
                span.line.push_str(&line.0);
            }
        });
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        if let Some(level) = level(event.metadata().level()) {
            let mut line = Line(String::new());
            event.record(&mut line);
            tell(level, line.0.trim_start());
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}

    fn clone_span(&self, id: &Id) -> Id {
        self.spans(id, |spans, id| {
            if let Some(span) = spans.get_mut(&id) {
                span.handles += 1;
            }
        });
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let ended = self.spans(&id, |spans, id| {
            let span = spans.get_mut(&id)?;
            span.handles -= 1;
            if span.handles == 0 { spans.remove(&id) } else { None }
        });
        if let Some(span) = &ended {
            tell(span.level, &span.line);
        }
        ended.is_some()
    }
}

/// A line that grows by the fields of an event.
struct Line(String);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, &format_args!("{value:?}"));
    }
}

impl Line {
    fn add(&mut self, field: &Field, value: &dyn fmt::Display) {
        let separator = if self.0.is_empty() { "" } else { " " };
        // Writing to a String cannot fail.
        let _ = match field.name() {
            // The words of an event come first among its fields.
            "message" => write!(self.0, "{separator}{value}"),
            name => write!(self.0, "{separator}{name}={value}"),
        };
    }
}
