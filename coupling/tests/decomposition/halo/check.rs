//! What holds for every halo.

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use terrella_coupling::Result;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::halo::{Halo, Order};
use terrella_kernels::{Real, random};

/// What a place is: own, a copy of an entity, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Own(u64),
    Copy(u64),
    Nothing,
}

/// Levels of two fields.
const LEVELS: [usize; 2] = [3, 1];
const OLD: f64 = -1.0;

/// The halo is filled by what owners have, nothing else changes, its adjoint is one, and bytes are as many as documented.
pub(crate) fn check<R: Real>(ranks: &Communicator, halo: &Halo<R>, places: &[Place]) -> Result<()> {
    assert_eq!(halo.places(), places.len());
    let volumes = Volumes::new(ranks, places)?;
    let index = |levels: usize, place: usize, level: usize| match halo.order() {
        Order::LevelsInnermost => place * levels + level,
        Order::LevelsOutermost => level * places.len() + place,
    };
    let value = |number: u64, level: usize| R::from_f64((10 * number + level as u64 + 1) as f64);
    let field = |levels: usize, is_filled: bool| {
        let mut field = vec![R::from_f64(OLD); places.len() * levels];
        for (place, what) in places.iter().enumerate() {
            for level in 0..levels {
                match what {
                    Place::Own(number) => field[index(levels, place, level)] = value(*number, level),
                    Place::Copy(number) if is_filled => {
                        field[index(levels, place, level)] = value(*number, level);
                    }
                    Place::Copy(_) | Place::Nothing => {}
                }
            }
        }
        field
    };
    let sent = |work: &mut dyn FnMut() -> Result<()>| {
        let before = ranks.traffic().exchange;
        work()?;
        let after = ranks.traffic().exchange;
        Ok::<_, terrella_coupling::Error>((after.messages - before.messages, after.bytes - before.bytes))
    };
    let width: usize = LEVELS.iter().sum();
    let bytes = |places: u64| places * (width * size_of::<R>()) as u64;
    for _ in 0..2 {
        let mut fields = LEVELS.map(|levels| field(levels, false));
        let counted = sent(&mut || halo.exchange(&mut fields))?;
        assert_eq!(fields, LEVELS.map(|levels| field(levels, true)));
        // s W Σ_{b≠a} h_ba, in a message for each b.
        assert_eq!(counted, (volumes.for_others.len() as u64, bytes(volumes.for_others.values().sum())));
    }
    assert_eq!(
        halo.sent_to().map(|(rank, count)| (rank, count as u64)).collect::<HashMap<_, _>>(),
        volumes.for_others
    );
    assert_eq!(halo.received_from().map(|(_, count)| count as u64).sum::<u64>(), volumes.of_others);
    // The same with other numbers at the same time, after time for other work.
    let flags = halo.of_type::<u32>()?;
    let mut numbers = vec![u32::MAX; places.len()];
    for (number, place) in numbers.iter_mut().zip(places) {
        if let Place::Own(own) = place {
            *number = *own as u32;
        }
    }
    let mut one = [field(1, false)];
    let (first, second) = (halo.start(&one)?, flags.start(&[&numbers])?);
    second.finish(&mut [&mut numbers])?;
    first.finish(&mut one)?;
    assert_eq!(one, [field(1, true)]);
    for (number, place) in numbers.iter().zip(places) {
        let expected = match place {
            Place::Own(number) | Place::Copy(number) => *number as u32,
            Place::Nothing => u32::MAX,
        };
        assert_eq!(*number, expected);
    }

    // ⟨E x, y⟩ = ⟨x, Eᵀ y⟩.
    let noise = |seed: u64, levels: usize| {
        let mut noise = vec![R::ZERO; places.len() * levels];
        random::normals(seed, [ranks.rank() as u32, levels as u32, 0], &mut noise);
        noise
    };
    let (x, y) = (LEVELS.map(|levels| noise(1, levels)), LEVELS.map(|levels| noise(2, levels)));
    let (mut moved, mut returned) = (x.clone(), y.clone());
    halo.exchange(&mut moved)?;
    let counted = sent(&mut || halo.adjoint(&mut returned))?;
    assert_eq!(counted, (volumes.owners, bytes(volumes.of_others)));
    let dot = |a: &[Vec<R>; 2], b: &[Vec<R>; 2]| {
        let terms: Vec<f64> =
            a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| a.to_f64() * b.to_f64()).collect();
        Ok::<_, terrella_coupling::Error>([
            ranks.sum(terms.iter().copied())?,
            ranks.sum(terms.iter().map(|x| x.abs()))?,
        ])
    };
    let ([left, scale], [right, _]) = (dot(&moved, &y)?, dot(&x, &returned)?);
    // A few additions of each owner are rounded.
    assert!((left - right).abs() <= 8.0 * R::EPSILON.to_f64() * scale, "{left} {right}");
    assert!(left != 0.0);
    for (levels, returned) in LEVELS.iter().zip(&returned) {
        for (place, what) in places.iter().enumerate().filter(|(_, what)| matches!(what, Place::Copy(_))) {
            let is_zero = |level: usize| returned[index(*levels, place, level)] == R::ZERO;
            assert!((0..*levels).all(is_zero), "{place} {what:?}");
        }
    }
    // Who is late changes nothing.
    for late in 0..ranks.size().min(2) {
        let mut again = y.clone();
        if ranks.rank() == late {
            thread::sleep(Duration::from_millis(1));
        }
        halo.adjoint(&mut again)?;
        assert_eq!(again, returned);
    }
    Ok(())
}

/// What is to be sent for one level, from the places of all ranks.
struct Volumes {
    /// Copies of own entities that others have, by rank.
    for_others: HashMap<usize, u64>,
    /// Copies of others' entities here, and from how many ranks.
    of_others: u64,
    owners: u64,
}

impl Volumes {
    fn new(ranks: &Communicator, places: &[Place]) -> Result<Self> {
        let coded: Vec<[u64; 2]> = places
            .iter()
            .map(|place| match place {
                Place::Own(number) => [0, *number],
                Place::Copy(number) => [1, *number],
                Place::Nothing => [2, 0],
            })
            .collect();
        let all = ranks.all_gather(&coded)?;
        let mut owners = HashMap::new();
        for (rank, places) in all.iter().enumerate() {
            for [_, number] in places.iter().filter(|[kind, _]| *kind == 0) {
                assert_eq!(owners.insert(*number, rank), None, "{number} has two owners");
            }
        }
        let mut for_others = HashMap::new();
        let mut of_others = HashMap::new();
        for (rank, places) in all.iter().enumerate() {
            for [_, number] in places.iter().filter(|[kind, _]| *kind == 1) {
                let owner = owners[number];
                if owner == ranks.rank() && rank != owner {
                    *for_others.entry(rank).or_insert(0) += 1;
                }
                if rank == ranks.rank() && rank != owner {
                    *of_others.entry(owner).or_insert(0) += 1;
                }
            }
        }
        Ok(Self { for_others, owners: of_others.len() as u64, of_others: of_others.values().sum() })
    }
}
