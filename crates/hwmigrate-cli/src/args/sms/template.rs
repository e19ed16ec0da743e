//! Arguments of `sms template`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::Input;
use crate::secret::SecretRef;

/// Templates of target servers.
#[derive(Debug, Subcommand)]
pub(crate) enum TemplateCommand {
    /// List templates
    List(TemplateList),
    /// Show one template
    Show {
        /// Template id
        id: String,
    },
    /// Create a template
    ///
    /// Networks and disks are given with --input; without networks the service
    /// is told to create them.
    #[command(after_long_help = "Examples:
  hwmigrate sms template create --skeleton > template.json
  hwmigrate sms template create --input template.json --target-password env:TARGET_PASSWORD")]
    Create {
        #[command(flatten)]
        fields: Box<TemplateFields>,
        #[command(flatten)]
        input: Input,
    },
    /// Change a template
    Update {
        /// Template id
        id: String,
        #[command(flatten)]
        fields: Box<TemplateFields>,
        #[command(flatten)]
        input: Input,
    },
    /// Delete templates
    Delete {
        /// Template ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Fetch the password that a template sets on its targets
    ///
    /// It is never printed: --to names a file that nobody else may read.
    Password {
        /// Template id
        id: String,
        /// File to write it to; must not exist yet
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
}

/// Arguments of `sms template list`.
#[derive(Args, Debug)]
pub(crate) struct TemplateList {
    /// Only templates whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Only the template with this id
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Only templates for targets in this region
    #[arg(long, value_name = "REGION")]
    pub(crate) target_region: Option<String>,
    /// Only templates for targets in this availability zone
    #[arg(long, value_name = "ZONE")]
    pub(crate) availability_zone: Option<String>,
    /// Show at most so many
    #[arg(long, value_name = "NUMBER")]
    pub(crate) limit: Option<usize>,
}

/// The facts of a template that are single values.
#[derive(Args, Clone, Debug)]
pub(crate) struct TemplateFields {
    /// Name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Region of the targets
    #[arg(long, value_name = "REGION")]
    pub(crate) target_region: Option<String>,
    /// Project of the targets
    #[arg(long, value_name = "ID")]
    pub(crate) target_project_id: Option<String>,
    /// Name of the target server
    #[arg(long, value_name = "NAME")]
    pub(crate) target_name: Option<String>,
    /// Availability zone of the targets
    #[arg(long, value_name = "ZONE")]
    pub(crate) availability_zone: Option<String>,
    /// Flavor of the targets
    #[arg(long, value_name = "FLAVOR")]
    pub(crate) flavor: Option<String>,
    /// Volume type of the system disk, such as SAS or SSD
    #[arg(long, value_name = "TYPE")]
    pub(crate) volume_type: Option<String>,
    /// Volume type of the data disks
    #[arg(long, value_name = "TYPE")]
    pub(crate) data_volume_type: Option<String>,
    /// Image of the targets
    #[arg(long, value_name = "ID")]
    pub(crate) image_id: Option<String>,
    /// Where the password of the targets is found
    #[arg(long, value_name = "REF")]
    pub(crate) target_password: Option<SecretRef>,
}
