//! Every pattern means the same on ranks that are threads, processes, or one alone.

mod no_mpi;
#[path = "../ranks/mod.rs"]
mod ranks;

use std::sync::Arc;
use std::time::Duration;

use ranks::{End, under_each_launcher, under_foreign_launchers};
use terrella_coupling::communicator::{Communicator, Count, ExactSum, Kind};
use terrella_coupling::{Error, Result};

/// Numbers of all magnitudes that do not sum to the same in every order.
fn terms() -> Vec<f64> {
    (0..1000u64)
        .map(|i| {
            let bits = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (bits as f64 - 9e18) * 10f64.powi((i % 37) as i32 - 18)
        })
        .collect()
}

/// What rank `from` sends rank `to`: so many numbers, of which these.
fn parcel(from: usize, to: usize) -> Vec<f64> {
    (0..(3 * from + 5 * to) % 7).map(|i| (100 * from + 10 * to + i) as f64).collect()
}

/// All patterns with their traffic.
fn patterns(ranks: &Communicator) -> Result<()> {
    let (rank, size) = (ranks.rank(), ranks.size());
    ranks.barrier()?;

    for root in 0..size {
        let mut values = if rank == root { [root as f32, 2.5, -1.0] } else { [0.0; 3] };
        ranks.broadcast(root, &mut values)?;
        assert_eq!(values, [root as f32, 2.5, -1.0]);

        let mut words = if rank == root { b"any number of bytes".to_vec() } else { vec![7; rank] };
        ranks.share(root, &mut words)?;
        assert_eq!(words, b"any number of bytes");

        let own: Vec<u32> = (0..rank as u32 * 2).collect();
        let gathered = ranks.gather(root, &own)?;
        let all: Vec<Vec<u32>> = (0..size as u32).map(|rank| (0..rank * 2).collect()).collect();
        assert_eq!(gathered, (rank == root).then(|| all.clone()));
        assert_eq!(ranks.all_gather(&own)?, all);
    }

    let (n, is_sent, bytes) = (size as u64, u64::from(rank > 0), 8 * rank as u64);
    let messages = (n - 1) * (n + 1) * is_sent;
    assert_eq!(ranks.traffic().gather, Count { messages, bytes: messages * bytes });
    let (broadcast, shared) = (12, 8 + "any number of bytes".len() as u64);
    let broadcasts = Count { messages: 3 * (n - 1), bytes: (broadcast + shared) * (n - 1) };
    assert_eq!(ranks.traffic().broadcast, broadcasts);

    let outgoing: Vec<Vec<f64>> = (0..size).map(|to| parcel(rank, to)).collect();
    let counts: Vec<usize> = outgoing.iter().map(Vec::len).collect();
    let received = ranks.all_to_all(&outgoing.concat(), &counts)?;
    assert_eq!(received, (0..size).map(|from| parcel(from, rank)).collect::<Vec<_>>());
    let others = |counts: &[usize]| {
        let others = counts.iter().enumerate().filter(|(other, count)| *other != rank && **count > 0);
        let counts: Vec<u64> = others.map(|(_, count)| *count as u64).collect();
        (counts.len() as u64, counts.iter().sum::<u64>())
    };
    let (messages, numbers) = others(&counts);
    assert_eq!(ranks.traffic().all_to_all, Count { messages, bytes: 8 * numbers });

    // The same by a plan, twice, at two widths, with another exchange under way at the same time.
    let lengths =
        |parcels: &dyn Fn(usize) -> usize| (0..size).map(|rank| (rank, parcels(rank))).collect::<Vec<_>>();
    let incoming = lengths(&|from| parcel(from, rank).len());
    let mut exchange = ranks.exchange::<f64>(&lengths(&|to| counts[to]), &incoming)?;
    let mut other = ranks.exchange::<u32>(&[((rank + 1) % size, 1)], &[((rank + size - 1) % size, 1)])?;
    for width in [1, 3] {
        exchange.set_width(width);
        other.outgoing(0)[0] = rank as u32;
        for to in 0..size {
            let values = parcel(rank, to).repeat(width);
            exchange.outgoing(to).copy_from_slice(&values);
        }
        let mut first = exchange.start()?;
        let second = other.start()?;
        other = second.finish()?;
        while !first.is_done()? {
            std::thread::yield_now();
        }
        exchange = first.finish()?;
        assert_eq!(other.incoming(0), [((rank + size - 1) % size) as u32]);
        for from in 0..size {
            assert_eq!(exchange.incoming(from), parcel(from, rank).repeat(width));
        }
    }
    let in_ring = u64::from(size > 1);
    let expected = Count { messages: 2 * (messages + in_ring), bytes: 8 * numbers * 4 + 2 * 4 * in_ring };
    assert_eq!(ranks.traffic().exchange, expected);

    // However terms are dealt out, their sum has the same bits.
    let serial: ExactSum = terms().into_iter().collect();
    let own: ExactSum = terms().into_iter().skip(rank).step_by(size).collect();
    let reversed: ExactSum = terms().into_iter().rev().skip(rank).step_by(size).collect();
    let sums = ranks.sums(&[own, reversed])?;
    assert_eq!(sums.map_bits(), [serial.value().to_bits(); 2]);
    let others = (size - 1) as u64;
    assert_eq!(ranks.traffic().sum, Count { messages: others, bytes: 2 * 568 * others });

    // Halves, the second in opposite order.
    let half = (rank >= size / 2) as u16;
    let group = ranks.split(Some(half), if half == 0 { 0 } else { -(rank as i32) })?.expect("a colour");
    let members = group.all_gather(&[rank as u32])?.concat();
    let (first, second) = (0..size as u32 / 2, size as u32 / 2..size as u32);
    assert_eq!(members, if half == 0 { first.collect::<Vec<_>>() } else { second.rev().collect() });
    let odd = ranks.split((rank % 2 == 1).then_some(0), 0)?;
    assert_eq!(odd.map(|group| group.size()), (rank % 2 == 1).then_some(size / 2));
    Ok(())
}

