//! The primitive equations across ranks have the bits of the model on one.

use crate::common::{on_grid, wavy_in};
use crate::devices::gpus;
use crate::on_ranks_semi_lagrangian;
use crate::ranks::{End, under_each_launcher};
use terrella_coupling::communicator::{Communicator, Traffic};
use terrella_coupling::spectral::transform_shares;
use terrella_dycore::primitive::initial::filter_state;
use terrella_dycore::primitive::linear::LinearisedPrimitive;
use terrella_dycore::primitive::{
    BoundaryLayer, Checkpoint, Configuration, Convection, Diagnostics, GreyAtmosphere, GreyRadiation,
    GridState, GroundKind, LargeScaleCondensation, Mixing, MoistPhysics, Primitive, Sponge, Sunlight,
    SurfaceFluxes,
};
use terrella_kernels::Real;
use terrella_kernels::device::Device;
use terrella_kernels::spectral::Truncation;

const SIZES: [usize; 6] = [1, 2, 3, 4, 7, 8];
const STEPS: u64 = 5;

/// T15 on 5 levels, with a humid and a passive tracer.
fn configuration() -> Configuration {
    Configuration {
        moist: true,
        passive_tracers: 1,
        time_step: 1200.0,
        sponge: Some(Sponge { time: 1e5, depth: 5.0 }),
        watch_interval: 2,
        ..Configuration::new(15, "sigma5".parse().unwrap()).unwrap()
    }
}

/// The columns of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Physics {
    None,
    HeldSuarez,
    Moist,
}

/// A model at its start, on one rank or several.
fn started<R: Real>(model: Primitive<R>, physics: Physics) -> Primitive<R> {
    let mut model = wavy_in(model, physics == Physics::HeldSuarez);
    if physics == Physics::Moist {
        let suite = everything(&model);
        model.add_physics(Box::new(suite)).unwrap();
    }
    model
}

/// Every scheme that there is, from the configuration of the model.
fn everything<R: Real>(model: &Primitive<R>) -> MoistPhysics<R> {
    let (configuration, device) = (model.configuration(), model.device());
    let own = |function: &dyn Fn(f64, f64) -> f64| -> Vec<R> {
        let whole = on_grid::<R>(&configuration.grid, function);
        model.part().own_fields(1, &whole).unwrap().into_owned()
    };
    let sea = own(&|longitude, latitude| 302.0 - 30.0 * latitude.sin().powi(2) + (2.0 * longitude).sin());
    let land = own(&|longitude, latitude| f64::from(longitude.sin() * latitude.cos() > 0.3));
    let atmosphere =
        GreyAtmosphere { sunlight: Sunlight::Diurnal { start: 80.0 }, ..GreyAtmosphere::default() };
    let albedo = own(&|_, latitude| 0.2 + 0.2 * latitude.sin().powi(2));
    MoistPhysics::new(configuration, 2.5e6, &sea, device)
        .unwrap()
        .with(Convection::new(configuration, device).unwrap())
        .with(LargeScaleCondensation::new(2, configuration, device).unwrap())
        .with(GreyRadiation::new(atmosphere, &albedo, configuration, device).unwrap())
        .with(SurfaceFluxes::new(&land, GroundKind::LAND, GroundKind::SEA, configuration, device).unwrap())
        .with(BoundaryLayer::new(Mixing::Enthalpy, configuration, device).unwrap())
}

fn advance<R: Real>(model: &mut Primitive<R>, steps: u64) {
    model.run::<terrella_dycore::Error>(steps, |_| Ok(())).unwrap();
}

/// All that a restart needs.
type Memory<R> = (Checkpoint<R>, Vec<(String, Vec<R>)>);

fn memory<R: Real>(model: &Primitive<R>) -> Memory<R> {
    (model.checkpoint().unwrap(), model.physics_memory().unwrap())
}

/// With the bits as they are.
fn bits<R: Real>((checkpoint, physics): &Memory<R>) -> Vec<u64> {
    let Checkpoint { previous, present, columns, mass, .. } = checkpoint;
    let spectra = previous.iter().chain(present).chain(columns.iter().flatten());
    let fields = spectra.chain(physics.iter().map(|(_, values)| values)).flatten();
    fields.chain([mass]).map(|value| value.to_f64().to_bits()).collect()
}

/// What a model on one rank comes to, on a device.
pub(crate) struct Expected<R> {
    device: Device,
    configuration: Configuration,
    physics: Physics,
    halfway: Memory<R>,
    end: Memory<R>,
    diagnostics: Diagnostics,
    state: GridState<R>,
}

pub(crate) fn expected<R: Real>(configuration: Configuration, physics: Physics) -> Expected<R> {
    expected_on(Device::Cpu, configuration, physics)
}

