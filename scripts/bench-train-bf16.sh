#!/usr/bin/env bash
# Training steps in bf16 on a CPU: this program in f32 and bf16 beside PyTorch (channels-last) in f32 and with autocast to bf16,
# in turn, round after round. Prints medians over the rounds of a step's time and of what all threads together compute in it, and
# the ratios of each round: of a busy machine the second tells more.
#
#   scripts/bench-train-bf16.sh [ROUNDS] [PYTHON]     PYTHON has torch and torchvision; without it a scratch environment is made
#
# A part of the table: ARCHITECTURES="resnet50" CASES="224/8" THREADS="2" scripts/bench-train-bf16.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/bench-common.sh
rounds=${1:-3}
python_with "${2:-}" torch torchvision
cargo build -p train --example speed
speed=${CARGO_TARGET_DIR:-target}/debug/examples/speed
log=$scratch/log

for threads in ${THREADS:-2}; do
    export RAYON_NUM_THREADS=$threads
    for architecture in ${ARCHITECTURES:-resnet34 resnet50}; do
        for case in ${CASES:-128/8 224/8}; do
            work="train ${case%/*} ${case#*/} 6"
            for _ in $(seq "$rounds"); do
                for precision in f32 bf16; do
                    echo "$threads $architecture ours-$precision $($speed $work cpu $precision "$architecture")" >>"$log"
                    echo "$threads $architecture torch-$precision $("$python" scripts/bench-train.py $work nhwc $precision "$architecture")" >>"$log"
                done
            done
        done
    done
done
"$python" - "$log" <<'PY'
import collections, statistics, sys
import torch
print(f"torch {torch.__version__}, channels-last; ms of a step [computing time of all threads]")
cases = collections.defaultdict(lambda: collections.defaultdict(list))
for line in open(sys.argv[1]):
    threads, architecture, who, mode, size, batch, median, _, _, computed = line.split()
    cases[threads, architecture, size, batch][who].append((float(median), float(computed)))
for (threads, architecture, size, batch), runs in cases.items():
    print(f"{architecture}, {size} px, batch {batch}, {threads} threads")
    for who, times in runs.items():
        print(f"  {who:11} " + " [".join(f"{statistics.median(column):.0f}" for column in zip(*times)) + "]")
    for ours, theirs in (("ours-bf16", "ours-f32"), ("ours-bf16", "torch-bf16"), ("ours-f32", "torch-f32")):
        for i, what in ((0, "time"), (1, "computing time")):
            ratios = sorted(t[i] / o[i] for o, t in zip(runs[ours], runs[theirs]))
            print(f"  {theirs} over {ours}, {what}: {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
PY
