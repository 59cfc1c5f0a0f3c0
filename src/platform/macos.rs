//! What macOS has instead of /proc, pidfds and cgroups. Descendants are found by ps(1)-like tables
//! only; there is no subreaper.
