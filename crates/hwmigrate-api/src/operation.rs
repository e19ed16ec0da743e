//! What the documents say about each operation, as data.

use std::fmt;

/// A service of Huawei Cloud that this crate speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// Identity and Access Management, API v3.
    Iam,
    /// Object Storage Migration Service, API v2.
    Oms,
    /// Server Migration Service, API v3.
    Sms,
}

impl Service {
    /// The lower-case name that host names and settings use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Oms => "oms",
            Self::Sms => "sms",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One operation of one document.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The documented id, such as `CreateTask`. Services share some.
    pub id: &'static str,
    /// Further documented ids that share its method and path, such as `KeystoneCreateAgencyToken`.
    pub aliases: &'static [&'static str],
    /// The name of the generated function, such as `create_task`.
    pub function: &'static str,
    /// The service that offers it.
    pub service: Service,
    /// The HTTP method, in upper case.
    pub method: &'static str,
    /// The path with its parameters in braces, such as `/v2/{project_id}/tasks`.
    pub path: &'static str,
    /// One line on what it does.
    pub summary: &'static str,
    /// The address of its page in the documentation.
    pub documentation: &'static str,
    /// The parameters of path, query and header, in the document's order.
    pub parameters: &'static [Parameter],
    /// Whether a body is sent.
    pub body: bool,
    /// The status of a success.
    pub success: u16,
    /// What a success carries.
    pub response: ResponseBody,
    /// Sending it twice does the same as sending it once (`x-idempotent`).
    pub idempotent: bool,
    /// Its request or response carries credentials (`x-secret`), so neither may be shown.
    pub secret: bool,
}

impl Operation {
    /// The id with the service before it, such as `sms.CreateTask`: one operation and no other.
    pub fn qualified_id(&self) -> String {
        format!("{}.{}", self.service, self.id)
    }

    /// Whether the path of an address is one of this operation.
    ///
    /// Addresses are normalised when they are built, so a parameter that is
    /// empty, `.` or `..` ends at another path than the document's. Compare
    /// before sending: the path would name another resource.
    ///
    /// ```
    /// # #[cfg(feature = "oms")] {
    /// let show = hwmigrate_api::find_operation("ShowTaskGroup").unwrap();
    /// assert!(show.matches_path("", "/v2/p/taskgroups/g"));
    /// assert!(!show.matches_path("", "/v2/p/taskgroups/"));
    /// assert!(!show.matches_path("", "/v2/p/"));
    /// # }
    /// ```
    pub fn matches_path(&self, base_path: &str, url_path: &str) -> bool {
        let Some(path) = url_path.strip_prefix(base_path.trim_end_matches('/')) else { return false };
        let mut found = path.split('/');
        let all = self.path.split('/').all(|wanted| match found.next() {
            Some(segment) if wanted.starts_with('{') => !matches!(segment, "" | "." | ".."),
            Some(segment) => segment == wanted,
            None => false,
        });
        all && found.next().is_none()
    }
}

/// How many services are compiled in.
const SERVICES: usize =
    cfg!(feature = "iam") as usize + cfg!(feature = "oms") as usize + cfg!(feature = "sms") as usize;

/// All operations of the services that are compiled in: those of IAM, of OMS, of SMS.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    let services: [&'static [Operation]; SERVICES] = [
        #[cfg(feature = "iam")]
        crate::iam::OPERATIONS,
        #[cfg(feature = "oms")]
        crate::oms::OPERATIONS,
        #[cfg(feature = "sms")]
        crate::sms::OPERATIONS,
    ];
    services.into_iter().flatten()
}

/// The operation of a documented id, if there is one.
///
/// The ids that share a method and path, such as the four ways to get a token,
/// lead to the one operation that speaks for them.
///
/// OMS and SMS share ids, such as `CreateTask`. An id of several services is
/// that of OMS; the name of a service before it, as in `sms.CreateTask`, says
/// which is meant. [`Operation::qualified_id`] makes such an id.
///
/// ```
/// # #[cfg(feature = "iam")] {
/// let by_agency = hwmigrate_api::find_operation("KeystoneCreateAgencyToken").unwrap();
/// assert_eq!(by_agency.id, "KeystoneCreateToken");
/// # }
/// # #[cfg(all(feature = "oms", feature = "sms"))] {
/// assert_eq!(hwmigrate_api::find_operation("CreateTask").unwrap().path, "/v2/{project_id}/tasks");
/// assert_eq!(hwmigrate_api::find_operation("sms.CreateTask").unwrap().path, "/v3/tasks");
/// # }
/// ```
pub fn find_operation(id: &str) -> Option<&'static Operation> {
    let (service, id) = match id.split_once('.') {
        Some((service, id)) => (Some(service), id),
        None => (None, id),
    };
    operations()
        .filter(|operation| service.is_none_or(|service| operation.service.name() == service))
        .find(|operation| operation.id == id || operation.aliases.contains(&id))
}

/// A parameter of an operation.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// The name on the wire.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Whether a call without it is refused.
    pub required: bool,
    /// Whether it carries a credential (`x-secret`).
    pub secret: bool,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In a segment of the path.
    Path,
    /// Behind the question mark.
    Query,
    /// In a header.
    Header,
}

/// What a success carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseBody {
    /// Nothing that a client may rely on.
    Empty,
    /// A JSON object.
    Object,
    /// A JSON array.
    Array,
    /// Bytes of any kind.
    Stream,
}
