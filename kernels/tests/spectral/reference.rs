//! The transforms against ducc0 and against SPHEREPACK's vorticity and divergence of a real wind.

use std::path::Path;

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};

/// The coefficients of `data/spherical_harmonics.py`, times a factor of n.
fn coefficients(truncation: Truncation, seed: f64, factor: impl Fn(f64) -> f64) -> Buffer<f64> {
    let values: Vec<f64> = truncation
        .wavenumbers()
        .flat_map(|(m, n)| {
            let (m, n) = (m as f64, n as f64);
            let re = (seed + 3.0 * n + 5.0 * m * m).cos() / (n + 1.0);
            let im = if m > 0.0 { (2.0 * seed + n * m).sin() / (n + 1.0) } else { 0.0 };
            [re * factor(n), im * factor(n)]
        })
        .collect();
    Buffer::from_slice(Device::Cpu, &values).unwrap()
}

#[test]
fn scalars_and_winds_agree_with_ducc0() {
    for (total, half) in [(42, 32), (85, 64)] {
        let grid = Grid::full(half).unwrap();
        let truncation = Truncation::new(total);
        let mut transform = Transform::<f64>::new(&grid, truncation, Device::Cpu).unwrap();
        transform.set_radius(1.0).unwrap();
        let [mut scalar, mut u, mut v] = [0; 3].map(|_| Buffer::zeros(Device::Cpu, grid.points()).unwrap());
        transform.synthesis(1, &coefficients(truncation, 1.0, |_| 1.0), &mut scalar).unwrap();
        // On the unit sphere ζ_n = −n(n+1) ψ_n and δ_n = −n(n+1) χ_n.
        let laplacian = |n: f64| -n * (n + 1.0);
        let [vorticity, divergence] = [2.0, 3.0].map(|seed| coefficients(truncation, seed, laplacian));
        transform.wind_synthesis(1, &vorticity, &divergence, &mut u, &mut v).unwrap();
        let values = [scalar, u, v].map(|buffer| buffer.to_vec().unwrap());
        let mut compared = 0;
        let mut largest = [0.0f64; 3];
        for line in include_str!("data/spherical_harmonics.txt").lines() {
            let numbers: Vec<f64> = line.split(' ').map(|text| text.parse().unwrap()).collect();
            if numbers[0] != total as f64 {
                continue;
            }
            let point = grid.rings()[numbers[2] as usize].offset + numbers[3] as usize;
            for (field, values) in values.iter().enumerate() {
                largest[field] = largest[field].max((values[point] - numbers[4 + field]).abs());
            }
            compared += 1;
        }
        eprintln!("T{total}: {compared} points, largest differences {largest:?}");
        assert!(compared > 70);
        // The scalar is of size 10, the wind of size 100; numpy's nodes are good to 1e-15 or so.
        assert!(largest[0] < 1e-12 && largest[1] < 1e-10 && largest[2] < 1e-10, "T{total}: {largest:?}");
    }
}

/// The last rows × columns values of a NumPy file of little-endian f32.
fn numpy(path: &Path, len: usize) -> Vec<f64> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(bytes.starts_with(b"\x93NUMPY"), "{} is no NumPy file", path.display());
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert!(String::from_utf8_lossy(&bytes[..header]).contains("'<f4'"));
    let values: Vec<f64> = bytes[header..]
        .chunks_exact(4)
        .map(|value| f64::from(f32::from_le_bytes(value.try_into().unwrap())))
        .collect();
    assert_eq!(values.len(), len);
    values
}

#[test]
fn vorticity_and_divergence_of_a_real_wind_agree_with_spherepack() {
    let Some(data) = std::env::var_os("TERRELLA_DATA") else {
        eprintln!("not run: TERRELLA_DATA is not set");
        return;
    };
    let folder = Path::new(&data).join("03_vector_sh/windspharm_regular");
    if !folder.is_dir() {
        eprintln!("not run: {} is absent", folder.display());
        return;
    }
    let grid: Grid = "r144x73".parse().unwrap();
    let truncation = Truncation::largest_on(&grid);
    let mut transform = Transform::<f64>::new(&grid, truncation, Device::Cpu).unwrap();
    transform.set_radius(6.37122e6).unwrap(); // the one that the reference was made with
    let read = |name: &str| numpy(&folder.join(name), grid.points());
    let [u, v] =
        ["uwnd.ref.npy", "vwnd.ref.npy"].map(|name| Buffer::from_slice(Device::Cpu, &read(name)).unwrap());
    let [mut vorticity, mut divergence] =
        [0; 2].map(|_| Buffer::<f64>::zeros(Device::Cpu, truncation.spectrum_len(1)).unwrap());
    transform.wind_analysis(1, &u, &v, &mut vorticity, &mut divergence).unwrap();
    for (spectrum, name, tolerance) in [(&vorticity, "vrt.ref.npy", 1e-7), (&divergence, "div.ref.npy", 1e-7)]
    {
        let mut values = Buffer::<f64>::zeros(Device::Cpu, grid.points()).unwrap();
        transform.synthesis(1, spectrum, &mut values).unwrap();
        let (values, expected) = (values.to_vec().unwrap(), read(name));
        let norm =
            |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
        let difference = norm(&mut values.iter().zip(&expected).map(|(a, b)| a - b));
        let relative = difference / norm(&mut expected.iter().copied());
        eprintln!("{name}: relative difference {relative:e}");
        assert!(relative < tolerance, "{name}: {relative:e}");
    }
}
