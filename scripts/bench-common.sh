# What the comparisons with other programs share: read by them (`.`), not run.

# The folder `$scratch` is gone when the script ends.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Sets $python to PYTHON, or to that of a scratch environment with these packages if PYTHON is empty.
python_with() { # PYTHON PACKAGE...
    python=$1
    shift
    if [ -z "$python" ]; then
        python3 -m venv "$scratch/venv"
        "$scratch/venv/bin/pip" install --quiet "$@"
        python=$scratch/venv/bin/python
    fi
}

# Trains a ResNet-34 for one epoch over 96 drawn pictures, with `train` in the folder PROGRAMS, as $scratch/runs/bench-1: what
# a network has learned costs no time, and these are enough for running statistics with which maps have both signs.
train_a_network() { # PROGRAMS
    cat >"$scratch/bench.toml" <<'TOML'
[data]
source = "sample"
folder = "sample"

[data.sample]
pictures_per_breed = 20
two_breeds_pictures = 0

[model]
architecture = "resnet34"
head = "plain"

[[stage]]
size = 224
batch_size = 8
epochs = 1
train = "all"
max_learning_rate = [1e-3, 1e-3]
TOML
    (cd "$scratch" && "$1/train" bench.toml >/dev/null)
}
