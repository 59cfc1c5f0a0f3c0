//! Actions on servers, one per file.
