#!/usr/bin/env bash
# Grad-CAM with a ResNet-34 at 224 px, this program beside pytorch-grad-cam, in turn, round after round: one picture from a
# cold start (from the start of the process until it has ended, everything on the disk), and 100 pictures in one process.
# Median seconds, the ratio of each round, and peak memory, as a Markdown table.
#
#   scripts/bench-explain.sh [ROUNDS] [PYTHON] [PICTURES]
#
# PYTHON has torch, torchvision and grad-cam; without it ('' does too) a scratch environment is made.
# PICTURES is a folder of JPEG photographs, of which the first 100 are taken; without it they are drawn.
#
# Both compute with the weights of the same short training, which is proven on one picture first: what a network has learned
# costs no time. Files are in the system's cache for both. Ours does more than the other: it verifies the checkpoint, draws
# on the whole picture instead of the square, writes page, sheets, raw maps and numbers too, and waits for the disk.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$(dirname "$0")/bench-common.sh"
rounds=${1:-3}
folder=${3:-}
python_with "${2:-}" torch torchvision grad-cam
cargo build --manifest-path "$root/Cargo.toml" -p train -p explain
programs=$(cd "${CARGO_TARGET_DIR:-$root/target}/debug" && pwd)
peer=$root/scripts/bench-explain.py

train_a_network "$programs"
run=$scratch/runs/bench-1
weights=$scratch/weights.safetensors
"$programs/train" export "$run" --layout torchvision --to "$weights" >/dev/null

# Under names that say no class, so that a picture has one map: that of the predicted class, as the other makes it.
mapfile -t found < <(find "${folder:-$scratch/sample/images}" -maxdepth 1 -type f \( -iname '*.jpg' -o -iname '*.jpeg' \) | LC_ALL=C sort)
found=("${found[@]:0:100}")
[ "${#found[@]}" -gt 1 ] || { echo "error: fewer than two JPEG files in $folder" >&2; exit 2; }
mkdir "$scratch/all" "$scratch/one"
for place in "${!found[@]}"; do
    cp "${found[$place]}" "$scratch/all/$(printf %03d "$place").jpg"
done
cp "$scratch/all/000.jpg" "$scratch/one"

# Runs a command and prints its wall time in seconds and its largest resident memory in MiB; its messages if it fails.
timer='
import os, subprocess, sys, tempfile, time
with tempfile.TemporaryFile() as messages:
    start = time.perf_counter()
    child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=messages)
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        messages.seek(0)
        sys.exit(messages.read().decode())
print(f"{seconds:.4f} {used.ru_maxrss // 1024}")
'
measure() { # WHO COMMAND…
    local result
    result=$("$python" -c "$timer" "${@:2}")
    echo "$threads $case $1 $result" >>"$scratch/log"
}
ours() {
    rm -rf "$scratch/ours"
    measure ours "$programs/explain" "$scratch/$case" --run "$run" --method grad-cam --view square --device cpu --out "$scratch/ours"
}
theirs() { # HOW BATCH, see bench-explain.py
    rm -rf "$scratch/theirs"
    mkdir "$scratch/theirs"
    measure "$1-$2" "$python" "$peer" draw "$weights" "$scratch/theirs" "$1" "$2" "$scratch/$case"/*
}

# The same computation? On a picture that neither has to resize. This also brings all files into the system's cache.
export RAYON_NUM_THREADS=1
"$python" "$peer" square "$scratch/one/000.jpg" "$scratch/square.png"
"$programs/explain" "$scratch/square.png" --run "$run" --method grad-cam --view square --device cpu --out "$scratch/check" >/dev/null 2>&1
"$python" "$peer" compare "$weights" "$scratch/square.png" "$scratch/check/scores.json"

for _ in $(seq "$rounds"); do
    for threads in 1 2; do
        export RAYON_NUM_THREADS=$threads
        case=one
        ours
        for how in whole last; do
            theirs "$how" 1
        done
        case=all
        ours
        for how in whole last; do
            for batch in 1 16; do
                theirs "$how" "$batch"
            done
        done
    done
done
"$python" - "$scratch/log" "${#found[@]}" <<'PY'
import collections, importlib.metadata, statistics, sys
versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("grad-cam", "torch", "torchvision"))
print(f"{versions}; the best of its ways counts: whole or only last block with gradients, one by one or in batches")
count = int(sys.argv[2])
cases = collections.defaultdict(lambda: collections.defaultdict(list))
for line in open(sys.argv[1]):
    threads, case, who, seconds, peak = line.split()
    cases[threads, case][who].append((float(seconds), int(peak)))
print("| threads | what | ours, s | pytorch-grad-cam, s | ratio (spread) | ours, MiB | pytorch-grad-cam, MiB |")
print("|---|---|---|---|---|---|---|")
for threads in ("1", "2"):
    one, all = cases[threads, "one"], cases[threads, "all"]
    best = lambda runs: min((who for who in runs if who != "ours"), key=lambda who: statistics.median(t for t, _ in runs[who]))
    first, rest = best(one), best(all)

    def row(what, ours, theirs, how, peaks):
        ratios = sorted(t / o for o, t in zip(ours, theirs))
        print(f"| {threads} | {what} | {statistics.median(ours):.3f} | {statistics.median(theirs):.3f} ({how}) | "
              f"{statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f}) | {peaks[0]} | {peaks[1]} |")

    times = lambda runs, who: [seconds for seconds, _ in runs[who]]
    peaks = lambda runs, who: [max(peak for _, peak in runs[name]) for name in ("ours", who)]
    row("one picture, cold start", times(one, "ours"), times(one, first), first, peaks(one, first))
    row(f"{count} pictures", times(all, "ours"), times(all, rest), rest, peaks(all, rest))
    # Without what both do once: start, imports, weights.
    further = lambda who, cold: [(b - a) / (count - 1) for a, b in zip(times(one, cold), times(all, who))]
    row("each further picture", further("ours", "ours"), further(rest, first), rest, ["", ""])
PY
