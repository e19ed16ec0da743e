//! An emulator for programs that are not written in Rust.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::tools::{Result, target};

/// The names and secrets of the emulator's only user.
const PROJECT: &str = "0215ef11e49d4743be23dd97a1561e91";
const REGION: &str = "cn-north-4";
const DOMAIN: &str = "c-domain";
const USER: &str = "c-user";
const PASSWORD: &str = "made-up-password-of-the-tests";
const KEY: &str = "MADEUPACCESSKEY00001";
const SECRET: &str = "made-up-secret-key-of-the-tests";

/// A running emulator with the folders `source` and `destination` as buckets.
pub(crate) struct Emulator {
    child: Child,
    url: String,
    folder: PathBuf,
}

impl Emulator {
    /// Starts one, with a few objects to copy.
    pub(crate) fn start(command_line: &Path) -> Result<Self> {
        let folder = target().join("c/emulator");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        for (name, text) in
            [("photos/one.jpg", "picture"), ("photos/two.jpg", "another"), ("films/one.mp4", "film")]
        {
            let file = folder.join("source").join(name);
            fs::create_dir_all(file.parent().ok_or("a file lies in a folder")?)?;
            fs::write(file, text)?;
        }
        fs::create_dir_all(folder.join("destination"))?;

        let mut command = Command::new(command_line);
        command.args([
            "emulator",
            "--quiet",
            "--listen",
            "127.0.0.1:0",
            "--project-id",
            PROJECT,
            "--region",
            REGION,
        ]);
        for bucket in ["source", "destination"] {
            command.arg("--bucket").arg(format!("{bucket}={}", folder.join(bucket).display()));
        }
        command.args(["--user", &format!("{DOMAIN}/{USER}=env:C_PASSWORD")]);
        command.args(["--access-key", &format!("{KEY}=env:C_SECRET")]);
        command.args(["--source-server", "web-1"]);
        command.env("C_PASSWORD", PASSWORD).env("C_SECRET", SECRET);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("the emulator has no output")?).read_line(&mut line)?;
        let ready: serde_json::Value = serde_json::from_str(&line)?;
        let url = ready["url"].as_str().ok_or("the emulator named no url")?.to_owned();
        Ok(Self { child, url, folder })
    }

    /// Tells a program where the emulator is and who may log in, the way users would.
    pub(crate) fn describe(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).envs([
            ("HWMIGRATE_REGION", REGION),
            ("HUAWEICLOUD_SDK_PROJECT_ID", PROJECT),
            ("HUAWEICLOUD_SDK_IAM_ENDPOINT", &self.url),
            ("HWMIGRATE_OMS_ENDPOINT", &self.url),
            ("HWMIGRATE_SMS_ENDPOINT", &self.url),
            ("HW_DOMAIN_NAME", DOMAIN),
            ("HW_USER_NAME", USER),
            ("HW_USER_PASSWORD", PASSWORD),
            ("SOURCE_AK", "made-up-source-key"),
            ("SOURCE_SK", "made-up-source-secret"),
            ("DESTINATION_AK", "made-up-target-key"),
            ("DESTINATION_SK", "made-up-target-secret"),
        ]);
    }

    /// A file with the access key and its secret, each on a line.
    pub(crate) fn key_file(&self) -> Result<String> {
        let file = self.folder.join("key");
        fs::write(&file, format!("{KEY}\n{SECRET}\n"))?;
        Ok(file.into_os_string().into_string().map_err(|path| format!("{path:?} is not UTF-8"))?)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Both fail only where it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
