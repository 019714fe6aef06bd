//! Which instructions the processor has, for the ciphers and hashes that choose their code by it. It stands in the place
//! of the crate of this name (`[patch.crates-io]`) and has what others use of that one.
//!
//! That one asks the processor, three times for each cipher and hash. A virtual machine hands every such question
//! (`cpuid`) to its host, which takes some microseconds, and a PAM module asks anew at each sign-on. The C library
//! has asked once, when the program was started, and says what it heard. Where there is no such library, Rust's asks.

#![deny(unsafe_code)]

#[cfg(all(target_arch = "x86_64", target_env = "gnu", not(miri)))]
#[allow(
    unsafe_code,
    reason = "the C library's answer; nothing else is in that file"
)]
mod ffi;

#[cfg(all(target_arch = "x86_64", target_env = "gnu", not(miri)))]
pub use ffi::is_active;

/// For the macros: who calls them may be without it.
#[doc(hidden)]
pub extern crate std as standard;

/// Makes a module that knows whether the processor has all of these instructions, and has asked once.
#[macro_export]
macro_rules! new {
    ($name:ident, $($feature:tt),+ $(,)?) => {
        mod $name {
            use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

            const NOT_ASKED: u8 = u8::MAX;
            static ANSWER: AtomicU8 = AtomicU8::new(NOT_ASKED);

            /// Shows that it was asked.
            #[derive(Copy, Clone, Debug)]
            pub struct InitToken(());

            impl InitToken {
                /// Asks, if nobody has.
                pub fn init() -> Self {
                    init()
                }

                /// Asks, if nobody has, and says what the answer was.
                pub fn init_get() -> (Self, bool) {
                    init_get()
                }

                /// What the answer was.
                #[inline(always)]
                pub fn get(&self) -> bool {
                    ANSWER.load(Relaxed) == 1
                }
            }

            /// Asks, if nobody has, and says what the answer was.
            #[inline]
            pub fn init_get() -> (InitToken, bool) {
                fn ask() -> bool {
                    let has = $($crate::has!($feature))&&+;
                    ANSWER.store(u8::from(has), Relaxed);
                    has
                }
                let has = match ANSWER.load(Relaxed) {
                    NOT_ASKED => ask(),
                    answer => answer == 1,
                };
                (InitToken(()), has)
            }

            /// Asks, if nobody has.
            #[inline]
            pub fn init() -> InitToken {
                init_get().0
            }

            /// Asks, if nobody has, and says what the answer was.
            #[inline]
            pub fn get() -> bool {
                init_get().1
            }
        }
    };
}

/// Whether the processor has an instruction: by the C library, which numbers the leaf of `cpuid`, the register (from
/// `eax` on) and the bit.
#[cfg(all(target_arch = "x86_64", target_env = "gnu", not(miri)))]
#[doc(hidden)]
#[macro_export]
macro_rules! has {
    ("aes") => {
        $crate::is_active(0, 2, 25)
    };
    ("avx2") => {
        $crate::is_active(1, 1, 5)
    };
    ("avx512f") => {
        $crate::is_active(1, 1, 16)
    };
    ("avx512vl") => {
        $crate::is_active(1, 1, 31)
    };
    ("sha") => {
        $crate::is_active(1, 1, 29)
    };
    ("sse2") => {
        $crate::is_active(0, 3, 26)
    };
    ("sse4.1") => {
        $crate::is_active(0, 2, 19)
    };
    ("ssse3") => {
        $crate::is_active(0, 2, 9)
    };
    ("vaes") => {
        $crate::has!("avx2") && $crate::is_active(1, 2, 9)
    };
}

/// Whether the processor has an instruction: only where everything that is compiled may use it.
#[cfg(miri)]
#[doc(hidden)]
#[macro_export]
macro_rules! has {
    ($feature:tt) => {
        cfg!(target_feature = $feature)
    };
}

/// Whether the processor has an instruction: by Rust's library.
#[cfg(all(
    any(target_arch = "x86", target_arch = "x86_64"),
    not(any(target_env = "gnu", miri))
))]
#[doc(hidden)]
#[macro_export]
macro_rules! has {
    ($feature:tt) => {
        $crate::standard::arch::is_x86_feature_detected!($feature)
    };
}

/// Whether the processor has an instruction: by Rust's library.
#[cfg(all(target_arch = "aarch64", not(miri)))]
#[doc(hidden)]
#[macro_export]
macro_rules! has {
    ($feature:tt) => {
        $crate::standard::arch::is_aarch64_feature_detected!($feature)
    };
}

#[cfg(all(test, target_arch = "x86_64"))]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "what the macro makes is for other crates"
)]
mod tests {
    crate::new!(hashes, "sha", "sse2", "ssse3", "sse4.1");
    crate::new!(every_one, "sse2");
    crate::new!(wide, "avx2");

    #[test]
    fn it_says_what_the_processor_says() {
        macro_rules! agrees {
            ($($feature:tt),+) => {
                $(assert_eq!(crate::has!($feature), std::arch::is_x86_feature_detected!($feature), $feature);)+
            };
        }
        agrees!(
            "aes", "avx2", "avx512f", "avx512vl", "sha", "sse2", "sse4.1", "ssse3", "vaes"
        );
    }

    #[test]
    fn whoever_asks_again_hears_the_same() {
        assert!(every_one::get());
        for _ in 0..2 {
            let (token, has) = hashes::init_get();
            assert_eq!(token.get(), has);
            assert_eq!(hashes::InitToken::init_get().1, has);
            assert_eq!(hashes::InitToken::init().get(), hashes::get());
            assert_eq!(
                wide::init().get(),
                std::arch::is_x86_feature_detected!("avx2")
            );
        }
    }
}
