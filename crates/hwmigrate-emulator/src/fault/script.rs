//! Which faults strike which call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use super::rate::RateLimit;
use super::{Fault, FaultBook, FaultKind};
use crate::error::EmulatorError;
use crate::sms::Doom;

/// The faults of one emulator. Clones share them.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    script: Mutex<Script>,
    book: FaultBook,
}

#[derive(Debug)]
struct Script {
    entries: Vec<Armed>,
    random: fastrand::Rng,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    skipped: u64,
    struck: u64,
    rate: Option<RateLimit>,
}

/// What goes wrong with one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    strikes: Vec<(FaultKind, u64)>,
}

/// A call that came too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooOften {
    pub(crate) limit: u32,
    pub(crate) window: Duration,
    /// How long to wait, if the caller is to be told.
    pub(crate) retry_after: Option<u64>,
}

impl Plan {
    /// What strikes, in order, with how often each fault struck before.
    pub(crate) fn strikes(&self) -> impl Iterator<Item = (&FaultKind, u64)> {
        self.strikes.iter().map(|(kind, before)| (kind, *before))
    }

    /// Their names, for the journal.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.strikes.iter().map(|(kind, _)| kind.name()).collect()
    }
}

impl Faults {
    pub(crate) fn new(seed: u64, book: FaultBook) -> Self {
        let script = Script { entries: Vec::new(), random: fastrand::Rng::with_seed(seed) };
        Self(Arc::new(Shared { script: Mutex::new(script), book }))
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a fault behind those that are there. One that could never strike is only logged; see
    /// [`Faults::try_push`].
    pub fn push(&self, fault: Fault) {
        if let Err(error) = self.try_push(fault) {
            tracing::error!(%error, "a fault was not taken");
        }
    }

    /// Adds a fault behind those that are there.
    ///
    /// # Errors
    /// When it could never do what it is meant to, such as one for an operation that does not exist.
    pub fn try_push(&self, fault: Fault) -> Result<(), EmulatorError> {
        fault.check().map_err(|why| EmulatorError::Config(format!("not a fault: {why}")))?;
        self.arm(fault);
        Ok(())
    }

    fn arm(&self, fault: Fault) {
        let rate = match &fault.kind {
            FaultKind::BigIds => return self.0.book.give_big_ids(),
            FaultKind::HoldState { state } => return self.0.book.hold(*state),
            FaultKind::FailObjects { key, code } => {
                return self.0.book.fail_objects(key, fault.times.unwrap_or(u64::MAX), code);
            }
            FaultKind::FailSubtask { subtask, server, percent, error_json } => {
                let doom = Doom { percent: (*percent).min(99), error_json: error_json.clone() };
                let times = fault.times.unwrap_or(u64::MAX);
                return self.0.book.fail_sub_task(subtask, server.as_deref(), doom, times);
            }
            FaultKind::LoseAgent { server } => return self.0.book.set_agent_lost(server, true),
            FaultKind::RateLimit { limit, window_seconds, .. } => {
                Some(RateLimit::new(*limit, Duration::from_secs(*window_seconds)))
            }
            _ => None,
        };
        self.script().entries.push(Armed { fault, skipped: 0, struck: 0, rate });
    }

    /// Lets jobs leave a state in which [`FaultKind::HoldState`] holds them.
    pub fn release(&self, state: i64) {
        self.0.book.release(state);
    }

    /// Connects the agent of a source server again after [`FaultKind::LoseAgent`].
    pub fn restore_agent(&self, server: &str) {
        self.0.book.set_agent_lost(server, false);
    }

    /// Forgets all faults, those of jobs too.
    pub fn clear(&self) {
        self.script().entries.clear();
        self.0.book.clear();
    }

    /// The faults that can still strike a call.
    pub fn armed(&self) -> Vec<Fault> {
        let script = self.script();
        script.entries.iter().filter(|armed| !armed.is_spent()).map(|armed| armed.fault.clone()).collect()
    }

    pub(crate) fn book(&self) -> &FaultBook {
        &self.0.book
    }

    /// What goes wrong with a call of an operation that has these ids. Counts the call.
    pub(crate) fn plan(&self, ids: &[&str]) -> Plan {
        let mut script = self.script();
        let Script { entries, random } = &mut *script;
        let mut plan = Plan::default();
        for armed in entries.iter_mut().filter(|armed| armed.rate.is_none() && armed.fault.is_for(ids)) {
            if armed.is_spent() {
                continue;
            }
            if armed.skipped < armed.fault.skip {
                armed.skipped += 1;
                continue;
            }
            if armed.fault.chance.is_some_and(|likelihood| random.f64() >= likelihood) {
                continue;
            }
            plan.strikes.push((armed.fault.kind.clone(), armed.struck));
            armed.struck += 1;
        }
        plan
    }

    /// Counts a call against the limits that are enforced.
    pub(crate) fn admit(&self, ids: &[&str], now: OffsetDateTime) -> Result<(), TooOften> {
        let mut script = self.script();
        for armed in script.entries.iter_mut().filter(|armed| armed.fault.is_for(ids)) {
            let FaultKind::RateLimit { limit, window_seconds, retry_after } = armed.fault.kind else {
                continue;
            };
            if let Some(Err(left)) = armed.rate.as_mut().map(|rate| rate.admit(now)) {
                // Rounded up: who waits for exactly so long must be let through.
                let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
                let retry_after = retry_after.then_some(seconds);
                return Err(TooOften { limit, window: Duration::from_secs(window_seconds), retry_after });
            }
        }
        Ok(())
    }
}

impl Fault {
    fn is_for(&self, ids: &[&str]) -> bool {
        self.operation.as_deref().is_none_or(|operation| ids.contains(&operation))
    }
}

impl Armed {
    fn is_spent(&self) -> bool {
        self.rate.is_none() && self.fault.times.is_some_and(|times| self.struck >= times)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn names(faults: &Faults, id: &str) -> Vec<&'static str> {
        faults.plan(&[id]).names()
    }

