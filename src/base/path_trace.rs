//! The source files on the way of an input, for the test that compares them with ARCHITECTURE.md.
//! Only builds with the feature `path-trace` note anything; in others a note is no code.

#[cfg(feature = "path-trace")]
static SINK: std::sync::OnceLock<fn(&str)> = std::sync::OnceLock::new();

/// Hands every note from now on to `sink`. The first sink stays.
#[cfg(feature = "path-trace")]
pub fn set_sink(sink: fn(&str)) {
    SINK.get_or_init(|| sink);
}

/// Notes that the calling function, and those it was called by, handle an input of the kind `path`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "in a build without the feature a note is no code at all")]
pub fn note(path: &'static str) {
    #[cfg(feature = "path-trace")]
    if let Some(sink) = SINK.get() {
        sink(path);
    }
    #[cfg(not(feature = "path-trace"))]
    let _: &str = path;
}
