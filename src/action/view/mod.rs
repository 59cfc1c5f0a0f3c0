//! Actions on views, one per file.
