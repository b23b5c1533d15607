"""ROAR (remove and retrain: Hooker, Erhan, Kindermans, Kim 2019, arXiv:1806.10758) of the drawn sample.

    cargo run -p train                                       # the run that is asked
    python3 scripts/roar.py runs/sample-1 OUT [SHARE...]     # shares of the pixels that are taken away, 0.5 and 0.9 by default

Takes the most important pixels out of every picture, those of training too, and trains anew: the worse the new network is, the more
of what tells the classes apart had been marked. Methods are asked for the true class. Beside them stand maps that know nothing of the
network. A pixel that is taken away has the mean colour of all pictures. Writes OUT/roar.csv; a training that is there already
is not repeated. Needs NumPy and Pillow, and the programs in target/debug."""
import csv, json, subprocess, sys
from pathlib import Path

import numpy as np
from PIL import Image

METHODS = ["grad-cam", "ablation-cam", "activation"]
BASELINES = ["random cells", "centre", "edges"]
run, out = Path(sys.argv[1]), Path(sys.argv[2])
shares = [float(word) for word in sys.argv[3:]] or [0.5, 0.9]
root = Path(__file__).resolve().parent.parent
train, explain = (root / "target/debug" / name for name in ("train", "explain"))
config = root / "configs/sample.toml"


def explained(images):
    """What the network says of all pictures, and its maps."""
    folder = out / "maps"
    if not folder.exists():
        typed = [explain, images, "--run", run, "--method", ",".join(METHODS), "--out", folder]
        subprocess.run(typed, check=True, stdout=subprocess.DEVNULL)
    return folder, json.loads((folder / "scores.json").read_text())["pictures"]


def spread(cells, places):
    """A map at some places, in cells, bilinear between their centres."""
    def along(axis):
        at = np.clip(places[axis] - 0.5, 0, cells.shape[axis] - 1)
        first = at.astype(int)
        return first, np.minimum(first + 1, cells.shape[axis] - 1), at - first
    (top, bottom, down), (left, right, across) = along(0), along(1)
    upper = cells[top][:, left] * (1 - across) + cells[top][:, right] * across
    lower = cells[bottom][:, left] * (1 - across) + cells[bottom][:, right] * across
    return upper * (1 - down[:, None]) + lower * down[:, None]


def importance(name, picture, pixels, folder, random):
    """How important a map says that each pixel is."""
    height, width, _ = pixels.shape
    rows, columns = np.arange(height), np.arange(width)
    if name == "edges":
        grey = pixels.mean(axis=2)
        return np.hypot(*np.gradient(grey))
    if name == "centre":
        down, across = (rows + 0.5) / height - 0.5, (columns + 0.5) / width - 0.5
        return -np.hypot(down[:, None], across[None])
    of_class = lambda one: one["class"] in (None, picture["true_class"])
    maps = {one["method"]: one for one in picture["maps"] if of_class(one)}
    cells = np.load(folder / maps[METHODS[0] if name == "random cells" else name]["file"])
    if name == "random cells":
        cells = random.random(cells.shape)
    crop = picture["crop"]
    per_cell = [crop["frame"][1 - axis] / cells.shape[axis] for axis in (0, 1)]
    in_frame = [(place - crop["offset"][1 - axis]) / crop["scale"][1 - axis] + 0.5 for axis, place in enumerate((rows, columns))]
    return spread(cells, [place / size for place, size in zip(in_frame, per_cell)])


def error_rate(data, name):
    """Trains on the pictures of a folder; the share of wrong ones of its validation part in the end."""
    runs = data / "runs"
    if not any(runs.glob("*/epochs.csv")):
        typed = [train, config, "--set", "data.source=folder", "--set", f"data.folder={data}", "--quiet"]
        subprocess.run(typed, check=True, cwd=data, stdout=subprocess.DEVNULL)
    epochs = next(runs.glob("*/epochs.csv"))
    return float(list(csv.DictReader(epochs.open()))[-1]["error_rate"])


out = out.resolve()
out.mkdir(parents=True, exist_ok=True)
images = run.resolve().parent.parent / "data/sample/images"
folder, pictures = explained(images)
mean = np.mean([np.asarray(Image.open(images / one["name"]).convert("RGB")).mean(axis=(0, 1)) for one in pictures], axis=0)
rows = []
for name in METHODS + BASELINES:
    for share in shares:
        data = out / f"{name.replace(' ', '-')}-{share}"
        (data / "images").mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(1)
        for picture in pictures:
            pixels = np.array(Image.open(images / picture["name"]).convert("RGB"))
            found = importance(name, picture, pixels.astype(float), folder, random)
            found = found + 1e-9 * np.abs(found).max() * random.random(found.shape)
            count = round(share * found.size)
            taken = np.argsort(-found, axis=None)[:count]
            pixels.reshape(-1, 3)[taken] = mean.round()
            Image.fromarray(pixels).save(data / "images" / (Path(picture["name"]).stem + ".png"))
        rows.append({"map": name, "share taken away": share, "error rate": error_rate(data, name)})
        print(rows[-1], flush=True)
        with (out / "roar.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
