//! scratch
use std::time::Instant;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::{Level, Real, kernel};

/// Divergence of an edge-normal flux at one cell and level.
#[kernel]
pub fn flux_divergence<R: Real>(
    cell: u32,
    level: Level,
    max_edges: u32,
    levels: u32,
    edges_on_cell: &[u32],
    edge_sign: &[R],
    edge_length: &[R],
    flux: &[R],
    inverse_area: &[R],
) -> R {
    let mut divergence = 0.0;
    for j in 0..max_edges {
        let edge = edges_on_cell[cell * max_edges + j];
        divergence += edge_sign[cell * max_edges + j] * edge_length[edge] * flux[edge * levels + level];
    }
    divergence * inverse_area[cell]
}

/// Pointwise.
#[kernel]
pub fn saturation<R: Real>(i: u32, a: R, x: &[R], y: &[R], z: &[R]) -> R {
    (x[i] * a + y[i]) / (z[i] + 1.0)
}

/// Five-point Laplacian with a one-cell frame.
#[kernel(indices = 2)]
pub fn laplacian<R: Real>(row: u32, column: u32, stride: u32, scale: R, field: &[R]) -> R {
    let centre = (row + 1) * stride + column + 1;
    (field[centre - 1] + field[centre + 1] + field[centre - stride] + field[centre + stride]
        - 4.0 * field[centre])
        * scale
}

/// Periodic Laplacian.
#[kernel(indices = 2)]
pub fn periodic<R: Real>(row: u32, column: u32, rows: u32, columns: u32, scale: R, field: &[R]) -> R {
    let west = if column == 0 { columns - 1 } else { column - 1 };
    let east = if column + 1 == columns { 0 } else { column + 1 };
    let north = if row == 0 { rows - 1 } else { row - 1 };
    let south = if row + 1 == rows { 0 } else { row + 1 };
    (field[row * columns + west]
        + field[row * columns + east]
        + field[north * columns + column]
        + field[south * columns + column]
        - 4.0 * field[row * columns + column])
        * scale
}

/// Boundary values stay.
#[kernel(indices = 2)]
pub fn framed<R: Real>(row: u32, column: u32, rows: u32, columns: u32, scale: R, field: &[R]) -> R {
    let centre = row * columns + column;
    if row == 0 || column == 0 || row + 1 == rows || column + 1 == columns {
        return field[centre];
    }
    (field[centre - 1] + field[centre + 1] + field[centre - columns] + field[centre + columns]
        - 4.0 * field[centre])
        * scale
}

/// Exponential.
#[kernel]
pub fn exponential<R: Real>(i: u32, x: &[R]) -> R {
    (x[i] * 2.0).exp() + 1.0
}
/// Sine.
#[kernel]
pub fn sine<R: Real>(i: u32, x: &[R]) -> R {
    if x[i] > 0.7 { x[i].sin() } else { x[i] }
}

/// Sine.
#[kernel]
pub fn plain_sine<R: Real>(i: u32, x: &[R]) -> R {
    x[i].sin()
}
fn lanes_sine<const N: usize>(x: &[f64], out: &mut [f64]) {
    pulp::Arch::new().dispatch(#[inline(always)] || {
        for (x, out) in x.as_chunks::<N>().0.iter().zip(out.as_chunks_mut::<N>().0) {
            *out = terrella_kernels::math::lanes::sin_lanes_f64(*x);
        }
    })
}
fn time(repeat: usize, mut f: impl FnMut()) -> f64 {
    f();
    let mut best = f64::MAX;
    for _ in 0..15 {
        let start = Instant::now();
        for _ in 0..repeat {
            f();
        }
        best = best.min(start.elapsed().as_secs_f64() / repeat as f64);
    }
    best
}

