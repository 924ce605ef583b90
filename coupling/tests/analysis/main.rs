//! Analyses that ranks share have the bits of those on one, and send what the documentation says.

#[path = "../ranks/mod.rs"]
mod ranks;
mod setting;

use std::collections::BTreeSet;

use ranks::{End, under_each_launcher};
use setting::{Setting, bits};
use terrella_coupling::analysis::{DistributedAnalysis, GatheredObservations, cost_of_column};
use terrella_coupling::communicator::Communicator;
use terrella_coupling::{Error, Result};
use terrella_kernels::Real;
use terrella_kernels::assimilation::localization::Near;
use terrella_kernels::assimilation::{
    Ensemble, Observations, Scheme, analyse, analyse_locally, analyse_serially, analyse_tapered,
};

const SIZES: [usize; 6] = [1, 2, 3, 4, 7, 8];

const SCHEMES: [Scheme; 5] = [
    Scheme::SquareRoot,
    Scheme::ErrorSubspace,
    Scheme::Deterministic,
    Scheme::FiniteSize { certainty: 1.0 },
    Scheme::Stochastic { seed: 5, cycle: 2 },
];

/// The local analysis of all columns on one rank.
fn serial<R: Real>(setting: &Setting<R>, scheme: &Scheme) -> Ensemble<R> {
    let mut ensemble = setting.ensemble.clone();
    let observations = Observations::new(&setting.values, &setting.variances).unwrap();
    let near = |column: usize, found: &mut Vec<Near>| found.extend(&setting.near[column]);
    analyse_locally(&mut ensemble, setting.columns(), &setting.equivalents, &observations, scheme, &near)
        .unwrap();
    ensemble
}

/// A plan for own columns and observations of a setting.
fn plan<R: Real>(ranks: &Communicator, setting: &Setting<R>) -> Result<DistributedAnalysis<R>> {
    let (columns, own) = (setting.own_columns(ranks), setting.own_observations(ranks));
    let near = |column: usize, found: &mut Vec<Near>| found.extend(&setting.near[columns[column]]);
    let count = setting.values.len() as u64;
    DistributedAnalysis::new(ranks, setting.members(), columns.len(), &near, None, count, &own)
}

/// On these ranks, as `expected` on one; twice by one plan, with the bytes that are documented.
fn local_is_serial<R: Real>(
    ranks: &Communicator,
    setting: &Setting<R>,
    scheme: &Scheme,
    expected: &Ensemble<R>,
) -> Result<()> {
    let mut plan = plan(ranks, setting)?;
    let columns = setting.own_columns(ranks);
    let (equivalents, values, variances) = setting.observed_by(ranks);
    let observations = Observations::new(&values, &variances)?;
    for _ in 0..2 {
        let mut ensemble = setting.part(&setting.ensemble, &columns);
        let before = ranks.traffic().exchange.bytes;
        plan.analyse(&mut ensemble, &equivalents, &observations, scheme)?;
        assert_eq!(bits(&ensemble), bits(&setting.part(expected, &columns)), "{ranks:?} {scheme:?}");
        let sent = ranks.traffic().exchange.bytes - before;
        assert_eq!(sent, setting.bytes_of_analysis(ranks, &shares(ranks, setting)));
    }
    Ok(())
}

/// The columns of each rank's analyses, from the costs of all: those whose middle lies in its share.
fn shares<R: Real>(ranks: &Communicator, setting: &Setting<R>) -> Vec<Vec<usize>> {
    let order = (0..ranks.size()).flat_map(|rank| setting.columns_of(rank, ranks.size()));
    let order: Vec<usize> = order.filter(|&column| !setting.near[column].is_empty()).collect();
    let cost = |column: usize| cost_of_column(setting.members(), setting.near[column].len());
    let total: u64 = order.iter().map(|&column| cost(column)).sum();
    let mut shares = vec![Vec::new(); ranks.size()];
    let mut before = 0;
    for column in order {
        let middle = 2 * before + cost(column);
        shares[(middle as u128 * ranks.size() as u128 / (2 * total as u128)) as usize].push(column);
        before += cost(column);
    }
    shares
}

