# Sourced by ./demo, ./check, ./package and what makes the packages: makes sure that there is a Rust toolchain and what
# else is named, and compiles.

# Says why it stops, and stops.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# need_root WHY: the private machine that the tests run in takes mounts and namespaces.
need_root() {
    [ "$(id -u)" = 0 ] || die "needs root ($1). Run: sudo $0"
}

# need_packages NAME...: installs Debian packages that are not there yet. A system without dpkg is said to want their like.
need_packages() {
    if ! command -v dpkg-query >/dev/null; then
        echo "Needs what Debian calls: $*" >&2
        return 0
    fi
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    echo "Installing:$missing"
    apt-get update -qq
    before=$(enabled_units)
    # Nothing is started, and nothing stays switched on that was not here before: the tests run servers of their own.
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] && policy= || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 0755 "$policy"; }
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || installed=no
    [ -z "$policy" ] || rm -f "$policy"
    [ -z "${installed:-}" ] || die "these packages could not be installed:$missing"
    for unit in $(enabled_units); do
        case " $before " in
        *" $unit "*) ;;
        *) systemctl --quiet disable "$unit" 2>/dev/null || true ;;
        esac
    done
}

# The systemd units that an admin's or a package's links switch on, in one line.
enabled_units() {
    find /etc/systemd/system -type l -printf '%f ' 2>/dev/null || true
}

# What the private machine of the tests and of the demo needs.
need_machine() {
    need_packages openssh-server openssh-client sudo login passwd util-linux iproute2 oathtool pskctool pamtester \
        faketime strace
}

# The toolchain's minor version, 0 if there is none.
rust_minor() {
    { rustc --version 2>/dev/null || echo 'rustc 1.0.0'; } | sed 's/^rustc 1\.\([0-9]*\).*/\1/'
}

# need_rust: a Rust toolchain as new as Cargo.toml asks for, else Debian's newest. A C compiler, for SQLite.
need_rust() {
    wanted=$(sed -n 's/^rust-version = "1\.\([0-9]*\)"/\1/p' Cargo.toml)
    PATH="$HOME/.cargo/bin:$PATH"
    need_packages gcc libc6-dev libpam0g-dev
    [ "$(rust_minor)" -ge "$wanted" ] && command -v cargo >/dev/null && return 0
    need_packages rustc-web cargo-web rustfmt-web
    [ "$(rust_minor)" -ge "$wanted" ] || die "needs Rust 1.$wanted or newer; Debian's is too old here. See https://rustup.rs"
}

# The version in Cargo.toml.
version() {
    sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml
}

# The time that packages carry, so that two builds are the same: the last commit's, and the changelog's where there is
# no git.
source_date() {
    echo "${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || changelog_date)}"
}

changelog_date() {
    sed -n 's/^ -- .*>  //p' packaging/debian/debian/changelog | head -n 1 | date -f - +%s 2>/dev/null || echo 0
}

# From GCC 12 on the unwinder that goes into the module asks for glibc 2.35. RHEL 9 has 2.34, and all that it lacks only
# from 9.7 on. Where Debian has GCC 11's, that one goes into packages: this says which file it is.
old_unwinder() {
    # arm64 is the only other architecture that is compiled for.
    if [ -n "${CARGO_BUILD_TARGET:-}" ]; then
        set -- libgcc-11-dev-arm64-cross /usr/lib/gcc-cross/aarch64-linux-gnu
    else
        set -- libgcc-11-dev "/usr/lib/gcc/$(gcc -print-multiarch)"
    fi
    file=$2/11/libgcc_eh.a
    if [ ! -e "$file" ] && command -v apt-get >/dev/null; then
        # A fresh machine has no lists yet.
        apt-cache show "$1" >/dev/null 2>&1 || apt-get update -qq >&2 || true
        ! apt-cache show "$1" >/dev/null 2>&1 || need_packages "$1" >&2
    fi
    if [ -e "$file" ]; then
        echo "$file"
    else
        echo "There is no unwinder of GCC 11 here: what is compiled may want a newer glibc than 2.34." >&2
    fi
}

# build_release ARGUMENTS...: cargo build, as for a package. Whoever builds by it shares what is compiled. This machine's
# paths stay out: they say nothing to anybody else, and two builds are the same wherever they are made.
build_release() {
    unwinder=${OTPAIR_UNWINDER:-$(old_unwinder)}
    target=${CARGO_TARGET_DIR:-target}
    case $target in /*) ;; *) target=$PWD/$target ;; esac
    # Separated by what no path has in it. For what is as short as a
    # seed, Poly1305 by AVX2 takes several times as long as without.
    flags=$(for flag in ${RUSTFLAGS:-} '--cfg=poly1305_backend="soft"' \
        "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates" \
        "--remap-path-prefix=$("${RUSTC:-rustc}" --print sysroot)/lib/rustlib/src/rust=rust" \
        "--remap-path-prefix=$PWD=otpair" "--remap-path-prefix=$target=target"; do
        printf '%s\037' "$flag"
    done)
    # SQLite is compiled from C, and would be again when the time that packages carry is another one.
    env -u SOURCE_DATE_EPOCH ${unwinder:+"OTPAIR_UNWINDER=$unwinder"} CARGO_ENCODED_RUSTFLAGS="${flags%?}" \
        CFLAGS="-g0 -fstack-protector-strong -D_FORTIFY_SOURCE=2" \
        cargo build --locked --release "$@"
}
