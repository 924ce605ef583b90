"""Times Dinosaur (JAX) on request: the dry primitive equations with the forcing of Held & Suarez (1994).

One JSON object per line on standard input, one per line back:
  {"truncation": T, "levels": L, "seconds": simulated seconds of a run, "threads": n}  ->  {"ready": name and version}
  {"repeats": n}  ->  {"seconds": per run}
An {"impossible": reason} says that the library is not there or does not do this work.

Time stepping is its semi-implicit Runge-Kutta scheme of three stages, with its diffusion of the same order and time as
ours; single precision.
"""
import json
import os
import sys
import time

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

# Long steps [s] that divide six hours, by truncation. At T42 L24 200 days are stable with 3,600 s and not with 5,400 s;
# at T85 the step is in proportion.
LONGEST_STEP = {42: 3600.0, 85: 1800.0}


def answer(**content):
    print(json.dumps(content), file=answers, flush=True)


def main():
    asked = json.loads(sys.stdin.readline())
    threads = asked["threads"]
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}"
    os.environ["JAX_PLATFORMS"] = "cpu"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    from importlib.metadata import version

    import jax
    import numpy as np
    from dinosaur import coordinate_systems, held_suarez, primitive_equations, primitive_equations_states
    from dinosaur import scales, sigma_coordinates, spherical_harmonic, time_integration, xarray_utils

    T, L = asked["truncation"], asked["levels"]
    if T not in LONGEST_STEP:
        raise ValueError(f"its longest stable step is known for T{', T'.join(map(str, LONGEST_STEP))} only")
    units = scales.units
    specs = primitive_equations.PrimitiveEquationsSpecs.from_si()
    grid = spherical_harmonic.Grid.with_wavenumbers(
        T + 1, spherical_harmonics_impl=spherical_harmonic.RealSphericalHarmonics
    )
    layers = sigma_coordinates.SigmaCoordinates.equidistant(L)
    coordinates = coordinate_systems.CoordinateSystem(grid, layers)
    start, features = primitive_equations_states.isothermal_rest_atmosphere(
        coordinates, specs, p0=1e5 * units.pascal, p1=1e2 * units.pascal
    )
    reference = features[xarray_utils.REF_TEMP_KEY]
    flat = np.zeros(grid.modal_shape, np.float32)
    equations = time_integration.compose_equations([
        primitive_equations.PrimitiveEquations(reference, flat, coordinates, specs),
        held_suarez.HeldSuarezForcing(coordinates, specs, reference_temperature=reference),
    ])
    steps = round(asked["seconds"] / LONGEST_STEP[T])
    step = specs.nondimensionalize(asked["seconds"] / steps * units.second)
    diffusion = time_integration.horizontal_diffusion_step_filter(
        grid, step, tau=specs.nondimensionalize(2.4 * units.hour), order=4
    )
    advance = time_integration.step_with_filters(time_integration.imex_rk_sil3(equations, step), [diffusion])
    run = jax.jit(time_integration.repeated(advance, steps))
    state = start(jax.random.PRNGKey(0))
    for _ in range(8):
        state = run(state)
    state = jax.block_until_ready(state)
    if not np.isfinite(np.asarray(state.vorticity)).all():
        raise ValueError("its state does not stay finite")
    answer(ready=f"dinosaur {version('dinosaur-dycore')}, {asked['seconds'] / steps:.0f} s")
    for line in sys.stdin:
        repeats = json.loads(line)["repeats"]
        began = time.perf_counter()
        for _ in range(repeats):
            state = run(state)
        jax.block_until_ready(state)
        answer(seconds=(time.perf_counter() - began) / repeats)


try:
    main()
except Exception as error:
    answer(impossible=f"{type(error).__name__}: {error}")
