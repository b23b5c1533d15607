"""Error of a 3x3 convolution whose products are in bf16: direct, and by Winograd's F(4x4, 3x3) and F(2x2, 3x3) with both factors
rounded after their transforms. Root mean square, relative to that of the result; sums in f64. Needs numpy.

    python3 scripts/winograd-error.py [CHANNELS]
"""

import sys
import numpy as np

R, Q = np.sqrt(0.5), np.sqrt(2.0)
# The matrices of crates/cpu/src/convolution/winograd/transform.rs (points 0, +-sqrt(1/2), +-sqrt(2), infinity).
F4 = (
    np.array([[1, 0, -2.5, 0, 1, 0], [0, -2 * R, -2, R, 1, 0], [0, 2 * R, -2, -R, 1, 0],
              [0, -Q / 2, -0.5, Q, 1, 0], [0, Q / 2, -0.5, -Q, 1, 0], [0, 1, 0, -2.5, 0, 1]]),
    np.array([[1, 0, 0], [-2 / 3, -2 / 3 * R, -1 / 3], [-2 / 3, 2 / 3 * R, -1 / 3],
              [1 / 6, Q / 6, 1 / 3], [1 / 6, -Q / 6, 1 / 3], [0, 0, 1]]),
    np.array([[1, 1, 1, 1, 1, 0], [0, R, -R, Q, -Q, 0], [0, 0.5, 0.5, 2, 2, 0], [0, R / 2, -R / 2, 2 * Q, -2 * Q, 1]]),
)
F2 = (
    np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]),
    np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]),
    np.array([[1, 1, 1, 0], [0, 1, -1, -1]]),
)


def bf16(x):
    bits = x.astype(np.float32).view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32).astype(np.float64)


def same(x):
    return x


def squares(x, side, step):
    """All squares of `side` at every `step` pixels: [channel, row, column, side, side]."""
    views = np.lib.stride_tricks.sliding_window_view(x, (side, side), axis=(1, 2))
    return views[:, ::step, ::step]


def direct(x, w, rounded):
    return np.einsum("cijrs,kcrs->kij", rounded(squares(x, 3, 1)), rounded(w), optimize=True)


def winograd(x, w, matrices, rounded):
    b, g, a = matrices
    outputs = len(a)
    v = rounded(b @ squares(x, outputs + 2, outputs) @ b.T)
    u = rounded(g @ w @ g.T)
    y = a @ np.einsum("chwij,kcij->khwij", v, u, optimize=True) @ a.T
    k, rows, columns = y.shape[:3]
    return y.transpose(0, 1, 3, 2, 4).reshape(k, rows * outputs, columns * outputs)


def main():
    channels = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    random = np.random.default_rng(0)
    x = np.maximum(random.standard_normal((channels, 14, 14)), 0)
    w = random.standard_normal((64, channels, 3, 3))
    exact = direct(x, w, same)
    error = lambda y: np.sqrt(np.mean((y - exact) ** 2) / np.mean(exact**2))
    assert error(winograd(x, w, F4, same)) < 1e-12 and error(winograd(x, w, F2, same)) < 1e-12
    print(f"{channels} channels: direct {100 * error(direct(x, w, bf16)):.2f} %, "
          f"F(2x2) {100 * error(winograd(x, w, F2, bf16)):.2f} %, F(4x4) {100 * error(winograd(x, w, F4, bf16)):.2f} %")


main()
