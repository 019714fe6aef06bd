//! Memory that a child shares with its parent, and what a child does to itself before its sign-on.

#![allow(unsafe_code)]

use libc::c_int;
use std::fs::File;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd as _;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU8, AtomicUsize, Ordering};

/// How much text a child may leave.
const MOST_TEXT: usize = 16 * 1024;

struct Page {
    code: AtomicI32,
    length: AtomicUsize,
    text: [AtomicU8; MOST_TEXT],
}

/// Memory that a child shares with its parent. Leaving something in it is no system call.
pub struct Shared(&'static Page);

impl Shared {
    /// What there is before a child has left a code.
    const NONE: i32 = i32::MIN;

    /// An empty one.
    pub fn new() -> Self {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let how = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: asks for new memory, anywhere.
        let page = unsafe { libc::mmap(ptr::null_mut(), size_of::<Page>(), access, how, -1, 0) };
        assert_ne!(page, libc::MAP_FAILED, "no memory can be shared");
        // SAFETY: it is as large, all zero, which is a valid value, and never unmapped.
        let shared = Self(unsafe { &*page.cast::<Page>() });
        shared.clear();
        shared
    }

    /// Empties it.
    pub fn clear(&self) {
        self.0.code.store(Self::NONE, Ordering::SeqCst);
        self.0.length.store(0, Ordering::SeqCst);
    }

    /// Leaves a code.
    pub fn set_code(&self, code: i32) {
        self.0.code.store(code, Ordering::SeqCst);
    }

    /// Leaves more text; what does not fit is lost.
    pub fn append(&self, text: &str) {
        let length = self.0.length.load(Ordering::SeqCst);
        let places = self.0.text.iter().skip(length);
        let copied = places
            .zip(text.bytes())
            .map(|(place, byte)| place.store(byte, Ordering::SeqCst));
        let more = copied.count();
        self.0.length.store(length + more, Ordering::SeqCst);
    }

    /// The code, if one was left, and the text.
    pub fn read(&self) -> (Option<i32>, String) {
        let code = self.0.code.load(Ordering::SeqCst);
        let length = self.0.length.load(Ordering::SeqCst);
        let text = self.0.text.iter().take(length);
        let text: Vec<_> = text.map(|byte| byte.load(Ordering::SeqCst)).collect();
        let text = String::from_utf8_lossy(&text).into_owned();
        ((code != Self::NONE).then_some(code), text)
    }
}

/// Has the heap hold enough for a sign-on, so that this makes the same calls however this program's own heap is.
pub fn fill_up() {
    const ENOUGH: usize = 4 << 20;
    const MOST: c_int = 32 << 20;
    for what in [libc::M_MMAP_THRESHOLD, libc::M_TRIM_THRESHOLD] {
        // SAFETY: from here on malloc gives all from the heap, and the heap keeps what is freed.
        unsafe { libc::mallopt(what, MOST) };
    }
    // SAFETY: asks for memory only.
    let block = black_box(unsafe { libc::malloc(ENOUGH) });
    // SAFETY: it came from malloc, or is null, and is not used any more.
    unsafe { libc::free(block) };
}

/// Takes all memory that this process may still have when `limit` has been called, but for one block of so many bytes.
pub fn take_memory(but: usize, limit: impl FnOnce()) {
    // SAFETY: asks for memory only.
    let spared = black_box(unsafe { libc::malloc(but) });
    limit();
    let mut size = 1 << 20;
    while size >= 16 {
        // SAFETY: asks for memory only, and leaves it as it is.
        while !black_box(unsafe { libc::malloc(size) }).is_null() {}
        size /= 2;
    }
    // SAFETY: it came from malloc, or is null, and is not used any more.
    unsafe { libc::free(spared) };
}

/// What a panic says on stderr is counted by the tracer, and shown to nobody.
pub fn silence() {
    let nowhere = File::options().write(true).open("/dev/null");
    let nowhere = nowhere.expect("/dev/null can be opened");
    // SAFETY: both are open; the standard library's stderr is only a number.
    let stderr = unsafe { libc::dup2(nowhere.as_raw_fd(), libc::STDERR_FILENO) };
    assert_eq!(stderr, libc::STDERR_FILENO, "stderr can't be another file");
}

/// From here on this process and its children stay on the processor that they are on: a tracer and who is traced never
/// run at once, and hand over faster there.
pub fn stay_on_one_processor() {
    let mut set = MaybeUninit::<libc::cpu_set_t>::zeroed();
    // SAFETY: takes no memory.
    let processor = unsafe { libc::sched_getcpu() };
    let processor = usize::try_from(processor).expect("the kernel tells the processor");
    // SAFETY: it is all zero, which is an empty set.
    let set = unsafe { set.assume_init_mut() };
    // SAFETY: the set is a whole one; a number beyond it is left out.
    unsafe { libc::CPU_SET(processor, set) };
    // SAFETY: reads the set. Where it is refused, everything is only slower.
    unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), set) };
}
