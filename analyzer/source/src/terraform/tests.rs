//! What is told of small folders with Terraform.

mod attachments;
mod boundaries;
mod labels;
mod references;
mod tags;
mod twins;

use crate::repository::Repository;

/// A repository of these files.
fn repository(files: &[(&str, &str)]) -> Repository {
    Repository::of(files.iter().map(|(path, text)| ((*path).into(), (*text).to_owned())))
}

/// A repository of one file.
fn of(text: &str) -> Repository {
    repository(&[("main.tf", text)])
}
