//! Texts of others, so that they cannot steer a terminal.

use std::borrow::Cow;

/// The text with a replacement for each character that moves the cursor, ends the line, or turns
/// the direction of writing.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.contains(steers) { Cow::Owned(text.replace(steers, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

fn steers(c: char) -> bool {
    let turns = matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_replaced_and_the_rest_stays() {
        assert_eq!(
            plain("a\u{1b}[2J\r\nb\u{202e}c\u{2028}"),
            "a\u{fffd}[2J\u{fffd}\u{fffd}b\u{fffd}c\u{fffd}"
        );
        assert!(matches!(plain("ünï 文件 👍 עברית"), Cow::Borrowed(_)));
    }
}
