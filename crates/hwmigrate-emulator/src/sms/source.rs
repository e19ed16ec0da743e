//! Source servers that an emulator has from its start.

use serde_json::{Value, json};

use super::words::Os;

/// A source server whose agent the emulator plays; see [`Builder::source_server`](crate::Builder::source_server).
///
/// ```
/// use hwmigrate_emulator::SourceServer;
///
/// let small = SourceServer::new("web-1").used_bytes(64 << 20);
/// let windows = SourceServer::new("desk-1").windows();
/// # let _ = (small, windows);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceServer {
    pub(crate) name: String,
    pub(crate) os: Os,
    used: u64,
}

/// What is used on the disk of the example in the documentation, in bytes.
const USED: u64 = 2_467_393_536;
/// The size of that disk.
const DISK: u64 = 42_949_672_960;

impl SourceServer {
    /// A Linux server with 2.3 GiB of data on a disk of 40 GiB.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), os: Os::Linux, used: USED }
    }

    /// It runs Windows, which is migrated at block level only.
    pub fn windows(mut self) -> Self {
        self.os = Os::Windows;
        self
    }

    /// How much data there is to migrate. The disk is 40 GiB, or large enough for it.
    pub fn used_bytes(mut self, bytes: u64) -> Self {
        self.used = bytes.max(1);
        self
    }

    /// What its agent reports when it registers.
    pub(crate) fn facts(&self, number: u64) -> Value {
        let size = DISK.max(self.used);
        let ip = format!("192.168.{}.{}", (number / 250) % 250, 4 + number % 250);
        let linux = self.os == Os::Linux;
        let (disk, volume, file_system, mount) = if linux {
            ("/dev/vda", "/dev/vda1", "ext4", json!("/"))
        } else {
            ("Disk 0", "(C:)", "NTFS", Value::Null)
        };
        let mut facts = json!({
            "name": self.name, "hostname": self.name, "ip": ip, "os_type": self.os.word(),
            "os_version": if linux { "CENTOS_7_6_64BIT" } else { "WINDOWS2019_64BIT" },
            "firmware": "BIOS", "cpu_quantity": 2, "memory": 4_018_196_480_u64, "agent_version": "25.2.0",
            "has_tc": linux, "start_type": "MANUAL", "platform": "other", "io_read_wait": 0.5,
            "oem_system": false, "volume_groups": [], "btrfs_list": [],
            "networks": [{
                "name": "eth0", "ip": ip, "netmask": "255.255.0.0", "gateway": "192.168.0.1", "mtu": 1500,
                "mac": format!("fa:16:3e:00:{:02x}:{:02x}", number / 256 % 256, number % 256),
            }],
            "disks": [{
                "name": disk, "partition_style": "MBR", "device_use": "BOOT", "size": size, "used_size": self.used,
                "os_disk": true,
                "physical_volumes": [{
                    "name": volume, "device_use": "OS", "file_system": file_system, "index": 0,
                    "mount_point": mount, "size": size, "used_size": self.used,
                }],
            }],
        });
        if linux {
            facts["has_rsync"] = json!(true);
            facts["boot_loader"] = json!("GRUB");
            facts["paravirtualization"] = json!(false);
            facts["kernel_version"] = json!("3.10.0-957.el7.x86_64");
        } else {
            facts["driver_files"] = json!(false);
            facts["system_services"] = json!(false);
            facts["account_rights"] = json!(true);
            facts["system_dir"] = json!("C:\\Windows");
        }
        facts
    }
}

impl From<&str> for SourceServer {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for SourceServer {
    fn from(name: String) -> Self {
        Self::new(&name)
    }
}
