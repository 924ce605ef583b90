//! A transform that ranks share has the bits of the transform in one piece.

use std::any::type_name;

use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::{LevelTransform, distributed_transform};
use terrella_coupling::transposition::Wire;
use terrella_kernels::Real;
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{HostTransform, TransformShares, Truncation};

use crate::ranks::{End, under_each_launcher};

/// Name, whether from spectra to the grid, number of spectra, number of components on the grid.
const OPERATORS: [(&str, bool, usize, usize); 12] = [
    ("synthesis", true, 1, 1),
    ("synthesis_adjoint", false, 1, 1),
    ("analysis", false, 1, 1),
    ("analysis_adjoint", true, 1, 1),
    ("wind_synthesis", true, 2, 2),
    ("wind_synthesis_adjoint", false, 2, 2),
    ("wind_analysis", false, 2, 2),
    ("wind_analysis_adjoint", true, 2, 2),
    ("gradient_synthesis", true, 1, 2),
    ("gradient_synthesis_adjoint", false, 1, 2),
    ("wind_zonal_derivative_synthesis", true, 2, 2),
    ("wind_zonal_derivative_synthesis_adjoint", false, 2, 2),
];

/// A function that applies an operator by its name to a transform of this type.
macro_rules! by_name {
    ($name:ident, $type:ty) => {
        fn $name<R: Real>(
            transform: &mut $type,
            operator: &str,
            fields: usize,
            x: &[Vec<R>],
            y: &mut [Vec<R>],
        ) {
            let (first, second) = y.split_at_mut(1);
            let (y, z) = (&mut first[0][..], second.first_mut().map_or(&mut [][..], |z| &mut z[..]));
            match operator {
                "synthesis" => transform.synthesis(fields, &x[0], y),
                "synthesis_adjoint" => transform.synthesis_adjoint(fields, &x[0], y),
                "analysis" => transform.analysis(fields, &x[0], y),
                "analysis_adjoint" => transform.analysis_adjoint(fields, &x[0], y),
                "wind_synthesis" => transform.wind_synthesis(fields, &x[0], &x[1], y, z),
                "wind_synthesis_adjoint" => transform.wind_synthesis_adjoint(fields, &x[0], &x[1], y, z),
                "wind_analysis" => transform.wind_analysis(fields, &x[0], &x[1], y, z),
                "wind_analysis_adjoint" => transform.wind_analysis_adjoint(fields, &x[0], &x[1], y, z),
                "gradient_synthesis" => transform.gradient_synthesis(fields, &x[0], y, z),
                "gradient_synthesis_adjoint" => transform.gradient_synthesis_adjoint(fields, &x[0], &x[1], y),
                "wind_zonal_derivative_synthesis" => {
                    transform.wind_zonal_derivative_synthesis(fields, &x[0], &x[1], y, z)
                }
                "wind_zonal_derivative_synthesis_adjoint" => {
                    transform.wind_zonal_derivative_synthesis_adjoint(fields, &x[0], &x[1], y, z)
                }
                _ => panic!("operator '{operator}'"),
            }
            .unwrap();
        }
    };
}
by_name!(whole, HostTransform<R>);
by_name!(shared, LevelTransform<R>);

