//! The kernels of `semi_lagrangian`, each with the same bits on every device, and in packs as one by one.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::semi_lagrangian::{
    Nodes, RingTables, departure_points, extend, extend_sum, interpolate, interpolate_columns,
    interpolate_three,
};

use crate::fixture::field;

const LEVELS: [f64; 5] = [0.02, 0.2, 0.3, 0.7, 0.95];

/// A small reduced grid: 12 rings of 20 to 40 points.
fn tables<R: Real>() -> RingTables<R> {
    RingTables::new(&"O6".parse().unwrap(), Device::Cpu).unwrap()
}

fn heights<R: Real>() -> Nodes<R> {
    Nodes::new("heights", &LEVELS, LEVELS[0], LEVELS[4], Device::Cpu).unwrap()
}

fn vector<R: Real>(buffer: &Buffer<R>) -> Vec<R> {
    buffer.to_vec().unwrap()
}

const POINTS: usize = 360;
/// With three more points on each ring, and two rings of 20 and 24 points more at each pole.
const EXTENDED: usize = 360 + 12 * 3 + 2 * (23 + 27);

fn number<R: Real>(value: f64) -> R {
    R::from_f64(value)
}

/// Displacements of up to 0.8 rad.
fn angles<R: Real>(seed: u32) -> Vec<R> {
    field::<R>(seed, 5 * POINTS).iter().map(|&value| value * number(0.2)).collect()
}

/// Displacements in latitude that stay on the sphere.
fn moved<R: Real>() -> Vec<R> {
    let ordinate = vector(&tables::<R>().ordinate);
    let limit = |place: f64| place.clamp(-1.57, 1.57);
    angles::<R>(22)
        .iter()
        .enumerate()
        .map(|(index, angle)| {
            let here = ordinate[index % POINTS].to_f64();
            number(here - limit(here - angle.to_f64()))
        })
        .collect()
}

/// Heights between the first and the last level.
fn places<R: Real>() -> Vec<R> {
    field::<R>(23, 5 * POINTS)
        .iter()
        .map(|value| number((value.to_f64() + 4.0) / 8.0 * 0.93 + 0.02))
        .collect()
}

#[test]
fn the_extended_grid_is_as_large_as_stated() {
    assert_eq!(tables::<f64>().extended, EXTENDED);
}

stamp! {
    extension: extend<R>,
    extent [5, EXTENDED as u32],
    arguments {
        value(POINTS as u32), slice(tables::<R>().source.to_vec().unwrap()),
        slice(vector(&tables::<R>().vector_sign)), slice(field::<R>(1, 5 * POINTS)),
    },
    outputs { values: R },
    reference {
        let (source, sign) = (tables::<R>().source.to_vec().unwrap(), vector(&tables::<R>().vector_sign));
        let values = field::<R>(1, 5 * POINTS);
        move |[level, place]: [usize; 2]| (sign[place] * values[level * POINTS + source[place] as usize],)
    }
}

stamp! {
    extension_of_a_sum: extend_sum<R>,
    extent [5, EXTENDED as u32],
    arguments {
        value(POINTS as u32), value(number::<R>(2.0)), value(number::<R>(-1.0)),
        slice(tables::<R>().source.to_vec().unwrap()), slice(vector(&tables::<R>().vector_sign)),
        slice(field::<R>(1, 5 * POINTS)), slice(field::<R>(2, 5 * POINTS)),
    },
    outputs { values: R },
    reference {
        let (source, sign) = (tables::<R>().source.to_vec().unwrap(), vector(&tables::<R>().vector_sign));
        let (now, before) = (field::<R>(1, 5 * POINTS), field::<R>(2, 5 * POINTS));
        move |[level, place]: [usize; 2]| {
            let here = level * POINTS + source[place] as usize;
            (sign[place] * (number::<R>(2.0) * now[here] + number::<R>(-1.0) * before[here]),)
        }
    }
}

