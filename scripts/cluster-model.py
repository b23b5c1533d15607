#!/usr/bin/env python3
"""Predicted seconds of a training step on N machines, as Markdown: see docs/clusters.md.

    scripts/cluster-model.py --parameters 21831599 --late 6.5e6 --compute 2.83 --latency 2.2e-5 --memory 1.2e9

    exchange = 2 (N-1)/N * bytes / bandwidth + 2 (N-1) * buckets * latency + bytes / memory
    step = compute/N + max(exchange - backward/N, exchange * late / bytes)

The exchange is hidden behind the backward pass, which is two thirds of the compute (two products for each one of the forward
pass), but for what cannot go before it is over. With --after, nothing is hidden.
"""

import argparse

MACHINES = [1, 2, 4, 8, 32]
GIGABITS = [1, 10, 100]
# Share of the backward pass in the compute.
BACKWARD = 2 / 3
# Bytes of a bucket of gradients.
BUCKET = 1 << 22


def step(machines, gigabits, asked):
    """Seconds of a step; bandwidth in Gbit/s of a machine's cable."""
    if machines == 1:
        return asked.compute
    size = 4 * asked.parameters
    others = machines - 1
    sent = 2 * others / machines * size
    bandwidth = gigabits * 1e9 / 8
    compute = asked.compute / machines
    exchange = sent / bandwidth + 2 * others * size / BUCKET * asked.latency + size / asked.memory
    if asked.after:
        return compute + exchange
    return compute + max(exchange - compute * BACKWARD, exchange * asked.late / size)


def pays_until(gigabits, asked):
    """The largest number of machines, each of which is used at least half of the time."""
    sensible = [n for n in range(2, 1025) if asked.compute / n >= step(n, gigabits, asked) / 2]
    return max(sensible, default=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parameters", type=int, required=True, help="`train summary` prints them")
    parser.add_argument("--compute", type=float, required=True, help="seconds of a step of one machine")
    parser.add_argument("--latency", type=float, required=True, help="seconds of a message")
    parser.add_argument("--memory", type=float, required=True, help="bytes per second copied and added up")
    parser.add_argument("--late", type=float, required=True, help="bytes that go when the backward pass is over")
    parser.add_argument("--after", action="store_true", help="the exchange begins when the backward pass is over")
    asked = parser.parse_args()
    print("| Gbit/s | " + " | ".join(f"{n} machines" for n in MACHINES[1:]) + " | half used up to |")
    print("|---" * (len(MACHINES) + 1) + "|")
    for gigabits in GIGABITS:
        cells = []
        for machines in MACHINES[1:]:
            seconds = step(machines, gigabits, asked)
            cells.append(f"{seconds:.2f} s (×{asked.compute / seconds:.1f})")
        print(f"| {gigabits} | " + " | ".join(cells) + f" | {pays_until(gigabits, asked)} |")


if __name__ == "__main__":
    main()
