#!/usr/bin/env bash
# Runs the tests of the kernels on a 64-bit Arm processor that a program plays: QEMU. Says nothing of speed. On an Arm machine
# `cargo test -p cpu` does the same and more.
#
#   scripts/test-arm.sh            the tests
#   scripts/test-arm.sh check      only says what is missing
#   scripts/test-arm.sh count      instructions of the inner loops instead, counted in what the compiler made
#
# It installs nothing, has a target folder of its own, and takes the standard library for Arm from the compiler in use, if it is
# there (`rustup target add aarch64-unknown-linux-gnu`), else from Debian's.
set -euo pipefail
cd "$(dirname "$0")/.."
target=aarch64-unknown-linux-gnu
debian="apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static"

missing() {
    echo "$1 is missing; on Debian, as root: $2" >&2
    exit 1
}

has_standard_library() {
    [ -e "$("$1" --print target-libdir --target $target 2>/dev/null)" ]
}

command -v aarch64-linux-gnu-gcc >/dev/null || missing "the linker aarch64-linux-gnu-gcc" "$debian"
command -v qemu-aarch64-static >/dev/null || missing "the emulator qemu-aarch64-static" "$debian"
compiler=${RUSTC:-rustc}
if ! has_standard_library "$compiler"; then
    compiler=/usr/bin/rustc
    has_standard_library $compiler || missing "Rust's standard library for $target" \
        "dpkg --add-architecture arm64 && apt-get update && apt-get install rustc-web libstd-rust-web-dev:arm64"
fi

if [ "${1-}" = check ]; then
    exit
fi

# A program must find the loader and the C library of one version: those of the architecture arm64, if Debian has them, else
# those for the linker. Of two versions it hangs when it makes a thread.
libraries=
if [ ! -e /lib/ld-linux-aarch64.so.1 ]; then
    libraries="-L /usr/aarch64-linux-gnu"
fi
export RUSTC=$compiler CARGO_TARGET_DIR=${ARM_TARGET_DIR:-target/arm}
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64-static $libraries"

if [ "${1-}" = count ]; then
    cargo rustc --quiet --lib -p cpu --target $target -- --emit asm
    python3 scripts/count-loops.py "$(ls -t "$CARGO_TARGET_DIR/$target"/debug/deps/cpu-*.s | head -1)"
    exit
fi
# The tests take fewer and smaller shapes.
EMULATED=1 cargo test -p cpu --tests --target $target
