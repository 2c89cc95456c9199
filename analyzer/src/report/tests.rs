//! The layouts against each other.

use super::{html, markdown, sample};

#[test]
fn both_layouts_are_made() {
    let report = sample::report(3, 4);
    assert!(html::render(&report).unwrap().contains("platform-admin"));
    assert!(markdown::render(&report).contains("platform-admin"));
}