fn all_sizes(work: impl Fn(&Communicator) -> Result<()> + Sync) {
    work(&Communicator::serial()).unwrap();
    for size in SIZES {
        Communicator::threads(size, |ranks| work(&ranks)).into_iter().for_each(|result| result.unwrap());
    }
}

fn local_on_threads<R: Real>(setting: &Setting<R>, schemes: &[Scheme]) {
    for scheme in schemes {
        let expected = serial(setting, scheme);
        assert_ne!(expected, setting.ensemble);
        all_sizes(|ranks| local_is_serial(ranks, setting, scheme, &expected));
    }
}

#[test]
fn local_analyses_of_a_circle_are_serial_ones() {
    local_on_threads::<f64>(&Setting::circle(), &SCHEMES);
    local_on_threads::<f32>(&Setting::circle(), &SCHEMES);
}

#[test]
fn local_analyses_of_a_sphere_are_serial_ones() {
    local_on_threads::<f64>(&Setting::sphere(1000), &SCHEMES[..2]);
    local_on_threads::<f32>(&Setting::sphere(1000), &SCHEMES[..1]);
}

#[test]
fn a_plan_sends_lists_and_requests() {
    let setting = Setting::<f64>::sphere(300);
    for size in [1, 3, 4] {
        let results = Communicator::threads(size, |ranks| {
            let plan = plan(&ranks, &setting)?;
            let (rank, shares) = (ranks.rank(), shares(&ranks, &setting));
            let own = setting.own_columns(&ranks);
            let given = shares.iter().enumerate().filter(|(other, _)| *other != rank);
            let given: Vec<usize> =
                given.flat_map(|(_, share)| share).copied().filter(|column| own.contains(column)).collect();
            assert_eq!(plan.columns_given(), given.len());
            assert_eq!(
                plan.columns_taken(),
                shares[rank].iter().filter(|column| !own.contains(column)).count()
            );
            let lists: usize = given.iter().map(|&column| 16 + 12 * setting.near[column].len()).sum();
            assert_eq!(
                plan.observations_needed(),
                setting.needed(&shares[rank]).into_iter().collect::<Vec<_>>()
            );
            // Own observations, questions and answers of the directory, and requests.
            let count = setting.values.len();
            let block =
                |number: u64| (0..size).find(|rank| number < ((rank + 1) * count / size) as u64).unwrap();
            let needed: Vec<BTreeSet<u64>> = shares.iter().map(|share| setting.needed(share)).collect();
            let asked: usize = (0..size)
                .filter(|&other| other != rank)
                .map(|other| needed[other].iter().filter(|&&number| block(number) == rank).count())
                .sum();
            let owned = setting.own_observations(&ranks);
            let not_here = |number: &&u64| block(**number) != rank;
            let directory = 8 * owned.iter().filter(not_here).count()
                + 8 * needed[rank].iter().filter(not_here).count()
                + 4 * asked;
            let requests = 8 * needed[rank].iter().filter(|number| !owned.contains(number)).count();
            assert_eq!(ranks.traffic().all_to_all.bytes, (lists + directory + requests) as u64);
            Ok::<_, Error>(())
        });
        results.into_iter().for_each(|result| result.unwrap());
    }
}

