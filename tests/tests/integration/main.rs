//! End-to-end tests: one binary, since every further one would link everything again. A module per subject.

mod documentation;
mod proposal;
mod real_policies;
mod referee;
