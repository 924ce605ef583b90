//! The shallow-water model across ranks has the bits of the model on one.

use crate::common::{wavy, wavy_in};
use crate::devices::gpus;
use crate::ranks::{End, under_each_launcher};
use terrella_coupling::communicator::{Communicator, Traffic};
use terrella_coupling::spectral::transform_shares;
use terrella_dycore::shallow_water::linear::LinearisedShallowWater;
use terrella_dycore::shallow_water::{
    Checkpoint, Configuration, Diagnostics, GridState, RelaxationTimes, ShallowWater, SpectralState,
};
use terrella_kernels::Real;
use terrella_kernels::device::Device;
use terrella_kernels::spectral::Truncation;

const SIZES: [usize; 6] = [1, 2, 3, 4, 7, 8];
const STEPS: u64 = 7;

fn configuration() -> Configuration {
    Configuration { watch_interval: 2, ..Configuration::new(21).unwrap() }
}

/// With the bits as they are.
fn bits<R: Real>(checkpoint: &Checkpoint<R>) -> Vec<u64> {
    let arrays = checkpoint.previous.iter().chain(&checkpoint.present);
    arrays.flatten().map(|value| value.to_f64().to_bits()).collect()
}

/// Draws the model to its initial state, so that every term is there.
fn relax<R: Real>(model: &mut ShallowWater<R>) {
    let mut reference = SpectralState::zeros(model.device(), 2 * model.coefficients()).unwrap();
    reference.copy_from(model.spectral_state()).unwrap();
    let times = RelaxationTimes { geopotential: Some(1e5), ..RelaxationTimes::default() };
    model.set_relaxation(reference, times).unwrap();
}

fn advance<R: Real>(model: &mut ShallowWater<R>, steps: u64) {
    model.run::<terrella_dycore::Error>(steps, |_| Ok(())).unwrap();
}

/// What a model on one rank comes to, on a device.
struct Expected<R> {
    device: Device,
    halfway: Checkpoint<R>,
    end: Checkpoint<R>,
    diagnostics: Diagnostics,
    state: GridState<R>,
}

fn expected<R: Real>(device: Device) -> Expected<R> {
    let mut model = wavy_in(ShallowWater::<R>::new(configuration(), device).unwrap());
    relax(&mut model);
    advance(&mut model, 3);
    let halfway = model.checkpoint().unwrap();
    advance(&mut model, STEPS - 3);
    Expected {
        device,
        halfway,
        end: model.checkpoint().unwrap(),
        diagnostics: model.diagnostics().unwrap(),
        state: model.grid_state().unwrap(),
    }
}

/// A step, at which the wind is not examined, sends what it is said to send.
fn expect_volume<R: Real>(ranks: &Communicator, model: &mut ShallowWater<R>) {
    assert!(!model.step_count().is_multiple_of(2));
    let settings = model.configuration();
    let truncation = Truncation::new(settings.truncation);
    let shares = transform_shares(&settings.grid, truncation, ranks.size()).unwrap();
    let expected = settings.step_volume().bytes(&shares, ranks.rank(), size_of::<R>());
    let before = ranks.traffic();
    model.step().unwrap();
    let after = ranks.traffic();
    let sent = |count: fn(&Traffic) -> u64| count(&after) - count(&before);
    let gathered = sent(|traffic| traffic.gather.bytes);
    assert_eq!(sent(|traffic| traffic.exchange.bytes) + gathered, expected, "{ranks:?}");
}

fn compare<R: Real>(ranks: &Communicator, expected: &Expected<R>) {
    let start = || {
        let model = match expected.device {
            Device::Cpu => ShallowWater::<R>::new_on(configuration(), ranks),
            device => ShallowWater::<R>::new_on_device(configuration(), ranks, device),
        };
        let mut model = wavy_in(model.unwrap());
        relax(&mut model);
        model
    };
    let mut model = start();
    advance(&mut model, STEPS);
    let checkpoint = model.checkpoint().unwrap();
    let state = model.whole_grid_state().unwrap();
    assert_eq!(model.diagnostics().unwrap(), expected.diagnostics, "{ranks:?}");
    // On a device, one or two columns have no precision of their own.
    if ranks.size() > 1 && (expected.device == Device::Cpu || size_of::<R>() == 8) {
        expect_volume(ranks, &mut model);
    }
    // On from where one rank stopped.
    let mut resumed = start();
    resumed.restore(&expected.halfway).unwrap();
    advance(&mut resumed, STEPS - 3);
    let continued = resumed.checkpoint().unwrap();
    assert_eq!(state.is_some(), ranks.rank() == 0);
    if let Some(state) = state {
        assert!(bits(&checkpoint) == bits(&expected.end), "{ranks:?}");
        assert!(bits(&continued) == bits(&expected.end), "{ranks:?}");
        assert!(checkpoint == expected.end && state == expected.state, "{ranks:?}");
    }
}

