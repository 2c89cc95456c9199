//! End-to-end tests: one binary, since every further one would link everything again. A module per subject.

mod documentation;
mod order;
mod proposal;
mod real;
mod real_policies;
mod referee;
