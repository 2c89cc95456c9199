//! The layouts against each other.

#[test]
fn dump() {
    for (name, report) in [("small", super::sample::report(12, 12)), ("big", super::sample::report(2000, 10)), ("empty", super::sample::empty()), ("hostile", super::sample::hostile())] {
        std::fs::write(format!("/tmp/scratch-report/{name}.html"), super::html::render(&report).unwrap()).unwrap();
        std::fs::write(format!("/tmp/scratch-report/{name}.md"), super::markdown::render(&report)).unwrap();
    }
}
