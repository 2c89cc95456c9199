//! What an opening admits beside what it is for.

use super::*;

fn key(name: &str) -> String {
    format!("arn:aws:s3:::lake/data/{name}")
}

/// The patterns of objects that were touched one a day, where these exist too.
fn opened(thresholds: Option<Thresholds>, touched: &[String], others: &[String]) -> Vec<String> {
    let inventory = others.iter().chain(touched).cloned().collect();
    let seen = sightings(touched.iter().map(String::as_str).zip(0..));
    rules(thresholds, &seen, &inventory).into_keys().collect()
}

#[test]
fn what_changes_things_is_not_opened_to_many_others() {
    let touched: Vec<_> = (0..20).map(|at| key(&format!("part-{at}"))).collect();
    let others: Vec<_> = (20..40).map(|at| key(&format!("part-{at}"))).collect();
    // A fifth of the twenty.
    assert_eq!(opened(WRITE, &touched, &others[..4]), [key("part-*")]);
    assert_eq!(opened(WRITE, &touched, &others[..5]).len(), 20);
    // Three are no reason against it.
    assert_eq!(opened(WRITE, &touched[..5], &others[..3]), [key("part-*")]);
    assert_eq!(opened(WRITE, &touched[..5], &others[..4]).len(), 5);
    assert_eq!(opened(READ, &touched, &others), [key("part-*")]);
    // What the wildcard does not name does not count.
    let beside: Vec<_> = (0..40).map(|at| key(&word(at % 20))).collect();
    assert_eq!(opened(WRITE, &touched, &beside), [key("part-*")]);
}

#[test]
fn where_all_folders_are_too_much_each_is_judged_alone() {
    let file = |folder: usize, file: usize| key(&format!("{}/{}", word(folder), word(file)));
    let touched: Vec<_> = (0..12).flat_map(|folder| (0..12).map(move |at| file(folder, at))).collect();
    assert_eq!(opened(WRITE, &touched, &[]), [key("*/*")]);
    let others: Vec<_> = (12..20).flat_map(|folder| (0..12).map(move |at| file(folder, at))).collect();
    let each: Vec<_> = (0..12).map(|folder| key(&format!("{}/*", word(folder)))).collect();
    assert_eq!(opened(WRITE, &touched, &others), each);
}

#[test]
fn what_names_alone_would_open_is_opened_for_values_of_one_form() {
    let mut touched: Vec<_> = (0..9).map(|at| key(&word(at))).collect();
    touched.extend((0..4).map(|at| key(&format!("part-{at}"))));
    assert_eq!(opened(WRITE, &touched, &[]), [key("*")]);
    let others: Vec<_> = (9..16).map(|at| key(&word(at))).collect();
    let patterns = opened(WRITE, &touched, &others);
    assert_eq!(patterns.len(), 10);
    assert!(patterns.contains(&key("part-*")));
}

#[test]
fn what_a_service_assigns_is_open_anyway() {
    let task = |cluster: &str, at: usize| {
        format!("arn:aws:ecs:eu-west-1:111122223333:task/{cluster}/{:032x}", at * 7919)
    };
    let others: Vec<_> = (10..20).map(|at| task("web", at)).collect();
    let pattern = "arn:aws:ecs:eu-west-1:111122223333:task/web/*";
    assert_eq!(opened(WRITE, &[task("web", 1)], &others), [pattern]);
    // What it names already is nothing new to a wildcard of clusters.
    let touched: Vec<_> = (0..10).map(|at| task(&word(at), 1)).chain([task("web", 1)]).collect();
    assert_eq!(opened(WRITE, &touched, &others), ["arn:aws:ecs:eu-west-1:111122223333:task/*/*"]);
    let inventory = others.into_iter().collect();
    let rules = rules(WRITE, &sightings([(touched[10].as_str(), 1)]), &inventory);
    assert!(rules[pattern].why.as_deref().unwrap().ends_with("; also admits 10 known resources"));
}
