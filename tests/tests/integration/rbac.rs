//! A real API server's decisions.

use std::fs;

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
use remit_policy::Origin;
use remit_policy::rbac::{State, User, read_objects};
use remit_tests::data;
use serde_json::Value;

/// The state of a real cluster, 3,000 access reviews and what the API server said to each.
#[test]
fn the_authorizer_decides_as_the_api_server() {
    let Some(oracle) = data::require("kubernetes/oracle") else { return };
    let read = |name: &str| fs::read_to_string(oracle.join(name)).unwrap();
    let dump = serde_json::from_str(&read("rbac_dump.json")).unwrap();
    let (objects, problems) = read_objects(&dump, &Origin { file: "rbac_dump.json".to_owned(), line: 1 });
    assert_eq!(problems, []);
    // Aggregated roles had no rules there, since nothing had written them: the state is taken as it was.
    let state = State::new(objects);
    let (reviews, decisions) = (read("sar_reqs.jsonl"), read("sar_dec.txt"));
    let (mut asked, mut allowed) = (0, 0);
    for (review, decision) in reviews.lines().zip(decisions.lines()) {
        let (user, request) = ask(&serde_json::from_str(review).unwrap());
        let is_allowed = !state.allowances(&user, &request).is_empty();
        assert_eq!(is_allowed, decision == "true", "{review}");
        asked += 1;
        allowed += usize::from(is_allowed);
    }
    assert_eq!((asked, allowed), (3000, 346));
}

fn ask(review: &Value) -> (User, Request) {
    let text = |name: &str| review[name].as_str().unwrap().to_owned();
    let groups = review["Groups"].as_array().unwrap().iter();
    let user =
        User { name: text("User"), groups: groups.map(|group| group.as_str().unwrap().to_owned()).collect() };
    let asked = ResourceRequest {
        group: text("Group"),
        resource: text("Resource"),
        subresource: text("Subresource"),
        namespace: text("Namespace"),
        name: String::new(),
    };
    (user, Request { verb: text("Verb"), target: Target::Resource(asked) })
}
