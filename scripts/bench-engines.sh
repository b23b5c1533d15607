#!/usr/bin/env bash
# Predictions of ResNet-18, -34 and -50 on a CPU: this program in f32 and bf16 beside PyTorch (channels-last; eager, compiled, and
# both with autocast to bf16), ONNX Runtime and OpenVINO (f32 and bf16), in turn, round after round. Prints processor, versions,
# commit, and the ratios of each round against the best peer of the same precision.
#
#   scripts/bench-engines.sh [ROUNDS] [PYTHON]
#
# PYTHON has torch, torchvision, onnx, onnxscript, onnxruntime and openvino; without it a scratch environment is made. A part
# of the table: ARCHITECTURES="resnet50" SIZES="224" BATCHES="1 8" THREADS="2" scripts/bench-engines.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/bench-common.sh
rounds=${1:-3}
python_with "${2:-}" torch torchvision onnx onnxscript onnxruntime openvino
cargo build -p train --example predict
export ARCHITECTURES=${ARCHITECTURES:-resnet18 resnet34 resnet50}
export SIZES=${SIZES:-128 224 352}
export BATCHES=${BATCHES:-1 8 32}
export THREADS=${THREADS:-1 2}
export ENGINES=${ENGINES:-torch torch-compiled onnxruntime openvino torch-bf16 torch-compiled-bf16 openvino-bf16}
"$python" scripts/bench-engines.py "$rounds" "${CARGO_TARGET_DIR:-target}/debug/examples/predict"
