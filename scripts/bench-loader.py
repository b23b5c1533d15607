"""The peers' side of scripts/bench-loader.sh: the same work and the same line as `cargo bench -p pictures --bench loader --
worker SIZE`, by

    bench-loader.py torchvision SIZE    torchvision's transforms v2, JPEGs decoded by torchvision
    bench-loader.py pillow SIZE         the same, JPEGs decoded by Pillow
    bench-loader.py fastai SIZE         fastai 1.0.30
"""

import io
import os
import pathlib
import sys
import time

import PIL.Image
import torch

who, size = sys.argv[1], int(sys.argv[2])
COUNT, TURNS, BATCH, PASSES = 32, 256, 16, 7
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def photographs():
    """The first JPEG files by name that measure 500 x 375."""
    files = []
    for path in sorted(pathlib.Path(os.environ["PHOTOGRAPHS"]).iterdir()):
        data = path.read_bytes()
        if data.startswith(b"\xff\xd8") and PIL.Image.open(io.BytesIO(data)).size == (500, 375):
            files.append(data)
        if len(files) == COUNT:
            return files
    sys.exit(f"fewer than {COUNT} photographs of 500 x 375")


def torchvision_loader(files, decode):
    """The recipe in transforms v2, cheapest first: reduced at once, then 8 bits until the crop is taken.

    Where the two cannot be the same, this one has less to do: corners that a rotation or a warp uncovers are left black (no
    geometric transform of torchvision reflects), brightness and contrast are linear, and the zoom is part of the resize.
    """
    from torchvision.transforms import v2

    sometimes = lambda transform: v2.RandomApply([transform], p=0.2)
    bilinear = v2.InterpolationMode.BILINEAR
    zoomed = v2.RandomShortestSize(list(range(size, int(1.3 * size) + 1)), antialias=True)
    transform = v2.Compose([
        v2.RandomChoice([v2.Resize(size, antialias=True), zoomed], p=[0.8, 0.2]),
        v2.RandomHorizontalFlip(),
        v2.RandomPerspective(distortion_scale=0.4, p=0.2, interpolation=bilinear),
        sometimes(v2.RandomRotation(20, interpolation=bilinear)),
        v2.RandomCrop(size, pad_if_needed=True, padding_mode="reflect"),
        sometimes(v2.ColorJitter(brightness=0.4)),
        sometimes(v2.ColorJitter(contrast=(0.6, 1 / 0.6))),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(MEAN, DEVIATION, inplace=True),
    ])
    return lambda turns: torch.stack([transform(decode(files[turn % COUNT])) for turn in turns])


def torchvision_decoder():
    from torchvision.io import ImageReadMode, decode_jpeg

    return lambda data: decode_jpeg(data, mode=ImageReadMode.RGB)


def pillow_decoder():
    from torchvision.transforms.v2.functional import pil_to_tensor

    return lambda data: pil_to_tensor(PIL.Image.open(io.BytesIO(data)).convert("RGB"))


def fastai_loader(files):
    """What a data set and a batch of fastai's do with an item, without the data loader around them."""
    make_fastai_importable()
    from fastai.vision import get_transforms, imagenet_stats, normalize, open_image

    transforms, _ = get_transforms(max_rotate=20, max_zoom=1.3, max_lighting=0.4, max_warp=0.4, p_affine=0.2, p_lighting=0.2)
    mean, deviation = map(torch.tensor, imagenet_stats)

    def picture(turn):
        opened = open_image(io.BytesIO(files[turn % COUNT]))
        return opened.apply_tfms(transforms, size=size, padding_mode="reflection").data

    return lambda turns: normalize(torch.stack([picture(turn) for turn in turns]), mean, deviation)


def make_fastai_importable():
    """fastai 1.0.30 is of December 2018: gives it the names and meanings of that time, and puts nothing where it imports
    what transforms do not need."""
    import collections.abc
    import functools
    import unittest.mock

    import numpy

    for name in ("Iterable", "Sized", "Mapping", "Hashable", "Callable", "Sequence"):
        setattr(collections, name, getattr(collections.abc, name))
    numpy.object = object
    for name in ("spacy", "spacy.symbols", "requests", "fastprogress", "fastprogress.fastprogress"):
        sys.modules[name] = unittest.mock.MagicMock()
    functional = torch.nn.functional
    functional.grid_sample = functools.partial(functional.grid_sample, align_corners=True)
    functional.affine_grid = functools.partial(functional.affine_grid, align_corners=True)
    torch.gesv = lambda right, matrix: (torch.linalg.solve(matrix, right.reshape(len(right), -1)), None)

    from fastai.vision import image

    single_or_double = image.tensor
    image.tensor = lambda *values: single_or_double(*values).float()


torch.set_num_threads(1)
files = photographs()
if who == "torchvision":
    tensors = [torch.frombuffer(bytearray(data), dtype=torch.uint8) for data in files]
    batch = torchvision_loader(tensors, torchvision_decoder())
elif who == "pillow":
    batch = torchvision_loader(files, pillow_decoder())
else:
    batch = fastai_loader(files)
assert batch(range(BATCH)).shape == (BATCH, 3, size, size)
times = []
for _ in range(PASSES):
    start = time.process_time()
    for first in range(0, TURNS, BATCH):
        batch(range(first, first + BATCH))
    times.append(time.process_time() - start)
print(f"{size} {TURNS / min(times):.1f} {sum(map(len, files)) // COUNT}")
