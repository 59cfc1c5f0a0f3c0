//! Actions on clients, one per file.
