"""Eigenvalues and eigenvectors of many symmetric matrices by LAPACK (through NumPy), one call per matrix, timed on request."""

import json
import sys
import time

import numpy as np
from scipy.linalg import lapack


def answer(**words):
    print(json.dumps(words), flush=True)


def main():
    asked = json.loads(sys.stdin.readline())
    size, count = asked["size"], asked["count"]
    kind = {"f32": np.float32, "f64": np.float64}[asked["precision"]]
    solve = {"f32": lapack.ssyevd, "f64": lapack.dsyevd}[asked["precision"]]
    matrices = np.random.default_rng(1).standard_normal((count, size, size)).astype(kind)
    # LAPACK's order of memory, so that nothing is copied on the way but the matrix that becomes the vectors.
    matrices = [np.asfortranarray(matrix + matrix.T) for matrix in matrices]
    values, vectors, info = solve(matrices[0], lower=1)
    if info != 0 or not np.allclose(matrices[0] @ vectors, vectors * values, atol=1e-3):
        raise ValueError(f"syevd returned {info}")
    answer(ready=f"LAPACK (scipy {__import__('scipy').__version__})")
    for line in sys.stdin:
        repeats = json.loads(line)["repeats"]
        began = time.perf_counter()
        for _ in range(repeats):
            for matrix in matrices:
                solve(matrix, lower=1)
        answer(seconds=(time.perf_counter() - began) / repeats)


try:
    main()
except Exception as error:
    answer(impossible=f"{type(error).__name__}: {error}")