fn hand_pointwise<R: Real>(a: R, x: &[R], y: &[R], z: &[R], out: &mut [R]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            let n = out.len();
            let (x, y, z) = (&x[..n], &y[..n], &z[..n]);
            for i in 0..n {
                out[i] = (x[i] * a + y[i]) / (z[i] + R::ONE);
            }
        },
    )
}
fn hand_laplacian<R: Real>(rows: usize, columns: usize, scale: R, field: &[R], out: &mut [R]) {
    let four = R::from_f64(4.0);
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            let stride = columns + 2;
            for row in 0..rows {
                let north = &field[row * stride + 1..][..columns];
                let middle = &field[(row + 1) * stride..][..columns + 2];
                let south = &field[(row + 2) * stride + 1..][..columns];
                let out = &mut out[row * columns..][..columns];
                for i in 0..columns {
                    out[i] = (middle[i] + middle[i + 2] + north[i] + south[i] - four * middle[i + 1]) * scale;
                }
            }
        },
    )
}
fn hand_divergence<R: Real>(
    max_edges: usize,
    levels: usize,
    edges: &[u32],
    sign: &[R],
    length: &[R],
    flux: &[R],
    inverse_area: &[R],
    out: &mut [R],
) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for cell in 0..inverse_area.len() {
                let out = &mut out[cell * levels..][..levels];
                out.fill(R::ZERO);
                for j in 0..max_edges {
                    let edge = edges[cell * max_edges + j] as usize;
                    let weight = sign[cell * max_edges + j] * length[edge];
                    let flux = &flux[edge * levels..][..levels];
                    for level in 0..levels {
                        out[level] += weight * flux[level];
                    }
                }
                for level in 0..levels {
                    out[level] *= inverse_area[cell];
                }
            }
        },
    )
}
fn field_f64(n: usize) -> Vec<f64> { (0..n).map(|i| ((i * 7919) % 1000) as f64 * 1e-3 + 0.5).collect() }
fn bench<R: Real>(name: &str) {
    let cpu = Device::Cpu;
    let field = |n: usize| -> Vec<R> {
        (0..n).map(|i| R::from_f64(((i * 7919) % 1000) as f64 * 1e-3 + 0.5)).collect()
    };
    let buffer = |n: usize| Buffer::from_slice(cpu, &field(n)).unwrap();
    for n in [4096usize, 100_000, 4_000_000] {
        let (x, y, z) = (buffer(n), buffer(n), buffer(n));
        let mut out = Buffer::<R>::zeros(cpu, n).unwrap();
        let mut hand = vec![R::ZERO; n];
        let repeat = 20_000_000 / n;
        let ours =
            time(repeat, || saturation::launch([n as u32], R::from_f64(0.3), &x, &y, &z, &mut out).unwrap());
        let theirs = time(repeat, || {
            hand_pointwise(
                R::from_f64(0.3),
                x.cpu_slice().unwrap(),
                y.cpu_slice().unwrap(),
                z.cpu_slice().unwrap(),
                &mut hand,
            )
        });
        println!(
            "{name} pointwise {n}: {:.3} ns, hand {:.3} ns, ratio {:.2}",
            ours / n as f64 * 1e9,
            theirs / n as f64 * 1e9,
            ours / theirs
        );
        assert!(out.cpu_slice().unwrap() == hand);
    }
    {
        let n = 100_000;
        let x = buffer(n);
        let mut out = Buffer::<R>::zeros(cpu, n).unwrap();
        let a = time(50, || exponential::launch([n as u32], &x, &mut out).unwrap());
        let b = time(50, || sine::launch([n as u32], &x, &mut out).unwrap());
        let c = time(50, || plain_sine::launch([n as u32], &x, &mut out).unwrap());
        let y: Vec<f64> = field_f64(n); let mut z = y.clone();
        let d = time(50, || lanes_sine::<8>(&y, &mut z));
        let e = time(50, || lanes_sine::<16>(&y, &mut z));
        println!("plain {:.3} lanes8 {:.3} lanes16 {:.3}", c / n as f64 * 1e9, d / n as f64 * 1e9, e / n as f64 * 1e9);
        println!("{name} exp {:.3} ns sin {:.3} ns", a / n as f64 * 1e9, b / n as f64 * 1e9);
    }
    for (rows, columns) in [(50usize, 64usize), (300, 300), (2000, 2000)] {
        let n = rows * columns;
        let f = buffer((rows + 2) * (columns + 2));
        let mut out = Buffer::<R>::zeros(cpu, n).unwrap();
        let mut hand = vec![R::ZERO; n];
        let repeat = 20_000_000 / n;
        let s = R::from_f64(0.3);
        let ours = time(repeat, || {
            laplacian::launch([rows as u32, columns as u32], columns as u32 + 2, s, &f, &mut out).unwrap()
        });
        let theirs = time(repeat, || hand_laplacian(rows, columns, s, f.cpu_slice().unwrap(), &mut hand));
        println!(
            "{name} laplacian {n}: {:.3} ns, hand {:.3} ns, ratio {:.2}",
            ours / n as f64 * 1e9,
            theirs / n as f64 * 1e9,
            ours / theirs
        );
        assert!(out.cpu_slice().unwrap() == hand);
        let p = time(repeat, || {
            periodic::launch([rows as u32, columns as u32], rows as u32, columns as u32, s, &f, &mut out)
                .unwrap()
        });
        let q = time(repeat, || {
            framed::launch([rows as u32, columns as u32], rows as u32, columns as u32, s, &f, &mut out)
                .unwrap()
        });
        println!("{name} periodic {:.3} ns framed {:.3} ns", p / n as f64 * 1e9, q / n as f64 * 1e9);
    }
    for levels in [32usize, 60, 137] {
        let (cells, max_edges) = (10242, 6);
        let edges = cells * 3;
        let n = cells * levels;
        let table: Vec<u32> =
            (0..cells * max_edges).map(|i| ((i / 2 + (i * 7919) % 61) % edges) as u32).collect();
        let table = Buffer::from_slice(cpu, &table).unwrap();
        let (sign, length, flux, area) =
            (buffer(cells * max_edges), buffer(edges), buffer(edges * levels), buffer(cells));
        let mut out = Buffer::<R>::zeros(cpu, n).unwrap();
        let mut hand = vec![R::ZERO; n];
        let ours = time(10, || {
            flux_divergence::launch(
                [cells as u32, levels as u32],
                max_edges as u32,
                levels as u32,
                &table,
                &sign,
                &length,
                &flux,
                &area,
                &mut out,
            )
            .unwrap()
        });
        let theirs = time(10, || {
            hand_divergence(
                max_edges,
                levels,
                table.cpu_slice().unwrap(),
                sign.cpu_slice().unwrap(),
                length.cpu_slice().unwrap(),
                flux.cpu_slice().unwrap(),
                area.cpu_slice().unwrap(),
                &mut hand,
            )
        });
        println!(
            "{name} divergence {levels}: {:.3} ns, hand {:.3} ns, ratio {:.2}",
            ours / n as f64 * 1e9,
            theirs / n as f64 * 1e9,
            ours / theirs
        );
        assert!(out.cpu_slice().unwrap() == hand);
    }
}
fn main() {
    if std::env::args().nth(1).as_deref() == Some("text") {
        println!("{}", flux_divergence::TEXT.cuda_source(terrella_kernels::Precision::F64));
        println!("{}", periodic::TEXT.wgsl_source(terrella_kernels::Precision::F64));
        return;
    }
    bench::<f64>("f64");
    bench::<f32>("f32");
}
