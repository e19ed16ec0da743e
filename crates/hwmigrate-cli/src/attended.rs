//! Work that blocks for as long as somebody else likes: a secret that a person, a command or a
//! pipe has yet to give.
//!
//! Such work runs in a thread of its own, while this one also heeds `--timeout` and the signals to
//! stop. Whoever gives up leaves no command behind, and the terminal as it was.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use crate::args::Global;
use crate::exit::ExitCode;
use crate::failure::{Failure, Result};
use crate::interrupt::{Interrupts, is_anybody_listening};

/// What the program was told, for the work that knows nothing of its arguments.
static GLOBAL: OnceLock<Global> = OnceLock::new();

/// Whom a signal is told to while such work is going on.
static EAR: Mutex<Option<Ear>> = Mutex::new(None);

type Ear = Box<dyn FnOnce() + Send>;

/// Keeps what the arguments say about limit and form of errors.
pub(crate) fn keep(global: &Global) {
    // Only the first time counts, and there is one.
    let _ = GLOBAL.set(global.clone());
}

/// Does the work, or gives it up when the time is up or somebody interrupts. `what` is waited for.
pub(crate) fn attended<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    hear_signals()?;
    let terminal = terminal::state();
    let (done, outcome) = mpsc::channel();
    let teller = done.clone();
    set_ear(Some(Box::new(move || drop(teller.send(End::Interrupted)))));
    thread::spawn(move || {
        // Who waits must hear of the end, however it comes.
        let _ = done.send(End::Done(catch_unwind(AssertUnwindSafe(work)).ok()));
    });
    let left = GLOBAL.get().and_then(Global::time_left);
    let end = match left {
        None => outcome.recv().map_err(|_| RecvTimeoutError::Disconnected),
        Some(left) => outcome.recv_timeout(left),
    };
    set_ear(None);
    let failure = match end {
        Ok(End::Done(Some(value))) => return Ok(value),
        Ok(End::Interrupted) => interrupted(what),
        Err(RecvTimeoutError::Timeout) => {
            Failure::new(ExitCode::Timeout, format!("{what} did not come before the time was up"))
                .help("allow more with --timeout, or see what the place of the secret waits for")
        }
        // The fault itself has been reported where it happened.
        Ok(End::Done(None)) | Err(RecvTimeoutError::Disconnected) => {
            Failure::new(ExitCode::Unexpected, format!("{what} could not be fetched"))
                .help("report this with the command you gave, without secrets")
        }
    };
    hwmigrate::secret_ref::end_commands();
    terminal::restore(terminal);
    Err(failure)
}

/// The failure of who does not want to wait for `what` any more.
pub(crate) fn interrupted(what: &str) -> Failure {
    Failure::new(ExitCode::Interrupted, format!("interrupted while waiting for {what}"))
        .help("run the command again; nothing was sent to the service with it")
}

enum End<T> {
    Done(Option<T>),
    Interrupted,
}

fn set_ear(ear: Option<Ear>) {
    *EAR.lock().unwrap_or_else(PoisonError::into_inner) = ear;
}

/// Begins to listen, for the rest of the program: a signal that is heard once never again ends it
/// by itself.
fn hear_signals() -> Result<()> {
    static STARTED: Mutex<bool> = Mutex::new(false);
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if *started {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (ready, begun) = mpsc::channel();
    thread::spawn(move || {
        runtime.block_on(async {
            let mut signals = match Interrupts::in_background() {
                Ok(signals) => signals,
                Err(failure) => return drop(ready.send(Err(failure))),
            };
            let _ = ready.send(Ok(()));
            loop {
                signals.next().await;
                heard();
            }
        });
    });
    begun.recv().unwrap_or(Ok(()))?;
    *started = true;
    Ok(())
}

/// Passes a signal on to whoever waits; where nobody does, the program ends as it would have.
fn heard() {
    let ear = EAR.lock().unwrap_or_else(PoisonError::into_inner).take();
    match ear {
        Some(tell) => tell(),
        None if is_anybody_listening() => {}
        None => {
            let as_json = GLOBAL.get().is_some_and(Global::wants_json);
            let end = Failure::new(ExitCode::Interrupted, "interrupted");
            end.help("what the service was asked for last may have been done").report(as_json);
            std::process::exit(ExitCode::Interrupted.number().into());
        }
    }
}

#[cfg(unix)]
mod terminal {
    use std::fs::File;

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

    /// How the terminal is set, if there is one.
    pub(super) fn state() -> Option<(File, Termios)> {
        let terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
        let state = tcgetattr(&terminal).ok()?;
        Some((terminal, state))
    }

    /// Sets it as it was: whoever was reading a password had switched the echo off.
    pub(super) fn restore(state: Option<(File, Termios)>) {
        if let Some((terminal, state)) = state {
            // A terminal that has gone needs nothing.
            let _ = tcsetattr(&terminal, OptionalActions::Now, &state);
        }
    }
}

/// Elsewhere an interrupt ends the program in the midst of the question, and the console resets itself.
#[cfg(not(unix))]
mod terminal {
    pub(super) fn state() {}

    pub(super) fn restore((): ()) {}
}
