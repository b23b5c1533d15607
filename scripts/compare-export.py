"""Loads an exported ResNet-50 or -34 into PyTorch and compares its class probabilities with those of `explain`.

    train export RUN --to model.safetensors
    explain PICTURE.png --run RUN --out out          # PICTURE: square, as large as the last stage's pictures
    python3 scripts/compare-export.py model.safetensors PICTURE.png out/scores.json [--imagenet]

Needs torch, torchvision, safetensors, pillow, numpy. `--imagenet`: normalise with ImageNet's statistics."""

import json
import sys

import numpy as np
import torch
import torchvision
from PIL import Image
from safetensors import safe_open
from torch import nn


class ConcatPool(nn.Module):
    def forward(self, x):
        return torch.cat([x.amax((2, 3)), x.mean((2, 3))], 1)


weights, picture, scores = sys.argv[1:4]
with safe_open(weights, "pt") as file:
    state = {name: file.get_tensor(name) for name in file.keys()}
    architecture = file.metadata()["architecture"]
body = nn.Sequential(*list(getattr(torchvision.models, architecture)(weights=None).children())[:-2])
features, classes = state["1.2.weight"].numel(), state["1.9.weight"].numel()
head = nn.Sequential(ConcatPool(), nn.Identity(), nn.BatchNorm1d(features), nn.Dropout(0.25), nn.Linear(features, 512),
                     nn.ReLU(), nn.BatchNorm1d(512), nn.Dropout(0.5), nn.Linear(512, classes),
                     nn.BatchNorm1d(classes, momentum=0.01))
model = nn.Sequential(body, head)
model.load_state_dict(state, strict=True)
x = torch.tensor(np.array(Image.open(picture).convert("RGB"))).permute(2, 0, 1)[None].float() / 255
if "--imagenet" in sys.argv:
    x = (x - torch.tensor([0.485, 0.456, 0.406])[:, None, None]) / torch.tensor([0.229, 0.224, 0.225])[:, None, None]
with torch.no_grad():
    theirs = torch.log_softmax(model.eval()(x), 1)[0]
found = json.load(open(scores))
ours = torch.tensor([found["pictures"][0]["probabilities"][name] for name in found["classes"]]).log()
print(f"torch {torch.__version__}: {len(state)} tensors loaded with strict=True")
print(f"largest difference of a log probability: {(ours - theirs).abs().max():.2e} "
      f"(log probabilities from {theirs.min():.2f} to {theirs.max():.2f})")
