//! From the reference to the change of a column.

use terrella_kernels_macros::kernel;

use crate::Real;

/// Sums over the layers of convection, carried down: ΣΔp(T_ref − T) \[Pa K\], ΣΔp(q_ref − q), ΣΔp·q_ref and ΣΔp \[Pa\].
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `a_thickness`, `b_thickness` | [levels], of `LayerTables` | Pa, – |
/// | `surface_pressure`           | [points]                   | Pa    |
/// | `top`                        | [points], of [`parcel_ascent`](super::parcel_ascent) | – |
/// | `parcel`, `reference`        | [levels, points], T_ref − T_r and q_ref | K, kg kg⁻¹ |
/// | `temperature`, `humidity`    | [levels, points], T − T_r and q | K, kg kg⁻¹ |
#[kernel(indices = 2, scan = down, carried = 4)]
pub fn convection_sums<R: Real>(
    level: u32,
    point: u32,
    heat: R,
    deficit: R,
    vapour: R,
    thickness_above: R,
    points: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    surface_pressure: &[R],
    top: &[u32],
    parcel: &[R],
    reference: &[R],
    temperature: &[R],
    humidity: &[R],
) -> (R, R, R, R) {
    let here = level * points + point;
    let mut thickness = 0.0;
    let mut warming = 0.0;
    let mut moistening = 0.0;
    let mut saturated = 0.0;
    if level >= top[point] {
        thickness = a_thickness[level] + b_thickness[level] * surface_pressure[point];
        warming = thickness * (parcel[here] - temperature[here]);
        moistening = thickness * (reference[here] - humidity[here]);
        saturated = thickness * reference[here];
    }
    (heat + warming, deficit + moistening, vapour + saturated, thickness_above + thickness)
}

/// How a column relaxes: the parts of the differences that go in the interval, for temperature and for humidity, the shift of
/// T_ref \[K\], the factor of q_ref, and the rain \[kg m⁻² s⁻¹\].
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `interval`, `relaxation_time` | I, τ                      | s     |
/// | `heating`, `gravity`         | L/c_p, g                   | K, m s⁻² |
/// | `heat` … `thickness`         | [points], of [`convection_sums`] | Pa K, Pa |
#[kernel]
pub fn convection_closure<R: Real>(
    point: u32,
    interval: R,
    relaxation_time: R,
    heating: R,
    gravity: R,
    heat: &[R],
    deficit: &[R],
    vapour: &[R],
    thickness: &[R],
) -> (R, R, R, R, R) {
    let part = interval / (relaxation_time + interval);
    let warming = heat[point];
    let excess = -(heating * deficit[point]);
    let mut heat_part = 0.0;
    let mut vapour_part = 0.0;
    let mut shift = 0.0;
    let mut factor = 1.0;
    let mut rain = 0.0;
    if warming > 0.0 {
        if excess > 0.0 {
            heat_part = part;
            vapour_part = part;
            if excess > warming {
                vapour_part = part * (warming / excess);
            } else {
                shift = (excess - warming) / thickness[point];
            }
            rain = vapour_part * (excess / heating) / (gravity * interval);
        } else if vapour[point] > deficit[point] {
            heat_part = part;
            vapour_part = part;
            shift = -(warming / thickness[point]);
            factor = 1.0 - deficit[point] / vapour[point];
        }
    }
    (heat_part, vapour_part, shift, factor, rain)
}

/// T − T_r \[K\] and q of a layer at the end of the interval.
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `top`                        | [points], of [`parcel_ascent`](super::parcel_ascent) | – |
/// | `heat_part` … `factor`       | [points], of [`convection_closure`] | –, K |
/// | `parcel`, `reference`        | [levels, points], T_ref − T_r and q_ref | K, kg kg⁻¹ |
/// | `temperature`, `humidity`    | [levels, points], T − T_r and q | K, kg kg⁻¹ |
#[kernel(indices = 2)]
pub fn convection_adjustment<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    top: &[u32],
    heat_part: &[R],
    vapour_part: &[R],
    shift: &[R],
    factor: &[R],
    parcel: &[R],
    reference: &[R],
    temperature: &[R],
    humidity: &[R],
) -> (R, R) {
    let here = level * points + point;
    let mut warm = temperature[here];
    let mut moist = humidity[here];
    if level >= top[point] {
        warm += heat_part[point] * (parcel[here] + shift[point] - warm);
        moist += vapour_part[point] * (factor[point] * reference[here] - moist);
    }
    (warm, moist)
}
