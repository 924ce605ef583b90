//! Ranks' parts of a transform against the whole on the same device: the same bits.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::*;
use crate::Error;
use crate::spectral::{DeviceWaveExchange, PartialDeviceTransform, TransformShares, WaveSide};

/// Parcels by way of the host, through a channel for each pair of ranks.
struct Post<R> {
    shares: TransformShares,
    rank: usize,
    to: Vec<Sender<Vec<R>>>,
    from: Vec<Receiver<Vec<R>>>,
}

impl<R: Real> DeviceWaveExchange<R> for Post<R> {
    type Error = Error;

    fn exchange(
        &mut self,
        to: WaveSide,
        columns: usize,
        [outgoing, mut incoming]: [Buffer<R>; 2],
    ) -> Result<[Buffer<R>; 2]> {
        let Self { shares, rank: own, .. } = self;
        let others = || (0..shares.ranks()).filter(|other| other != own);
        let sent = outgoing.to_vec()?;
        let mut rest = &sent[..];
        for other in others() {
            let owners = if to == WaveSide::Rings { [*own, other] } else { [other, *own] };
            let (parcel, behind) =
                rest.split_at(4 * columns * shares.coefficients_between(owners[0], owners[1]));
            self.to[other].send(parcel.to_vec()).unwrap();
            rest = behind;
        }
        assert!(rest.is_empty(), "{} numbers more than the parcels' formula has", rest.len());
        let received: Vec<R> = others().flat_map(|other| self.from[other].recv().unwrap()).collect();
        incoming.copy_from_host(&received)?;
        Ok([outgoing, incoming])
    }
}

/// Shares that are neither even nor in order: wavenumbers dealt out in turn, pairs in runs; a rank more than has any where there are 5.
fn shares(grid: &Grid, total: usize, ranks: usize) -> TransformShares {
    let wavenumbers =
        (0..ranks).map(|rank| (0..=total).filter(|m| (m * 7 + 3) % ranks == rank).collect()).collect();
    let count = grid.rings().len() / 2;
    let working = if ranks == 5 { 4 } else { ranks };
    let first = |rank: usize| count * rank.min(working) / working;
    let pairs = (0..ranks).map(|rank| first(rank)..first(rank + 1)).collect();
    TransformShares::new(grid, Truncation::new(total), wavenumbers, pairs).unwrap()
}

/// A rank's part of what the whole transform has.
fn part(shares: &TransformShares, rank: usize, is_grid: bool, all: &[f64]) -> Vec<f64> {
    let (grid, truncation) = (shares.grid(), shares.truncation());
    if is_grid {
        let rings: Vec<_> = shares.rings(rank).map(|ring| &grid.rings()[ring]).collect();
        let field = |all: &[f64]| -> Vec<f64> {
            rings.iter().flat_map(|ring| &all[ring.offset..][..ring.points]).copied().collect()
        };
        return all.chunks(grid.points()).flat_map(field).collect();
    }
    let of_wavenumber = |&m: &usize| {
        let first = 2 * FIELDS * truncation.index(m, m);
        &all[first..first + 2 * FIELDS * (truncation.total() - m + 1)]
    };
    shares.wavenumbers(rank).iter().flat_map(of_wavenumber).copied().collect()
}

type Partial<R> = PartialDeviceTransform<R, Post<R>>;
type PartialOperator<R> = fn(&mut Partial<R>, [&Buffer<R>; 2], [&mut Buffer<R>; 2]) -> Result<()>;