#[test]
fn every_number_of_ranks_has_the_same_bits() {
    let (double, single) = (expected::<f64>(Device::Cpu), expected::<f32>(Device::Cpu));
    for size in SIZES {
        Communicator::threads(size, |ranks| {
            compare(&ranks, &double);
            compare(&ranks, &single);
        });
    }
}

#[test]
fn ranks_with_devices_have_the_bits_of_one_with_its_device() {
    for device in gpus() {
        let (double, single) = (expected::<f64>(device), expected::<f32>(device));
        for size in [2, 3] {
            Communicator::threads(size, |ranks| {
                compare(&ranks, &double);
                compare(&ranks, &single);
            });
        }
    }
}

#[test]
fn ranks_continue_what_others_began() {
    let expected = expected::<f64>(Device::Cpu);
    let begun = Communicator::threads(4, |ranks| {
        let mut model = wavy_in(ShallowWater::<f64>::new_on(configuration(), &ranks).unwrap());
        relax(&mut model);
        advance(&mut model, 3);
        model.checkpoint().unwrap()
    });
    assert!(begun[0] == expected.halfway && begun[1].present[0].is_empty());
    for size in [1, 3] {
        let ended = Communicator::threads(size, |ranks| {
            let mut model = wavy_in(ShallowWater::<f64>::new_on(configuration(), &ranks).unwrap());
            relax(&mut model);
            model.restore(&begun[0]).unwrap();
            advance(&mut model, STEPS - 3);
            model.checkpoint().unwrap()
        });
        assert!(bits(&ended[0]) == bits(&expected.end), "{size} ranks");
    }
}

#[test]
fn all_ranks_stop_at_the_same_place() {
    let stop = |model: ShallowWater<f64>| wavy_in(model).step().unwrap_err().to_string();
    let limited = || Configuration { wind_limit: 28.0, ..configuration() };
    let alone = stop(ShallowWater::new(limited(), Device::Cpu).unwrap());
    assert!(alone.contains("'wind speed' is"), "{alone}");
    for size in [2, 5] {
        let found =
            Communicator::threads(size, |ranks| stop(ShallowWater::new_on(limited(), &ranks).unwrap()));
        assert!(found.iter().all(|text| *text == alone), "{found:?} and not {alone}");
    }
}

#[test]
fn what_ranks_cannot_do_is_refused_by_name() {
    let refusals = Communicator::threads(17, |ranks| {
        ShallowWater::<f64>::new_on(configuration(), &ranks).map(|_| ()).unwrap_err().to_string()
    });
    for text in refusals {
        assert!(
            text.contains("'ranks' is 17, of which rank") && text.contains("16 pairs of rings"),
            "{text}"
        );
    }
    let texts = Communicator::threads(2, |ranks| {
        let model = ShallowWater::<f64>::new_on(configuration(), &ranks).unwrap();
        LinearisedShallowWater::new(model).map(|_| ()).unwrap_err().to_string()
    });
    assert!(
        texts.iter().all(|text| text.contains("'ranks' is 2: expected a model on one rank")),
        "{texts:?}"
    );
    let texts = Communicator::threads(2, |ranks| {
        let mut model = ShallowWater::<f64>::new_on(configuration(), &ranks).unwrap();
        std::thread::scope(|scope| scope.spawn(|| model.step().unwrap_err().to_string()).join().unwrap())
    });
    assert!(texts.iter().all(|text| text.starts_with("'thread' is another one")), "{texts:?}");
    assert!(wavy::<f64>().part().is_whole());
}

#[test]
#[ignore = "under_mpi runs it on processes"]
fn rank_of_models() {
    let ranks = Communicator::mpi().unwrap();
    compare(&ranks, &expected::<f64>(Device::Cpu));
    compare(&ranks, &expected::<f32>(Device::Cpu));
    println!("rank {} of {} has the same bits", ranks.rank(), ranks.size());
}

#[test]
fn under_mpi() {
    for size in 1..=4 {
        under_each_launcher("on_ranks::rank_of_models", size, End::Success, |output| {
            for rank in 0..size {
                assert!(output.contains(&format!("rank {rank} of {size} has the same bits")), "{output}");
            }
        });
    }
}
