//! A stand-in for the provider on loopback: moto's server, as a subprocess.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::peer;

/// A server that speaks like S3. It ends when it is dropped.
#[derive(Debug)]
pub struct Cloud {
    server: Child,
    endpoint: String,
}

/// Puts every file below a folder into a bucket, which is made where it is not there.
const UPLOAD: &str = "
import boto3, os, sys
endpoint, bucket, folder, prefix = sys.argv[1:]
s3 = boto3.client('s3', endpoint_url=endpoint)
s3.create_bucket(Bucket=bucket)
for path, _, files in os.walk(folder):
    for file in files:
        name = os.path.join(path, file)
        s3.upload_file(name, bucket, prefix + os.path.relpath(name, folder))
";

/// Puts every object of a bucket into a folder, under its name.
const DOWNLOAD: &str = "
import boto3, os, sys
endpoint, bucket, folder = sys.argv[1:]
s3 = boto3.client('s3', endpoint_url=endpoint)
for page in s3.get_paginator('list_objects_v2').paginate(Bucket=bucket):
    for found in page.get('Contents', []):
        name = os.path.join(folder, found['Key'])
        os.makedirs(os.path.dirname(name), exist_ok=True)
        s3.download_file(bucket, found['Key'], name)
";

impl Cloud {
    /// Starts the server; none, and loudly so, where it was not prepared.
    ///
    /// # Panics
    ///
    /// Where `CI` is set and it is absent, or where it does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let mut command = peer::python()?;
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let server = command.spawn();
        assert!(server.is_ok(), "moto's server does not start: {server:?}");
        let mut server = server.ok()?;
        let mut lines = BufReader::new(server.stderr.take()?).lines().map_while(Result::ok);
        let endpoint = lines.find_map(|line| Some(line.split_once("Running on ")?.1.trim().to_owned()));
        // Whoever does not read what the server says makes it wait once the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        let cloud = Self { server, endpoint: endpoint.unwrap_or_default() };
        assert!(cloud.endpoint.starts_with("http://127.0.0.1:"), "moto's server does not start");
        Some(cloud)
    }

    /// Lets a program take the server for the provider.
    pub fn lend(&self, command: &mut Command) {
        command
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("AWS_REGION", "us-east-1");
    }

    /// Puts every file below a folder into a bucket, under a prefix.
    ///
    /// # Panics
    ///
    /// Where the client or the server fails.
    pub fn upload(&self, folder: &Path, bucket: &str, prefix: &str) {
        self.ask(UPLOAD, &[bucket.as_ref(), folder.as_os_str(), prefix.as_ref()]);
    }

    /// Puts every object of a bucket into a folder.
    ///
    /// # Panics
    ///
    /// Where the client or the server fails.
    pub fn download(&self, bucket: &str, folder: &Path) {
        self.ask(DOWNLOAD, &[bucket.as_ref(), folder.as_os_str()]);
    }

    fn ask(&self, program: &str, arguments: &[&OsStr]) {
        let Some(mut client) = peer::python() else { return };
        self.lend(&mut client);
        let output = client.args(["-c", program, &self.endpoint]).args(arguments).output();
        assert!(output.as_ref().is_ok_and(|output| output.status.success()), "{arguments:?}: {output:?}");
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        // A server that has ended by itself has nothing left to end.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
