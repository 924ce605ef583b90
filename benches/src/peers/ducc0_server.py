"""Times ducc0's spherical harmonic transforms on request.

One JSON object per line on standard input, one per line back:
  {"do": "setup", "truncation": T, "rings": n, "points": n, "fields": n, "threads": n, "precision": "f32" | "f64"}
  {"do": "synthesis" | "analysis" | "wind_synthesis" | "wind_analysis", "repeats": n}  ->  {"seconds": per run}
Full Gaussian grid; arrays are allocated at set-up and reused, as ours are.
"""
import json
import sys
import time

try:
    import ducc0
    import numpy as np
except ImportError as error:
    print(json.dumps({"missing": str(error)}), flush=True)
    sys.exit(0)

sht = ducc0.sht
print(json.dumps({"version": ducc0.__version__}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "setup":
        T, threads, fields = asked["truncation"], asked["threads"], asked["fields"]
        real, complex_ = (np.float32, np.complex64) if asked["precision"] == "f32" else (np.float64, np.complex128)
        coefficients = (T + 1) * (T + 2) // 2
        random = np.random.default_rng(1)
        spectrum = random.uniform(-1, 1, (fields, 2, coefficients)) + 1j * random.uniform(-1, 1, (fields, 2, coefficients))
        spectrum[..., : T + 1] = spectrum[..., : T + 1].real
        spectrum[..., 0] = 0
        spectrum = spectrum.astype(complex_)
        scalars = np.ascontiguousarray(spectrum[:, :1])
        grid = np.zeros((fields, 1, asked["rings"], asked["points"]), real)
        winds = np.zeros((fields, 2, asked["rings"], asked["points"]), real)
        back, back_winds = np.zeros_like(scalars), np.zeros_like(spectrum)
        common = dict(lmax=T, mmax=T, geometry="GL", nthreads=threads)

        def synthesis():
            for field in range(fields):
                sht.synthesis_2d(alm=scalars[field], spin=0, map=grid[field], **common)

        def analysis():
            for field in range(fields):
                sht.analysis_2d(alm=back[field], map=grid[field], spin=0, **common)

        def wind_synthesis():
            for field in range(fields):
                sht.synthesis_2d(alm=spectrum[field], spin=1, map=winds[field], **common)

        def wind_analysis():
            for field in range(fields):
                sht.analysis_2d(alm=back_winds[field], map=winds[field], spin=1, **common)

        # The grids hold band-limited fields before the first analysis.
        synthesis()
        wind_synthesis()
        runs = dict(synthesis=synthesis, analysis=analysis, wind_synthesis=wind_synthesis, wind_analysis=wind_analysis)
        print(json.dumps({"ready": True}), flush=True)
    else:
        run = runs[asked["do"]]
        start = time.perf_counter()
        for _ in range(asked["repeats"]):
            run()
        print(json.dumps({"seconds": (time.perf_counter() - start) / asked["repeats"]}), flush=True)
