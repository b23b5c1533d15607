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

echo "== arrows between crates"
cargo run --quiet -p stories --bin arrows

if command -v cargo-deny >/dev/null; then
    echo "== licences and advisories"
    cargo deny check
else
    echo "== cargo-deny is not installed: licences and advisories not checked"
fi
