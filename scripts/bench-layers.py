"""Each convolution of a ResNet alone, this program beside PyTorch, in turn. See scripts/bench-layers.sh.

Runs the bench given as a command round after round and PyTorch's convolutions (the better of NCHW and channels-last) on the
same shapes between, and prints a table of the shortest times, as both benches take them: on a shared machine the others
measure the neighbours.
"""

import os
import re
import subprocess
import sys
import time

import torch

DIRECTIONS = ["forward", "input gradient", "weight gradient"]
LAYER = re.compile(r"\s*(\d+)x (\d+)->(\d+) (\d+)x\d+/(\d+) @(\d+)\s+(.*)")
BUDGET = 0.3


def main():
    depth, size, batch, threads, rounds, *bench = sys.argv[1:]
    torch.set_num_threads(int(threads))
    ours, theirs, peaks = {}, {}, []
    for _ in range(int(rounds)):
        command = [*bench, depth, size, batch, threads]
        report = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        peaks.append(float(re.search(r"product: (\d+) GFLOP/s", report)[1]))
        for line in report.splitlines():
            if match := LAYER.match(line):
                layer = tuple(map(int, match.groups()[:6]))
                times = list(map(float, match[7].split()[1:4]))
                ours[layer] = least(ours.get(layer), times)
                theirs[layer] = least(theirs.get(layer), measure(layer, int(batch)))
    print_table(f"ResNet-{depth}, {size} px, batch {batch}, {threads} threads", int(batch), ours, theirs, max(peaks))


def least(before, times):
    return list(map(min, before or times, times))


def measure(layer, batch):
    layouts = (torch.contiguous_format, torch.channels_last)
    return [min(times) for times in zip(*(measure_layout(layer, batch, layout) for layout in layouts))]


def measure_layout(layer, batch, layout):
    _, channels_in, channels_out, kernel, stride, size = layer
    x = torch.rand(batch, channels_in, size, size).to(memory_format=layout)
    weight = torch.rand(channels_out, channels_in, kernel, kernel).to(memory_format=layout)
    padding = [kernel // 2] * 2

    def forward():
        return torch.nn.functional.conv2d(x, weight, None, stride, padding)

    gradient = torch.rand_like(forward())

    def backward(mask):
        return torch.ops.aten.convolution_backward(
            gradient, x, weight, None, [stride] * 2, padding, [1, 1], False, [0, 0], 1, mask
        )

    with torch.inference_mode():
        return [
            shortest(forward),
            shortest(lambda: backward([True, False, False])),
            shortest(lambda: backward([False, True, False])),
        ]


def shortest(work):
    work()
    best, start, repetitions = float("inf"), time.perf_counter(), 0
    while time.perf_counter() - start < BUDGET or repetitions < 4:
        before = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - before)
        repetitions += 1
    return best * 1e3


def print_table(title, batch, ours, theirs, peak):
    print(f"{title}; product {peak:.0f} GFLOP/s; torch {torch.__version__}\n")
    print("| layers | convolution | GFLOP | " + " | ".join(f"{d}, ms: ours, PyTorch, ratio, share" for d in DIRECTIONS) + " |")
    print("|---|---|---|---|---|---|")
    sums = [[0.0, 0.0] for _ in DIRECTIONS]
    for layer, times in ours.items():
        count, channels_in, channels_out, kernel, stride, size = layer
        outputs = batch * ((size + 2 * (kernel // 2) - kernel) // stride + 1) ** 2
        giga = 2e-9 * outputs * channels_in * channels_out * kernel**2
        cells = []
        for i, (mine, other) in enumerate(zip(times, theirs[layer])):
            if channels_in == 3 and i == 1:
                cells.append("not needed")
                continue
            cells.append(f"{mine:.2f}, {other:.2f}, {other / mine:.2f}, {giga / mine * 1e3 / peak:.2f}")
            sums[i][0] += count * mine
            sums[i][1] += count * other
        name = f"{channels_in}→{channels_out} {kernel}×{kernel}/{stride} @{size}"
        print(f"| {count} | {name} | {giga:.2f} | " + " | ".join(cells) + " |")
    print("| | **sum** | | " + " | ".join(f"**{a:.0f}, {b:.0f}, {b / a:.2f}**" for a, b in sums) + " |")


if __name__ == "__main__":
    main()
