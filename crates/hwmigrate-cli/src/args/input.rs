//! Arguments that commands of every service take: a body from a file, a moment.

use std::path::PathBuf;

use clap::Args;

/// A request body from a file.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Input")]
pub(crate) struct Input {
    /// Read the request body as JSON from a file, or from the standard input with -
    ///
    /// Secret fields hold references (env:NAME, file:PATH, cmd:COMMAND, prompt).
    /// Other arguments override what the file says.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) input: Option<PathBuf>,
    /// Print a template of the request body, with references for the secrets, and do nothing
    #[arg(long, conflicts_with = "input")]
    pub(crate) skeleton: bool,
}

/// Seconds since 1970 from a number or an RFC 3339 time.
pub(crate) fn moment(text: &str) -> Result<i64, String> {
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    if let Ok(seconds) = text.parse::<i64>() {
        // A thirteen-digit number is milliseconds, which the service takes for the far future.
        return if (0..100_000_000_000).contains(&seconds) {
            Ok(seconds)
        } else {
            Err("give seconds since 1970, not milliseconds".to_owned())
        };
    }
    OffsetDateTime::parse(text, &Rfc3339)
        .map(OffsetDateTime::unix_timestamp)
        .map_err(|_| "give seconds since 1970 or a time such as 2026-01-31T08:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn moments_are_seconds_or_rfc_3339() {
        assert_eq!(moment("1750000000").unwrap(), 1_750_000_000);
        assert_eq!(moment("1970-01-01T00:01:00Z").unwrap(), 60);
        assert!(moment("1750000000000").unwrap_err().contains("milliseconds"));
        assert!(moment("yesterday").unwrap_err().contains("2026-01-31"));
    }
}
