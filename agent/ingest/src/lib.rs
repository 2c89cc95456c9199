//! audit-log readers that turn events into usage records
