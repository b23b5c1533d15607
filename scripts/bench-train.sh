#!/usr/bin/env bash
# ResNet-34 on a CPU, this program beside PyTorch (NCHW and channels-last), in turn, round after round: milliseconds per
# step (median and minimum of a process) and peak memory. Prints the ratios of the medians over the rounds.
#
#   scripts/bench-train.sh [ROUNDS] [PYTHON]      PYTHON has torch and torchvision; without it a scratch environment is made
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/bench-common.sh
rounds=${1:-3}
python_with "${2:-}" torch torchvision
cargo build -p train --example speed
speed=${CARGO_TARGET_DIR:-target}/debug/examples/speed
log=$(mktemp)

for threads in 1 2; do
    export RAYON_NUM_THREADS=$threads
    for case in "train 128 8" "train 224 8" "train 352 8" "frozen 224 8" "infer 128 8" "infer 224 8" "infer 352 8" "infer 224 1"; do
        for _ in $(seq "$rounds"); do
            echo "$threads ours $($speed $case 6)" >>"$log"
            echo "$threads nchw $("$python" scripts/bench-train.py $case 6 nchw)" >>"$log"
            echo "$threads nhwc $("$python" scripts/bench-train.py $case 6 nhwc)" >>"$log"
        done
    done
done
"$python" - "$log" <<'PY'
import collections, statistics, sys
import torch, torchvision
print(f"torch {torch.__version__}, torchvision {torchvision.__version__}; the better of NCHW and channels-last counts")
cases = collections.defaultdict(lambda: collections.defaultdict(list))
for line in open(sys.argv[1]):
    threads, who, mode, size, batch, median, minimum, peak, _ = line.split()
    cases[threads, mode, size, batch][who].append((float(median), int(peak)))
print("| threads | what | px | batch | ours, ms | PyTorch, ms | ratio (spread) | ours, MiB | PyTorch, MiB |")
print("|---|---|---|---|---|---|---|---|---|")
for (threads, mode, size, batch), runs in cases.items():
    time = lambda who: statistics.median(t for t, _ in runs[who])
    theirs = min(("nchw", "nhwc"), key=time)
    ratios = sorted(t / o for (o, _), (t, _) in zip(runs["ours"], runs[theirs]))
    peak = lambda who: max(p for _, p in runs[who])
    print(f"| {threads} | {mode} | {size} | {batch} | {time('ours'):.0f} | {time(theirs):.0f} ({theirs}) | "
          f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) | {peak('ours')} | {peak(theirs)} |")
PY
