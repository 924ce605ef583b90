//! Formulas of moist physics as a whole: tendencies from states, sums over time, the water of a column.

use terrella_kernels::{Real, kernel};

/// Tendencies of u, v \[m s⁻²\] and T \[K s⁻¹\] with (after − before)/I added, in one layer at a point.
///
/// All fields are \[levels, points\]: those at the interval's beginning, at its end, and the tendencies so far.
#[kernel(indices = 2)]
pub fn suite_tendencies<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    interval: R,
    u_before: &[R],
    v_before: &[R],
    temperature_before: &[R],
    u_after: &[R],
    v_after: &[R],
    temperature_after: &[R],
    u_tendency: &[R],
    v_tendency: &[R],
    temperature_tendency: &[R],
) -> (R, R, R) {
    let here = level * points + point;
    (
        u_tendency[here] + (u_after[here] - u_before[here]) / interval,
        v_tendency[here] + (v_after[here] - v_before[here]) / interval,
        temperature_tendency[here] + (temperature_after[here] - temperature_before[here]) / interval,
    )
}

/// Tendencies of tracers \[s⁻¹\], that of humidity, the first, with (after − before)/I added.
///
/// `row` runs over the levels of the first tracer, then of the second, …; `humidity_after` is \[levels, points\].
#[kernel(indices = 2)]
pub fn suite_tracer_tendencies<R: Real>(
    row: u32,
    point: u32,
    points: u32,
    levels: u32,
    interval: R,
    tracers_before: &[R],
    humidity_after: &[R],
    tendency: &[R],
) -> R {
    let here = row * points + point;
    if row >= levels {
        return tendency[here];
    }
    tendency[here] + (humidity_after[here] - tracers_before[here]) / interval
}

/// A sum over time with Δt·rate added, at a point.
#[kernel]
pub fn accumulated<R: Real>(point: u32, time_step: R, sum: &[R], rate: &[R]) -> R {
    sum[point] + time_step * rate[point]
}

/// Σ q·Δp/g, carried down a column \[kg m⁻²\].
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `gravity`                    | g                          | m s⁻² |
/// | `a_thickness`, `b_thickness` | \[levels\], of `LayerTables` | Pa, – |
/// | `surface_pressure`           | \[points\]                 | Pa    |
/// | `humidity`                   | \[levels, points\]           | kg kg⁻¹ |
#[kernel(indices = 2, scan = down, carried = 1)]
pub fn total_column_water<R: Real>(
    level: u32,
    point: u32,
    above: R,
    points: u32,
    gravity: R,
    a_thickness: &[R],
    b_thickness: &[R],
    surface_pressure: &[R],
    humidity: &[R],
) -> R {
    let thickness = a_thickness[level] + b_thickness[level] * surface_pressure[point];
    above + humidity[level * points + point] * thickness / gravity
}
