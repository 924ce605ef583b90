//! The kernels of `operators`, each with the same bits on every device.

use terrella_kernels::Real;
use terrella_kernels::operators::divergence::flux_divergence;
use terrella_kernels::operators::pointwise::{bernoulli_function, moist_air, saturation_vapour_pressure};
use terrella_kernels::operators::reduction::{
    lane_dot, lane_largest, lane_sum, lane_weighted, total, total_dot, total_largest, total_weighted,
};
use terrella_kernels::operators::stencil::{advection_upwind, laplacian, with_halo};

use crate::fixture::{field, indices, positive};

/// Extents of a panel: levels, rows, columns.
const PANEL: [usize; 3] = [2, 5, 37];

/// Values of the panel with its halo.
const EXTENDED: usize = 2 * 7 * 39;

/// Index into the panel with its halo.
fn at([level, row, column]: [usize; 3]) -> usize {
    (level * 7 + row + 1) * 39 + column + 1
}

stamp! {
    laplacian_on_a_panel: laplacian<R>,
    extent [2, 5, 37],
    arguments {
        value(5u32), value(37u32), slice(positive::<R>(1, 5)), slice(positive::<R>(2, 5)),
        slice(positive::<R>(3, 5)), slice(field::<R>(4, EXTENDED)),
    },
    outputs { value: R },
    reference {
        let [west_east, north, south] = [1, 2, 3].map(|seed| positive::<R>(seed, 5));
        let x = field::<R>(4, EXTENDED);
        move |indices: [usize; 3]| {
            let (at, row) = (at(indices), indices[1]);
            let along_row = x[at - 1] - R::from_f64(2.0) * x[at] + x[at + 1];
            (west_east[row] * along_row + north[row] * (x[at - 39] - x[at]) + south[row] * (x[at + 39] - x[at]),)
        }
    }
}

stamp! {
    advection_on_a_panel: advection_upwind<R>,
    extent [2, 5, 37],
    arguments {
        value(5u32), value(37u32), value(R::from_f64(0.3)), slice(positive::<R>(1, 5)),
        slice(field::<R>(2, 370)), slice(field::<R>(3, 370)), slice(field::<R>(4, EXTENDED)),
    },
    outputs { tendency: R },
    reference {
        let (inverse, x) = (positive::<R>(1, 5), field::<R>(4, EXTENDED));
        let (eastward, northward) = (field::<R>(2, 370), field::<R>(3, 370));
        move |[level, row, column]: [usize; 3]| {
            let at = at([level, row, column]);
            let point = (level * PANEL[1] + row) * PANEL[2] + column;
            let (u, v, zero) = (eastward[point], northward[point], R::ZERO);
            let along_row = u.max(zero) * (x[at] - x[at - 1]) + u.min(zero) * (x[at + 1] - x[at]);
            let along_column = v.max(zero) * (x[at] - x[at + 39]) + v.min(zero) * (x[at - 39] - x[at]);
            (-(along_row * inverse[row] + along_column * R::from_f64(0.3)),)
        }
    }
}

stamp! {
    halo_of_a_panel: with_halo<R>,
    extent [2, 7, 40],
    arguments { value(5u32), value(38u32), slice(field::<R>(1, 380)) },
    outputs { value: R },
    reference {
        let x = field::<R>(1, 380);
        move |[level, row, column]: [usize; 3]| {
            let beyond = row == 0 || row == 6;
            let column = column + 37 + if beyond { 19 } else { 0 };
            (x[(level * 5 + row.clamp(1, 5) - 1) * 38 + column % 38],)
        }
    }
}

stamp! {
    bernoulli: bernoulli_function<R>,
    extent [333],
    arguments { slice(field::<R>(1, 333)), slice(field::<R>(2, 333)), slice(field::<R>(3, 333)) },
    outputs { value: R },
    reference {
        let [u, v, geopotential] = [1, 2, 3].map(|seed| field::<R>(seed, 333));
        move |[i]: [usize; 1]| (geopotential[i] + R::from_f64(0.5) * (u[i] * u[i] + v[i] * v[i]),)
    }
}

