//! The objects of a part of a bucket, page by page.
//!
//! A key may have an empty segment, as `org//AWSLogs`, or one of dots. The library cannot name such an object, and gives
//! nothing of a page that holds one. Such a page is asked for in smaller ones, until that key is alone. What begins like it
//! is passed over together, since it may be all that a trail delivered.

use std::sync::Arc;

use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path as StorePath;
use object_store::{Error, ObjectMeta, path};

/// Keys of a page; a server gives no more at once.
const PAGE: usize = 1000;

/// No key that begins with something comes behind that and this character.
const LAST: char = '\u{10fffd}';

/// What is met in a part of a bucket.
#[derive(Debug)]
pub(crate) enum Entry {
    Object(ObjectMeta),
    /// Objects that cannot be named, by what their keys begin with.
    Unnameable(String),
}

/// Lists what is behind a prefix, in the order of keys.
pub(crate) fn entries(
    store: Arc<dyn PaginatedListStore>,
    prefix: &StorePath,
) -> BoxStream<'static, object_store::Result<Entry>> {
    let prefix = Some(prefix.as_ref()).filter(|prefix| !prefix.is_empty()).map(|prefix| format!("{prefix}/"));
    let pages = Pages { store, prefix, size: PAGE, offset: None, token: None, is_ended: false };
    let pages = futures::stream::try_unfold(pages, Pages::next);
    pages.map_ok(|page| futures::stream::iter(page.into_iter().map(Ok))).try_flatten().boxed()
}

struct Pages {
    store: Arc<dyn PaginatedListStore>,
    prefix: Option<String>,
    /// Keys to ask for.
    size: usize,
    /// The key behind which the list goes on, where no token says so.
    offset: Option<String>,
    token: Option<String>,
    is_ended: bool,
}

impl Pages {
    async fn next(mut self) -> object_store::Result<Option<(Vec<Entry>, Self)>> {
        while !self.is_ended {
            let options = PaginatedListOptions {
                offset: self.offset.clone(),
                max_keys: Some(self.size),
                page_token: self.token.clone(),
                ..PaginatedListOptions::default()
            };
            let error = match self.store.list_paginated(self.prefix.as_deref(), options).await {
                Ok(page) => {
                    self.size = self.size.saturating_mul(2).min(PAGE);
                    self.is_ended = page.page_token.is_none();
                    self.token = page.page_token;
                    let objects = page.result.objects.into_iter().map(Entry::Object);
                    return Ok(Some((objects.collect(), self)));
                }
                Err(error) => error,
            };
            let Some(beginning) = unnameable(&error) else { return Err(error) };
            if self.size > 1 {
                self.size /= 2;
                continue;
            }
            let behind = format!("{beginning}{LAST}");
            // A store that does not list in the order of keys would be asked for the same again and again.
            if self.offset.as_ref().is_some_and(|offset| *offset >= behind) {
                return Err(error);
            }
            (self.offset, self.token) = (Some(behind), None);
            return Ok(Some((vec![Entry::Unnameable(beginning)], self)));
        }
        Ok(None)
    }
}

/// What a key that cannot be named begins with, up to the segment that is the matter.
fn unnameable(error: &Error) -> Option<String> {
    let Error::InvalidPath {
        source: path::Error::EmptySegment { path } | path::Error::BadSegment { path, .. },
    } = error
    else {
        return None;
    };
    let ends = path.match_indices('/').map(|(at, _)| at + 1);
    let mut beginnings = ends.filter_map(|end| path.get(..end));
    let beginning = beginnings.find(|beginning| StorePath::parse(format!("{beginning}x")).is_err());
    Some(beginning.unwrap_or(path).to_owned())
}
