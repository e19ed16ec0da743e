//! An emulator for programs that are not written in Rust.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::tools::{Result, target};

/// The names and secrets of those who may log in.
const PROJECT: &str = "0215ef11e49d4743be23dd97a1561e91";
const REGION: &str = "cn-north-4";
const DOMAIN: &str = "c-domain";
const USER: &str = "c-user";
const PASSWORD: &str = "made-up-password-of-the-tests";
const KEY: &str = "MADEUPACCESSKEY00001";
const SECRET: &str = "made-up-secret-key-of-the-tests";
/// One who needs a passcode besides, with the key that an authenticator app is set up with.
const TOTP_USER: &str = "c-totp-user";
const TOTP_KEY: &str = "MFRGGZDFMZTWQ2LK";
/// A user of another account, which may act in the first one by an agency.
const PARTNER_DOMAIN: &str = "c-partner-domain";
const PARTNER_USER: &str = "c-partner-user";
const AGENCY: &str = "c-agency";

/// A running emulator with the folders `source` and `destination` as buckets.
pub(crate) struct Emulator {
    child: Child,
    url: String,
    folder: PathBuf,
    totp_user_id: String,
}

impl Emulator {
    /// Starts one, with a few objects to copy.
    pub(crate) fn start(command_line: &Path) -> Result<Self> {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let folder = target().join(format!("c/emulators/{}", LAST.fetch_add(1, Ordering::Relaxed)));
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
        for user in [
            format!("{DOMAIN}/{USER}"),
            format!("{DOMAIN}/{TOTP_USER}"),
            format!("{PARTNER_DOMAIN}/{PARTNER_USER}"),
        ] {
            command.arg("--user").arg(format!("{user}=env:C_PASSWORD"));
        }
        command.args(["--totp", &format!("{DOMAIN}/{TOTP_USER}=env:C_TOTP_KEY")]);
        command.args(["--agency", &format!("{DOMAIN}/{AGENCY}={PARTNER_DOMAIN}")]);
        command.args(["--access-key", &format!("{KEY}=env:C_SECRET")]);
        // A server that moves only when a test moves the clock: two hours of copying, after steps of one.
        command.args(["--source-server", "web-1,used=900000000", "--sms-step", "1h", "--sms-rate", "1"]);
        command.env("C_PASSWORD", PASSWORD).env("C_SECRET", SECRET).env("C_TOTP_KEY", TOTP_KEY);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("the emulator has no output")?).read_line(&mut line)?;
        let ready: serde_json::Value = serde_json::from_str(&line)?;
        let url = ready["url"].as_str().ok_or("the emulator named no url")?.to_owned();
        let totp_user_id = ready["user_ids"][format!("{DOMAIN}/{TOTP_USER}")].as_str();
        let totp_user_id = totp_user_id.ok_or("the emulator named no user ids")?.to_owned();
        Ok(Self { child, url, folder, totp_user_id })
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
            ("TOTP_USER", TOTP_USER),
            ("TOTP_USER_ID", &self.totp_user_id),
            ("TOTP_KEY", TOTP_KEY),
            ("PARTNER_DOMAIN", PARTNER_DOMAIN),
            ("PARTNER_USER", PARTNER_USER),
            ("AGENCY", AGENCY),
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
        let _ = fs::remove_dir_all(&self.folder);
    }
}