fn expected_on<R: Real>(device: Device, configuration: Configuration, physics: Physics) -> Expected<R> {
    let mut model = started(Primitive::<R>::new(configuration.clone(), device).unwrap(), physics);
    advance(&mut model, 2);
    let halfway = memory(&model);
    advance(&mut model, STEPS - 2);
    Expected {
        device,
        configuration,
        physics,
        halfway,
        end: memory(&model),
        diagnostics: model.diagnostics().unwrap(),
        state: model.grid_state().unwrap(),
    }
}

/// A step, at which the wind is not examined, sends what it is said to send.
pub(crate) fn expect_volume<R: Real>(ranks: &Communicator, model: &mut Primitive<R>) {
    assert!(!model.step_count().is_multiple_of(2));
    let settings = model.configuration();
    let truncation = Truncation::new(settings.truncation);
    let shares = transform_shares(&settings.grid, truncation, ranks.size()).unwrap();
    let depth = model.halo_depth();
    let expected = settings.step_volume(depth).bytes(&shares, ranks.rank(), size_of::<R>());
    let before = ranks.traffic();
    model.step().unwrap();
    let after = ranks.traffic();
    assert_eq!(model.halo_depth(), depth, "a halo as deep as before");
    let sent = |count: fn(&Traffic) -> u64| count(&after) - count(&before);
    let gathered = sent(|traffic| traffic.gather.bytes);
    assert_eq!(sent(|traffic| traffic.exchange.bytes) + gathered, expected, "{ranks:?}");
}

pub(crate) fn compare<R: Real>(ranks: &Communicator, expected: &Expected<R>) {
    let Expected { configuration, physics, .. } = expected;
    let what = format!("{physics:?} on {ranks:?}");
    let start = || {
        let model = match expected.device {
            Device::Cpu => Primitive::<R>::new_on(configuration.clone(), ranks),
            device => Primitive::<R>::new_on_device(configuration.clone(), ranks, device),
        };
        started(model.unwrap(), *physics)
    };
    let mut model = start();
    advance(&mut model, STEPS);
    let end = memory(&model);
    let state = model.whole_grid_state().unwrap();
    assert_eq!(model.diagnostics().unwrap(), expected.diagnostics, "{what}");
    // On a device, one or two columns have no precision of their own.
    if ranks.size() > 1 && (expected.device == Device::Cpu || size_of::<R>() == 8) {
        expect_volume(ranks, &mut model);
    }
    // By what each rank has itself.
    let own = (model.own_checkpoint().unwrap(), model.own_physics_memory().unwrap());
    let mut again = start();
    again.restore(&own.0).unwrap();
    again.restore_physics_memory(&own.1).unwrap();
    assert!((again.own_checkpoint().unwrap(), again.own_physics_memory().unwrap()) == own, "{what}");
    // On from where one rank stopped.
    let mut resumed = start();
    resumed.restore(&expected.halfway.0).unwrap();
    resumed.restore_physics_memory(&expected.halfway.1).unwrap();
    advance(&mut resumed, STEPS - 2);
    let continued = memory(&resumed);
    assert_eq!(state.is_some(), ranks.rank() == 0);
    if let Some(state) = state {
        assert!(end == expected.end && bits(&end) == bits(&expected.end), "{what}");
        assert!(bits(&continued) == bits(&expected.end), "{what}, continued");
        assert!(state == expected.state, "{what}");
    }
}

pub(crate) fn every_number_of_ranks<R: Real>(configuration: Configuration, physics: Physics) {
    let expected = expected::<R>(configuration, physics);
    for size in SIZES {
        Communicator::threads(size, |ranks| compare(&ranks, &expected));
    }
}

#[test]
fn dry_dynamics_have_the_same_bits() {
    every_number_of_ranks::<f64>(configuration(), Physics::None);
    every_number_of_ranks::<f32>(configuration(), Physics::None);
}

#[test]
fn held_suarez_has_the_same_bits() {
    every_number_of_ranks::<f64>(configuration(), Physics::HeldSuarez);
    every_number_of_ranks::<f32>(configuration(), Physics::HeldSuarez);
}

#[test]
fn moist_physics_has_the_same_bits() {
    every_number_of_ranks::<f64>(configuration(), Physics::Moist);
    every_number_of_ranks::<f32>(configuration(), Physics::Moist);
}

#[test]
fn ranks_with_devices_have_the_bits_of_one_with_its_device() {
    for device in gpus() {
        let dry = expected_on::<f64>(device, configuration(), Physics::HeldSuarez);
        let moist = expected_on::<f32>(device, configuration(), Physics::Moist);
        for size in [2, 3] {
            Communicator::threads(size, |ranks| {
                compare(&ranks, &dry);
                compare(&ranks, &moist);
            });
        }
    }
}

