//! Low-level clients of the Huawei Cloud migration services, generated from
//! the OpenAPI documents in `openapi/`.

mod operation;
mod secret;
mod transport;

pub use operation::{Operation, Parameter, Place, ResponseBody, Service};
pub use secret::{Exposed, REDACTED, Secret};
pub use transport::{Hooks, Sending, Transport};
