"""PyTorch's side of scripts/bench-train.sh and bench-train-bf16.sh: the same work and the same line as
`cargo run -p train --example speed`. Arguments: MODE SIZE BATCH STEPS nchw|nhwc [f32|bf16 [ARCHITECTURE]]."""

import os
import resource
import sys
import time

import torch
import torchvision

mode, size, batch, steps, memory_format = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
torch.set_num_threads(int(os.environ["RAYON_NUM_THREADS"]))
layout = torch.channels_last if memory_format == "nhwc" else torch.contiguous_format
precision, architecture = (sys.argv[6:] + ["f32", "resnet34"][len(sys.argv[6:]) :])[:2]
autocast = lambda: torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")
model = getattr(torchvision.models, architecture)(num_classes=37).to(memory_format=layout).train(mode != "infer")
if mode == "frozen":
    for name, parameter in model.named_parameters():
        parameter.requires_grad = "bn" in name or "downsample.1" in name or name.startswith("fc")
optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-4)
labels = torch.arange(batch) % 37
times, computed = [], []
for _ in range(steps):
    x = torch.rand(batch, 3, size, size).to(memory_format=layout)
    start, start_computed = time.perf_counter(), time.process_time()
    if mode == "infer":
        with torch.inference_mode(), autocast():
            model(x)
    else:
        with autocast():
            loss = torch.nn.functional.cross_entropy(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    times.append((time.perf_counter() - start) * 1e3)
    computed.append((time.process_time() - start_computed) * 1e3)
times = sorted(times[1:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(f"{mode} {size} {batch} {times[len(times) // 2]:.1f} {times[0]:.1f} {peak} {min(computed[1:]):.1f}")
