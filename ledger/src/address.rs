//! Addresses of object stores.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as StorePath;
use object_store::{ObjectStore, RetryConfig};

use crate::LedgerError;

/// How long a request is tried again. A machine without credentials waits this long for those of its host.
const PATIENCE: Duration = Duration::from_secs(30);

const RETRIES: usize = 5;

/// A place in an object store: a bucket of S3 or of what speaks like it, and a prefix or object in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    bucket: String,
    path: StorePath,
}

impl Address {
    /// Reads `s3://BUCKET/PATH`; none where the text is not an address at all, but the name of a file.
    ///
    /// # Errors
    /// When it is an address of another store, or names no bucket.
    pub fn parse(text: &str) -> Result<Option<Self>, LedgerError> {
        let Some((scheme, place)) = text.split_once("://") else { return Ok(None) };
        let wrong =
            |reason: &str| LedgerError::Address { address: text.to_owned(), reason: reason.to_owned() };
        if scheme != "s3" {
            return Err(wrong("only addresses of the form `s3://BUCKET/PREFIX` can be used"));
        }
        let (bucket, path) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            return Err(wrong("it names no bucket"));
        }
        let path = StorePath::parse(path).map_err(|error| wrong(&error.to_string()))?;
        Ok(Some(Self { bucket: bucket.to_owned(), path }))
    }

    /// The bucket as `s3://BUCKET`.
    pub fn bucket(&self) -> String {
        format!("s3://{}", self.bucket)
    }

    /// The prefix or object within the bucket.
    pub fn path(&self) -> &StorePath {
        &self.path
    }

    /// The store. Region, endpoint and credentials are those of the environment, under the names that AWS's own tools
    /// use (`AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, ...), or those of the host.
    ///
    /// # Errors
    /// When a setting of the environment is wrong.
    pub fn store(&self) -> Result<Arc<dyn ObjectStore>, LedgerError> {
        Ok(self.amazon()?)
    }

    /// The store as what it is, for what other stores cannot do.
    ///
    /// # Errors
    /// When a setting of the environment is wrong.
    pub fn amazon(&self) -> Result<Arc<AmazonS3>, LedgerError> {
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: PATIENCE, ..RetryConfig::default() };
        let store = AmazonS3Builder::from_env().with_bucket_name(&self.bucket).with_retry(retry).build();
        let failed = |source| LedgerError::Store { action: "open", path: self.bucket(), source };
        Ok(Arc::new(store.map_err(failed)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_files() {
        let address = Address::parse("s3://trail/AWSLogs/o-1/").unwrap().unwrap();
        assert_eq!((address.bucket().as_str(), address.path().as_ref()), ("s3://trail", "AWSLogs/o-1"));
        assert_eq!(Address::parse("s3://trail").unwrap().unwrap().path().as_ref(), "");
        for file in ["AWSLogs", "./s3:/a", "C:/logs", "-"] {
            assert_eq!(Address::parse(file).unwrap(), None, "{file}");
        }
        for (wrong, word) in [("gs://bucket/a", "s3://"), ("s3://", "no bucket"), ("s3:///a", "no bucket")] {
            let said = Address::parse(wrong).unwrap_err().to_string();
            assert!(said.contains(word) && said.contains(wrong), "{said}");
        }
    }
}
