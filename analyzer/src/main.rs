//! granted permissions against used ones: findings, proven proposals, reports

fn main() {}