/// Four ranks begin, three go on, and one ends.
pub(crate) fn others_continue(configuration: Configuration) {
    let expected = expected::<f64>(configuration, Physics::Moist);
    let on = |size: usize, steps: u64, begun: Option<&Memory<f64>>| {
        let mut memories = Communicator::threads(size, |ranks| {
            let model = Primitive::<f64>::new_on(expected.configuration.clone(), &ranks).unwrap();
            let mut model = started(model, Physics::Moist);
            if let Some((checkpoint, physics)) = begun {
                model.restore(checkpoint).unwrap();
                model.restore_physics_memory(physics).unwrap();
            }
            advance(&mut model, steps);
            memory(&model)
        });
        if let Some((checkpoint, physics)) = memories.get(1) {
            let arrays = checkpoint.previous.iter().chain(&checkpoint.present);
            assert!(arrays.chain(physics.iter().map(|(_, values)| values)).all(Vec::is_empty));
        }
        memories.swap_remove(0)
    };
    let begun = on(4, 2, None);
    assert!(begun == expected.halfway);
    let between = on(3, 2, Some(&begun));
    let ended = on(1, STEPS - 4, Some(&between));
    assert!(bits(&ended) == bits(&expected.end));
}

#[test]
fn a_filtered_state_has_the_same_bits() {
    // The whole spectra, on rank 0.
    let filtered = |model: Primitive<f32>| -> Option<Vec<u32>> {
        let model = started(model, Physics::None);
        let (part, ranks) = (model.part().clone(), model.communicator().unwrap());
        let mut steps = 0;
        let each_step = || {
            steps += 1;
            Ok::<(), terrella_dycore::Error>(())
        };
        let state = filter_state(model, 4.0 * 3600.0, each_step).unwrap();
        assert_eq!(steps, 24);
        let whole = state.fields().map(|(_, field)| {
            let own = field.to_vec().unwrap();
            part.gather_spectra(&ranks, own.len() / (2 * part.coefficients()), &own).unwrap()
        });
        let whole = whole.into_iter().collect::<Option<Vec<_>>>()?.concat();
        Some(whole.into_iter().map(f32::to_bits).collect())
    };
    for (device, sizes) in
        [(Device::Cpu, &[2, 5][..])].into_iter().chain(gpus().into_iter().map(|gpu| (gpu, &[2][..])))
    {
        let alone = filtered(Primitive::new(configuration(), device).unwrap());
        assert!(alone.is_some());
        for &size in sizes {
            let found = Communicator::threads(size, |ranks| {
                filtered(Primitive::new_on_device(configuration(), &ranks, device).unwrap())
            });
            assert!(found[0] == alone && found[1..].iter().all(Option::is_none), "{size} ranks");
        }
    }
}

#[test]
fn ranks_continue_what_others_began() {
    others_continue(configuration());
}

pub(crate) fn all_stop_at_the_same_place(configuration: Configuration) {
    let stop =
        |model: Primitive<f64>| started(model, Physics::None).step().map(|_| ()).unwrap_err().to_string();
    let limited = || Configuration { wind_limit: 7.5, ..configuration.clone() };
    let alone = stop(Primitive::new(limited(), Device::Cpu).unwrap());
    assert!(alone.contains("'eastward wind' is"), "{alone}");
    for size in [2, 5] {
        let found = Communicator::threads(size, |ranks| stop(Primitive::new_on(limited(), &ranks).unwrap()));
        assert!(found.iter().all(|text| *text == alone), "{found:?} and not {alone}");
    }
}

#[test]
fn all_ranks_stop_at_the_same_place() {
    all_stop_at_the_same_place(configuration());
}

#[test]
fn what_ranks_cannot_do_is_refused_by_name() {
    let texts = Communicator::threads(2, |ranks| {
        let model = || Primitive::<f64>::new_on(configuration_of_a_dry_model(), &ranks).unwrap();
        let part =
            Primitive::<f64>::new(model().configuration().clone(), Device::Cpu).map(|_| ()).unwrap_err();
        let linear = LinearisedPrimitive::new(model()).map(|_| ()).unwrap_err();
        [part, linear].map(|error| error.to_string())
    });
    let semi_lagrangian = on_ranks_semi_lagrangian::configuration();
    for text in Communicator::threads(2, |ranks| {
        let model = Primitive::<f64>::new_on_device(semi_lagrangian.clone(), &ranks, Device::Wgpu(0));
        model.map(|_| ()).unwrap_err().to_string()
    }) {
        assert!(text.contains("'time_stepping' is semi-Lagrangian on 'wgpu:0' of 2 ranks"), "{text}");
    }
    for [part, linear] in texts {
        assert!(part.contains("'ranks' is 2: expected one: the configuration of a rank's"), "{part}");
        assert!(linear.contains("'ranks' is 2: expected a model on one rank"), "{linear}");
    }
}

fn configuration_of_a_dry_model() -> Configuration {
    Configuration { moist: false, passive_tracers: 0, ..configuration() }
}

#[test]
#[ignore = "under_mpi runs it on processes"]
fn rank_of_models() {
    let ranks = Communicator::mpi().unwrap();
    compare(&ranks, &expected::<f64>(configuration(), Physics::Moist));
    compare(&ranks, &expected::<f64>(on_ranks_semi_lagrangian::configuration(), Physics::Moist));
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
