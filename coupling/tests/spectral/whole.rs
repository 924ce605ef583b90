//! Whole fields and spectra are cut, scattered and gathered, with the documented volume.

use terrella_coupling::communicator::{Communicator, Traffic};
use terrella_coupling::spectral::{ModelTransform, Part};
use terrella_coupling::whole::largest;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};

const FIELDS: usize = 3;
const TOTAL: usize = 21;

fn grid() -> Grid {
    "O16".parse().unwrap()
}

fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|i| i as f32).collect()
}

/// Bytes that a rank sent since `before`.
fn sent(ranks: &Communicator, before: Traffic) -> Traffic {
    let after = ranks.traffic();
    let mut sent = Traffic::default();
    sent.all_to_all.bytes = after.all_to_all.bytes - before.all_to_all.bytes;
    sent.gather.bytes = after.gather.bytes - before.gather.bytes;
    sent.exchange.bytes = after.exchange.bytes - before.exchange.bytes;
    sent.broadcast.bytes = after.broadcast.bytes - before.broadcast.bytes;
    sent
}

fn all_to_all(bytes: usize) -> Traffic {
    let mut traffic = Traffic::default();
    traffic.all_to_all.bytes = bytes as u64;
    traffic
}

fn gather(bytes: usize) -> Traffic {
    let mut traffic = Traffic::default();
    traffic.gather.bytes = bytes as u64;
    traffic
}

/// Cuts, scatters and gathers numbers that tell where they belong.
fn there_and_back(ranks: &Communicator, part: &Part) {
    let (points, coefficients) = (part.grid().points(), part.truncation().coefficients());
    let fields = numbers(FIELDS * points);
    let spectra = numbers(2 * FIELDS * coefficients);
    let (own_points, own_coefficients) = (part.points(), part.coefficients());
    let leads = ranks.rank() == 0;
    let others = |own: usize| if leads { 0 } else { own };

    let before = ranks.traffic();
    let own_fields = part.own_fields(FIELDS, &fields).unwrap().into_owned();
    let own_spectra = part.own_spectra(FIELDS, &spectra).unwrap().into_owned();
    assert_eq!(sent(ranks, before), Traffic::default());
    assert_eq!((own_fields.len(), own_spectra.len()), (FIELDS * own_points, 2 * FIELDS * own_coefficients));
    for (point, value) in own_fields[2 * own_points..].iter().enumerate() {
        assert_eq!(*value as usize, 2 * points + part.point_in_grid(point));
    }

    let whole = |values: &[f32]| if leads { values.to_vec() } else { Vec::new() };
    let before = ranks.traffic();
    assert_eq!(part.scatter_fields(ranks, FIELDS, &whole(&fields)).unwrap(), own_fields);
    let volume = if leads { 4 * FIELDS * (points - own_points) } else { 0 };
    assert_eq!(sent(ranks, before), all_to_all(volume));
    // Each rank has another field, and the last has none.
    let own_field = &fields[..if ranks.rank() + 1 < ranks.size() { points } else { 0 }];
    let mine: Vec<f32> = own_field.iter().map(|value| value + (ranks.rank() * points) as f32).collect();
    let before = ranks.traffic();
    let spread = part.spread_fields(ranks, &mine).unwrap();
    assert_eq!(sent(ranks, before), all_to_all(4 * (mine.len() / points) * (points - own_points)));
    for (rank, values) in spread.iter().enumerate() {
        let expected = own_fields[..own_points].iter().map(|value| value + (rank * points) as f32);
        let fields = if rank + 1 < ranks.size() { 1 } else { 0 };
        assert_eq!(*values, expected.take(fields * own_points).collect::<Vec<f32>>());
    }
    assert!(part.spread_fields(ranks, &fields[1..]).is_err());
    let before = ranks.traffic();
    assert_eq!(part.scatter_spectra(ranks, FIELDS, &whole(&spectra)).unwrap(), own_spectra);
    let volume = if leads { 2 * 4 * FIELDS * (coefficients - own_coefficients) } else { 0 };
    assert_eq!(sent(ranks, before), all_to_all(volume));

    let before = ranks.traffic();
    assert_eq!(part.gather_fields(ranks, FIELDS, &own_fields).unwrap(), leads.then_some(fields));
    assert_eq!(sent(ranks, before), gather(4 * FIELDS * others(own_points)));
    let before = ranks.traffic();
    assert_eq!(part.gather_spectra(ranks, FIELDS, &own_spectra).unwrap(), leads.then_some(spectra));
    assert_eq!(sent(ranks, before), gather(2 * 4 * FIELDS * others(own_coefficients)));

    let own: Vec<f64> = part.ring_numbers().iter().flat_map(|ring| [*ring as f64, 0.5]).collect();
    let before = ranks.traffic();
    let all = part.values_of_rings(ranks, 2, &own).unwrap();
    assert_eq!(sent(ranks, before), gather(8 * (ranks.size() - 1) * own.len()));
    let expected: Vec<f64> = (0..part.grid().rings().len()).flat_map(|ring| [ring as f64, 0.5]).collect();
    assert_eq!(all, expected);
}

