//! The right of the Mac's login window.

use otpair_host::loginright::{Placement, add, examine, is_trial, remove};

/// Puts otpair's mechanisms into a right and takes them out.
pub fn loginright(data: &[u8]) {
    let _ = is_trial(data);
    let before = examine(data);
    let removed = remove(data);
    assert_eq!(before.is_ok(), removed.is_ok());
    if let Ok(removed) = &removed {
        let examined = examine(removed).expect("what is taken out leaves a right");
        assert_eq!(examined.placement, Placement::Absent);
    }
    let Ok(added) = add(data) else {
        return;
    };
    let examined = examine(&added).expect("what is put in leaves a right");
    assert_eq!(examined.placement, Placement::InForce);
    assert_eq!(add(&added).as_ref(), Ok(&added), "twice is once");
    // Whatever is not otpair's is there still, and in its order.
    assert_eq!(foreign(&remove(&added).unwrap()), foreign(data));
}

fn foreign(plist: &[u8]) -> Vec<String> {
    let mechanisms = examine(plist).map(|right| right.mechanisms);
    let mut mechanisms = mechanisms.unwrap_or_default();
    mechanisms.retain(|name| name.split(':').next() != Some("otpair"));
    mechanisms
}