/// In the order of [`pairs_of_adjoints`].
fn partial_operators<R: Real>() -> [[PartialOperator<R>; 2]; 6] {
    [
        [
            |t, [x, _], [y, _]| t.synthesis(FIELDS, x, y),
            |t, [y, _], [x, _]| t.synthesis_adjoint(FIELDS, y, x),
        ],
        [|t, [x, _], [y, _]| t.analysis_adjoint(FIELDS, x, y), |t, [y, _], [x, _]| t.analysis(FIELDS, y, x)],
        [
            |t, [x, y], [u, v]| t.wind_synthesis(FIELDS, x, y, u, v),
            |t, [u, v], [x, y]| t.wind_synthesis_adjoint(FIELDS, u, v, x, y),
        ],
        [
            |t, [x, y], [u, v]| t.wind_analysis_adjoint(FIELDS, x, y, u, v),
            |t, [u, v], [x, y]| t.wind_analysis(FIELDS, u, v, x, y),
        ],
        [
            |t, [x, _], [u, v]| t.gradient_synthesis(FIELDS, x, u, v),
            |t, [u, v], [x, _]| t.gradient_synthesis_adjoint(FIELDS, u, v, x),
        ],
        [
            |t, [x, y], [u, v]| t.wind_zonal_derivative_synthesis(FIELDS, x, y, u, v),
            |t, [u, v], [x, y]| t.wind_zonal_derivative_synthesis_adjoint(FIELDS, u, v, x, y),
        ],
    ]
}

/// All operators, in one piece and shared by ranks.
pub(super) fn check_ranks<R: Real>(device: Device, grid: &Grid, total: usize, ranks: usize) {
    let shares = shares(grid, total, ranks);
    let lens = [shares.truncation().spectrum_len(FIELDS), FIELDS * grid.points()];
    let mut whole = transform::<R>(device, grid, total);
    let mut cases = Vec::new();
    for (number, (name, counts, to_grid, to_spectra)) in pairs_of_adjoints::<R>().into_iter().enumerate() {
        for (way, operator) in [to_grid, to_spectra].into_iter().enumerate() {
            let [from, to] = [way, 1 - way];
            let inputs: Vec<_> = (0..counts[from]).map(|i| noise(lens[from], i + 1)).collect();
            let outputs = apply(&mut whole, operator, &inputs, counts[to], lens[to]);
            cases.push((name, number, way, inputs, outputs));
        }
    }
    // [from][to]
    let mut senders: Vec<Vec<Sender<Vec<R>>>> = vec![Vec::new(); ranks];
    let mut receivers: Vec<Vec<Receiver<Vec<R>>>> = (0..ranks).map(|_| Vec::new()).collect();
    for of_rank in &mut senders {
        for receivers in &mut receivers {
            let (sender, receiver) = channel();
            of_rank.push(sender);
            receivers.push(receiver);
        }
    }
    thread::scope(|scope| {
        for (rank, (to, from)) in senders.into_iter().zip(receivers).enumerate() {
            let (shares, cases) = (&shares, &cases);
            scope.spawn(move || {
                let post = Post { shares: shares.clone(), rank, to, from };
                let mut transform = Partial::<R>::new(shares, rank, device, post).unwrap();
                transform.set_radius(RADIUS).unwrap();
                for (name, number, way, inputs, outputs) in cases {
                    let own: Vec<_> = inputs
                        .iter()
                        .map(|all| upload::<R>(device, &part(shares, rank, *way == 1, all)))
                        .collect();
                    let expected: Vec<Vec<f64>> =
                        outputs.chunks(lens[1 - way]).map(|all| part(shares, rank, *way == 0, all)).collect();
                    let room = |at: usize| {
                        upload::<R>(device, &vec![7.0; expected[at.min(expected.len() - 1)].len()])
                    };
                    let mut results = [room(0), room(1)];
                    let [one, two] = &mut results;
                    let operator = partial_operators::<R>()[*number][*way];
                    operator(&mut transform, [&own[0], &own[own.len() - 1]], [one, two]).unwrap();
                    for (got, expected) in results.iter().zip(&expected) {
                        let got = values(got);
                        let differ =
                            got.iter().zip(expected).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
                        let what = format!("{name} {way} on {device}, {grid}, rank {rank} of {ranks}");
                        assert_eq!((got.len(), differ), (expected.len(), 0), "{what}");
                    }
                }
            });
        }
    });
}

#[test]
fn parts_have_the_bits_of_the_whole() {
    for device in devices() {
        for (name, total, sizes) in [("O16", 17, &[1, 2, 3, 5][..]), ("F24", 31, &[2]), ("N32", 42, &[3])] {
            for &ranks in sizes {
                check_ranks::<f64>(device, &name.parse().unwrap(), total, ranks);
                check_ranks::<f32>(device, &name.parse().unwrap(), total, ranks);
            }
        }
    }
}