stamp! {
    gas_laws: moist_air<R>,
    extent [333],
    arguments {
        value(R::from_f64(287.06)), value(R::from_f64(461.52)),
        slice(positive::<R>(1, 333)), slice(positive::<R>(2, 333)), slice(positive::<R>(3, 333)),
    },
    outputs { vapour_pressure: R, virtual_temperature: R, density: R },
    reference {
        let [temperature, humidity, pressure] = [1, 2, 3].map(|seed| positive::<R>(seed, 333));
        let (dry, vapour) = (R::from_f64(287.06), R::from_f64(461.52));
        move |[i]: [usize; 1]| {
            let (q, p, ratio) = (humidity[i], pressure[i], dry / vapour);
            let virtual_temperature = temperature[i] * (R::ONE + (R::ONE / ratio - R::ONE) * q);
            (q * p / (ratio + (R::ONE - ratio) * q), virtual_temperature, p / (dry * virtual_temperature))
        }
    }
}

stamp! {
    saturation: saturation_vapour_pressure<R>,
    extent [333],
    arguments { slice(temperatures::<R>()) },
    outputs { value: R },
    reference {
        let temperatures = temperatures::<R>();
        move |[i]: [usize; 1]| {
            let [freezing, factor, offset, scale] = [273.15, 17.67, 243.5, 611.2].map(R::from_f64);
            let celsius = temperatures[i] - freezing;
            (scale * (factor * celsius / (celsius + offset)).exp(),)
        }
    }
}

/// Temperatures from 233 to 313 K.
fn temperatures<R: Real>() -> Vec<R> {
    field::<R>(1, 333).into_iter().map(|x| R::from_f64(273.15 + 10.0 * x.to_f64())).collect()
}

stamp! {
    divergence_on_a_mesh: flux_divergence<R>,
    extent [29, 21],
    arguments {
        value(6u32), value(21u32), slice(indices(1, 29 * 6, 90)), slice(field::<R>(2, 29 * 6)),
        slice(positive::<R>(3, 90)), slice(field::<R>(4, 90 * 21)), slice(positive::<R>(5, 29)),
    },
    outputs { divergence: R },
    reference {
        let (edges, signs, lengths) = (indices(1, 29 * 6, 90), field::<R>(2, 29 * 6), positive::<R>(3, 90));
        let (flux, areas) = (field::<R>(4, 90 * 21), positive::<R>(5, 29));
        move |[cell, level]: [usize; 2]| {
            let terms = (cell * 6..cell * 6 + 6).map(|slot| {
                let edge = edges[slot] as usize;
                signs[slot] * lengths[edge] * flux[edge * 21 + level]
            });
            (terms.fold(R::ZERO, |sum, term| sum + term) * areas[cell],)
        }
    }
}

/// Values of the reductions: three whole segments of 4 rows of 8 lanes, a shorter one, and 5 values beside.
const LENGTH: usize = 3 * 32 + 2 * 8 + 5;

/// The rows of a lane, as indices.
fn rows(segment: usize, lane: usize) -> impl Iterator<Item = usize> {
    let count = if segment == 3 { 2 } else { 4 };
    (0..count).map(move |row| segment * 32 + row * 8 + lane)
}

/// Values with one that is missing.
fn with_missing<R: Real>() -> Vec<R> {
    let mut values = field::<R>(1, LENGTH);
    values[40] = R::from_f64(f64::NAN);
    values
}

stamp! {
    sum_of_lanes: lane_sum<R>,
    extent [4, 8],
    arguments { value(4u32), value(8u32), value(LENGTH as u32), slice(field::<R>(1, LENGTH)) },
    outputs { sum: R },
    reference {
        let x = field::<R>(1, LENGTH);
        move |[segment, lane]: [usize; 2]| (rows(segment, lane).fold(R::ZERO, |sum, i| sum + x[i]),)
    }
}

stamp! {
    dot_of_lanes: lane_dot<R>,
    extent [4, 8],
    arguments {
        value(4u32), value(8u32), value(LENGTH as u32), slice(field::<R>(1, LENGTH)), slice(field::<R>(2, LENGTH)),
    },
    outputs { sum: R },
    reference {
        let (x, y) = (field::<R>(1, LENGTH), field::<R>(2, LENGTH));
        move |[segment, lane]: [usize; 2]| (rows(segment, lane).fold(R::ZERO, |sum, i| sum + x[i] * y[i]),)
    }
}

