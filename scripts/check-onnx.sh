#!/usr/bin/env bash
# Does an ONNX runtime say what this program says? Exports the newest checkpoint of a run, has onnx's checker look at the
# file, computes the logits of photographs with onnxruntime, at two sizes and in two batch sizes, and compares them with
# this program's.
#
#   scripts/check-onnx.sh RUN PICTURES [COUNT] [PYTHON]
#
# RUN is a run's folder, or its name in runs/ below the current folder; PICTURES a folder of pictures, of which the first
# COUNT (100) are taken. PYTHON has onnx, onnxruntime and numpy; without it a scratch environment is made.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 2 ] || { echo "use: scripts/check-onnx.sh RUN PICTURES [COUNT] [PYTHON]" >&2; exit 2; }
run=$1 pictures=$2 count=${3:-100} python=${4:-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ -z "$python" ]; then
    python3 -m venv "$scratch/venv"
    "$scratch/venv/bin/pip" install --quiet onnx onnxruntime numpy
    python=$scratch/venv/bin/python
fi
cargo build --quiet --manifest-path "$root/Cargo.toml" -p train --bin train --example logits
programs=${CARGO_TARGET_DIR:-$root/target}/debug

"$programs/train" export "$run" --to "$scratch/model.onnx" >/dev/null
for size in 224 160; do
    "$programs/examples/logits" "$run" "$pictures" "$count" "$size" "$scratch/$size" >/dev/null
done
"$python" "$root/scripts/check-onnx.py" "$scratch/model.onnx" "$scratch/224" "$scratch/160"
