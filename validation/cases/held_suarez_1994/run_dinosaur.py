"""Writes dinosaur.csv: the same climate by Dinosaur (JAX, https://github.com/neuralgcm/dinosaur), an independent spectral model.

    python3 -m pip install dinosaur-dycore && python3 run_dinosaur.py > dinosaur.csv

T42, 20 layers of equal thickness in σ, its semi-implicit Runge-Kutta scheme with steps of an hour, ∇⁸ diffusion in 2.4 h, single
precision. Means over days 200 to 1,200, sampled daily, over the circles of latitude and both hemispheres; primes are departures
from the instantaneous zonal mean.
"""
import os
import sys

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import numpy as np
from dinosaur import coordinate_systems, held_suarez, primitive_equations, primitive_equations_states
from dinosaur import scales, sigma_coordinates, spherical_harmonic, time_integration, xarray_utils

TRUNCATION, LEVELS, STEP, SPIN_UP, DAYS = 42, 20, 3600.0, 200, 1200

units = scales.units
specs = primitive_equations.PrimitiveEquationsSpecs.from_si()
grid = spherical_harmonic.Grid.with_wavenumbers(
    TRUNCATION + 1, spherical_harmonics_impl=spherical_harmonic.RealSphericalHarmonics
)
layers = sigma_coordinates.SigmaCoordinates.equidistant(LEVELS)
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
step = specs.nondimensionalize(STEP * units.second)
diffusion = time_integration.horizontal_diffusion_step_filter(
    grid, step, tau=specs.nondimensionalize(2.4 * units.hour), order=4
)
advance = time_integration.step_with_filters(time_integration.imex_rk_sil3(equations, step), [diffusion])
run_day = jax.jit(time_integration.repeated(advance, round(86400 / STEP)))
speed = specs.dimensionalize(1.0, units.meter / units.second).magnitude


@jax.jit
def fields(state):
    """u, v [m/s] and T [K], [level, longitude, latitude]."""
    winds = spherical_harmonic.vor_div_to_uv_nodal(grid, state.vorticity, state.divergence, clip=True)
    temperature = grid.to_nodal(state.temperature_variation) + reference[:, None, None]
    return winds[0] * speed, winds[1] * speed, temperature


state = start(jax.random.PRNGKey(0))
sums = 0.0
for day in range(DAYS):
    state = run_day(state)
    if day < SPIN_UP:
        continue
    u, v, temperature = (np.asarray(field, np.float64) for field in fields(state))
    mean_u, mean_t = u.mean(1), temperature.mean(1)
    eddies = [field - field.mean(1, keepdims=True) for field in (u, v, temperature)]
    u, v, temperature = eddies
    products = (temperature * temperature, u * u, v * temperature, u * v)
    sums = sums + np.stack([mean_u, mean_t, *(product.mean(1) for product in products)])
    if not np.isfinite(sums).all():
        sys.exit(f"not finite on day {day}")
    if day % 50 == 0:
        print(f"day {day} of {DAYS}", file=sys.stderr)
means = sums / (DAYS - SPIN_UP)
# Latitudes run northwards; eddy fluxes are odd about the equator.
sines = np.asarray(grid.nodal_axes[1])
middle = len(sines) // 2
sign = np.array([1, 1, 1, 1, -1, -1])[:, None, None]
folded = (0.5 * (means + sign * means[:, :, ::-1]))[:, :, middle:]
print("latitude,sigma,eastward_wind,air_temperature,temperature_variance,eastward_wind_variance,heat_flux,momentum_flux")
for level, sigma in enumerate(layers.centers):
    for ring in range(folded.shape[2]):
        values = ",".join(f"{value:.5g}" for value in folded[:, level, ring])
        print(f"{np.degrees(np.arcsin(sines[middle + ring])):.4f},{sigma:.4f},{values}")