stamp! {
    departures: departure_points<R>,
    extent [5, POINTS as u32],
    arguments {
        value(POINTS as u32), value(5u32), value(EXTENDED as u32), value(2u32), value(number::<R>(0.1)),
        value(number::<R>(0.1)), slice(field::<R>(1, 5 * POINTS)), slice(field::<R>(2, 5 * POINTS)),
        slice(field::<R>(3, 5 * POINTS)), slice(field::<R>(4, 5 * EXTENDED)), slice(field::<R>(5, 5 * EXTENDED)),
        slice(field::<R>(6, 5 * EXTENDED)), slice(vector(&tables::<R>().sine)), slice(vector(&tables::<R>().cosine)),
        slice(vector(&tables::<R>().ordinate)),
        slice(tables::<R>().index.to_vec().unwrap()), slice(tables::<R>().ring_points.to_vec().unwrap()),
        slice(vector(&tables::<R>().inverse_ring_points)), slice(tables::<R>().row_start.to_vec().unwrap()),
        slice(tables::<R>().row_points.to_vec().unwrap()), slice(vector(&tables::<R>().row_shift)),
        slice(vector(&tables::<R>().latitudes.table)), slice(tables::<R>().latitudes.bins.to_vec().unwrap()),
        value(tables::<R>().latitudes.first), value(tables::<R>().latitudes.per_unit),
        value(tables::<R>().latitudes.count),
        slice(vector(&heights::<R>().table)), slice(heights::<R>().bins.to_vec().unwrap()),
        value(heights::<R>().first), value(heights::<R>().per_unit), value(heights::<R>().count),
    },
    outputs { longitude: R, latitude: R, height: R, eastward: R, northward: R },
    reference {
        let rings = tables::<R>();
            let [ordinate, inverse_ring_points, row_shift, table] =
                [&rings.ordinate, &rings.inverse_ring_points, &rings.row_shift, &rings.latitudes.table].map(vector);
            let [index, ring_points, row_start, row_points, bins] =
                [&rings.index, &rings.ring_points, &rings.row_start, &rings.row_points, &rings.latitudes.bins]
                    .map(|buffer| buffer.to_vec().unwrap());
        let nodes = heights::<R>();
            let (height_table, height_bins) = (vector(&nodes.table), nodes.bins.to_vec().unwrap());
        let (sine, cosine) = (vector(&rings.sine), vector(&rings.cosine));
        let [u, v, vertical] = [1, 2, 3].map(|seed| field::<R>(seed, 5 * POINTS));
        let there = [4, 5, 6].map(|seed| field::<R>(seed, 5 * EXTENDED));
        move |[level, point]: [usize; 2]| {
            departure_points(
                level as u32, point as u32, POINTS as u32, 5, EXTENDED as u32, 2, number::<R>(0.1),
                number::<R>(0.1), &u, &v, &vertical, &there[0], &there[1], &there[2], &sine, &cosine,
                &ordinate, &index, &ring_points, &inverse_ring_points, &row_start,
                    &row_points, &row_shift, &table, &bins, rings.latitudes.first,
                    rings.latitudes.per_unit, rings.latitudes.count, &height_table, &height_bins, nodes.first, nodes.per_unit, nodes.count,
            )
        }
    }
}

macro_rules! triples {
    ($($test:ident $limit:literal)*) => {$(
        stamp! {
            $test: interpolate_three<R>,
            extent [5, POINTS as u32],
            arguments {
                value(POINTS as u32), value(5u32), value(EXTENDED as u32), value($limit as u32), value(1 - $limit as u32),
                slice(field::<R>(4, 5 * EXTENDED)), slice(field::<R>(5, 5 * EXTENDED)),
                slice(field::<R>(6, 5 * EXTENDED)), slice(angles::<R>(21)), slice(moved::<R>()), slice(places::<R>()),
                slice(vector(&tables::<R>().ordinate)),
        slice(tables::<R>().index.to_vec().unwrap()), slice(tables::<R>().ring_points.to_vec().unwrap()),
        slice(vector(&tables::<R>().inverse_ring_points)), slice(tables::<R>().row_start.to_vec().unwrap()),
        slice(tables::<R>().row_points.to_vec().unwrap()), slice(vector(&tables::<R>().row_shift)),
        slice(vector(&tables::<R>().latitudes.table)), slice(tables::<R>().latitudes.bins.to_vec().unwrap()),
        value(tables::<R>().latitudes.first), value(tables::<R>().latitudes.per_unit),
        value(tables::<R>().latitudes.count),
                slice(vector(&heights::<R>().table)), slice(heights::<R>().bins.to_vec().unwrap()),
        value(heights::<R>().first), value(heights::<R>().per_unit), value(heights::<R>().count),
            },
            outputs { first: R, second: R, third: R },
            reference {
                let rings = tables::<R>();
            let [ordinate, inverse_ring_points, row_shift, table] =
                [&rings.ordinate, &rings.inverse_ring_points, &rings.row_shift, &rings.latitudes.table].map(vector);
            let [index, ring_points, row_start, row_points, bins] =
                [&rings.index, &rings.ring_points, &rings.row_start, &rings.row_points, &rings.latitudes.bins]
                    .map(|buffer| buffer.to_vec().unwrap());
                let nodes = heights::<R>();
            let (height_table, height_bins) = (vector(&nodes.table), nodes.bins.to_vec().unwrap());
                let [first, second, third] = [4, 5, 6].map(|seed| field::<R>(seed, 5 * EXTENDED));
                let (longitude, latitude, height) = (angles::<R>(21), moved::<R>(), places::<R>());
                move |[level, point]: [usize; 2]| {
                    interpolate_three(
                        level as u32, point as u32, POINTS as u32, 5, EXTENDED as u32, $limit, 1 - $limit, &first,
                        &second, &third, &longitude, &latitude, &height,
                        &ordinate, &index, &ring_points, &inverse_ring_points, &row_start,
                    &row_points, &row_shift, &table, &bins, rings.latitudes.first,
                    rings.latitudes.per_unit, rings.latitudes.count, &height_table, &height_bins, nodes.first, nodes.per_unit, nodes.count,
                    )
                }
            }
        }
    )*};
}

triples! { three_fields 0 three_fields_limited 1 }