    fn faults() -> Faults {
        Faults::new(7, FaultBook::default())
    }

    #[test]
    fn fault_strikes_the_asked_calls_only() {
        let faults = faults();
        faults.push(Fault::new(FaultKind::Reset).on("ShowTask").skip(1).times(2));
        assert_eq!(names(&faults, "ListTasks"), [""; 0]);
        assert_eq!(names(&faults, "ShowTask"), [""; 0]);
        assert_eq!(names(&faults, "ShowTask"), ["reset"]);
        assert_eq!(names(&faults, "ShowTask"), ["reset"]);
        assert_eq!(names(&faults, "ShowTask"), [""; 0]);
        assert_eq!(faults.armed(), []);
    }

    #[test]
    fn same_seed_strikes_the_same_calls() {
        let run = || {
            let faults = faults();
            faults.push(Fault::new(FaultKind::Reset).forever().chance(0.5));
            (0..64).map(|_| names(&faults, "ShowTask").len()).collect::<Vec<_>>()
        };
        let first = run();
        assert_eq!(first, run());
        assert!(first.contains(&0) && first.contains(&1));
    }

    #[test]
    fn faults_meet_in_one_call_and_can_be_cleared() {
        let faults = faults();
        faults.push(Fault::new(FaultKind::Delay { milliseconds: 1 }).forever());
        faults.push(Fault::new(FaultKind::LoseReply));
        assert_eq!(names(&faults, "ShowTask"), ["delay", "lose_reply"]);
        assert_eq!(names(&faults, "ShowTask"), ["delay"]);
        faults.clear();
        assert_eq!(names(&faults, "ShowTask"), [""; 0]);
    }

    #[test]
    fn json_form_reads_back() {
        let text = r#"{"kind":"throttle","limit":5,"window_seconds":60,"times":null}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        assert_eq!(fault.times, None);
        let short: Fault = serde_json::from_str(r#"{"kind":"reset"}"#).unwrap();
        assert_eq!(short, Fault::new(FaultKind::Reset));
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"unheard_of"}"#).is_err());
    }
}
