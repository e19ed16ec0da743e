//! Decoders for what services really send.
//!
//! Null, an empty string and a missing field mean the same: no value. Numbers
//! may come as text, texts as numbers. A word that nobody knows is kept. What
//! stays an error is a value of another kind, such as an array where an object
//! belongs: that is another answer, not a careless one.
//!
//! The generated code names these functions in `deserialize_with`. Each reads
//! straight from the input, so a list page costs what plain serde costs.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

use crate::Secret;

/// The value of a field that is required.
pub(crate) fn required<T, E: Error>(value: Option<T>) -> Result<T, E> {
    value.ok_or_else(|| E::custom("a value is required here"))
}

/// The key of the one-member object that stands for a number when some crate
/// of the program turns on the feature `arbitrary_precision` of serde_json.
const NUMBER: &str = "$serde_json::private::Number";

/// The text of such a number, or none for any other object, which is passed over.
fn precise<'de, A: MapAccess<'de>>(mut members: A) -> Result<Option<String>, A::Error> {
    match members.next_key::<String>()? {
        Some(key) if key == NUMBER => return members.next_value().map(Some),
        Some(_) => {
            members.next_value::<IgnoredAny>()?;
        }
        None => return Ok(None),
    }
    IgnoredAny.visit_map(members).map(|_| None)
}

/// A visitor for an optional value, whose absent forms are all the same.
macro_rules! visitor {
    ($name:ident<$of:ident> -> $value:ty, [$($bound:tt)*], $what:literal, { $($body:tt)* }) => {
        struct $name<$of>(PhantomData<$of>);

        impl<'de, $of: $($bound)*> Visitor<'de> for $name<$of> {
            type Value = Option<$value>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($what)
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
                deserializer.deserialize_any(self)
            }

            $($body)*
        }
    };
}

visitor!(Text<T> -> T, [From<String>], "text", {
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(T::from(text.to_owned())))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Some(T::from(text)))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(T::from(value.to_string())))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(T::from(number.to_string())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(T::from(number.to_string())))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(T::from(number.to_string())))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        let number = precise(members)?.ok_or_else(|| A::Error::invalid_type(Unexpected::Map, &self))?;
        self.visit_str(&number)
    }
});

/// Text.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(Text(PhantomData))
}

/// Text that must not be seen.
pub(crate) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    deserializer.deserialize_any(Text(PhantomData))
}

visitor!(Integer<T> -> T, [TryFrom<i64> + TryFrom<u64>], "a whole number", {
    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        T::try_from(number).map(Some).map_err(|_| E::custom(format_args!("{number} is out of range")))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        T::try_from(number).map(Some).map_err(|_| E::custom(format_args!("{number} is out of range")))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        // Beyond 2^53 a float does not say which whole number was meant.
        if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
            self.visit_i64(number as i64)
        } else {
            Err(E::custom(format_args!("{number} is not a whole number")))
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let text = text.trim();
        if text.is_empty() {
            Ok(None)
        } else if let Ok(number) = text.parse::<i64>() {
            self.visit_i64(number)
        } else if let Ok(number) = text.parse::<u64>() {
            self.visit_u64(number)
        } else if let Ok(number) = text.parse::<f64>() {
            self.visit_f64(number)
        } else {
            Err(E::custom("the text is not a number"))
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        let number = precise(members)?.ok_or_else(|| A::Error::invalid_type(Unexpected::Map, &self))?;
        self.visit_str(&number)
    }
});

/// A whole number.
pub(crate) fn integer<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64> + TryFrom<u64>,
{
    deserializer.deserialize_any(Integer(PhantomData))
}

/// A whole number that names a state.
pub(crate) fn code<'de, D: Deserializer<'de>, T: From<i64>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(integer::<D, i64>(deserializer)?.map(T::from))
}

visitor!(Float<T> -> T, [From<f64>], "a number", {
    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(T::from(number)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match text.trim() {
            "" => Ok(None),
            text => match text.parse::<f64>() {
                Ok(number) => self.visit_f64(number),
                Err(_) => Err(E::custom("the text is not a number")),
            },
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        let number = precise(members)?.ok_or_else(|| A::Error::invalid_type(Unexpected::Map, &self))?;
        self.visit_str(&number)
    }
});

/// A number.
pub(crate) fn float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    deserializer.deserialize_any(Float(PhantomData))
}