stamp! {
    two_fields: interpolate<R>,
    extent [10, POINTS as u32],
    arguments {
        value(POINTS as u32), value(5u32), value(EXTENDED as u32), value(1u32),
        slice(field::<R>(4, 10 * EXTENDED)), slice(angles::<R>(21)), slice(moved::<R>()), slice(places::<R>()),
        slice(vector(&tables::<R>().ordinate)),
        slice(tables::<R>().index.to_vec().unwrap()), slice(tables::<R>().ring_points.to_vec().unwrap()),
        slice(vector(&tables::<R>().inverse_ring_points)), slice(tables::<R>().row_start.to_vec().unwrap()),
        slice(tables::<R>().row_points.to_vec().unwrap()), slice(vector(&tables::<R>().row_shift)),
        slice(vector(&tables::<R>().latitudes.table)), slice(tables::<R>().latitudes.bins.to_vec().unwrap()),
        value(tables::<R>().latitudes.first), value(tables::<R>().latitudes.per_unit),
        value(tables::<R>().latitudes.count),
        slice(vector(&heights::<R>().table)), slice(heights::<R>().bins.to_vec().unwrap()),
        value(heights::<R>().first), value(heights::<R>().per_unit), value(heights::<R>().count),
    },
    outputs { values: R },
    reference {
        let rings = tables::<R>();
            let [ordinate, inverse_ring_points, row_shift, table] =
                [&rings.ordinate, &rings.inverse_ring_points, &rings.row_shift, &rings.latitudes.table].map(vector);
            let [index, ring_points, row_start, row_points, bins] =
                [&rings.index, &rings.ring_points, &rings.row_start, &rings.row_points, &rings.latitudes.bins]
                    .map(|buffer| buffer.to_vec().unwrap());
        let nodes = heights::<R>();
            let (height_table, height_bins) = (vector(&nodes.table), nodes.bins.to_vec().unwrap());
        let values = field::<R>(4, 10 * EXTENDED);
        let (longitude, latitude, height) = (angles::<R>(21), moved::<R>(), places::<R>());
        move |[row, point]: [usize; 2]| {
            (interpolate(
                row as u32, point as u32, POINTS as u32, 5, EXTENDED as u32, 1, &values, &longitude, &latitude,
                &height,
                &ordinate, &index, &ring_points, &inverse_ring_points, &row_start,
                    &row_points, &row_shift, &table, &bins, rings.latitudes.first,
                    rings.latitudes.per_unit, rings.latitudes.count, &height_table, &height_bins, nodes.first, nodes.per_unit, nodes.count,
            ),)
        }
    }
}

stamp! {
    columns: interpolate_columns<R>,
    extent [5, POINTS as u32],
    arguments {
        value(POINTS as u32), value(EXTENDED as u32), value(number::<R>(0.7)),
        slice([0.0, 0.1, 0.2, 0.3, 0.4].map(number::<R>)), slice(field::<R>(4, 5 * EXTENDED)),
        slice(field::<R>(5, 5 * POINTS)), slice(angles::<R>(21)), slice(moved::<R>()),
        slice(vector(&tables::<R>().ordinate)),
        slice(tables::<R>().index.to_vec().unwrap()), slice(tables::<R>().ring_points.to_vec().unwrap()),
        slice(vector(&tables::<R>().inverse_ring_points)), slice(tables::<R>().row_start.to_vec().unwrap()),
        slice(tables::<R>().row_points.to_vec().unwrap()), slice(vector(&tables::<R>().row_shift)),
        slice(vector(&tables::<R>().latitudes.table)), slice(tables::<R>().latitudes.bins.to_vec().unwrap()),
        value(tables::<R>().latitudes.first), value(tables::<R>().latitudes.per_unit),
        value(tables::<R>().latitudes.count),
    },
    outputs {},
    carried { sum: R },
    reference || {
        let rings = tables::<R>();
            let [ordinate, inverse_ring_points, row_shift, table] =
                [&rings.ordinate, &rings.inverse_ring_points, &rings.row_shift, &rings.latitudes.table].map(vector);
            let [index, ring_points, row_start, row_points, bins] =
                [&rings.index, &rings.ring_points, &rings.row_start, &rings.row_points, &rings.latitudes.bins]
                    .map(|buffer| buffer.to_vec().unwrap());
        let weight = [0.0, 0.1, 0.2, 0.3, 0.4].map(number::<R>);
        let (values, arrival) = (field::<R>(4, 5 * EXTENDED), field::<R>(5, 5 * POINTS));
        let (longitude, latitude) = (angles::<R>(21), moved::<R>());
        let mut sums = vec![R::ZERO; POINTS];
        for level in 0..5 {
            for (point, sum) in sums.iter_mut().enumerate() {
                *sum = interpolate_columns(
                    level, point as u32, *sum, POINTS as u32, EXTENDED as u32, number::<R>(0.7), &weight, &values,
                    &arrival, &longitude, &latitude,
                    &ordinate, &index, &ring_points, &inverse_ring_points, &row_start,
                    &row_points, &row_shift, &table, &bins, rings.latitudes.first,
                    rings.latitudes.per_unit, rings.latitudes.count,
                );
            }
        }
        (sums,)
    }
}
