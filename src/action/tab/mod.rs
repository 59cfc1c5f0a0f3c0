//! Actions on tabs, one per file.
