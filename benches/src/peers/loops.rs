//! Loops as one writes them by hand.

use pulp::Arch;
use rayon::prelude::*;
use terrella_kernels::Real;

/// Values that one task of a pointwise loop works on.
const TASK: usize = 1 << 15;

/// The Laplacian of `terrella_kernels::operators::stencil`, row by row.
pub fn laplacian<R: Real>(
    [rows, columns]: [usize; 2],
    west_east: &[R],
    north: &[R],
    south: &[R],
    field: &[R],
    output: &mut [R],
) {
    let stride = columns + 2;
    let two = R::from_f64(2.0);
    let arch = Arch::new();
    output.par_chunks_mut(columns).enumerate().for_each(|(line, output)| {
        let (level, row) = (line / rows, line % rows);
        let start = (level * (rows + 2) + row) * stride;
        let at_north = &field[start + 1..][..columns];
        let centre = &field[start + stride..][..columns + 2];
        let at_south = &field[start + 2 * stride + 1..][..columns];
        let (west_east, north, south) = (west_east[row], north[row], south[row]);
        arch.dispatch(
            #[inline(always)]
            || {
                let output = &mut output[..columns];
                for column in 0..columns {
                    let middle = centre[column + 1];
                    output[column] = west_east * (centre[column] - two * middle + centre[column + 2])
                        + north * (at_north[column] - middle)
                        + south * (at_south[column] - middle);
                }
            },
        );
    });
}

/// Φ + (u² + v²)/2.
pub fn bernoulli_function<R: Real>(u: &[R], v: &[R], geopotential: &[R], output: &mut [R]) {
    let half = R::from_f64(0.5);
    let arch = Arch::new();
    let inputs = u.par_chunks(TASK).zip(v.par_chunks(TASK)).zip(geopotential.par_chunks(TASK));
    output.par_chunks_mut(TASK).zip(inputs).for_each(|(output, ((u, v), geopotential))| {
        arch.dispatch(
            #[inline(always)]
            || {
                let count = output.len();
                let (u, v, geopotential) = (&u[..count], &v[..count], &geopotential[..count]);
                for i in 0..count {
                    output[i] = geopotential[i] + half * (u[i] * u[i] + v[i] * v[i]);
                }
            },
        );
    });
}

/// Vapour pressure, virtual temperature and density of moist air.
pub fn moist_air_density<R: Real>(
    [dry, vapour]: [R; 2],
    temperature: &[R],
    humidity: &[R],
    pressure: &[R],
    vapour_pressure: &mut [R],
    virtual_temperature: &mut [R],
    density: &mut [R],
) {
    let arch = Arch::new();
    let inputs = temperature.par_chunks(TASK).zip(humidity.par_chunks(TASK)).zip(pressure.par_chunks(TASK));
    let outputs = vapour_pressure
        .par_chunks_mut(TASK)
        .zip(virtual_temperature.par_chunks_mut(TASK))
        .zip(density.par_chunks_mut(TASK));
    outputs.zip(inputs).for_each(|(((vapour_pressure, virtual_temperature), density), inputs)| {
        let ((temperature, humidity), pressure) = inputs;
        arch.dispatch(
            #[inline(always)]
            || {
                let count = density.len();
                let (vapour_pressure, virtual_temperature) =
                    (&mut vapour_pressure[..count], &mut virtual_temperature[..count]);
                let (temperature, humidity, pressure) =
                    (&temperature[..count], &humidity[..count], &pressure[..count]);
                let ratio = dry / vapour;
                for i in 0..count {
                    let (q, p) = (humidity[i], pressure[i]);
                    vapour_pressure[i] = q * p / (ratio + (R::ONE - ratio) * q);
                    virtual_temperature[i] = temperature[i] * (R::ONE + (R::ONE / ratio - R::ONE) * q);
                    density[i] = p / (dry * virtual_temperature[i]);
                }
            },
        );
    });
}

/// The flux divergence of `terrella_kernels::operators::divergence`, cell by cell, the levels innermost.
pub fn flux_divergence<R: Real>(
    [max_edges, levels]: [usize; 2],
    edges_on_cell: &[u32],
    edge_sign: &[R],
    edge_length: &[R],
    flux: &[R],
    inverse_area: &[R],
    output: &mut [R],
) {
    /// Cells that one task works on.
    const CELLS: usize = 256;
    let arch = Arch::new();
    output.par_chunks_mut(levels * CELLS).enumerate().for_each(|(task, output)| {
        arch.dispatch(
            #[inline(always)]
            || {
                for (offset, output) in output.chunks_exact_mut(levels).enumerate() {
                    let cell = task * CELLS + offset;
                    output.fill(R::ZERO);
                    for slot in cell * max_edges..(cell + 1) * max_edges {
                        let edge = edges_on_cell[slot] as usize;
                        let factor = edge_sign[slot] * edge_length[edge];
                        let flux = &flux[edge * levels..][..levels];
                        for level in 0..levels {
                            output[level] += factor * flux[level];
                        }
                    }
                    let inverse_area = inverse_area[cell];
                    for level in 0..levels {
                        output[level] *= inverse_area;
                    }
                }
            },
        );
    });
}

/// A scalar function of each value, from the standard library for example.
pub fn elementwise<R: Real>(function: impl Fn(R) -> R + Sync, input: &[R], output: &mut [R]) {
    let arch = Arch::new();
    output.par_chunks_mut(TASK).zip(input.par_chunks(TASK)).for_each(|(output, input)| {
        arch.dispatch(
            #[inline(always)]
            || {
                for (output, input) in output.iter_mut().zip(input) {
                    *output = function(*input);
                }
            },
        );
    });
}

/// Σ x with one accumulator per lane of a long register, task by task.
pub fn sum<R: Real>(values: &[R]) -> R {
    const LANES: usize = 64;
    let arch = Arch::new();
    let task_sum = |task: &[R]| {
        arch.dispatch(
            #[inline(always)]
            || {
                let mut lanes = [R::ZERO; LANES];
                let (rows, rest) = task.as_chunks::<LANES>();
                for row in rows {
                    for lane in 0..LANES {
                        lanes[lane] += row[lane];
                    }
                }
                lanes.iter().chain(rest).fold(R::ZERO, |sum, value| sum + *value)
            },
        )
    };
    let sums: Vec<R> = values.par_chunks(TASK).map(task_sum).collect();
    sums.into_iter().fold(R::ZERO, |sum, value| sum + value)
}
