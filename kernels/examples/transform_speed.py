#!/usr/bin/env python3
"""Interleaves the transforms of `transform_speed` with those of ducc0 (pip install ducc0) on one thread.

    cargo build --release -p terrella-kernels --no-default-features --example transform_speed
    python3 kernels/examples/transform_speed.py [T [FIELDS]]

Median and least wall time per field of alternating calls (the least where the machine is shared), full Gaussian linear grid, f64, random coefficients in [-1, 1].
"""
import os, subprocess, sys, time
from pathlib import Path

import ducc0
import numpy as np

total = int(sys.argv[1]) if len(sys.argv) > 1 else 255
fields = int(sys.argv[2]) if len(sys.argv) > 2 else 1
calls = max(9, int(4e9 / total**3 / fields))
rows, columns = total + 1, 2 * (total + 1)
rng = np.random.default_rng(0)
count = (total + 1) * (total + 2) // 2
alm = rng.uniform(-1, 1, (fields, 1, count)) + 1j * rng.uniform(-1, 1, (fields, 1, count))
alm[:, :, : total + 1] = alm[:, :, : total + 1].real
back, points = np.zeros_like(alm), np.zeros((fields, 1, rows, columns))


def peer(name):
    started = time.perf_counter()
    for i in range(fields):
        if name == "synthesis":
            ducc0.sht.synthesis_2d(alm=alm[i], spin=0, lmax=total, mmax=total, geometry="GL", nthreads=1, map=points[i])
        else:
            ducc0.sht.analysis_2d(alm=back[i], map=points[i], spin=0, lmax=total, mmax=total, geometry="GL", nthreads=1)
    return time.perf_counter() - started


root = Path(__file__).resolve().parents[2]
binary = Path(os.environ.get("CARGO_TARGET_DIR", root / "target")) / "release/examples/transform_speed"
server = subprocess.Popen(
    [binary, str(total), str(fields), "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    env=dict(os.environ, RAYON_NUM_THREADS="1"),
)
print("terrella", server.stdout.readline().strip(), "; ducc0", ducc0.__version__)


def ours(name):
    server.stdin.write(name + "\n")
    return float(server.stdout.readline())


for name in ["synthesis", "analysis"]:
    times = {"terrella": [], "ducc0": []}
    for _ in range(calls):
        times["terrella"].append(ours(name))
        times["ducc0"].append(peer(name))
    for statistic, of in [("median", np.median), ("least", np.min)]:
        ours_ms, peer_ms = (1e3 * float(of(times[key])) / fields for key in ["terrella", "ducc0"])
        print(f"T{total} x{fields} {name}, {statistic}: terrella {ours_ms:.3f} ms, ducc0 {peer_ms:.3f} ms per field, "
              f"ratio {ours_ms / peer_ms:.2f} ({calls} interleaved calls)")
peer("synthesis")
peer("analysis")
print(f"round-trip error of ducc0: {np.abs(back - alm).max():.1e}")
server.stdin.close()
