"""PyTorch's side of scripts/bench-layers.sh: each convolution of a ResNet alone, the better of NCHW and channels-last.

Reads lines `COUNT BATCH SIZE CHANNELS_IN CHANNELS_OUT KERNEL STRIDE` and prints, for each, the shortest milliseconds of
forward, input gradient and weight gradient.
"""

import os
import sys
import time

import torch

torch.set_num_threads(int(os.environ["RAYON_NUM_THREADS"]))
BUDGET = 0.3


def shortest(work):
    work()
    best, start, repetitions = float("inf"), time.perf_counter(), 0
    while time.perf_counter() - start < BUDGET or repetitions < 4:
        before = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - before)
        repetitions += 1
    return best * 1e3


def measure(batch, size, channels_in, channels_out, kernel, stride, layout):
    x = torch.rand(batch, channels_in, size, size).to(memory_format=layout)
    weight = torch.rand(channels_out, channels_in, kernel, kernel).to(memory_format=layout)
    padding = [kernel // 2] * 2
    y = torch.nn.functional.conv2d(x, weight, None, stride, kernel // 2)
    dy = torch.rand_like(y)

    def backward(mask):
        return torch.ops.aten.convolution_backward(
            dy, x, weight, None, [stride] * 2, padding, [1, 1], False, [0, 0], 1, mask
        )

    with torch.inference_mode():
        return (
            shortest(lambda: torch.nn.functional.conv2d(x, weight, None, stride, kernel // 2)),
            shortest(lambda: backward([True, False, False])),
            shortest(lambda: backward([False, True, False])),
        )


for line in sys.stdin:
    _, *shape = map(int, line.split())
    layouts = [measure(*shape, layout) for layout in (torch.contiguous_format, torch.channels_last)]
    print(*(f"{min(times):.3f}" for times in zip(*layouts)), flush=True)