visitor!(Boolean<T> -> T, [From<bool>], "true or false", {
    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(T::from(value)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_bool(number != 0)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_bool(number != 0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match text.trim() {
            "" => Ok(None),
            text if text.eq_ignore_ascii_case("true") || text == "1" => self.visit_bool(true),
            text if text.eq_ignore_ascii_case("false") || text == "0" => self.visit_bool(false),
            _ => Err(E::custom("the text is neither true nor false")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        let number = precise(members)?.ok_or_else(|| A::Error::invalid_type(Unexpected::Map, &self))?;
        self.visit_str(&number)
    }
});

/// A truth value.
pub(crate) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    deserializer.deserialize_any(Boolean(PhantomData))
}

visitor!(Word<T> -> T, [for<'a> From<&'a str>], "a word", {
    fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
        Ok(if word.is_empty() { None } else { Some(T::from(word)) })
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(T::from(if value { "true" } else { "false" })))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(T::from(&number.to_string())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(T::from(&number.to_string())))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(T::from(&number.to_string())))
    }

    // One documented example has an object where a version's status belongs.
    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        Ok(precise(members)?.map(|number| T::from(&number)))
    }
});

/// A word of a list of words, known or not.
pub(crate) fn word<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> From<&'a str>,
{
    deserializer.deserialize_any(Word(PhantomData))
}

visitor!(List<T> -> Vec<T>, [Deserialize<'de>], "an array", {
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() { Ok(None) } else { Err(E::custom("text stands where an array belongs")) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Option<T>>()? {
            list.extend(item);
        }
        Ok(Some(list))
    }
});

/// An array. Nulls in it are left out.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(List(PhantomData))
}

/// An array that is empty when it is absent.
pub(crate) fn list_or_empty<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    list(deserializer).map(Option::unwrap_or_default)
}

/// An object, or text that stands in its place.
struct ObjectOrText<T>(T);

impl<'de, T: Deserialize<'de> + From<String>> Deserialize<'de> for ObjectOrText<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectOrTextVisitor(PhantomData)).map(Self)
    }
}

struct ObjectOrTextVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + From<String>> Visitor<'de> for ObjectOrTextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        // The text may be the object itself, as JSON.
        let object = serde_json::from_str::<serde_json::Map<_, _>>(text).ok();
        let object = object.and_then(|object| T::deserialize(serde_json::Value::Object(object)).ok());
        Ok(object.unwrap_or_else(|| T::from(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

/// An array of objects, or of texts that stand in their place.
pub(crate) fn objects_or_texts<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + From<String>,
{
    let list = list::<D, ObjectOrText<T>>(deserializer)?;
    Ok(list.map(|list| list.into_iter().map(|item| item.0).collect()))
}

visitor!(Object<T> -> T, [Deserialize<'de>], "an object", {
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() { Ok(None) } else { Err(E::custom("text stands where an object belongs")) }
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Some)
    }
});

/// An object.
pub(crate) fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(Object(PhantomData))
}

/// An object that is empty when it is absent.
pub(crate) fn object_or_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    object(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde::de::value::{Error, MapDeserializer};

    use super::*;

    /// What serde_json hands over for a number under `arbitrary_precision`.
    fn number(text: &str) -> MapDeserializer<'_, impl Iterator<Item = (&str, &str)>, Error> {
        MapDeserializer::new([(NUMBER, text)].into_iter())
    }

    #[test]
    fn numbers_of_arbitrary_precision_are_numbers() {
        assert_eq!(integer::<_, i64>(number("9007199254740993")).unwrap(), Some(9007199254740993));
        assert_eq!(float(number("0.5")).unwrap(), Some(0.5));
        assert_eq!(text(number("12")).unwrap().as_deref(), Some("12"));
        assert_eq!(boolean(number("1")).unwrap(), Some(true));
    }

    #[test]
    fn other_objects_are_no_numbers() {
        let other = || MapDeserializer::<_, Error>::new([("a", "1"), ("b", "2")].into_iter());
        assert!(integer::<_, i64>(other()).is_err());
        assert!(text(other()).is_err());
        assert!(word::<_, String>(other()).unwrap().is_none());
    }
}
