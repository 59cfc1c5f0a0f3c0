//! Actions on layouts, one per file.
