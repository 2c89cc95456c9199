//! a seeded generator of synthetic organisations: logs, grants and the truth behind them