/// Bytes of the letter `number` of rank `from` to rank `to`: short ones, and some that no library sends before it is asked for.
fn letter(from: usize, to: usize, number: usize) -> Vec<u8> {
    let length = [0, 17, 5000, 700_000][number % 4] + from;
    (0..length).map(|byte| (byte + 31 * from + 7 * to + number) as u8).collect()
}

/// Every rank posts letters to all others, takes theirs as they come, and then uses another pattern.
fn letters(ranks: &Communicator) -> Result<()> {
    const EACH: usize = 12;
    let (rank, size) = (ranks.rank(), ranks.size());
    let before = ranks.traffic().letters;
    let others: Vec<usize> = (0..size).filter(|&other| other != rank).collect();
    let (mut posted, mut bytes) = (Vec::new(), 0);
    for number in 0..EACH {
        for &to in &others {
            let letter = letter(rank, to, number);
            bytes += letter.len() as u64;
            posted.push(ranks.post(to, Arc::new(letter))?);
        }
    }
    let mut come = vec![0; size];
    while come.iter().sum::<usize>() < EACH * others.len() || !posted.is_empty() {
        match ranks.receive()? {
            Some(received) => {
                let number = &mut come[received.from];
                assert!(
                    *received.bytes == letter(received.from, rank, *number),
                    "{} {number}",
                    received.from
                );
                *number += 1;
            }
            None => std::thread::yield_now(),
        }
        let mut left = Vec::new();
        for mut one in posted {
            if !one.is_done()? {
                left.push(one);
            }
        }
        posted = left;
    }
    let messages = (EACH * others.len()) as u64;
    let after = ranks.traffic().letters;
    assert_eq!((after.messages - before.messages, after.bytes - before.bytes), (messages, bytes));
    ranks.barrier()?;
    assert_eq!(ranks.receive()?, None);
    assert!(others.iter().all(|&other| !ranks.has_left(other)));
    // Nobody leaves before the others have looked.
    ranks.barrier()
}

trait Bits {
    fn map_bits(&self) -> Vec<u64>;
}

impl Bits for Vec<f64> {
    fn map_bits(&self) -> Vec<u64> {
        self.iter().map(|value| value.to_bits()).collect()
    }
}

#[test]
fn patterns_on_threads() {
    patterns(&Communicator::serial()).unwrap();
    letters(&Communicator::serial()).unwrap();
    for size in [1, 2, 3, 4, 7, 8] {
        let results = Communicator::threads(size, |ranks| {
            assert_eq!((ranks.kind(), ranks.size()), (Kind::Threads, size));
            patterns(&ranks)?;
            letters(&ranks)
        });
        results.into_iter().for_each(|result| result.unwrap());
    }
}

#[test]
#[ignore = "patterns_under_mpi runs it on processes"]
fn rank_of_patterns() {
    let ranks = Communicator::mpi().unwrap();
    assert_eq!(ranks.kind(), Kind::Mpi);
    patterns(&ranks).unwrap();
    letters(&ranks).unwrap();
    println!("rank {} of {} by {}", ranks.rank(), ranks.size(), Communicator::mpi_version().unwrap());
}

#[test]
fn patterns_under_mpi() {
    for size in 1..=4 {
        under_each_launcher("rank_of_patterns", size, End::Success, |output| {
            for rank in 0..size {
                assert!(output.contains(&format!("rank {rank} of {size} by ")), "{output}");
            }
        });
    }
}