fn noise<R: Real>(seed: usize, len: usize) -> Vec<R> {
    let number = |i: usize| ((i * 2 + 1) * (seed * 2 + 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
    (0..len).map(|i| R::from_f64(number(i) as f64 / (1u64 << 53) as f64 - 0.5)).collect()
}

/// A rank's part of what the whole transform has.
fn part<R: Real>(shares: &TransformShares, rank: usize, is_grid: bool, fields: usize, all: &[R]) -> Vec<R> {
    let (grid, truncation) = (shares.grid(), shares.truncation());
    if is_grid {
        let field = |field: usize| &all[field * grid.points()..][..grid.points()];
        let rings: Vec<_> = shares.rings(rank).map(|ring| &grid.rings()[ring]).collect();
        let of_field =
            |number| rings.iter().flat_map(move |ring| &field(number)[ring.offset..][..ring.points]);
        return (0..fields).flat_map(of_field).copied().collect();
    }
    let of_wavenumber = |&m: &usize| {
        let first = 2 * fields * truncation.index(m, m);
        &all[first..first + 2 * fields * (truncation.total() - m + 1)]
    };
    shares.wavenumbers(rank).iter().flat_map(of_wavenumber).copied().collect()
}

/// Inputs and outputs of an operator in one piece.
struct Case<R> {
    operator: (&'static str, bool, usize, usize),
    fields: usize,
    inputs: Vec<Vec<R>>,
    outputs: Vec<Vec<R>>,
}

fn cases<R: Real>(grid: &Grid, truncation: Truncation, fields: usize) -> Vec<Case<R>> {
    cases_of(grid, truncation, fields, noise)
}

/// With inputs that a function makes of a number and a length.
fn cases_of<R: Real>(
    grid: &Grid,
    truncation: Truncation,
    fields: usize,
    values: fn(usize, usize) -> Vec<R>,
) -> Vec<Case<R>> {
    let mut transform = HostTransform::<R>::new(grid, truncation).unwrap();
    let lens = [truncation.spectrum_len(fields), fields * grid.points()];
    let case = |operator: (&'static str, bool, usize, usize)| {
        let (name, to_grid, spectra, components) = operator;
        let ends = [(spectra, lens[0]), (components, lens[1])];
        let [input, output] = if to_grid { ends } else { [ends[1], ends[0]] };
        let inputs: Vec<Vec<R>> = (0..input.0).map(|i| values(i + 1, input.1)).collect();
        let mut outputs = vec![vec![R::ZERO; output.1]; output.0];
        whole(&mut transform, name, fields, &inputs, &mut outputs);
        Case { operator, fields, inputs, outputs }
    };
    OPERATORS.into_iter().map(case).collect()
}

/// Bytes that a rank sends to others in an operator, by the formulas of the documentation.
fn volume<R: Real>(
    shares: &TransformShares,
    rank: usize,
    sets: usize,
    operator: (&str, bool, usize, usize),
    fields: usize,
) -> u64 {
    let (_, to_grid, spectra, components) = operator;
    let row_of = |row: usize| row * sets..(row + 1) * sets;
    let (row, set) = (rank / sets, rank % sets);
    let used = (fields / 16usize.div_ceil(components)).clamp(1, sets);
    let first = |set: usize| set.min(used) * fields / used;
    let columns = (first(set + 1) - first(set)) * components;
    let between = |from: usize, to: usize| -> usize {
        row_of(from)
            .flat_map(|a| row_of(to).map(move |b| (a, b)))
            .map(|(a, b)| shares.coefficients_between(a, b))
            .sum()
    };
    let others = (0..shares.ranks() / sets).filter(|&other| other != row);
    let coefficients: usize =
        others.map(|other| if to_grid { between(row, other) } else { between(other, row) }).sum();
    let few = if columns < 3 { 8 } else { size_of::<R>() };
    let own = |rank: usize| [spectra * shares.spectrum_len(rank, 1), components * shares.points(rank)];
    let of_others: [usize; 2] =
        row_of(row).filter(|&other| other != rank).map(own).fold([0; 2], |a, b| [a[0] + b[0], a[1] + b[1]]);
    // The input leaves its items, the output goes to those of others.
    let (input, output) = if to_grid { (0, 1) } else { (1, 0) };
    let numbers = (sets - 1) * own(rank)[input] + of_others[output];
    (4 * few * columns * coefficients + size_of::<R>() * fields.div_ceil(used) * numbers) as u64
}

/// All operators on these ranks, with their traffic.
fn compare<R: Real>(
    communicator: &Communicator,
    sets: usize,
    grid: &Grid,
    truncation: Truncation,
    cases: &[Case<R>],
) {
    let mut transform = LevelTransform::<R>::new(communicator, grid, truncation, sets, Wire::Same).unwrap();
    let (shares, rank) = (transform.shares().clone(), communicator.rank());
    for Case { operator, fields, inputs, outputs } in cases {
        let &(name, to_grid, ..) = operator;
        let own = |is_grid: bool, all: &[Vec<R>]| -> Vec<Vec<R>> {
            all.iter().map(|all| part(&shares, rank, is_grid, *fields, all)).collect()
        };
        let (inputs, expected) = (own(!to_grid, inputs), own(to_grid, outputs));
        let mut got: Vec<Vec<R>> = expected.iter().map(|part| vec![R::ONE; part.len()]).collect();
        let before = communicator.traffic().exchange.bytes;
        shared(&mut transform, name, *fields, &inputs, &mut got);
        let what = format!(
            "{name} of {fields} {} fields on {grid}, {sets} sets, {communicator:?}",
            type_name::<R>()
        );
        for (got, expected) in got.iter().zip(&expected) {
            let differ =
                got.iter().zip(expected).filter(|(a, b)| bytemuck::bytes_of(*a) != bytemuck::bytes_of(*b));
            assert_eq!((got.len(), differ.count()), (expected.len(), 0), "{what}");
        }
        let expected = volume::<R>(&shares, rank, sets, *operator, *fields);
        assert_eq!(communicator.traffic().exchange.bytes - before, expected, "{what}");
    }
}

fn on_threads<R: Real>(name: &str, total: usize, fields: usize, sizes: &[usize]) {
    let (grid, truncation) = (name.parse().unwrap(), Truncation::new(total));
    let cases = cases::<R>(&grid, truncation, fields);
    for &size in sizes {
        for sets in (1..=size).filter(|sets| size % sets == 0) {
            for nodes in nodes_of(size) {
                Communicator::threads_on(nodes, |ranks| compare(&ranks, sets, &grid, truncation, &cases));
            }
        }
    }
}

/// The node of each rank: all on one, two in turn, and each on its own.
fn nodes_of(size: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![0; size], (0..size).map(|rank| rank % 2).collect(), (0..size).collect()];
    all.dedup();
    all
}

const SIZES: [usize; 6] = [1, 2, 3, 4, 7, 8];

#[test]
fn one_field_has_the_same_bits_on_any_number_of_ranks() {
    for (name, total) in [("F16", 31), ("O24", 23), ("N32", 42)] {
        on_threads::<f64>(name, total, 1, &SIZES);
        on_threads::<f32>(name, total, 1, &SIZES);
    }
}

#[test]
fn several_fields_have_the_same_bits_on_any_number_of_ranks() {
    for (name, total) in [("F24", 31), ("O24", 47)] {
        on_threads::<f64>(name, total, 5, &SIZES);
        on_threads::<f32>(name, total, 5, &SIZES);
    }
}

#[test]
fn portions_of_many_fields_have_the_same_bits() {
    on_threads::<f64>("O16", 21, 50, &[2, 3, 8]);
    on_threads::<f32>("F16", 21, 50, &[2, 3, 8]);
}

#[test]
fn zeros_have_the_same_signs() {
    // Lines of latitude pairs that are not full.
    let (grid, truncation): (Grid, _) = ("F20".parse().unwrap(), Truncation::new(20));
    for fields in [1, 4] {
        let cases = cases_of::<f64>(&grid, truncation, fields, |_, len| vec![-0.0; len]);
        Communicator::threads(3, |ranks| compare(&ranks, 1, &grid, truncation, &cases));
        let cases = cases_of::<f32>(&grid, truncation, fields, |_, len| vec![-0.0; len]);
        Communicator::threads(3, |ranks| compare(&ranks, 1, &grid, truncation, &cases));
    }
}

#[test]
fn ranks_without_rings_or_wavenumbers_take_part() {
    on_threads::<f64>("O8", 7, 2, &[9, 20]);
    on_threads::<f32>("F8", 15, 4, &[20]);
}

#[test]
fn coefficients_sent_as_f32_are_the_same_on_any_number_of_ranks() {
    let (grid, truncation): (Grid, _) = ("O16".parse().unwrap(), Truncation::new(21));
    let cases = cases::<f64>(&grid, truncation, 4);
    let Case { inputs, outputs, .. } = &cases[0];
    let on_ranks = |size: usize| {
        let parts = Communicator::threads(size, |ranks| {
            let mut transform = distributed_transform::<f64>(&ranks, &grid, truncation, Wire::F32).unwrap();
            let spectrum = part(transform.shares(), ranks.rank(), false, 4, &inputs[0]);
            let mut values = vec![0.0; 4 * transform.points()];
            let before = ranks.traffic().exchange.bytes;
            transform.synthesis(4, &spectrum, &mut values).unwrap();
            let shares = transform.shares();
            let others = (0..size).filter(|&other| other != ranks.rank());
            let sent: usize = others.map(|other| shares.coefficients_between(ranks.rank(), other)).sum();
            assert_eq!(ranks.traffic().exchange.bytes - before, (4 * 4 * 4 * sent) as u64);
            let expected = part(transform.shares(), ranks.rank(), true, 4, &outputs[0]);
            let error = values.iter().zip(expected).map(|(a, b)| (a - b).abs());
            assert!((1e-9..1e-5).contains(&error.fold(0.0, f64::max)));
            (shares.rings(ranks.rank()).collect::<Vec<_>>(), values)
        });
        let mut whole = vec![0.0; 4 * grid.points()];
        for (rings, values) in parts {
            let mut rest = &values[..];
            for field in 0..4 {
                for &ring in &rings {
                    let ring = &grid.rings()[ring];
                    let part = rest.split_off(..ring.points).unwrap();
                    whole[field * grid.points() + ring.offset..][..ring.points].copy_from_slice(part);
                }
            }
        }
        whole
    };
    let one = on_ranks(1);
    for size in [2, 5] {
        assert!(on_ranks(size) == one, "{size}");
    }
}

#[test]
fn bad_input_is_refused() {
    let (grid, truncation): (Grid, _) = ("r36x19".parse().unwrap(), Truncation::new(10));
    let refusal = |grid: &Grid, truncation: Truncation| {
        let transform = distributed_transform::<f64>(&Communicator::serial(), grid, truncation, Wire::Same);
        transform.map(|_| ()).unwrap_err().to_string()
    };
    let text = refusal(&grid, truncation);
    assert_eq!(text, "'grid' is 'r36x19': expected a Gaussian grid where ranks share a transform.");
    assert!(refusal(&"F8".parse().unwrap(), Truncation::new(16)).contains("the largest possible is T15"));
    let grid = "F8".parse().unwrap();
    let mut transform =
        distributed_transform::<f64>(&Communicator::serial(), &grid, truncation, Wire::Same).unwrap();
    let text = transform.synthesis(1, &[0.0; 3], &mut [0.0; 512]).unwrap_err().to_string();
    assert_eq!(text, "'spectrum': expected 132 values, got 3.");
    for text in Communicator::threads(3, |ranks| {
        let transform = LevelTransform::<f64>::new(&ranks, &grid, truncation, 2, Wire::Same);
        transform.map(|_| ()).unwrap_err().to_string()
    }) {
        assert_eq!(text, "'sets of levels' is 2: expected a divisor of the 3 ranks.");
    }
}

#[test]
#[ignore = "under_mpi runs it on processes"]
fn rank_of_transforms() {
    let ranks = Communicator::mpi().unwrap();
    for (name, total, fields) in [("F16", 31, 1), ("F16", 31, 5), ("O24", 23, 5), ("O16", 15, 50)] {
        let (grid, truncation) = (name.parse().unwrap(), Truncation::new(total));
        for sets in [1, ranks.size()] {
            compare(&ranks, sets, &grid, truncation, &cases::<f64>(&grid, truncation, fields));
            compare(&ranks, sets, &grid, truncation, &cases::<f32>(&grid, truncation, fields));
        }
    }
    println!("rank {} of {} has the same bits", ranks.rank(), ranks.size());
}

#[test]
fn under_mpi() {
    for size in 1..=4 {
        under_each_launcher("distributed_transform::rank_of_transforms", size, End::Success, |output| {
            for rank in 0..size {
                assert!(output.contains(&format!("rank {rank} of {size} has the same bits")), "{output}");
            }
        });
    }
}
