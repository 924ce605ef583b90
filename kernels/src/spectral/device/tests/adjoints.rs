//! Every adjoint against its operator: Σ y·Ax = Σ Aᵀy·x.

use super::*;

pub(super) fn check_adjoints<R: Real>(device: Device, grid: &Grid, total: usize, tolerance: f64) {
    let mut transform = transform::<R>(device, grid, total);
    let spectrum_len = Truncation::new(total).spectrum_len(FIELDS);
    let grid_len = FIELDS * grid.points();
    let rounded = |len: usize, seed: usize| values(&upload::<R>(Device::Cpu, &noise(len, seed)));
    for (name, [spectra, fields], to_grid, to_spectra) in pairs_of_adjoints::<R>() {
        let x: Vec<Vec<f64>> = (0..spectra).map(|seed| rounded(spectrum_len, seed)).collect();
        let y: Vec<Vec<f64>> = (0..fields).map(|seed| rounded(grid_len, 7 + seed)).collect();
        let ax = apply(&mut transform, to_grid, &x, fields, grid_len);
        let aty = apply(&mut transform, to_spectra, &y, spectra, spectrum_len);
        let (left, right) = (dot(&ax, &y.concat()), dot(&x.concat(), &aty));
        let size = (dot(&ax, &ax) * dot(&y.concat(), &y.concat())).sqrt();
        let what = format!("{device} {} T{total} {:?} {name}", grid.name(), R::PRECISION);
        assert!(size > 0.0, "{what}");
        let error = (left - right).abs() / size;
        eprintln!("{what}: {left:e} {right:e} {error:.1e}");
        assert!(error < tolerance, "{what}: {left:e} against {right:e}");
    }
}

#[test]
fn adjoints_are_transposes() {
    for device in devices() {
        // Software devices are slow: some of the grids will do there.
        let step = if device == Device::Cpu { 1 } else { 3 };
        for (grid, total) in grids().into_iter().step_by(step).chain(long_grids()) {
            check_adjoints::<f64>(device, &grid, total, 1e-15);
            check_adjoints::<f32>(device, &grid, total, 1e-7);
        }
    }
}