#[test]
fn ranks_have_as_much_to_do() {
    // A thousand columns on each rank, observations on one hemisphere.
    for size in [2, 4, 8] {
        let setting = Setting::<f32>::sphere(1000 * size);
        let costs = |columns: &[usize]| -> u64 {
            columns.iter().map(|&column| cost_of_column(setting.members(), setting.near[column].len())).sum()
        };
        let imbalance = |costs: &[u64]| {
            *costs.iter().max().unwrap() as f64 * size as f64 / costs.iter().sum::<u64>() as f64
        };
        let results = Communicator::threads(size, |ranks| {
            let plan = plan(&ranks, &setting)?;
            assert_eq!(plan.cost(), costs(&shares(&ranks, &setting)[ranks.rank()]));
            Ok::<_, Error>((plan.cost(), plan.imbalance()))
        });
        let results: Vec<(u64, f64)> = results.into_iter().map(|result| result.unwrap()).collect();
        let dealt: Vec<u64> = results.iter().map(|(cost, _)| *cost).collect();
        let owned: Vec<u64> = (0..size).map(|rank| costs(&setting.columns_of(rank, size))).collect();
        println!(
            "{size} ranks: largest over mean {} of owners, {} of analysts",
            imbalance(&owned),
            imbalance(&dealt)
        );
        assert!(imbalance(&owned) > 1.5);
        assert!(imbalance(&dealt) <= 1.05);
        assert!(results.iter().all(|(_, told)| (told - imbalance(&dealt)).abs() < 1e-12));
    }
}

#[test]
fn measured_costs_are_dealt_out() {
    // Column 0 takes as long as all others.
    let costs: [u64; 12] = std::array::from_fn(|column| if column == 0 { 11 } else { 1 });
    let loads = Communicator::threads(2, |ranks| {
        let near = |_: usize, found: &mut Vec<Near>| found.push(Near { index: 0, taper: 1.0 });
        let own = &costs[6 * ranks.rank()..][..6];
        let numbers: &[u64] = if ranks.rank() == 0 { &[0] } else { &[] };
        DistributedAnalysis::<f64>::new(&ranks, 4, 6, &near, Some(own), 1, numbers)
            .map(|plan| (plan.cost(), plan.columns_given()))
    });
    let loads: Vec<(u64, usize)> = loads.into_iter().map(|load| load.unwrap()).collect();
    assert_eq!(loads, [(11, 5), (11, 0)]);
}

