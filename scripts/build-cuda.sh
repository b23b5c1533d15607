#!/usr/bin/env bash
# Builds `train` and `explain` with the CUDA backend, without a CUDA toolkit and without GitHub: burn compiles its kernels
# with LLVM 23.1, which it would fetch from there as one bundle; the same libraries come from PyPI. More features may
# follow: `scripts/build-cuda.sh wgpu`. Further arguments after `--` go to cargo.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/llvm.sh
features=cuda
while [ $# -gt 0 ] && [ "$1" != -- ]; do features=$features,$1; shift; done
[ $# -gt 0 ] && shift
llvm_from_pypi "${CARGO_TARGET_DIR:-target}/llvm"
cargo build -p train -p explain --features "$features" "$@"
