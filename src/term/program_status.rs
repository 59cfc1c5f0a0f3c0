//! The Program Status Protocol (OSC 7501, revision 0.3): a report has fields `key=value` with
//! colons between them. Here it is read; what follows from it is not known.

use crate::base::program_status::{ProgramStatus, StatusReport, WorkState};
use crate::base::text::{decode_base64_loose, sanitize};

/// The longest report, in bytes; one that is longer means nothing.
const REPORT_BYTES_MAX: usize = 4096;
const ID_BYTES_MAX: usize = 128;
const APP_BYTES_MAX: usize = 32;
const TITLE_BYTES_MAX: usize = 192;
const MESSAGE_BYTES_MAX: usize = 2048;
/// Reasons for which a program can be blocked.
const REASONS: [&str; 3] = ["permission", "question", "auth"];

/// Reads what follows the number; none if it is no report. Fields that are not known, or have no
/// meaning, are passed over.
pub(crate) fn parse(body: &str) -> Option<StatusReport> {
    if REPORT_BYTES_MAX < body.len() {
        return None;
    }
    let (mut state, mut id) = (None, String::new());
    let mut status = ProgramStatus {
        state: WorkState::Idle,
        reason: String::new(),
        app: String::new(),
        title: String::new(),
        message: String::new(),
        progress: None,
    };
    for (key, value) in body.split(':').filter_map(|field| field.split_once('=')) {
        match key {
            "state" => state = Some(value),
            "id" if value.len() <= ID_BYTES_MAX => id = sanitize(value, ID_BYTES_MAX),
            "id" => return None,
            "app" => status.app = sanitize(value, APP_BYTES_MAX),
            "kind" if REASONS.contains(&value) => status.reason = value.into(),
            "title" => status.title = decoded(value, TITLE_BYTES_MAX).unwrap_or_default(),
            "msg" => status.message = decoded(value, MESSAGE_BYTES_MAX).unwrap_or_default(),
            "progress" => {
                status.progress = value.parse().ok().filter(|percent| *percent <= 100);
            }
            _ => {}
        }
    }
    let status = match state? {
        "clear" => None,
        word => {
            status.state = WorkState::of(word)?;
            if status.state != WorkState::Blocked {
                status.reason.clear();
            }
            Some(status)
        }
    };
    Some(StatusReport { id, status })
}

/// Base64 of UTF-8 text, without controls; none if it is something else.
fn decoded(value: &str, max: usize) -> Option<String> {
    let bytes = decode_base64_loose(value.as_bytes(), REPORT_BYTES_MAX)?;
    Some(sanitize(&String::from_utf8(bytes).ok()?, max))
}

#[cfg(test)]
mod tests {
    use super::{WorkState, parse};

    #[test]
    fn a_report_has_its_fields_and_unknown_ones_are_passed_over() {
        let report = parse(
            "state=blocked:id=a/b:app=cargo:kind=permission:msg=Q29udGludWU/:x=1:progress=40",
        );
        let report = report.expect("it is one");
        let status = report.status.expect("it says something");
        assert_eq!((report.id.as_str(), status.state), ("a/b", WorkState::Blocked));
        assert_eq!((status.app.as_str(), status.message.as_str()), ("cargo", "Continue?"));
        assert_eq!((status.reason.as_str(), status.progress), ("permission", Some(40)));
    }

    #[test]
    fn what_is_no_report_means_nothing_and_what_is_too_much_is_left_out() {
        for body in ["", "state=dancing", "app=x", "state=idle".repeat(500).as_str()] {
            assert_eq!(parse(body), None, "{body}");
        }
        let long = format!("state=done:app={}:progress=101:msg=!!", "x".repeat(99));
        let status = parse(&long).expect("it is one").status.expect("it is there");
        assert!(status.app.len() <= 35 && status.message.is_empty() && status.progress.is_none());
        assert_eq!(parse("state=clear").map(|report| report.status), Some(None));
        let controls = parse("state=done:msg=GxtbMm0=").expect("it is one");
        assert!(!controls.status.expect("it is there").message.contains('\u{1b}'));
    }
}
