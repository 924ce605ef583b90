use super::*;

/// Each rank writes turns of its own and reads those of all; the numbers that it read, by turn and rank.
fn take_turns(ranks: &Communicator, turns: u64) -> Result<Vec<Vec<Option<u64>>>> {
    let mut window = Window::new(ranks, 64)?;
    let number = |rank: usize, turn: u64| 1000 * turn + rank as u64;
    let mut all = Vec::new();
    for turn in 0..turns {
        bytemuck::cast_slice_mut(window.write(64)?).fill(number(ranks.rank(), turn));
        window.show();
        if turn == 0 {
            // The next turn is written before this one is read.
            continue;
        }
        all.push(read(&mut window, ranks.size())?);
    }
    all.push(read(&mut window, ranks.size())?);
    Ok(all)
}

fn read(window: &mut Window, ranks: usize) -> Result<Vec<Option<u64>>> {
    let near = window.near().to_vec();
    let own = window.communicator.rank();
    let turn = window.read()?;
    let of = |rank: usize| {
        let place = if rank == own { Some(near.len()) } else { near.binary_search(&rank).ok() };
        place.map(|place| bytemuck::cast_slice::<_, u64>(&turn.of(place)[..64])[7])
    };
    Ok((0..ranks).map(of).collect())
}

#[test]
fn ranks_read_what_each_wrote_in_a_turn() {
    for ranks in [1, 2, 5] {
        for all in Communicator::threads(ranks, |ranks| take_turns(&ranks, 200)) {
            for (turn, of_turn) in all.unwrap().into_iter().enumerate() {
                let expected: Vec<_> = (0..ranks).map(|rank| Some((1000 * turn + rank) as u64)).collect();
                assert_eq!(of_turn, expected, "turn {turn} of {ranks} ranks");
            }
        }
    }
}

#[test]
fn ranks_of_other_nodes_are_not_read() {
    let nodes = vec![0, 1, 0, 1, 2];
    for (rank, all) in
        Communicator::threads_on(nodes.clone(), |ranks| take_turns(&ranks, 3)).into_iter().enumerate()
    {
        for (turn, of_turn) in all.unwrap().into_iter().enumerate() {
            let is_near = |other: usize| nodes[other] == nodes[rank];
            let expected: Vec<_> =
                (0..5).map(|other| is_near(other).then_some((1000 * turn + other) as u64)).collect();
            assert_eq!(of_turn, expected, "turn {turn} on rank {rank}");
        }
    }
}

#[test]
fn groups_have_windows_of_their_own() {
    let near = Communicator::threads_on(vec![0, 0, 1, 1, 0], |ranks| {
        let group = ranks.split(Some((ranks.rank() % 2) as u16), 0)?.expect("each rank has a colour");
        Ok::<_, Error>(Window::new(&group, 1)?.near().to_vec())
    });
    let near: Vec<_> = near.into_iter().map(Result::unwrap).collect();
    // Ranks 0, 2 and 4 on nodes 0, 1 and 0; ranks 1 and 3 on nodes 0 and 1.
    assert_eq!(near, [vec![2], vec![], vec![], vec![], vec![0]]);
}

#[test]
fn what_cannot_be_is_an_error() {
    let results = Communicator::threads(2, |ranks| {
        let mut window = Window::new(&ranks, 100)?;
        assert!(window.read().is_err(), "nothing was shown");
        let error = window.write(PAGE + 1).expect_err("more than there is room for");
        assert_eq!(error.to_string(), "'bytes of a turn' is 4097: expected at most 4096.");
        for _ in 0..2 {
            window.write(100)?;
            window.show();
        }
        let error = window.write(100).expect_err("two turns were not read");
        assert_eq!(error.to_string(), "'turns' is 2 unread: expected at most one.");
        Ok::<_, Error>(())
    });
    results.into_iter().for_each(|result| result.unwrap());
}

#[test]
fn who_waits_for_a_rank_that_has_left_is_told() {
    let results = Communicator::threads(2, |ranks| {
        let mut window = Window::new(&ranks, 100)?;
        if ranks.rank() == 1 {
            return Ok(());
        }
        window.write(100)?;
        window.show();
        window.read().map(drop)
    });
    let error = results[0].as_ref().expect_err("rank 1 has left");
    assert_eq!(error.to_string(), "Rank 0: 'window' failed: rank 1 has left.");
    assert!(results[1].is_ok());
}

#[cfg(target_os = "linux")]
#[test]
fn another_mapping_of_a_file_sees_what_is_written() {
    let ranks = Communicator::threads(2, |ranks| {
        // Threads see each other's files as processes do.
        let seen = processes::see(&ranks, 2 * PAGE)?.expect("one process may look at its own files");
        assert_eq!(seen.near.iter().map(|(rank, _)| *rank).collect::<Vec<_>>(), [1 - ranks.rank()]);
        seen.own.counter(SHOWN).store(7 + ranks.rank() as u64, Ordering::Release);
        ranks.barrier()?;
        let other = seen.near[0].1.counter(SHOWN).load(Ordering::Acquire);
        ranks.barrier()?;
        Ok::<_, Error>(other)
    });
    assert_eq!(ranks.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [8, 7]);
}
