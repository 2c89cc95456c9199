use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn collapsed(names: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let names: Vec<String> = names.into_iter().collect();
    let mut collapse = Collapse::default();
    names.iter().for_each(|name| collapse.add(name));
    names.into_iter().map(|name| collapse.name(&name).unwrap_or(name)).collect()
}

#[test]
fn keys_below_one_folder_become_the_folder() {
    let keys = (0..65).map(|key| format!("arn:aws:s3:::bucket/a/{key}.json"));
    let other = "arn:aws:s3:::bucket/b/1.json".to_owned();
    let names = collapsed(keys.chain([other.clone()]));
    assert_eq!(names, BTreeSet::from(["arn:aws:s3:::bucket/a/*".to_owned(), other]));
}

#[test]
fn deep_names_become_two_parts_once_there_are_too_many() {
    let key = |number: u32| format!("arn:aws:s3:::logs/year=2026/month=08/day={}/{number}.gz", number % 31);
    let stream = |number: u32| {
        format!(
            "arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/f:log-stream:2026/08/{}/[1]{number}",
            number % 31
        )
    };
    assert_eq!(collapsed((0..64).map(key)).len(), 64);
    let names = collapsed((0..65).map(key).chain((0..65).map(stream)));
    let expected = [
        "arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/f:log-stream:*",
        "arn:aws:s3:::logs/year=2026/month=08/*",
    ];
    assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn as_many_as_the_limit_stay() {
    let tables: Vec<_> =
        (0..64).map(|table| format!("arn:aws:dynamodb:eu-west-1:1:table/t{table}")).collect();
    assert_eq!(collapsed(tables.clone()).len(), 64);
    let one_more = tables.into_iter().chain(["arn:aws:dynamodb:eu-west-1:1:table/more".to_owned()]);
    assert_eq!(collapsed(one_more), BTreeSet::from(["arn:aws:dynamodb:eu-west-1:1:table/*".to_owned()]));
}

#[test]
fn buckets_and_topics_have_a_bound_of_their_own() {
    let buckets = |count: usize| (0..count).map(|bucket| format!("arn:aws:s3:::bucket-{bucket}"));
    assert_eq!(collapsed(buckets(1024)).len(), 1024);
    assert_eq!(collapsed(buckets(1025)), BTreeSet::from(["arn:aws:s3:::*".to_owned()]));
}

#[test]
fn objects_of_one_kind_and_namespace_become_the_kind() {
    let pods = (0..65).map(|pod| format!("namespaces/shop/pods/web-{pod}"));
    let nodes = (0..65).map(|node| format!("nodes/{node}"));
    let few: Vec<_> =
        ["namespaces/other/pods/web-0", "namespaces/shop/pods", "namespaces/shop", "/healthz", "/a/b"]
            .map(str::to_owned)
            .into();
    let names = collapsed(pods.chain(nodes).chain(few.clone()));
    let cut = ["namespaces/shop/pods/*", "nodes/*"].map(str::to_owned);
    assert_eq!(names, few.into_iter().chain(cut).collect());
    let namespaces = (0..3000).map(|namespace| format!("namespaces/n{namespace}/pods/web"));
    assert_eq!(collapsed(namespaces).len(), 3000);
}

#[test]
fn a_name_without_parts_and_an_empty_one_are_left_alone() {
    assert_eq!(collapsed([String::new(), "*".to_owned(), "alias".to_owned()]).len(), 3);
}

#[test]
fn a_cut_name_is_noticed_wherever_it_comes() {
    let names = ["arn:aws:s3:::bucket/a/1", "arn:aws:s3:::bucket/a/*"];
    for order in [names, [names[1], names[0]]] {
        let mut collapse = Collapse::default();
        order.iter().for_each(|name| collapse.add(name));
        assert!(collapse.is_needed());
        let mut resources = order.map(str::to_owned).to_vec();
        collapse.apply(&mut resources);
        assert_eq!(resources, ["arn:aws:s3:::bucket/a/*"]);
    }
}

fn any_key() -> impl Strategy<Value = String> {
    let part =
        prop_oneof![Just("a".to_owned()), Just("b".to_owned()), (0..90_u8).prop_map(|n| n.to_string())];
    proptest::collection::vec(part, 1..6).prop_map(|parts| format!("arn:aws:s3:::bucket/{}", parts.join("/")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn collapsing_in_parts_is_collapsing_at_once(
        left in proptest::collection::vec(any_key(), 0..300),
        right in proptest::collection::vec(any_key(), 0..300),
    ) {
        let at_once = collapsed(left.iter().chain(&right).cloned());
        let backwards = collapsed(right.iter().chain(&left).rev().cloned());
        prop_assert_eq!(&at_once, &backwards);
        prop_assert_eq!(&at_once, &collapsed(at_once.iter().cloned()));
        let in_parts = collapsed(collapsed(left).into_iter().chain(collapsed(right)));
        prop_assert_eq!(at_once, in_parts);
    }

    #[test]
    fn what_was_cut_as_it_came_collapses_to_the_same(
        names in proptest::collection::vec(any_key(), 0..400),
        shards in 1..4_usize,
    ) {
        let mut workers: Vec<Collapse> = (0..shards).map(|_| Collapse::default()).collect();
        let recorded: Vec<String> = names
            .iter()
            .enumerate()
            .map(|(number, name)| {
                let worker = &mut workers[number % shards];
                worker.add(name);
                worker.name(name).unwrap_or_else(|| name.clone())
            })
            .collect();
        prop_assert_eq!(collapsed(recorded), collapsed(names));
    }

    #[test]
    fn beside_a_cut_name_its_siblings_are_cut(names in proptest::collection::vec(any_key(), 0..100)) {
        let cut = names.iter().filter_map(|name| Some(format!("{}/*", name.rsplit_once('/')?.0)));
        let result = collapsed(names.iter().cloned().chain(cut.take(3)));
        for full in result.iter().filter_map(|name| name.strip_suffix('*')) {
            let siblings = result.iter().filter(|name| {
                name.strip_prefix(full).is_some_and(|rest| rest != "*" && !rest.contains('/'))
            });
            prop_assert_eq!(siblings.count(), 0, "{} in {:?}", full, &result);
        }
    }
}
