//! One-time passcodes (RFC 6238): six digits, thirty seconds, HMAC-SHA1.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// How long a passcode lasts, in seconds.
const STEP: i64 = 30;

/// Decodes the base32 text that an authenticator app is set up with.
pub(crate) fn decode_key(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = 0_u32;
    let mut bits = 0;
    for letter in text.chars().filter(|c| !c.is_whitespace() && *c != '-' && *c != '=') {
        let value = match letter.to_ascii_uppercase() {
            letter @ 'A'..='Z' => letter as u32 - 'A' as u32,
            digit @ '2'..='7' => digit as u32 - '2' as u32 + 26,
            _ => return None,
        };
        buffer = (buffer << 5) | value;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(((buffer >> bits) & 0xff) as u8);
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// The passcode of a moment, in seconds since 1970.
pub(crate) fn passcode(key: &[u8], seconds: i64) -> String {
    // An HMAC takes keys of any length.
    #[allow(clippy::expect_used)]
    let mut mac = <Hmac<Sha1> as KeyInit>::new_from_slice(key).expect("a key of any length");
    mac.update(&seconds.div_euclid(STEP).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 0x0f);
    let word = digest[offset..offset + 4].iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// Whether a passcode is right at this moment, one step early or late allowed.
pub(crate) fn is_right(key: &[u8], given: &str, seconds: i64) -> bool {
    [-STEP, 0, STEP].iter().any(|skew| passcode(key, seconds + skew) == given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passcodes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, last six of the eight digits.
        let key = b"12345678901234567890";
        for (seconds, expected) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(passcode(key, seconds), expected);
            assert!(is_right(key, expected, seconds + 30));
            assert!(!is_right(key, expected, seconds + 90));
        }
    }

    #[test]
    fn key_is_base32() {
        let key = decode_key("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(key.as_deref(), Some(&b"12345678901234567890"[..]));
        assert_eq!(decode_key("1"), None);
        assert_eq!(decode_key(""), None);
    }
}
