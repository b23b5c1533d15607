#!/usr/bin/env bash
# Predictions of a folder of photographs with a ResNet-34 at 224 px: `explain predict` beside timm's inference.py, in turn, round
# after round, each a whole process from its start until it has ended. Median seconds, the ratio of each round against the best
# of timm's settings, CPU seconds (user and system, children too) and peak memory, as a Markdown table.
#
#   scripts/bench-predict.sh [ROUNDS] [PYTHON] [PICTURES]
#
# PYTHON has torch, torchvision, timm and pandas; without it ('' does too) a scratch environment is made.
# PICTURES is a folder of JPEG photographs; without it they are drawn. COUNT of them (2000) are taken, some twice if need be.
# TIMM_INFERENCE is a path of inference.py; without it the file of the installed version is fetched from timm's repository.
# SETTINGS lists timm's: HOW-WORKERS-BATCH, HOW is eager or compile. PROGRAMS is a folder with train and explain already built.
#
# Both compute in f32 on the CPU with the weights of the same short training; that they say the same is proven first.
# Neither has a limit on threads. Files are in the system's cache for both.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$(dirname "$0")/bench-common.sh"
rounds=${1:-3}
folder=${3:-}
count=${COUNT:-2000}
settings=${SETTINGS:-eager-1-32 eager-2-32 eager-2-64 eager-2-256 compile-1-32 compile-2-32 compile-2-64}
python_with "${2:-}" torch torchvision timm pandas
peer=$root/scripts/bench-predict.py
[ -f "$peer" ] || peer=$(dirname "$0")/bench-predict.py
inference=${TIMM_INFERENCE:-$scratch/inference.py}
if [ -z "${TIMM_INFERENCE:-}" ]; then
    version=$("$python" -c 'import timm; print(timm.__version__)')
    curl --silent --show-error --fail --output "$inference" \
        "https://raw.githubusercontent.com/huggingface/pytorch-image-models/v$version/inference.py"
fi
if [ -n "${PROGRAMS:-}" ]; then
    programs=$PROGRAMS
else
    cargo build --manifest-path "$root/Cargo.toml" -p train -p explain
    programs=$(cd "${CARGO_TARGET_DIR:-$root/target}/debug" && pwd)
fi

# RUN is a run of such a network made before.
run=${RUN:-$scratch/runs/bench-1}
if [ -z "${RUN:-}" ] || [ -z "$folder" ]; then
    train_a_network "$programs"
fi
weights=$scratch/weights.safetensors
"$programs/train" export "$run" --layout torchvision --to "$weights" >/dev/null
classes=$("$python" "$peer" classes "$weights")

# Under names that say no class. timm gives the last part of the name, ours the path.
mapfile -t found < <(find "${folder:-$scratch/sample/images}" -maxdepth 1 -type f \( -iname '*.jpg' -o -iname '*.jpeg' \) | LC_ALL=C sort)
[ "${#found[@]}" -gt 1 ] || { echo "error: fewer than two JPEG files in $folder" >&2; exit 2; }
mkdir -p "$scratch/all/pictures" "$scratch/few/pictures"
for ((place = 0; place < count; place++)); do
    cp "${found[$((place % ${#found[@]}))]}" "$scratch/all/pictures/$(printf %05d "$place").jpg"
done
few=("$scratch"/all/pictures/*)
cp "${few[@]:0:100}" "$scratch/few/pictures"

ours() { # FOLDER
    echo "$programs/explain" predict "$scratch/$1/pictures" --run "$run" --device cpu --to "$scratch/ours.csv"
}
theirs() { # FOLDER HOW WORKERS BATCH
    local compile=
    [ "$2" = eager ] || compile=--torchcompile
    echo "$python" "$inference" --data-dir "$scratch/$1" --model resnet34 --checkpoint "$weights" --num-classes "$classes" \
        --device cpu --channels-last $compile --workers "$3" --batch-size "$4" --input-size 3 224 224 \
        --crop-pct 1.0 --crop-mode center --interpolation bilinear --mean 0.485 0.456 0.406 --std 0.229 0.224 0.225 \
        --topk 5 --include-index --label-type none --results-dir "$scratch" --results-file theirs --no-console-results
}

# The same predictions? This also brings the programs into the system's cache.
$(ours few) >/dev/null 2>"$scratch/messages" || { cat "$scratch/messages" >&2; exit 1; }
$(theirs few eager 1 32) >/dev/null 2>"$scratch/messages" || { cat "$scratch/messages" >&2; exit 1; }
"$python" "$peer" compare "$weights" "$scratch/ours.csv" "$scratch/theirs.csv"

# torch's cache of compiled code would make all but the first compiled run warm: the first is not counted.
case $settings in *compile*)
    for setting in $settings; do
        [ "${setting%%-*}" != compile ] || $(theirs few ${setting//-/ }) >/dev/null 2>&1
    done ;;
esac
for _ in $(seq "$rounds"); do
    "$python" "$peer" measure "$scratch/log" ours $(ours all)
    for setting in $settings; do
        "$python" "$peer" measure "$scratch/log" "$setting" $(theirs all ${setting//-/ })
    done
done
lscpu | sed -n 's/^Model name: */processor: /p'
"$python" "$peer" table "$scratch/log" "$count"
