#!/usr/bin/env bash
# Everything that is judged without running the program: format, lints, documents, arrows between crates, licences.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== format"
cargo fmt --all --check

echo "== lints"
cargo clippy --workspace --all-targets -- -D warnings

echo "== documents"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --quiet

echo "== arrows between crates and between files"
cargo run --quiet -p stories --bin arrows

# Debug assertions and overflow checks in every index, working memory that is never shared or left from earlier, and the
# address sanitizer around every allocation. Its runtime comes with the stable compiler, its flag only with this variable.
if [ "$(rustc -vV | sed -n 's/^host: //p')" = x86_64-unknown-linux-gnu ]; then
    echo "== memory of the kernels"
    RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=target/checked \
        cargo test --quiet -p cpu --profile checked --target x86_64-unknown-linux-gnu
else
    echo "== no address sanitizer here: the kernels' memory is checked by their assertions alone"
    CARGO_TARGET_DIR=target/checked cargo test --quiet -p cpu --profile checked
fi

if command -v cargo-deny >/dev/null; then
    echo "== licences and advisories"
    cargo deny check
else
    echo "== cargo-deny is not installed: licences and advisories not checked"
fi
