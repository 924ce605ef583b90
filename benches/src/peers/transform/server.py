"""Times one direction of a spherical harmonic transform on request; a library's own part goes before this text.

One JSON object per line on standard input, one per line back:
  {"direction": name, "truncation": T, "latitudes": [degrees], "weights": [...], "points": [per ring], "fields": n,
   "threads": n, "precision": "f32" | "f64", "library": path}
      ->  {"ready": name and version, "error": largest change of a coefficient of order 1 by synthesis and analysis}
  {"repeats": n}  ->  {"seconds": per run}
An {"impossible": reason} says that the library is not there or does not do this work.

`Work(asked)` allocates everything, as ours does; `load(component, field, values)` and `spectrum(component, field)` put in
and give back orthonormal complex coefficients, m-major with n ascending; `synthesis()` or `analysis()` is what is timed;
`restore()` undoes, untimed, what an analysis does to its input.
"""
import json
import os
import sys
import time

# Libraries may print: standard output is for answers only.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def answer(**content):
    print(json.dumps(content), file=answers, flush=True)


def main():
    import numpy as np

    asked = json.loads(sys.stdin.readline())
    work = Work(asked)
    T, fields, components = asked["truncation"], asked["fields"], 2 if asked["direction"].startswith("wind") else 1

    # Made again where needed, so that no second copy of everything is held.
    def coefficients(component, field):
        random = np.random.default_rng(1 + component + 2 * field)
        size = (T + 1) * (T + 2) // 2
        values = random.uniform(-1, 1, size) + 1j * random.uniform(-1, 1, size)
        values[: T + 1] = values[: T + 1].real
        if components == 2:
            values[0] = 0
        return values

    for component in range(components):
        for field in range(fields):
            work.load(component, field, coefficients(component, field))
    work.synthesis()
    work.analysis()
    error = 0.0
    for component in range(components):
        for field in {0, fields - 1}:
            change = np.abs(work.spectrum(component, field) - coefficients(component, field)).max()
            error = max(error, float(change)) if change == change else float("inf")
    answer(ready=work.name, error=error)
    synthesis = asked["direction"].endswith("synthesis")
    for line in sys.stdin:
        repeats, seconds = json.loads(line)["repeats"], 0.0
        for _ in range(repeats):
            if not synthesis:
                work.restore()
            start = time.perf_counter()
            if synthesis:
                work.synthesis()
            else:
                work.analysis()
            seconds += time.perf_counter() - start
        # OpenMP's threads spin for a while: they must not take the cores of who comes next.
        if asked["threads"] > 1:
            time.sleep(0.002)
        answer(seconds=seconds / repeats)


try:
    main()
except Exception as error:
    answer(impossible=f"{type(error).__name__}: {error}")
