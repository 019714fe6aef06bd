# Sourced by what makes packages, on another architecture than arm64: has everything after it compiled for that one, by
# Debian's cross compiler and by its Rust, whose standard library for arm64 and libpam are fetched into target/arm64. dpkg
# and apt of this machine learn of no other architecture.

tools=$PWD/target/arm64
rust_target=aarch64-unknown-linux-gnu
need_packages rustc-web cargo-web gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static

# fetch NAME[=VERSION]...: packages for arm64, taken apart in target/arm64/root.
fetch() {
    mkdir -p "$tools/apt/lists/partial" "$tools/apt/archives/partial" "$tools/root"
    : >"$tools/apt/status"
    key=/usr/share/keyrings/debian-archive-keyring.gpg
    release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    for source in "debian $release" "debian-security $release-security"; do
        echo "deb [signed-by=$key] http://deb.debian.org/$source main"
    done >"$tools/apt/sources"
    cat >"$tools/apt/config" <<END
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "root";
Dir::State "$tools/apt";
Dir::State::status "$tools/apt/status";
Dir::Cache "$tools/apt";
Dir::Etc::sourcelist "$tools/apt/sources";
Dir::Etc::sourceparts "/dev/null";
END
    (
        cd "$tools/apt" || exit
        export APT_CONFIG="$tools/apt/config"
        apt-get update -qq
        apt-get download -qq "$@"
        for package in *.deb; do
            dpkg-deb -x "$package" "$tools/root"
            rm "$package"
        done
    )
}

# The standard library must be that of the compiler.
rust=$(dpkg-query -W -f '${Version}' rustc-web)
if [ "$(cat "$tools/rust" 2>/dev/null)" != "$rust" ]; then
    echo "Fetching into $tools: Rust's standard library and libpam for arm64" >&2
    rm -rf "$tools/root"
    fetch "libstd-rust-web-dev=$rust" libpam0g
    ln -s libpam.so.0 "$tools/root/lib/aarch64-linux-gnu/libpam.so"
    echo "$rust" >"$tools/rust"
fi
unset RUSTUP_TOOLCHAIN
export RUSTC=/usr/bin/rustc CARGO_BUILD_TARGET="$rust_target" CARGO_TARGET_DIR="$tools/cargo"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export RUSTFLAGS="--sysroot=$tools/root/usr -Lnative=$tools/root/lib/aarch64-linux-gnu"
# What starts what was compiled.
export OTPAIR_RUNNER="qemu-aarch64-static -L /usr/aarch64-linux-gnu"
