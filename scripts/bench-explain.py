"""pytorch-grad-cam's side of scripts/bench-explain.sh: the pictures of a folder, one overlay each.

    bench-explain.py draw WEIGHTS OUT HOW BATCH PICTURE...     HOW: whole, last
    bench-explain.py square PICTURE OUT
    bench-explain.py compare WEIGHTS PICTURE SCORES            PICTURE: square, of the network's size

WEIGHTS: `train export --layout torchvision` of a ResNet-34 with a plain head, trained at 224 pixels."""

import json
import os
import struct
import sys

import cv2
import numpy as np
import torch
import torchvision
from PIL import Image
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.image import show_cam_on_image

SIZE = 224
MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def load(weights):
    """The file's bytes are the tensors, so that neither side reads weights through a slower format than the other."""
    with open(weights, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
        values = bytearray(file.read())
    header.pop("__metadata__", None)
    types = {"F32": torch.float32, "I64": torch.int64}
    state = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        tensor = torch.frombuffer(memoryview(values)[start:end], dtype=types[entry["dtype"]])
        state[name] = tensor.reshape(entry["shape"])
    # Built without memory and without drawing first weights, which would be thrown away.
    with torch.device("meta"):
        model = torchvision.models.resnet34(num_classes=len(state["fc.bias"]))
    model.load_state_dict(state, strict=True, assign=True)
    return model.eval()


def read(path):
    """The square that the network sees, in 0..1: the shorter side to 224 pixels, the middle of the longer one."""
    picture = Image.open(path).convert("RGB")
    factor = SIZE / min(picture.size)
    width, height = (max(SIZE, round(side * factor)) for side in picture.size)
    picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    left, top = (width - SIZE) // 2, (height - SIZE) // 2
    return np.asarray(picture.crop((left, top, left + SIZE, top + SIZE)), dtype=np.float32) / 255


def batch_of(squares):
    return (torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2) - MEAN) / STD


def draw(weights, out, how, batch, pictures):
    model = load(weights)
    if how == "last":
        # Not in the library's examples, but for free: only what lies behind the target asks for gradients, so that the
        # way back ends there. The target's own output must have one.
        model.requires_grad_(False)
        model.layer4[-1].requires_grad_(True)
    with GradCAM(model=model, target_layers=[model.layer4[-1]]) as cam:
        for start in range(0, len(pictures), batch):
            names = pictures[start : start + batch]
            squares = [read(name) for name in names]
            maps = cam(input_tensor=batch_of(squares), targets=None)
            for name, square, heat in zip(names, squares, maps):
                stem = os.path.splitext(os.path.basename(name))[0]
                Image.fromarray(show_cam_on_image(square, heat, use_rgb=True)).save(os.path.join(out, f"{stem}.png"))


def compare(weights, picture, scores):
    model = load(weights)
    square = np.asarray(Image.open(picture).convert("RGB"), dtype=np.float32) / 255
    target = model.layer4[-1]
    with GradCAM(model=model, target_layers=[target]) as cam:
        x = batch_of([square])
        cam(input_tensor=x, targets=None)
        kept = cam.activations_and_grads
        theirs = cam.get_cam_image(x, target, None, kept.activations[0].numpy(), kept.gradients[0].numpy())[0]
        predicted = int(cam.outputs.argmax())
    found = json.load(open(scores))
    record = found["pictures"][0]
    ours = np.load(os.path.join(os.path.dirname(scores), record["maps"][0]["file"]))
    unit = lambda values: (values - values.min()) / (values.max() - values.min())
    print(f"same picture, raw {ours.shape[0]} x {ours.shape[1]} maps: correlation "
          f"{np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]:.7f}, largest difference in 0..1 "
          f"{np.abs(unit(ours) - unit(theirs)).max():.1e}; "
          f"predicted class {'the same' if found['classes'][predicted] == record['predicted_class'] else 'ANOTHER'}")


threads = int(os.environ["RAYON_NUM_THREADS"])
torch.set_num_threads(threads)
cv2.setNumThreads(threads)
what, *rest = sys.argv[1:]
if what == "draw":
    weights, out, how, batch, *pictures = rest
    draw(weights, out, how, int(batch), pictures)
elif what == "square":
    Image.fromarray((read(rest[0]) * 255).round().astype(np.uint8)).save(rest[1])
else:
    compare(*rest)
