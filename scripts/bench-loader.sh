#!/usr/bin/env bash
# How many photographs per CPU-second a worker decodes, augments as the recipe does, normalises and puts into a batch of 16:
# this program's loader beside torchvision's transforms v2 (JPEGs decoded by torchvision and by Pillow) and fastai 1.0.30,
# in turn, round after round. Files are read beforehand. Prints the ratios with their spread over the rounds; and, with no
# peer, how many when pictures were decoded before (`cache_mebibytes` of a config, from the second epoch on).
#
#   scripts/bench-loader.sh [FOLDER] [ROUNDS] [PYTHON]
#
# FOLDER has photographs of 500 x 375 pixels; PYTHON has torch, torchvision and fastai 1.0.30, without it a scratch
# environment is made.
set -euo pipefail
folder=$(realpath "${1:-$(dirname "$0")/../data/oxford-iiit-pet/images}")
cd "$(dirname "$0")/.."
rounds=${2:-3}
python=${3:-}
log=$(mktemp)
scratch=$(mktemp -d)
trap 'rm -rf "$log" "$scratch"' EXIT
if [ -z "$python" ]; then
    python3 -m venv "$scratch/venv"
    python=$scratch/venv/bin/python
    "$python" -m pip install --quiet torch torchvision pandas scipy matplotlib pyyaml
    # Of what fastai asks for, much is not to be had any more; its transforms need only the packages above.
    "$python" -m pip install --quiet --no-deps fastai==1.0.30
fi
export PHOTOGRAPHS=$folder
loader="cargo bench --quiet --profile dev -p pictures --bench loader"
$loader --no-run

# What a command prints, into the log; by way of a variable, so that a command that fails ends the script.
note() {
    local line
    line=$("${@:2}")
    echo "$1 $line" >>"$log"
}
for size in 128 224 352; do
    for _ in $(seq "$rounds"); do
        note ours $loader -- worker "$size"
        note cached $loader -- cached "$size"
        for peer in torchvision pillow fastai; do
            note "$peer" "$python" scripts/bench-loader.py "$peer" "$size"
        done
    done
done
"$python" - "$log" <<'PY'
import collections, importlib.metadata, statistics, sys
sizes = collections.defaultdict(lambda: collections.defaultdict(list))
lengths = set()
for line in open(sys.argv[1]):
    who, size, speed, length = line.split()
    sizes[size][who].append(float(speed))
    lengths.add(length)
assert len(lengths) == 1, f"not everybody read the same files: {lengths} bytes in the mean"
versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "torchvision", "pillow", "fastai"))
print(f"{versions}; files of {length} bytes in the mean; torchvision with the better of two decoders")
print("| px | ours, pictures per CPU-second | torchvision | ratio (spread) | fastai | ratio (spread) | ours, decoded before |")
print("|---|---|---|---|---|---|---|")
for size, speeds in sizes.items():
    def beside(who):
        ratios = sorted(ours / theirs for ours, theirs in zip(speeds["ours"], speeds[who]))
        return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    speed = lambda who: statistics.median(speeds[who])
    better = max(("torchvision", "pillow"), key=speed)
    print(f"| {size} | {speed('ours'):.0f} | {speed(better):.0f} ({better} decodes) | {beside(better)} | "
          f"{speed('fastai'):.0f} | {beside('fastai')} | {speed('cached'):.0f} |")
PY
