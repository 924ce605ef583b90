//! The parcel.

use terrella_kernels_macros::kernel;

use crate::Real;
use crate::physics::saturation::{excess_humidity, saturation_humidity};

/// dT/d(ln p) \[K\] of saturated air that loses its condensate.
///
/// `heating` is L/c_p \[K\], `steepness` L/R_v \[K\].
#[kernel(function)]
pub fn moist_lapse<R: Real>(
    temperature: R,
    pressure: R,
    vapour_ratio: R,
    steepness: R,
    heating: R,
    kappa: R,
) -> R {
    let latent = heating * saturation_humidity(temperature, pressure, vapour_ratio, steepness);
    (kappa * temperature + latent) / (1.0 + latent * steepness / (temperature * temperature))
}

/// T_ref − T_r \[K\] and q_ref of a layer; carried on upwards, the parcel's temperature \[K\] and vapour, its stage, the
/// uppermost layer in which it is buoyant (the number of layers where there is none), and CAPE \[J kg⁻¹\].
///
/// The stages are 0 unsaturated, 1 saturated, 2 buoyant, 3 no longer buoyant. CAPE = Σ R_d·(T_ref − T)·Δp/p over buoyant
/// layers. Above the uppermost of them, what the layers get means nothing.
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `levels`                     | number of layers           | –     |
/// | `relative_humidity`          | RH of the reference        | –     |
/// | `vapour_ratio`, `steepness`  | ε, L/R_v                   | –, K  |
/// | `heating`, `gas_constant`, `kappa` | L/c_p, R_d, κ        | K, J kg⁻¹ K⁻¹, – |
/// | `a_thickness` … `b_sum`      | [levels], of `LayerTables` | Pa, – |
/// | `reference_temperature`      | [levels], T_r              | K     |
/// | `surface_pressure`           | [points]                   | Pa    |
/// | `temperature`                | [levels, points], T − T_r  | K     |
/// | `humidity`                   | [levels, points]           | kg kg⁻¹ |
#[kernel(indices = 2, scan = up, carried = 5)]
pub fn parcel_ascent<R: Real>(
    level: u32,
    point: u32,
    parcel_below: R,
    vapour_below: R,
    stage_below: u32,
    top_below: u32,
    cape_below: R,
    points: u32,
    levels: u32,
    relative_humidity: R,
    vapour_ratio: R,
    steepness: R,
    heating: R,
    gas_constant: R,
    kappa: R,
    a_thickness: &[R],
    b_thickness: &[R],
    a_sum: &[R],
    b_sum: &[R],
    reference_temperature: &[R],
    surface_pressure: &[R],
    temperature: &[R],
    humidity: &[R],
) -> (R, R, R, R, u32, u32, R) {
    let here = level * points + point;
    let surface = surface_pressure[point];
    let pressure = 0.5 * (a_sum[level] + b_sum[level] * surface);
    let absolute = reference_temperature[level] + temperature[here];
    let mut parcel = parcel_below;
    let mut vapour = vapour_below;
    let mut stage = stage_below;
    let mut top = top_below;
    let mut cape = cape_below;
    if level + 1 == levels {
        parcel = absolute;
        vapour = humidity[here].max(0.0);
        top = levels;
    } else {
        let pressure_below = 0.5 * (a_sum[level + 1] + b_sum[level + 1] * surface);
        let rise = (pressure / pressure_below).log();
        if stage == 0 {
            parcel = parcel_below * (kappa * rise).exp();
        } else if stage < 3 {
            let lapse = moist_lapse(parcel_below, pressure_below, vapour_ratio, steepness, heating, kappa);
            let middle = parcel_below + 0.5 * rise * lapse;
            let between = pressure_below * (0.5 * rise).exp();
            parcel =
                parcel_below + rise * moist_lapse(middle, between, vapour_ratio, steepness, heating, kappa);
        }
    }
    if stage == 0 {
        let excess = excess_humidity(parcel, pressure, vapour, vapour_ratio, steepness, heating);
        if excess > 0.0 {
            // Saturated between this layer and the one below: condensation here releases the same heat.
            let mut condensed = excess;
            for _ in 0..2 {
                condensed += excess_humidity(
                    parcel + heating * condensed,
                    pressure,
                    vapour - condensed,
                    vapour_ratio,
                    steepness,
                    heating,
                );
            }
            parcel += heating * condensed;
            vapour -= condensed;
            stage = 1;
        }
    }
    if level + 1 < levels && stage > 0 && stage < 3 {
        if parcel > absolute {
            let thickness = a_thickness[level] + b_thickness[level] * surface;
            stage = 2;
            top = level;
            cape += gas_constant * (parcel - absolute) * thickness / pressure;
        } else if stage == 2 {
            stage = 3;
        }
    }
    let saturation = saturation_humidity(parcel, pressure, vapour_ratio, steepness);
    (parcel - reference_temperature[level], relative_humidity * saturation, parcel, vapour, stage, top, cape)
}
