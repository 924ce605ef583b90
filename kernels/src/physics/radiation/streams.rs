//! Fluxes down and up.

use terrella_kernels_macros::kernel;

use crate::Real;

/// Long-wave optical depth above a pressure, over that of the column: f·σ + (1 − f)·σ⁴ with σ = p/p_s.
#[kernel(function)]
pub fn optical_fraction<R: Real>(sigma: R, linear: R) -> R {
    let square = sigma * sigma;
    linear * sigma + (1.0 - linear) * (square * square)
}

/// The part of radiation that a layer absorbs, and of a black body's that it emits: 1 − e^{−Δτ}.
///
/// By its series where the layer is thin, so that single precision does not lose it.
#[kernel(function)]
pub fn absorptivity<R: Real>(depth: R) -> R {
    if depth > 0.125 {
        return 1.0 - (-depth).exp();
    }
    let mut series = 1.0 - depth / 10.0;
    series = 1.0 - depth / 9.0 * series;
    series = 1.0 - depth / 8.0 * series;
    series = 1.0 - depth / 7.0 * series;
    series = 1.0 - depth / 6.0 * series;
    series = 1.0 - depth / 5.0 * series;
    series = 1.0 - depth / 4.0 * series;
    series = 1.0 - depth / 3.0 * series;
    series = 1.0 - depth / 2.0 * series;
    depth * series
}

/// σ_B·T⁴ \[W m⁻²\], σ_B = 5.670374419e-8 W m⁻² K⁻⁴ (CODATA 2018).
#[kernel(function)]
pub fn black_body<R: Real>(temperature: R) -> R {
    let square = temperature * temperature;
    0.00000005670374419 * (square * square)
}

/// What a layer absorbs of the streams from above less what it emits downwards \[W m⁻²\]; carried down, long wave and short
/// wave \[W m⁻²\].
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `equator`, `pole`, `linear`  | τ_e, τ_p, f                | –     |
/// | `short_wave_depth`           | τ_s                        | –     |
/// | `a_thickness` … `b_sum`      | [levels], of `LayerTables` | Pa, – |
/// | `reference_temperature`      | [levels], T_r              | K     |
/// | `sine_latitude`              | [points], sin φ            | –     |
/// | `insolation`                 | [points], at the top       | W m⁻² |
/// | `surface_pressure`           | [points]                   | Pa    |
/// | `temperature`                | [levels, points], T − T_r  | K     |
#[kernel(indices = 2, scan = down, carried = 2)]
pub fn downward_streams<R: Real>(
    level: u32,
    point: u32,
    long_wave: R,
    short_wave: R,
    points: u32,
    equator: R,
    pole: R,
    linear: R,
    short_wave_depth: R,
    a_thickness: &[R],
    b_thickness: &[R],
    a_sum: &[R],
    b_sum: &[R],
    reference_temperature: &[R],
    sine_latitude: &[R],
    insolation: &[R],
    surface_pressure: &[R],
    temperature: &[R],
) -> (R, R, R) {
    let surface = surface_pressure[point];
    let sun = if level == 0 { insolation[point] } else { short_wave };
    let middle = 0.5 * (a_sum[level] / surface + b_sum[level]);
    let half = 0.5 * (a_thickness[level] / surface + b_thickness[level]);
    let above = middle - half;
    let below = middle + half;
    let sine = sine_latitude[point];
    let column = equator + (pole - equator) * (sine * sine);
    let depth = column * (optical_fraction(below, linear) - optical_fraction(above, linear));
    let absolute = reference_temperature[level] + temperature[level * points + point];
    let gained = absorptivity(depth) * (long_wave - black_body(absolute));
    let absorbing = short_wave_depth * (optical_fraction(below, 0.0) - optical_fraction(above, 0.0));
    let sun_gained = absorptivity(absorbing) * sun;
    (gained + sun_gained, long_wave - gained, sun - sun_gained)
}

/// T − T_r \[K\] of a layer at the end of the interval; carried up, the long-wave flux \[W m⁻²\], in the end what leaves at the
/// top.
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `levels`                     | number of layers           | –     |
/// | `interval`                   | I                          | s     |
/// | `heat_capacity`, `gravity`   | c_p, g                     | J kg⁻¹ K⁻¹, m s⁻² |
/// | `equator`, `pole`, `linear`  | τ_e, τ_p, f                | –     |
/// | `a_thickness` … `b_sum`      | [levels], of `LayerTables` | Pa, – |
/// | `reference_temperature`      | [levels], T_r              | K     |
/// | `sine_latitude`              | [points], sin φ            | –     |
/// | `surface_pressure`           | [points]                   | Pa    |
/// | `surface_temperature`        | [points], T_s              | K     |
/// | `absorbed`                   | [levels, points], of [`downward_streams`] | W m⁻² |
/// | `temperature`                | [levels, points], T − T_r  | K     |
#[kernel(indices = 2, scan = up, carried = 1)]
pub fn upward_streams<R: Real>(
    level: u32,
    point: u32,
    flux: R,
    points: u32,
    levels: u32,
    interval: R,
    heat_capacity: R,
    gravity: R,
    equator: R,
    pole: R,
    linear: R,
    a_thickness: &[R],
    b_thickness: &[R],
    a_sum: &[R],
    b_sum: &[R],
    reference_temperature: &[R],
    sine_latitude: &[R],
    surface_pressure: &[R],
    surface_temperature: &[R],
    absorbed: &[R],
    temperature: &[R],
) -> (R, R) {
    let here = level * points + point;
    let surface = surface_pressure[point];
    let mut from_below = flux;
    if level + 1 == levels {
        from_below = black_body(surface_temperature[point]);
    }
    let middle = 0.5 * (a_sum[level] / surface + b_sum[level]);
    let half = 0.5 * (a_thickness[level] / surface + b_thickness[level]);
    let sine = sine_latitude[point];
    let column = equator + (pole - equator) * (sine * sine);
    let depth = column * (optical_fraction(middle + half, linear) - optical_fraction(middle - half, linear));
    let absolute = reference_temperature[level] + temperature[here];
    let gained = absorptivity(depth) * (from_below - black_body(absolute));
    let thickness = a_thickness[level] + b_thickness[level] * surface;
    let warming = interval * gravity / (heat_capacity * thickness) * (absorbed[here] + gained);
    (temperature[here] + warming, from_below - gained)
}

/// Net radiation that the ground receives, and sunlight that leaves at the top, at a point \[W m⁻²\].
///
/// (1 − a)·S + D − σ_B·T_s⁴, and a·S.
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `albedo`                     | [points], a                | –     |
/// | `long_wave`, `short_wave`    | [points], downwards at the ground | W m⁻² |
/// | `surface_temperature`        | [points], T_s              | K     |
#[kernel]
pub fn ground_radiation<R: Real>(
    point: u32,
    albedo: &[R],
    long_wave: &[R],
    short_wave: &[R],
    surface_temperature: &[R],
) -> (R, R) {
    let reflected = albedo[point] * short_wave[point];
    let absorbed = short_wave[point] - reflected;
    (absorbed + (long_wave[point] - black_body(surface_temperature[point])), reflected)
}
