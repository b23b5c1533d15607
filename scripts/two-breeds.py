"""Compositions of two validation photographs of a run side by side, with the truth.json that `explain score --two-breeds` reads.

    python3 scripts/two-breeds.py RUN PHOTOGRAPHS OUT [COUNT] [SEED]

RUN is a run's folder, PHOTOGRAPHS the folder of its pictures, whose names say the breed as in the Oxford-IIIT Pets. Both
photographs of a composition are resized to a height of 352, no photograph is used twice, and the two breeds differ. Pictures of
299 x 299 pixels are left out: in a public copy of the data set they are squashed. Needs Pillow."""
import json, random, sys
from pathlib import Path

from PIL import Image

HEIGHT = 352
run, photographs, out = map(Path, sys.argv[1:4])
count, seed = (int(word) for word in (sys.argv[4:6] + ["30", "14"][len(sys.argv[4:6]):]))


def breed(name):
    return name.rsplit("_", 1)[0]


def read(name):
    picture = Image.open(photographs / name).convert("RGB")
    return picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT), Image.LANCZOS)


names = [Path(name).name for name in json.loads((run / "split.json").read_text())["valid"]]
names = [name for name in names if Image.open(photographs / name).size != (299, 299)]
random.seed(seed)
random.shuffle(names)
out.mkdir(parents=True, exist_ok=True)
truth = []
while len(truth) < count and len(names) > 1:
    left = names.pop(0)
    right = next((name for name in names if breed(name) != breed(left)), None)
    if right is None:
        break
    names.remove(right)
    one, other = read(left), read(right)
    both = Image.new("RGB", (one.width + other.width, HEIGHT))
    both.paste(one, (0, 0))
    both.paste(other, (one.width, 0))
    file = f"{breed(left)}__{breed(right)}_{len(truth):02}.jpg"
    both.save(out / file, quality=92)
    truth.append(dict(file=file, left=breed(left), right=breed(right), seam_x=one.width, width=both.width, height=HEIGHT))
(out / "truth.json").write_text(json.dumps(truth, indent=1))
print(f"{len(truth)} compositions, {sum(t['width'] / HEIGHT for t in truth) / max(1, len(truth)):.2f} times as wide as high in the mean")