#[test]
fn lengths_that_do_not_agree_are_an_error_on_all_ranks() {
    let errors = Communicator::threads(4, |ranks| {
        let outgoing: &[_] = if ranks.rank() == 2 { &[(1, 5)] } else { &[] };
        let incoming: &[_] = if ranks.rank() == 1 { &[(2, 4)] } else { &[] };
        ranks.exchange::<f64>(outgoing, incoming).map(|_| ()).unwrap_err().to_string()
    });
    assert_eq!(errors, ["Rank 1: 'exchange' expected 32 bytes of rank 2, got 40."; 4]);
    let errors = Communicator::threads(3, |ranks| {
        let outgoing: &[_] = if ranks.rank() == 0 { &[(3, 5)] } else { &[] };
        ranks.exchange::<f64>(outgoing, &[]).map(|_| ()).unwrap_err().to_string()
    });
    assert_eq!(errors[0], "'rank of a parcel' is 3: expected a rank that there is.");
    assert_eq!(errors[1..], ["Rank 0: 'exchange' failed: its list of parcels is wrong."; 2]);
    let results = Communicator::threads(3, |ranks| {
        let mut values = vec![1.0; 3 + usize::from(ranks.rank() == 1)];
        ranks.broadcast(2, &mut values).map_err(|error| error.to_string())
    });
    let text = "Rank 1: 'broadcast' expected 32 bytes of rank 2, got 24.".to_owned();
    assert_eq!(results, [Ok(()), Err(text), Ok(())]);
    let errors = Communicator::threads(2, |ranks| {
        ranks.sums(&vec![ExactSum::default(); 1 + ranks.rank()]).unwrap_err().to_string()
    });
    assert_eq!(errors[0], "Rank 0: 'sum' expected 568 bytes of rank 1, got 1136.");
}

#[test]
fn who_waits_for_a_rank_that_has_left_gets_an_error() {
    let results = Communicator::threads(3, |ranks| if ranks.rank() == 1 { Ok(()) } else { ranks.barrier() });
    assert!(results[1].is_ok());
    let text = "Rank 0: 'barrier' failed: rank 1 has left.";
    assert_eq!(results[0].as_ref().unwrap_err().to_string(), text);
    // So does who waits for a rank that is at something else.
    let results = Communicator::threads(2, |ranks| match ranks.rank() {
        0 => ranks.barrier(),
        _ => ranks.broadcast(1, &mut [0u32]),
    });
    let text = "Rank 0: 'barrier' failed: rank 1 is at 'broadcast'.";
    assert_eq!(results[0].as_ref().unwrap_err().to_string(), text);
}

#[test]
fn letters_that_cannot_go_are_refused() {
    let errors = Communicator::threads(2, |ranks| {
        if ranks.rank() == 1 {
            return Vec::new();
        }
        while !ranks.has_left(1) {
            std::thread::yield_now();
        }
        let post = |to| ranks.post(to, Arc::new(vec![1])).map(|_| ()).unwrap_err().to_string();
        vec![post(2), post(0), post(1)]
    });
    let expected = [
        "'rank of a letter' is 2: expected a rank below 2.",
        "'rank of a letter' is 0: expected another rank than its own.",
        "Rank 0: 'post' failed: rank 1 has left.",
    ];
    assert_eq!(errors[0], expected);
}

#[test]
fn a_panic_of_one_rank_reaches_the_caller() {
    let caught = std::panic::catch_unwind(|| {
        Communicator::threads(2, |ranks| {
            assert!(ranks.rank() == 0, "rank 1 has enough");
            ranks.barrier().is_err()
        })
    });
    let text = *caught.unwrap_err().downcast::<&str>().unwrap();
    assert_eq!(text, "rank 1 has enough");
}

/// Each rank expects another number than the other sends.
#[test]
#[ignore = "unequal_parcels_under_mpi runs it on processes"]
fn rank_of_unequal_parcels() {
    let ranks = Communicator::mpi().unwrap();
    let other = 1 - ranks.rank();
    let mut exchange = ranks.exchange::<f64>(&[(other, 1)], &[(other, 1)]).unwrap();
    exchange.set_width(1 + ranks.rank());
    let error = exchange.complete().map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::UnequalLengths { .. } | Error::Communication { .. }));
    println!("{error}");
    // The other one has time to say what it got.
    std::thread::sleep(Duration::from_millis(500));
    std::process::exit(3);
}

#[test]
fn unequal_parcels_under_mpi() {
    under_each_launcher("rank_of_unequal_parcels", 2, End::Failure, |output| {
        assert!(output.contains("Rank 1: 'exchange' expected 16 bytes of rank 0, got 8."), "{output}");
        assert!(output.contains("Rank 0: 'exchange' failed: "), "{output}");
        assert!(output.to_lowercase().contains("trunc"), "{output}");
    });
}

/// One rank gives up while the others wait for it.
#[test]
#[ignore = "a_rank_that_fails_ends_the_job runs it on processes"]
fn rank_of_failures() {
    let ranks = Communicator::mpi().unwrap();
    assert!(ranks.rank() != 1, "this one has failed");
    ranks.barrier().unwrap();
    println!("a rank passed the barrier");
}

#[test]
fn a_rank_that_fails_ends_the_job() {
    under_each_launcher("rank_of_failures", 3, End::Failure, |output| {
        assert!(output.contains("this one has failed"), "{output}");
        assert!(!output.contains("passed the barrier"), "{output}");
    });
}

#[test]
#[ignore = "a_library_that_is_not_the_launchers_is_refused runs it on processes"]
fn rank_of_a_foreign_library() {
    println!("{}", Communicator::mpi().unwrap_err());
}

#[test]
fn a_library_that_is_not_the_launchers_is_refused() {
    under_foreign_launchers("rank_of_a_foreign_library", 2, |output| {
        let text = "the launcher started 2 processes, but this library sees one";
        assert_eq!(output.matches(text).count(), 2, "{output}");
    });
}