#[test]
fn spectra_move_to_parts_of_other_grids() {
    let truncation = Truncation::new(42);
    let whole: Vec<f64> = (0..truncation.spectrum_len(3)).map(|index| index as f64).collect();
    let moved = Communicator::threads(3, |ranks| {
        let parts = ["F32", "O32"].map(|grid| {
            let transform = ModelTransform::<f64>::on(&ranks, &grid.parse().unwrap(), truncation).unwrap();
            transform.part().clone()
        });
        let [from, to] = &parts;
        let own = from.own_spectra(3, &whole).unwrap();
        let before = ranks.traffic();
        assert_eq!(from.spectra_for(from, &ranks, &own).unwrap(), own);
        assert_eq!(ranks.traffic(), before);
        assert_eq!(from.spectra_for(to, &ranks, &own).unwrap(), to.own_spectra(3, &whole).unwrap());
        assert!(from.spectra_for(to, &ranks, &own[2..]).is_err());
        from.zonal_wavenumbers() != to.zonal_wavenumbers()
    });
    assert!(moved.contains(&true));
}

#[test]
fn what_is_cut_is_put_together_again() {
    for size in [1, 2, 3, 4, 7, 8] {
        let owned = Communicator::threads(size, |ranks| {
            let transform = ModelTransform::<f64>::on(&ranks, &grid(), Truncation::new(TOTAL)).unwrap();
            let part = transform.part();
            assert_eq!((part.ranks(), part.is_whole()), (size, size == 1));
            there_and_back(&ranks, part);
            assert_eq!(part.degrees().count(), part.coefficients());
            [part.points(), part.coefficients(), part.zonal_coefficients()]
        });
        let total = |of: usize| owned.iter().map(|counts| counts[of]).sum::<usize>();
        let truncation = Truncation::new(TOTAL);
        assert_eq!([0, 1, 2].map(total), [grid().points(), truncation.coefficients(), TOTAL + 1]);
    }
}

#[test]
fn the_largest_of_all_ranks_is_found() {
    let found = Communicator::threads(3, |ranks| {
        let rank = ranks.rank() as f64;
        let nan = if ranks.rank() == 1 { f64::NAN } else { rank };
        largest(&ranks, &[rank, -rank, nan]).unwrap()
    });
    for values in found {
        assert_eq!(values[..2], [2.0, 0.0]);
        assert!(values[2].is_nan());
    }
}

#[test]
fn wrong_lengths_and_parts_are_refused() {
    Communicator::threads(2, |ranks| {
        let transform = ModelTransform::<f64>::on(&ranks, &grid(), Truncation::new(TOTAL)).unwrap();
        let part = transform.part();
        let message = |result: terrella_coupling::Result<Option<Vec<f64>>>| result.unwrap_err().to_string();
        let points = part.points();
        let text = message(part.gather_fields(&ranks, 1, &[0.0; 3]));
        assert_eq!(text, format!("'own fields': expected {points} values, got 3."));
        let text = message(part.gather_fields(&Communicator::serial(), 1, &vec![0.0; points]));
        assert_eq!(text, "'ranks': expected 2 values, got 1.");
        let text = part.own_spectra(1, &[0.0; 5]).unwrap_err().to_string();
        assert!(text.starts_with("'whole spectra': expected "), "{text}");
    });
}

#[test]
fn operators_over_buffers_are_those_of_the_whole_transform() {
    let (grid, truncation) = (grid(), Truncation::new(TOTAL));
    let wave = |i: usize| ((i * 37 % 101) as f64 - 50.0) / (1.0 + i as f64);
    let spectrum: Vec<f64> = (0..truncation.spectrum_len(1)).map(wave).collect();
    let mut whole = Transform::<f64>::new(&grid, truncation, Device::Cpu).unwrap();
    whole.set_radius(2.0).unwrap();
    let buffer = |values: &[f64]| Buffer::from_slice(Device::Cpu, values).unwrap();
    let [mut u, mut v] = [0, 1].map(|_| buffer(&vec![0.0; grid.points()]));
    let mut curl = buffer(&vec![0.0; spectrum.len()]);
    let mut divergence = buffer(&vec![0.0; spectrum.len()]);
    whole.wind_synthesis(1, &buffer(&spectrum), &buffer(&spectrum), &mut u, &mut v).unwrap();
    whole.wind_analysis(1, &u, &v, &mut curl, &mut divergence).unwrap();
    let expected = [u, v].map(|field| field.to_vec().unwrap());
    let expected_spectra = [curl, divergence].map(|field| field.to_vec().unwrap());
    for size in [1, 3] {
        Communicator::threads(size, |ranks| {
            let mut transform = ModelTransform::<f64>::on(&ranks, &grid, truncation).unwrap();
            transform.set_radius(2.0).unwrap();
            let part = transform.part().clone();
            let own = buffer(&part.own_spectra(1, &spectrum).unwrap());
            let [mut u, mut v] = [0, 1].map(|_| buffer(&vec![0.0; part.points()]));
            let [mut curl, mut divergence] = [0, 1].map(|_| buffer(&vec![0.0; own.len()]));
            transform.wind_synthesis(1, &own, &own, &mut u, &mut v).unwrap();
            transform.wind_analysis(1, &u, &v, &mut curl, &mut divergence).unwrap();
            for (got, expected) in [u, v].iter().zip(&expected) {
                assert_eq!(got.to_vec().unwrap(), part.own_fields(1, expected).unwrap().into_owned());
            }
            for (got, expected) in [curl, divergence].iter().zip(&expected_spectra) {
                assert_eq!(got.to_vec().unwrap(), part.own_spectra(1, expected).unwrap().into_owned());
            }
        });
    }
}
