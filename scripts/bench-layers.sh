#!/usr/bin/env bash
# Each convolution of ResNet-34 and ResNet-50 alone, forward and both gradients, this program beside PyTorch, in turn.
# "share" is the speed of the definition's operations relative to a large matrix product in the same run: above 1 where
# Winograd's algorithm saves multiplications.
#
#   scripts/bench-layers.sh [ROUNDS] [PYTHON]      PYTHON has torch; without it a scratch environment is made
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/bench-common.sh
rounds=${1:-3}
python_with "${2:-}" torch
bench=(cargo bench --quiet --profile dev -p cpu --bench convolution --)
"${bench[@]}" 34 32 1 1 >/dev/null # built here, so that no round waits for the compiler
for depth in 34 50; do
    for threads in 1 2; do
        "$python" scripts/bench-layers.py $depth 224 8 $threads "$rounds" "${bench[@]}"
        echo
    done
done
