//! what cargo cannot do: test, catalog, bench, bless, tidy

fn main() {}
