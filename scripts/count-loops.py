"""Counts the instructions of the innermost loops in assembly of 64-bit Arm: those with the most multiply-adds of vectors.

    python3 scripts/count-loops.py FILE.s

A multiply-add of a vector is four of numbers; in bf16, a loop with eight of them is one row of a tile. Code out of line (a label below the loop's last branch) is not counted.
"""

import collections
import re
import sys

BRANCH = re.compile(r"(?:b|b\.\w+|cbn?z|tbn?z)\s.*?(\.LBB\w+)$")


def loops(lines):
    """Bodies of loops that hold no other loop: (first line, instructions)."""
    body, labels, taken = [], {}, -1
    for line in lines:
        text = line.split("//")[0].strip()
        if re.match(r"\.LBB\w+:", text):
            labels[text[:-1]] = len(body)
        elif text.startswith(".cfi_endproc"):
            body, labels, taken = [], {}, -1
        elif line.startswith("\t") and text and not text.startswith("."):
            body.append(text)
            branch = BRANCH.match(text)
            start = labels.get(branch.group(1)) if branch else None
            if start is not None and start > taken:
                taken = len(body) - 1
                yield body[start:]


def main():
    found = collections.Counter()
    for body in loops(open(sys.argv[1])):
        vectors = sum(bool(re.match(r"fmla\s+v\d+\.4s", text)) for text in body)
        if vectors >= 8:
            stack = sum("[sp" in text for text in body)
            pairs = any(text.startswith("uminv") for text in body)
            found[pairs, vectors, len(body), stack] += 1
    print("kind  multiply-adds of vectors  instructions  of them on the stack  loops like it")
    for (pairs, vectors, length, stack), times in sorted(found.items(), reverse=True):
        print(f"{'bf16' if pairs else 'f32':4} {vectors:25} {length:13} {stack:21} {times:14}")


main()
