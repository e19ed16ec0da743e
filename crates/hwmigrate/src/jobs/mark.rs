//! A mark that tells one's own job from all others.
//!
//! The service has no idempotency key: when the reply to a create is lost,
//! nobody knows whether the job exists. A mark in the description lets the
//! caller find out by listing.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::check::{DESCRIPTION_MOST, refuse};
use crate::Error;

const PREFIX: &str = "hwm-";
const RANDOM: usize = 24;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A unique word for the description of a job, such as `hwm-5tq7…`.
///
/// [`create_once`](crate::oms::Tasks::create_once) makes one by itself. Make your
/// own, and write it down before the create, when the search must survive the
/// end of the process: after a restart,
/// [`find_marked`](crate::oms::Tasks::find_marked) tells whether the job exists.
///
/// ```
/// use hwmigrate::oms::Mark;
///
/// # fn main() -> hwmigrate::Result<()> {
/// let mark = Mark::unique();
/// assert_ne!(mark, Mark::unique());
/// assert_eq!(mark.to_string().parse::<Mark>()?, mark);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mark(String);

impl Mark {
    /// A mark that no other process and no other call has, with 120 random bits.
    ///
    /// It does not come from the client's seedable randomness: two clients
    /// with one seed must not take each other's job for their own.
    pub fn unique() -> Self {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let mut text = String::with_capacity(PREFIX.len() + RANDOM);
        text.push_str(PREFIX);
        for half in 0..2_u8 {
            // Keyed by the operating system's randomness, as hash maps are.
            let mut hasher = RandomState::new().build_hasher();
            hasher.write_u64(serial);
            hasher.write_u32(std::process::id());
            hasher.write_u8(half);
            let mut bits = hasher.finish();
            for _ in 0..RANDOM / 2 {
                text.push(char::from(ALPHABET[(bits % 32) as usize]));
                bits /= 32;
            }
        }
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a description carries this mark, as a word of its own.
    pub(crate) fn is_in(&self, description: &str) -> bool {
        description.split_whitespace().any(|word| word == self.0)
    }

    /// `description` with the mark behind it.
    pub(crate) fn appended_to(
        &self,
        description: Option<&str>,
        operation: &'static str,
    ) -> Result<String, Error> {
        let text = description.unwrap_or_default().trim_end();
        let room = DESCRIPTION_MOST - self.0.len() - 1;
        let count = text.chars().count();
        if count > room {
            let problem = refuse(
                "description",
                format!("has {count} characters, which leaves no room for the mark that finds the job again"),
                format!("use at most {room}, or create without a mark"),
            );
            return Err(problem.with_operation(operation));
        }
        Ok(if text.is_empty() { self.0.clone() } else { format!("{text} {}", self.0) })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Mark {
    type Err = Error;

    /// Reads back what [`Display`](fmt::Display) printed.
    fn from_str(text: &str) -> Result<Self, Error> {
        let random = text.strip_prefix(PREFIX).unwrap_or_default();
        if random.len() == RANDOM && random.bytes().all(|byte| ALPHABET.contains(&byte)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(refuse(
                "mark",
                format!("is {text:?}"),
                format!("give {PREFIX} and {RANDOM} letters a-z or digits 2-7, as printed before"),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashSet;

    use super::*;
    use crate::jobs::check::Checks;

    #[test]
    fn marks_differ_and_are_allowed_in_a_description() {
        let marks: HashSet<String> = (0..10_000).map(|_| Mark::unique().to_string()).collect();
        assert_eq!(marks.len(), 10_000);
        for mark in marks {
            let mut checks = Checks::new();
            checks.description("description", &mark);
            checks.finish("CreateTask").unwrap();
            assert!(mark.parse::<Mark>().is_ok(), "{mark}");
        }
    }

    #[test]
    fn mark_is_found_only_as_a_whole_word() {
        let mark = Mark::unique();
        let description = mark.appended_to(Some("nightly copy "), "CreateTask").unwrap();
        assert_eq!(description, format!("nightly copy {mark}"));
        assert!(mark.is_in(&description));
        assert!(mark.is_in(&mark.appended_to(None, "CreateTask").unwrap()));
        assert!(!mark.is_in(&format!("{mark}x")));
        assert!(!mark.is_in(""));
        assert!(!Mark::unique().is_in(&description));
    }

    #[test]
    fn description_that_leaves_no_room_is_refused() {
        let mark = Mark::unique();
        let fits = mark.appended_to(Some(&"x".repeat(226)), "CreateTask").unwrap();
        assert_eq!(fits.chars().count(), DESCRIPTION_MOST);
        let problem = mark.appended_to(Some(&"x".repeat(227)), "CreateTask").unwrap_err();
        assert!(problem.to_string().contains("use at most 226"), "{problem}");
    }

    #[test]
    fn other_words_are_no_marks() {
        for text in ["", "hwm-", "hwm-0000", "HWM-abcdefghijklmnopqrstuvwx", "hwm-abcdefghijklmnopqrstuvw1"] {
            assert!(text.parse::<Mark>().is_err(), "{text}");
        }
    }
}
