//! Actions on panes, one per file.
