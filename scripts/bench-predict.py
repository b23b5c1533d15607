"""Helpers of scripts/bench-predict.sh.

    bench-predict.py classes WEIGHTS                     how many classes the exported weights have
    bench-predict.py compare WEIGHTS OURS THEIRS         csv files of explain predict and of timm's inference.py
    bench-predict.py measure LOG WHO COMMAND...          one run, a line in LOG
    bench-predict.py table LOG COUNT                     LOG as Markdown"""

import collections
import csv
import importlib.metadata
import json
import os
import re
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time


def header(weights):
    with open(weights, "rb") as file:
        return json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))


def compare(weights, ours, theirs):
    """Same class for at least 95 of 100: the resizing of the two differs, so nearly even ones may change places."""
    with open(ours) as file:
        rows = list(csv.reader(file))
    first = next(i for i, name in enumerate(rows[0]) if name == "class_1")
    mine = {os.path.basename(row[0]): (row[first], float(row[first + 1])) for row in rows[1:]}
    with open(theirs) as file:
        other = {row["filename"]: (int(re.findall(r"\d+", row["index"])[0]), float(re.findall(r"[\d.]+(?:e[+-]?\d+)?", row["prob"])[0]))
                 for row in csv.DictReader(file)}
    names = json.loads(header(weights)["__metadata__"]["classes"])
    if mine.keys() != other.keys():
        sys.exit("error: the two have not predicted the same files")
    same = sum(mine[name][0] == names[other[name][0]] for name in mine)
    apart = [abs(mine[name][1] - other[name][1]) for name in mine if mine[name][0] == names[other[name][0]]]
    print(f"same class for {same} of {len(mine)} pictures; of these the largest difference of probability is "
          f"{max(apart, default=0):.4f}, the median {statistics.median(apart or [0]):.4f}")
    if same < 0.95 * len(mine):
        sys.exit("error: the two do not compute the same")


def group_mib(group):
    """Proportional memory (shared pages counted once) of all processes of a group, in MiB: timm's workers are processes."""
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getpgid(int(pid)) == group:
                with open(f"/proc/{pid}/smaps_rollup") as file:
                    total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
    return total // 1024


def measure(log, who, *command):
    """Wall seconds, CPU seconds of the process and its children, peak MiB of the process group (looked at twice a second)."""
    peak = 0
    ended = threading.Event()

    def watch():
        nonlocal peak
        while not ended.wait(0.5):
            peak = max(peak, group_mib(child.pid))

    with tempfile.TemporaryFile() as messages:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=messages, start_new_session=True)
        # In its own session, so that its memory is found; it must not outlive this script when that is stopped.
        signal.signal(signal.SIGTERM, lambda *_: (os.killpg(child.pid, signal.SIGKILL), os._exit(1)))
        signal.signal(signal.SIGINT, signal.getsignal(signal.SIGTERM))
        watcher = threading.Thread(target=watch)
        watcher.start()
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        ended.set()
        watcher.join()
        if status:
            messages.seek(0)
            sys.exit(messages.read().decode())
    load = os.getloadavg()[0]
    line = f"{who} {seconds:.3f} {used.ru_utime + used.ru_stime:.2f} {max(peak, used.ru_maxrss // 1024)} {load:.2f}"
    print(line, file=sys.stderr)
    with open(log, "a") as file:
        file.write(line + "\n")


def table(log, count):
    runs = collections.defaultdict(list)
    for line in open(log):
        who, *numbers = line.split()
        runs[who].append([float(number) for number in numbers])
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("timm", "torch", "torchvision", "pillow"))
    loads = [run[3] for of in runs.values() for run in of]
    print(f"{versions}; {count} pictures; load average after each run {min(loads):.1f} to {max(loads):.1f}")
    print("\n| who (workers, batch) | seconds | pictures/s | CPU seconds | peak, MiB | ratio of seconds (spread) | ratio of CPU seconds |")
    print("|---|---|---|---|---|---|---|")
    median = lambda who, column: statistics.median(run[column] for run in runs[who])
    for who in sorted(runs, key=lambda who: (who != "ours", median(who, 0))):
        ratios = [sorted(t[c] / o[c] for o, t in zip(runs["ours"], runs[who])) for c in (0, 1)]
        print(f"| {who} | {median(who, 0):.1f} | {int(count) / median(who, 0):.1f} | {median(who, 1):.1f} | "
              f"{max(run[2] for run in runs[who]):.0f} | {statistics.median(ratios[0]):.2f} "
              f"({ratios[0][0]:.2f} to {ratios[0][-1]:.2f}) | {statistics.median(ratios[1]):.2f} |")


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    if verb == "classes":
        print(header(rest[0])["fc.weight"]["shape"][0])
    else:
        {"compare": compare, "measure": measure, "table": table}[verb](*rest)
