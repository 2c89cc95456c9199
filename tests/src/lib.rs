//! What the end-to-end tests stand on: the built program, real data, peers and golden cases.

pub mod case;
pub mod chart;
pub mod cloud;
pub mod data;
pub mod demo;
pub mod forge;
pub mod peer;
pub mod program;
pub mod referee;
pub mod skip;
