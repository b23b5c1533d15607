#!/usr/bin/env python3
"""How long the first build takes, and which crates take longest: a build of the two programs into an empty folder.

    scripts/build-times.py [--most 10] [FLAG …]          # further flags go to cargo

Crates are built two at a time on two cores, so their seconds add up to about twice those of the clock. Needs the crates in
cargo's cache (`cargo fetch`).
"""

import argparse
import json
import os
import re
import resource
import subprocess
import tempfile
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=10, help="how many crates to list")
    options, flags = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as target:
        start = time.monotonic()
        command = ["cargo", "build", "-p", "train", "-p", "explain", "--timings", "--target-dir", target, *flags]
        subprocess.run(command, check=True)
        wall = time.monotonic() - start
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        units = units_of(os.path.join(target, "cargo-timings", "cargo-timing.html"))
        programs = [os.path.getsize(os.path.join(target, "debug", name)) for name in ("train", "explain")]
    print(f"{wall:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of processor time, {len(units)} crates and steps")
    print(f"train {programs[0] / 1e6:.0f} MB, explain {programs[1] / 1e6:.0f} MB")
    for seconds, name in sorted(units, reverse=True)[: options.most]:
        print(f"{seconds:6.1f} s  {name}")


def units_of(page):
    """Seconds and names of what was built, from cargo's page."""
    with open(page, encoding="utf-8") as file:
        data = re.search(r"const UNIT_DATA = (\[.*?\]);\n", file.read(), re.DOTALL)
    return [(unit["duration"], f"{unit['name']} {unit['version']}{unit['target']}") for unit in json.loads(data[1])]


if __name__ == "__main__":
    main()
