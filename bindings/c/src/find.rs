//! One field of a typed answer, without the rest.
//!
//! A program reads a few fields of an answer that has fifty. Turning all of it
//! into a tree would cost more than decoding it did. So a typed answer stays
//! what it is, and a path is followed by a serializer that passes over
//! everything beside it.

use std::fmt::{self, Display};

use serde::ser::{self, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};
use serde_json::Value;

/// What is at a path of a typed answer.
pub(crate) fn find<T: Serialize + ?Sized>(value: &T, path: &str) -> Option<Value> {
    let names: Vec<String> = match path {
        "" => Vec::new(),
        path => path.strip_prefix('/')?.split('/').map(unescape).collect(),
    };
    follow(value, &names).ok().flatten()
}

/// A name of a JSON Pointer, as it is in the document.
pub(crate) fn unescape(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

type Found = Result<Option<Value>, Failed>;

fn follow<T: Serialize + ?Sized>(value: &T, names: &[String]) -> Found {
    match names.split_first() {
        None => serde_json::to_value(value).map(Some).map_err(|_| Failed),
        Some((name, rest)) => value.serialize(Finder { name, rest }),
    }
}

/// A field could not be written as JSON.
#[derive(Debug)]
struct Failed;

impl Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not JSON")
    }
}

impl std::error::Error for Failed {}

impl ser::Error for Failed {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

/// Looks for one name, and for the rest of the path below it.
#[derive(Clone, Copy)]
struct Finder<'a> {
    name: &'a str,
    rest: &'a [String],
}

/// The fields of an object or the items of a list, as they come by.
struct Passing<'a> {
    finder: Finder<'a>,
    index: usize,
    matches: bool,
    found: Option<Value>,
}

impl<'a> Passing<'a> {
    fn new(finder: Finder<'a>) -> Result<Self, Failed> {
        Ok(Self { finder, index: 0, matches: false, found: None })
    }

    fn take<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.found = follow(value, self.finder.rest)?;
        Ok(())
    }
}

impl SerializeStruct for Passing<'_> {
    type Ok = Option<Value>;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Failed> {
        if key == self.finder.name { self.take(value) } else { Ok(()) }
    }

    fn end(self) -> Found {
        Ok(self.found)
    }
}

impl SerializeMap for Passing<'_> {
    type Ok = Option<Value>;
    type Error = Failed;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failed> {
        self.matches = serde_json::to_value(key).is_ok_and(|key| key.as_str() == Some(self.finder.name));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        if self.matches { self.take(value) } else { Ok(()) }
    }

    fn end(self) -> Found {
        Ok(self.found)
    }
}

impl SerializeSeq for Passing<'_> {
    type Ok = Option<Value>;
    type Error = Failed;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        // As in JSON Pointers: no leading zeros, so the texts are equal where the numbers are.
        let is_wanted =
            self.finder.name.parse() == Ok(self.index) && self.index.to_string() == self.finder.name;
        self.index += 1;
        if is_wanted { self.take(value) } else { Ok(()) }
    }

    fn end(self) -> Found {
        Ok(self.found)
    }
}

/// Nothing lies below a value that is neither object nor list.
macro_rules! leaves {
    ($($method:ident: $type:ty),* $(,)?) => {
        $(fn $method(self, _: $type) -> Found { Ok(None) })*
    };
}

impl<'a> Serializer for Finder<'a> {
    type Ok = Option<Value>;
    type Error = Failed;
    type SerializeSeq = Passing<'a>;
    type SerializeTuple = Impossible<Option<Value>, Failed>;
    type SerializeTupleStruct = Impossible<Option<Value>, Failed>;
    type SerializeTupleVariant = Impossible<Option<Value>, Failed>;
    type SerializeMap = Passing<'a>;
    type SerializeStruct = Passing<'a>;
    type SerializeStructVariant = Impossible<Option<Value>, Failed>;

    leaves! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
        serialize_unit_struct: &'static str,
    }

    fn serialize_unit(self) -> Found {
        Ok(None)
    }

    fn serialize_none(self) -> Found {
        Ok(None)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Found {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Found {
        Ok(None)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Found {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Found {
        if variant == self.name { follow(value, self.rest) } else { Ok(None) }
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Passing<'a>, Failed> {
        Passing::new(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Failed> {
        Err(Failed)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Failed> {
        Err(Failed)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Failed> {
        Err(Failed)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Passing<'a>, Failed> {
        Passing::new(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Passing<'a>, Failed> {
        Passing::new(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Failed> {
        Err(Failed)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use hwmigrate::oms::types::TaskResp;
    use serde_json::json;

    use super::*;

    /// Every path of the tree, and some that are not in it.
    fn agrees(value: &Value, tree: &Value, typed: &impl Serialize, path: &str) {
        assert_eq!(find(typed, path).as_ref(), tree.pointer(path), "{path}");
        match value {
            Value::Object(fields) => {
                for (name, below) in fields {
                    agrees(
                        below,
                        tree,
                        typed,
                        &format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")),
                    );
                }
                assert_eq!(find(typed, &format!("{path}/no such")), None);
            }
            Value::Array(items) => {
                for (index, below) in items.iter().enumerate() {
                    agrees(below, tree, typed, &format!("{path}/{index}"));
                }
                assert_eq!(find(typed, &format!("{path}/00")), None);
                assert_eq!(find(typed, &format!("{path}/{}", items.len())), None);
            }
            _ => assert_eq!(find(typed, &format!("{path}/deeper")), None),
        }
    }

    #[test]
    fn a_path_finds_what_it_finds_in_the_whole_tree() {
        let task: TaskResp = serde_json::from_value(json!({
            "id": 17, "status": 5, "progress": 0.5, "name": "n", "is_query_over": true, "error_reason": null,
            "bandwidth_policy": [{"start": "00:00", "end": "23:59", "max_bandwidth": 1}],
            "src_node": {"bucket": "photos", "object_key": ["a", "b"]}
        }))
        .unwrap();
        let tree = serde_json::to_value(&task).unwrap();
        agrees(&tree, &tree, &task, "");
        let odd = json!({"a/b": {"~": [1, {"x": null}]}});
        agrees(&odd, &odd, &odd, "");
        assert_eq!(find(&task, "id"), None);
    }
}