stamp! {
    largest_of_lanes: lane_largest<R>,
    extent [4, 8],
    arguments { value(4u32), value(8u32), value(LENGTH as u32), slice(with_missing::<R>()) },
    outputs { largest: R },
    reference {
        let x = with_missing::<R>();
        move |[segment, lane]: [usize; 2]| {
            let missing = rows(segment, lane).any(|i| x[i].to_f64().is_nan());
            let largest = rows(segment, lane).fold(R::ZERO, |largest, i| largest.max(x[i].abs()));
            (if missing { R::from_f64(f64::NAN) } else { largest },)
        }
    }
}

stamp! {
    weighted_sum_of_lanes: lane_weighted<R>,
    extent [4, 8],
    arguments {
        value(4u32), value(8u32), value(LENGTH as u32), slice(positive::<R>(2, LENGTH)), slice(with_missing::<R>()),
    },
    outputs { sum: R, weight_sum: R },
    reference {
        let (weights, x) = (positive::<R>(2, LENGTH), with_missing::<R>());
        move |[segment, lane]: [usize; 2]| {
            let valid = || rows(segment, lane).filter(|&i| !x[i].to_f64().is_nan());
            let sum = valid().fold(R::ZERO, |sum, i| sum + weights[i] * x[i]);
            (sum, valid().fold(R::ZERO, |sum, i| sum + weights[i]))
        }
    }
}

stamp! {
    total_of_lanes: total<R>,
    extent [1],
    arguments {
        value(8u32), value(112u32), value(LENGTH as u32), slice(field::<R>(3, 8)), slice(field::<R>(1, LENGTH)),
    },
    outputs { sum: R },
    reference {
        let (partials, x) = (field::<R>(3, 8), field::<R>(1, LENGTH));
        move |_: [usize; 1]| (partials.iter().chain(&x[112..]).fold(R::ZERO, |sum, x| sum + *x),)
    }
}

stamp! {
    total_dot_of_lanes: total_dot<R>,
    extent [1],
    arguments {
        value(8u32), value(112u32), value(LENGTH as u32), slice(field::<R>(3, 8)),
        slice(field::<R>(1, LENGTH)), slice(field::<R>(2, LENGTH)),
    },
    outputs { sum: R },
    reference {
        let (partials, x, y) = (field::<R>(3, 8), field::<R>(1, LENGTH), field::<R>(2, LENGTH));
        move |_: [usize; 1]| {
            let sum = partials.iter().fold(R::ZERO, |sum, x| sum + *x);
            ((112..LENGTH).fold(sum, |sum, i| sum + x[i] * y[i]),)
        }
    }
}

stamp! {
    total_largest_of_lanes: total_largest<R>,
    extent [1],
    arguments {
        value(8u32), value(112u32), value(LENGTH as u32), slice(positive::<R>(3, 8)), slice(field::<R>(1, LENGTH)),
    },
    outputs { largest: R },
    reference {
        let (partials, x) = (positive::<R>(3, 8), field::<R>(1, LENGTH));
        move |_: [usize; 1]| {
            let all = partials.iter().chain(&x[112..]);
            (all.fold(R::ZERO, |largest, x| largest.max(x.abs())),)
        }
    }
}

stamp! {
    total_weighted_of_lanes: total_weighted<R>,
    extent [1],
    arguments {
        value(8u32), value(112u32), value(LENGTH as u32), slice(field::<R>(3, 8)), slice(positive::<R>(4, 8)),
        slice(positive::<R>(2, LENGTH)), slice(field::<R>(1, LENGTH)),
    },
    outputs { sum: R, weight_sum: R },
    reference {
        let (partials, weight_partials) = (field::<R>(3, 8), positive::<R>(4, 8));
        let (weights, x) = (positive::<R>(2, LENGTH), field::<R>(1, LENGTH));
        move |_: [usize; 1]| {
            let sum = partials.iter().fold(R::ZERO, |sum, x| sum + *x);
            let weight_sum = weight_partials.iter().fold(R::ZERO, |sum, x| sum + *x);
            let sum = (112..LENGTH).fold(sum, |sum, i| sum + weights[i] * x[i]);
            (sum, (112..LENGTH).fold(weight_sum, |sum, i| sum + weights[i]))
        }
    }
}
