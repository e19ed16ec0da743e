//! Lists, read item by item.

use std::pin::Pin;
use std::sync::Mutex;

use futures_util::{Stream, TryStreamExt as _};
use serde::Serialize;

use crate::engine::Caller;
use crate::enter::enter;
use crate::error::hwm_error;
use crate::failure::Failure;
use crate::handle::{free, handle};
use crate::pointer::{input, output};
use crate::request::Draft;
use crate::result::hwm_result;
use crate::value::{Record, hwm_value};
use crate::wait::alone;

/// A list of the service, read item by item; pages are fetched as they are
/// needed. It goes step by step: one thread at a time.
pub struct hwm_list {
    _private: [u8; 0],
}

handle!(hwm_list => Mutex<Listing>, b"hwm-list", connected);

type Items = Pin<Box<dyn Stream<Item = hwmigrate::Result<Box<dyn Record>>> + Send>>;

/// A list under way.
pub(crate) struct Listing {
    caller: Caller,
    items: Items,
}

impl Listing {
    pub(crate) fn new<T: Serialize + Send + Sync + 'static>(
        caller: &Caller,
        items: impl Stream<Item = hwmigrate::Result<T>> + Send + 'static,
    ) -> Mutex<Self> {
        let items = items.map_ok(|item| Box::new(item) as Box<dyn Record>);
        Mutex::new(Self { caller: caller.clone(), items: Box::pin(items) })
    }
}

/// The filters of a list, as parameters of a request.
pub(crate) struct Filters(Vec<(String, String)>);

impl Filters {
    /// The parameters, which must be among the `known` ones; a list takes no body.
    pub(crate) fn of(draft: Draft, known: &[&str]) -> Result<Self, Failure> {
        if draft.body.is_some() {
            return Err(Failure::argument(
                "a list takes no body: set its filters with hwm_request_set_parameter",
            ));
        }
        if let Some((name, _)) = draft.parameters.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            return Err(Failure::argument(format!(
                "there is no filter `{name}`; there are: {}",
                known.join(", ")
            )));
        }
        Ok(Self(draft.parameters))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        let parse = |text: &str| {
            text.parse().map_err(|_| {
                Failure::argument(format!("the filter `{name}` is {text:?}, not a number in range"))
            })
        };
        self.text(name).map(parse).transpose()
    }
}

/// Frees a list. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_list_free(list: *mut hwm_list) {
    // SAFETY: a handle that the caller gives up.
    unsafe { free(list) };
}

/// Reads the next item.
///
/// @param item Receives the item, with HWM_OK; free it with `hwm_value_free`.
/// @return HWM_END when there are no more. After an error the list is over and
///         gives HWM_END, but for HWM_ARGUMENT, HWM_BUSY, HWM_IN_CALLBACK and
///         HWM_CANCELLED by a flag, which stays set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hwm_list_next(
    list: *mut hwm_list,
    item: *mut *mut hwm_value,
    error: *mut *mut hwm_error,
) -> hwm_result {
    let (list, item, error) = (input!(list), output!(item), output!(error));
    enter(error, || {
        let item = item.required("item")?;
        let list = list.get("list")?;
        let mut listing = alone(&list, "list")?;
        let Listing { caller, items } = &mut *listing;
        match caller.run_eagerly(items.try_next())? {
            Some(record) => {
                item.give(hwm_value::record(record));
                Ok(hwm_result::HWM_OK)
            }
            None => Ok(hwm_result::HWM_END),
        }
    })
}
