//! `remit ledger`

use std::path::Path;

use serde::Serialize;

use super::Streams;
use super::analysing::LedgerArguments;
use crate::exit::Exit;
use crate::ledgers::Ledger;
use crate::output::{Format, grouped};

/// Look after a ledger
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Say what a ledger holds, in numbers
    Info(InfoArguments),
    /// Merge small files
    Compact(CompactArguments),
}

/// Say what a ledger holds, in numbers
#[derive(Debug, clap::Args)]
pub(super) struct InfoArguments {
    #[command(flatten)]
    ledger: LedgerArguments,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Merge small files
#[derive(Debug, clap::Args)]
pub(super) struct CompactArguments {
    #[command(flatten)]
    ledger: LedgerArguments,
}