/// Analyses with all observations on every rank.
fn global_is_serial<R: Real>(ranks: &Communicator, setting: &Setting<R>) -> Result<()> {
    let columns = setting.own_columns(ranks);
    let (equivalents, values, variances) = setting.observed_by(ranks);
    let own = setting.own_observations(ranks);
    let observations = Observations::new(&values, &variances)?;
    let before = ranks.traffic().gather.bytes;
    let count = setting.values.len();
    let all = GatheredObservations::new(ranks, count as u64, &own, &equivalents, &observations)?;
    // (P − 1) (8 + s (N + 2)) for each, and the text of two numbers that have to be the same.
    let texts = count.to_string().len() + setting.members().to_string().len();
    let bytes = own.len() * (8 + size_of::<R>() * (setting.members() + 2)) + texts;
    assert_eq!(ranks.traffic().gather.bytes - before, ((ranks.size() - 1) * bytes) as u64);
    assert_eq!(all.equivalents(), &setting.equivalents);

    let whole = Observations::new(&setting.values, &setting.variances)?;
    let same = |expected: &Ensemble<R>, ensemble: &Ensemble<R>| {
        assert_ne!(expected, &setting.ensemble);
        assert_eq!(bits(ensemble), bits(&setting.part(expected, &columns)), "{ranks:?}");
    };
    for scheme in &SCHEMES {
        let (mut expected, mut ensemble) =
            (setting.ensemble.clone(), setting.part(&setting.ensemble, &columns));
        analyse(&mut expected, &setting.equivalents, &whole, scheme)?;
        all.analyse(&mut ensemble, scheme)?;
        same(&expected, &ensemble);
    }
    // Tapered covariances, all at once and one observation after the other.
    let taper = |place: usize, number: u32| {
        let distance = (place as f64 - f64::from(number) * setting.columns() as f64 / count as f64).abs();
        Near { index: number, taper: (-distance * distance / 200.0).exp() }
    };
    let between = |number: usize, found: &mut Vec<Near>| {
        let place = number * setting.columns() / count;
        found.extend((0..count as u32).map(|other| {
            if other as usize == number { Near { index: other, taper: 1.0 } } else { taper(place, other) }
        }));
    };
    let all_columns: Vec<usize> = (0..setting.columns()).collect();
    let near_variables = |columns: &'_ [usize]| {
        let columns = columns.to_vec();
        move |variable: usize, found: &mut Vec<Near>| {
            found.extend((0..count as u32).map(|number| taper(columns[variable % columns.len()], number)));
        }
    };
    let diagonal =
        |number: usize, found: &mut Vec<Near>| found.push(Near { index: number as u32, taper: 1.0 });
    let (mut expected, mut ensemble) = (setting.ensemble.clone(), setting.part(&setting.ensemble, &columns));
    analyse_tapered(
        &mut expected,
        &setting.equivalents,
        &whole,
        (1, 2),
        &near_variables(&all_columns),
        &diagonal,
    )?;
    analyse_tapered(
        &mut ensemble,
        all.equivalents(),
        &all.observations()?,
        (1, 2),
        &near_variables(&columns),
        &diagonal,
    )?;
    same(&expected, &ensemble);

    let order: Vec<u32> = (0..count as u32).rev().collect();
    let near_observation = |columns: &[usize]| {
        let columns = columns.to_vec();
        move |number: usize, found: &mut Vec<Near>| {
            for layer in 0..setting.layers {
                let place = |own: usize| (layer * columns.len() + own) as u32;
                found.extend(
                    columns
                        .iter()
                        .enumerate()
                        .map(|(own, &column)| Near { index: place(own), ..taper(column, number as u32) }),
                );
            }
        }
    };
    let (mut expected, mut ensemble) = (setting.ensemble.clone(), setting.part(&setting.ensemble, &columns));
    analyse_serially(
        &mut expected,
        &mut setting.equivalents.clone(),
        &whole,
        &order,
        &near_observation(&all_columns),
        &between,
    )?;
    analyse_serially(
        &mut ensemble,
        &mut all.equivalents().clone(),
        &all.observations()?,
        &order,
        &near_observation(&columns),
        &between,
    )?;
    same(&expected, &ensemble);
    Ok(())
}

#[test]
fn global_analyses_are_serial_ones() {
    all_sizes(|ranks| global_is_serial::<f64>(ranks, &Setting::circle()));
    all_sizes(|ranks| global_is_serial::<f32>(ranks, &Setting::circle()));
}

#[test]
fn a_collapse_is_one_of_all_ranks() {
    // Rank 0 observes nothing but what members agree on.
    let analyse = |ranks: &Communicator, spread: f64| {
        let rank = ranks.rank();
        let near = |column: usize, found: &mut Vec<Near>| {
            found.push(Near { index: (rank + column) as u32 % 2, taper: 1.0 })
        };
        let mut ensemble = Ensemble::new(2, vec![1.0, 2.0, 3.0, 5.0])?;
        let before = ensemble.clone();
        let equivalents = Ensemble::new(2, vec![1.0, 1.0 + spread * rank as f64])?;
        let observations = Observations::new(&[2.0], &[1.0])?;
        let mut plan = DistributedAnalysis::new(ranks, 2, 2, &near, None, 2, &[rank as u64])?;
        let outcome = plan.analyse(&mut ensemble, &equivalents, &observations, &Scheme::SquareRoot);
        outcome.map(|()| ensemble != before)
    };
    let changed = Communicator::threads(2, |ranks| analyse(&ranks, 1.0));
    assert!(changed.into_iter().all(|changed| matches!(changed, Ok(true))));
    let errors = Communicator::threads(2, |ranks| analyse(&ranks, 0.0));
    for error in errors {
        let error = error.unwrap_err();
        let is_collapse = |error: &Error| {
            matches!(
                error,
                Error::Kernels(terrella_kernels::Error::CollapsedEnsemble { members: 2, observations: 2 })
            )
        };
        assert!(is_collapse(&error), "{error}");
    }
}

