//! Probes: which functions of which files to attach to, and where in them.
//!
//! A probe belongs to a file and serves every process that maps it, those to come too. So a file is examined once, when
//! the first process that executes it is seen.

mod blind;
mod elf;
mod gopclntab;
mod image;
mod libraries;
mod maps;
mod open;
mod process;
mod rustls;
mod site;
mod symbols;
mod watch;

pub use blind::Blind;
pub use image::{Hook, Identity, Point, points};
pub use maps::{Mapping, executed};
pub use process::{executables, processes};
pub use site::{Convention, Site, choose};
pub use watch::{Watch, Watched};
