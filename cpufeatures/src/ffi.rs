//! What glibc knows of the processor (`<sys/platform/x86.h>`, from 2.33 on). The only `unsafe` of this crate.

/// One leaf of `cpuid`, by registers from `eax` to `edx`.
#[repr(C)]
struct Leaf {
    /// What the processor has.
    present: [u32; 4],
    /// What of it the system lets programs use.
    active: [u32; 4],
}

// SAFETY: declared as in glibc's header; for every number it points at a leaf that lives as long as the process and is
// not written once a program runs, one without a bit where it knows none of that number.
unsafe extern "C" {
    #[link_name = "__x86_get_cpuid_feature_leaf"]
    safe fn leaf(number: u32) -> &'static Leaf;
}

/// Whether a bit of the leaf that glibc gives this number is set, and may be believed.
#[must_use]
pub fn is_active(number: u32, register: usize, bit: u32) -> bool {
    let leaf = leaf(number);
    let bits = leaf.present.get(register).zip(leaf.active.get(register));
    bits.is_some_and(|(present, active)| present & active & (1 << bit) != 0)
}
