//! Flux divergence on geodesic meshes: the mesh, a plain reference, conservation, order of accuracy.

use std::f64::consts::PI;

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::GeodesicMesh;
use terrella_kernels::operators::divergence::flux_divergence;
use terrella_kernels::{Real, Result};

const RADIUS: f64 = 6_371_229.0;

fn divergence_on<R: Real>(mesh: &GeodesicMesh, levels: usize, flux: &[R]) -> Result<Vec<R>> {
    let rounded = |values: &[f64]| -> Result<Buffer<R>> {
        let values: Vec<R> = values.iter().map(|value| R::from_f64(*value)).collect();
        Buffer::from_slice(Device::Cpu, &values)
    };
    let inverse_area: Vec<f64> = mesh.cell_area.iter().map(|area| 1.0 / area).collect();
    let mut result = Buffer::zeros(Device::Cpu, mesh.cells * levels)?;
    flux_divergence::launch(
        [mesh.cells as u32, levels as u32],
        mesh.max_edges as u32,
        levels as u32,
        &Buffer::from_slice(Device::Cpu, &mesh.edges_on_cell)?,
        &rounded(&mesh.edge_sign)?,
        &rounded(&mesh.edge_length)?,
        &Buffer::from_slice(Device::Cpu, flux)?,
        &rounded(&inverse_area)?,
        &mut result,
    )?;
    result.to_vec()
}

#[test]
fn mesh_covers_the_sphere() -> Result<()> {
    for frequency in [1, 2, 3, 10] {
        let mesh = GeodesicMesh::new(frequency, RADIUS)?;
        assert_eq!(mesh.cells, 10 * frequency * frequency + 2);
        assert_eq!(mesh.edges, 30 * frequency * frequency);
        let area: f64 = mesh.cell_area.iter().sum();
        assert!(
            (area / (4.0 * PI * RADIUS * RADIUS) - 1.0).abs() < 1e-13,
            "frequency {frequency}: area {area}"
        );
        let sides = |cell: usize| mesh.edge_sign[cell * 6..][..6].iter().filter(|sign| **sign != 0.0).count();
        assert_eq!((0..mesh.cells).filter(|&cell| sides(cell) == 5).count(), 12, "pentagons");
        let mut uses = vec![0.0; mesh.edges];
        for (edge, sign) in mesh.edges_on_cell.iter().zip(&mesh.edge_sign) {
            uses[*edge as usize] += sign;
        }
        assert!(uses.iter().all(|sum| *sum == 0.0), "each edge leaves one cell and enters another");
    }
    Ok(())
}

#[test]
fn edges_of_the_dodecahedron_have_the_known_length() -> Result<()> {
    // Frequency 1: the edge of a dodecahedron of circumradius 1 is 4/(√3 (1 + √5)) long, as a chord.
    let mesh = GeodesicMesh::new(1, 1.0)?;
    let chord = 4.0 / (3_f64.sqrt() * (1.0 + 5_f64.sqrt()));
    for length in &mesh.edge_length {
        assert!((2.0 * (length / 2.0).sin() - chord).abs() < 1e-14, "{length}");
    }
    Ok(())
}

#[test]
fn impossible_meshes_are_refused_by_name() {
    let text = |mesh: Result<GeodesicMesh>| mesh.map(|_| ()).unwrap_err().to_string();
    assert!(text(GeodesicMesh::new(0, RADIUS)).starts_with("'frequency' is 0"));
    assert!(text(GeodesicMesh::new(2, f64::NAN)).starts_with("'radius' is NaN"));
}

fn divergence_equals_reference<R: Real>(levels: usize) -> Result<()> {
    let mesh = GeodesicMesh::new(4, RADIUS)?;
    let flux: Vec<R> = (0..mesh.edges * levels).map(|i| R::from_f64((i as f64 * 0.7).sin() * 30.0)).collect();
    let got = divergence_on(&mesh, levels, &flux)?;
    for (index, got) in got.iter().enumerate() {
        let (cell, level) = (index / levels, index % levels);
        let (mut expected, mut magnitude) = (0.0, 0.0);
        for slot in cell * 6..cell * 6 + 6 {
            let edge = mesh.edges_on_cell[slot] as usize;
            let outflow =
                mesh.edge_sign[slot] * mesh.edge_length[edge] * flux[edge * levels + level].to_f64();
            expected += outflow / mesh.cell_area[cell];
            magnitude += outflow.abs() / mesh.cell_area[cell];
        }
        let tolerance = 8.0 * R::EPSILON.to_f64() * magnitude;
        assert!((got.to_f64() - expected).abs() <= tolerance, "at {index}: got {got}, expected {expected}");
    }
    Ok(())
}

#[test]
fn divergence_equals_reference_f32() -> Result<()> {
    [1, 7, 8, 19, 64].into_iter().try_for_each(divergence_equals_reference::<f32>)
}

#[test]
fn divergence_equals_reference_f64() -> Result<()> {
    [1, 7, 8, 19, 64].into_iter().try_for_each(divergence_equals_reference::<f64>)
}

#[test]
fn divergence_conserves_the_integral() -> Result<()> {
    let mesh = GeodesicMesh::new(6, RADIUS)?;
    let flux: Vec<f64> = (0..mesh.edges).map(|i| (i as f64 * 1.7).sin()).collect();
    let terms =
        divergence_on(&mesh, 1, &flux)?.into_iter().zip(&mesh.cell_area).map(|(value, area)| value * area);
    let (sum, magnitude) =
        terms.fold((0.0, 0.0), |(sum, magnitude), term| (sum + term, magnitude + term.abs()));
    assert!(sum.abs() < 1e-13 * magnitude, "integral {sum} of terms that add up to {magnitude}");
    Ok(())
}

/// Relative l2 error for the wind ∇(x y), x and y on the unit sphere, whose divergence is −6 x y / a².
fn divergence_error(frequency: usize) -> Result<f64> {
    let mesh = GeodesicMesh::new(frequency, RADIUS)?;
    let normal_wind = |edge: usize| {
        let ([x, y, _], normal) = (mesh.edge_midpoint[edge], mesh.edge_normal[edge]);
        // The normal is horizontal, so the radial part of the gradient does not matter.
        (y * normal[0] + x * normal[1]) / RADIUS
    };
    let flux: Vec<f64> = (0..mesh.edges).map(normal_wind).collect();
    let (mut difference, mut magnitude) = (0.0, 0.0);
    for (cell, got) in divergence_on(&mesh, 1, &flux)?.into_iter().enumerate() {
        let [x, y, _] = mesh.cell_centre[cell];
        let expected = -6.0 * x * y / RADIUS.powi(2);
        difference += mesh.cell_area[cell] * (got - expected).powi(2);
        magnitude += mesh.cell_area[cell] * expected.powi(2);
    }
    Ok((difference / magnitude).sqrt())
}

#[test]
fn divergence_converges() -> Result<()> {
    let (coarse, fine) = (divergence_error(16)?, divergence_error(32)?);
    let order = (coarse / fine).log2();
    eprintln!("order {order}: {coarse} {fine}");
    assert!(order > 0.9, "order {order}: errors {coarse}, {fine}");
    Ok(())
}