/// Changes a rank's values and equivalents.
type Change = dyn Fn(usize, &mut Vec<f64>, &mut Vec<f64>) + Sync;

#[test]
fn what_one_rank_refuses_none_does() {
    let with = |change: &Change| {
        Communicator::threads(2, |ranks| {
            let rank = ranks.rank();
            let near = |_: usize, found: &mut Vec<Near>| found.push(Near { index: 1, taper: 1.0 });
            let (mut values, mut equivalents) = (vec![1.0, 2.0, 3.0, 5.0], vec![0.0, 1.0]);
            change(rank, &mut values, &mut equivalents);
            let mut ensemble = Ensemble::new(2, values.clone())?;
            let equivalents = Ensemble::new(2, equivalents)?;
            let observations = Observations::new(&[2.0], &[1.0])?;
            let mut plan = DistributedAnalysis::new(&ranks, 2, 2, &near, None, 2, &[rank as u64])?;
            let outcome = plan.analyse(&mut ensemble, &equivalents, &observations, &Scheme::SquareRoot);
            assert_eq!(ensemble.values(), values);
            outcome
        })
    };
    let texts = |results: Vec<Result<()>>| {
        results.into_iter().map(|result| result.unwrap_err().to_string()).collect::<Vec<_>>()
    };
    let refused =
        texts(with(&|rank, _, equivalents| equivalents[1] = if rank == 1 { f64::NAN } else { 1.0 }));
    let reason = "'equivalents' is NaN at observation 0, member 1: expected finite numbers";
    assert_eq!(refused[0], format!("Rank 1: 'analysis' failed: {reason}."));
    assert_eq!(refused[1], format!("{reason}."));
    let refused = texts(with(&|rank, values, _| values.truncate(4 - 2 * rank)));
    assert_eq!(refused[1], "'variables' is 1: expected a multiple of the 2 columns.");
    let refused = texts(with(&|rank, values, _| values.truncate(4 - 4 * rank)));
    assert_eq!(refused, ["'layers' is 0 on rank 1: expected 1 as on rank 0."; 2]);
    let near = |_: usize, found: &mut Vec<Near>| found.push(Near { index: 3, taper: 1.0 });
    let plan = |members: usize, costs: Option<&[u64]>| {
        let ranks = Communicator::serial();
        DistributedAnalysis::<f64>::new(&ranks, members, 2, &near, costs, 3, &[0, 1, 2])
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(plan(1, None), "'members' is 1: expected at least 2 members.");
    assert_eq!(plan(2, None), "'neighbourhood' is observation 3 near column 0: expected a number below 3.");
    let texts = Communicator::threads(2, |ranks| {
        let equivalents = Ensemble::new(2, vec![0.0, 1.0]).unwrap();
        let observations = Observations::new(&[2.0], &[1.0]).unwrap();
        let of = |count, own: u64| {
            GatheredObservations::new(&ranks, count, &[own], &equivalents, &observations)
                .map(|_| ())
                .unwrap_err()
                .to_string()
        };
        [of(2, 1), of(3, ranks.rank() as u64)]
    });
    let expected = [
        "'own' is 1: expected numbers of observations that are, each on one rank.",
        "'own' is 2: expected an owner for each observation.",
    ];
    assert_eq!(texts, [expected, expected]);
}

#[test]
#[ignore = "under_mpi runs it on processes"]
fn rank_of_analyses() {
    let ranks = Communicator::mpi().unwrap();
    let setting = Setting::<f64>::circle();
    for scheme in &SCHEMES {
        local_is_serial(&ranks, &setting, scheme, &serial(&setting, scheme)).unwrap();
    }
    global_is_serial(&ranks, &setting).unwrap();
}

#[test]
fn under_mpi() {
    for size in 1..=4 {
        under_each_launcher("rank_of_analyses", size, End::Success, |_| {});
    }
}
