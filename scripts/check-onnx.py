"""Compares the logits of an exported model with this program's. Called by scripts/check-onnx.sh:

    check-onnx.py model.onnx STEM...       # STEM is SIZE; STEM.pictures and STEM.logits come from the example `logits`

Exits with 1 if a logit differs by more than 1e-3 of the largest, or a most likely class differs."""

import json
import os
import sys

import numpy as np
import onnx
import onnxruntime

path, *stems = sys.argv[1:]
onnx.checker.check_model(path, full_check=True)
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
metadata = session.get_modelmeta().custom_metadata_map
classes = json.loads(metadata["classes"])
[given], [made] = session.get_inputs(), session.get_outputs()
print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}; {metadata['architecture']}, "
      f"{given.name} {given.shape} to {made.name} {made.shape}")
largest_share = 0.0
for stem in stems:
    size = int(os.path.basename(stem))
    pictures = np.fromfile(stem + ".pictures", "<f4").reshape(-1, 3, size, size)
    ours = np.fromfile(stem + ".logits", "<f4").reshape(-1, len(classes))
    for batch in (1, 8):
        parts = [session.run(None, {given.name: pictures[at : at + batch]})[0] for at in range(0, len(pictures), batch)]
        theirs = np.concatenate(parts)
        difference = np.abs(theirs - ours).max()
        share = difference / np.abs(ours).max()
        same = (theirs.argmax(1) == ours.argmax(1)).sum()
        largest_share = max(largest_share, share if same == len(ours) else 1.0)
        print(f"{len(ours)} pictures, {size} px, batches of {batch}: largest difference of a logit {difference:.1e} "
              f"(logits from {ours.min():.2f} to {ours.max():.2f}), same class {same} of {len(ours)}")
sys.exit(1 if largest_share > 1e-3 else 0)
