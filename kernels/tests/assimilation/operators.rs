//! Observation operators: adjoints by dot products, tangent linear forms by Taylor series, values by analytic columns.

use terrella_kernels::Real;
use terrella_kernels::assimilation::operators::{
    Columns, HeightState, Horizontal, LevelTable, NearSurface, Outcome, StationPressure, humidity,
};
use terrella_kernels::constants::{DRY_AIR_GAS_CONSTANT, GRAVITY};
use terrella_kernels::grid::Grid;
use terrella_kernels::random;
use terrella_kernels::spectral::points::PointEvaluation;
use terrella_kernels::spectral::{HostTransform, Truncation};
use terrella_kernels::vertical::HybridLevels;

const COLUMNS: usize = 50;
const OBSERVATIONS: usize = 400;

fn noise(place: u32, count: usize) -> Vec<f64> {
    let mut numbers = vec![0.0; count];
    random::normals(7, [place, 0, 0], &mut numbers);
    numbers
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn relative(a: f64, b: f64) -> f64 {
    (a - b).abs() / a.abs().max(b.abs())
}

fn moved(state: &[f64], changes: &[f64], step: f64) -> Vec<f64> {
    state.iter().zip(changes).map(|(x, dx)| x + step * dx).collect()
}

/// Remainders of the first-order series at steps 1, ½, ¼ …, which must fall fourfold.
fn expect_second_order(forward: impl Fn(f64) -> Vec<f64>, tangent: &[f64]) {
    let start = forward(0.0);
    let remainder = |step: f64| {
        let there = forward(step);
        let square: f64 = (0..start.len()).map(|i| (there[i] - start[i] - step * tangent[i]).powi(2)).sum();
        square.sqrt()
    };
    let [first, second, third] = [0.02, 0.01, 0.005].map(remainder);
    for ratio in [first / second, second / third] {
        assert!((3.8..4.2).contains(&ratio), "remainders {first} {second} {third}");
    }
}

/// A background of columns with noise, and observations in them.
struct Case {
    levels: LevelTable<f64>,
    column: Vec<u32>,
    pressure: Vec<f64>,
    surface: Vec<f64>,
    temperature: Vec<f64>,
    humidity: Vec<f64>,
    ground: Vec<f64>,
}

impl Case {
    fn new() -> Self {
        let hybrid = HybridLevels::published(31).expect("levels");
        let levels = LevelTable::hybrid(&hybrid);
        let surface: Vec<f64> = noise(1, COLUMNS).iter().map(|x| 98_000.0 + 1_500.0 * x).collect();
        let column: Vec<u32> = (0..OBSERVATIONS).map(|number| (number * 7 % COLUMNS) as u32).collect();
        let pressure = noise(2, OBSERVATIONS).iter().map(|x| 50_000.0 * (0.5 * x).exp()).collect();
        let count = levels.count() * COLUMNS;
        let temperature = noise(3, count).iter().map(|x| 260.0 + 15.0 * x).collect();
        let humidity = noise(4, count).iter().map(|x| 0.004 * x.abs()).collect();
        let ground = noise(5, COLUMNS).iter().map(|x| 300.0 * x).collect();
        Self { levels, column, pressure, surface, temperature, humidity, ground }
    }

    fn columns<'a>(&'a self, surface: &'a [f64]) -> (Columns<'a, f64>, Vec<Outcome>) {
        let columns = Columns::new(&self.levels, &self.column, &self.pressure, surface).expect("columns");
        let mut outcomes = vec![Outcome::Used; OBSERVATIONS];
        columns.locate(&mut outcomes).expect("lengths");
        (columns, outcomes)
    }
}

/// Puts 0 for what has no equivalent, so that differences exist.
fn used(mut values: Vec<f64>) -> Vec<f64> {
    values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
    values
}

#[test]
fn values_at_pressures_have_their_tangent_and_adjoint() {
    let case = Case::new();
    let (columns, outcomes) = case.columns(&case.surface);
    let used_count = Outcome::count(&outcomes)[0];
    assert!(used_count > 300 && used_count < OBSERVATIONS, "{used_count}");
    let (changes, surface_changes) =
        (noise(10, case.temperature.len()), moved(&[0.0; COLUMNS], &noise(11, COLUMNS), 900.0));
    let mut tangent = vec![0.0; OBSERVATIONS];
    columns
        .values_tangent(&case.temperature, &changes, &surface_changes, &mut tangent, &outcomes)
        .expect("lengths");
    expect_second_order(
        |step| {
            let surface = moved(&case.surface, &surface_changes, step);
            // The outcomes of the start: an observation beside the ground may change sides.
            let (columns, _) = case.columns(&surface);
            let mut equivalents = vec![0.0; OBSERVATIONS];
            columns
                .values(&moved(&case.temperature, &changes, step), &mut equivalents, &outcomes)
                .expect("lengths");
            // Those whose interval changes have a kink.
            used(equivalents)
                .into_iter()
                .enumerate()
                .map(|(number, value)| if case.crosses(number, &surface_changes) { 0.0 } else { value })
                .collect()
        },
        &tangent
            .iter()
            .enumerate()
            .map(|(number, value)| if case.crosses(number, &surface_changes) { 0.0 } else { *value })
            .collect::<Vec<_>>(),
    );
    let sensitivities = noise(12, OBSERVATIONS);
    let (mut values, mut surface) = (vec![0.0; changes.len()], vec![0.0; COLUMNS]);
    columns
        .values_adjoint(&case.temperature, &sensitivities, &mut values, &mut surface, &outcomes)
        .expect("lengths");
    let there = dot(&tangent, &sensitivities);
    let back = dot(&changes, &values) + dot(&surface_changes, &surface);
    assert!(relative(there, back) < 1e-12, "{there} {back}");
}

impl Case {
    /// Whether an observation is in another interval within the largest step.
    fn crosses(&self, number: usize, surface_changes: &[f64]) -> bool {
        let column = self.column[number] as usize;
        let interval = |step: f64| {
            let surface = self.surface[column] + step * surface_changes[column];
            let hybrid = HybridLevels::published(31).expect("levels");
            let full = hybrid.full_level_pressure(surface);
            let half = hybrid.half_level_pressure(surface);
            let below = |levels: &[f64]| levels.partition_point(|p| *p <= self.pressure[number]);
            (below(&full), below(&half))
        };
        interval(0.0) != interval(0.02)
    }
}

#[test]
fn heights_have_their_tangent_and_adjoint() {
    let case = Case::new();
    let (columns, outcomes) = case.columns(&case.surface);
    let size = case.temperature.len();
    let (temperature, humidity) = (noise(20, size), moved(&vec![0.0; size], &noise(21, size), 1e-3));
    let (ground, surface_changes) = (noise(22, COLUMNS), moved(&[0.0; COLUMNS], &noise(23, COLUMNS), 900.0));
    let state =
        HeightState { temperature: &case.temperature, humidity: &case.humidity, ground_height: &case.ground };
    let changes = HeightState { temperature: &temperature, humidity: &humidity, ground_height: &ground };
    let mut tangent = vec![0.0; OBSERVATIONS];
    columns.heights_tangent(&state, &changes, &surface_changes, &mut tangent, &outcomes).expect("lengths");
    let smooth = |values: Vec<f64>| -> Vec<f64> {
        let keep = |(number, value)| if case.crosses(number, &surface_changes) { 0.0 } else { value };
        values.into_iter().enumerate().map(keep).collect()
    };
    expect_second_order(
        |step| {
            let surface = moved(&case.surface, &surface_changes, step);
            let (columns, _) = case.columns(&surface);
            let (t, q) =
                (moved(&case.temperature, &temperature, step), moved(&case.humidity, &humidity, step));
            let z = moved(&case.ground, &ground, step);
            let state = HeightState { temperature: &t, humidity: &q, ground_height: &z };
            let mut equivalents = vec![0.0; OBSERVATIONS];
            columns.heights(&state, &mut equivalents, &outcomes).expect("lengths");
            smooth(used(equivalents))
        },
        &smooth(tangent.clone()),
    );
    let sensitivities = noise(24, OBSERVATIONS);
    let (mut t, mut q) = (vec![0.0; size], vec![0.0; size]);
    let (mut z, mut p) = (vec![0.0; COLUMNS], vec![0.0; COLUMNS]);
    columns
        .heights_adjoint(&state, &sensitivities, [&mut t, &mut q, &mut z, &mut p], &outcomes)
        .expect("lengths");
    let there = dot(&tangent, &sensitivities);
    let back = dot(&temperature, &t) + dot(&humidity, &q) + dot(&ground, &z) + dot(&surface_changes, &p);
    assert!(relative(there, back) < 1e-12, "{there} {back}");
}

#[test]
fn station_pressures_have_their_tangent_and_adjoint() {
    let case = Case::new();
    let heights = moved(&case.ground, &noise(30, COLUMNS), 150.0);
    let stations = StationPressure {
        levels: &case.levels,
        station_height: &heights,
        ground_height: &case.ground,
        largest_difference: 300.0,
    };
    let temperature: Vec<f64> = noise(31, COLUMNS).iter().map(|x| 280.0 + 10.0 * x).collect();
    let mut outcomes = vec![Outcome::Used; COLUMNS];
    let mut equivalents = vec![0.0; COLUMNS];
    stations.pressures(&case.surface, &temperature, &mut equivalents, &mut outcomes).expect("lengths");
    assert!((1..10).contains(&Outcome::count(&outcomes)[Outcome::FarFromGround as usize]));
    let (p, t) = (
        moved(&[0.0; COLUMNS], &noise(32, COLUMNS), 2_000.0),
        moved(&[0.0; COLUMNS], &noise(33, COLUMNS), 30.0),
    );
    let mut tangent = vec![0.0; COLUMNS];
    stations
        .pressures_tangent(&case.surface, &temperature, &p, &t, &mut tangent, &outcomes)
        .expect("lengths");
    expect_second_order(
        |step| {
            let mut equivalents = vec![0.0; COLUMNS];
            let (surface, warm) = (moved(&case.surface, &p, step), moved(&temperature, &t, step));
            stations.pressures(&surface, &warm, &mut equivalents, &mut outcomes.clone()).expect("lengths");
            used(equivalents)
        },
        &tangent,
    );
    let sensitivities = noise(34, COLUMNS);
    let (mut by_p, mut by_t) = (vec![0.0; COLUMNS], vec![0.0; COLUMNS]);
    stations
        .pressures_adjoint(&case.surface, &temperature, &sensitivities, &mut by_p, &mut by_t, &outcomes)
        .expect("lengths");
    let (there, back) = (dot(&tangent, &sensitivities), dot(&p, &by_p) + dot(&t, &by_t));
    assert!(relative(there, back) < 1e-12, "{there} {back}");
}

#[test]
fn near_surface_values_have_their_tangents_and_adjoints() {
    let case = Case::new();
    let mut difference = moved(&[0.0; COLUMNS], &noise(70, COLUMNS), 150.0);
    difference[3] = 400.0;
    let roughness: Vec<f64> = noise(71, COLUMNS).iter().map(|x| 0.05 * x.exp().clamp(0.01, 50.0)).collect();
    let stations =
        NearSurface::new(&case.levels, 10.0, &difference, &roughness, 300.0).expect("roughness below 2.5 m");
    let temperature: Vec<f64> = noise(72, COLUMNS).iter().map(|x| 280.0 + 10.0 * x).collect();
    let wind = moved(&[0.0; COLUMNS], &noise(73, COLUMNS), 8.0);
    let changes: [Vec<f64>; 3] = [(74, 2_000.0), (75, 30.0), (76, 5.0)]
        .map(|(place, size)| moved(&[0.0; COLUMNS], &noise(place, COLUMNS), size));
    let state = [case.surface.as_slice(), &temperature, &wind];
    let of_state = [changes[0].as_slice(), &changes[1], &changes[2]];
    let mut outcomes = vec![Outcome::Used; COLUMNS];
    let (mut warm, mut fast) = (vec![0.0; COLUMNS], vec![0.0; COLUMNS]);
    stations.temperatures(state[0], state[1], &mut warm, &mut outcomes).expect("lengths");
    stations.winds(state, &mut fast, &mut outcomes).expect("lengths");
    assert!((1..10).contains(&Outcome::count(&outcomes)[Outcome::FarFromGround as usize]));

    let (mut of_warm, mut of_fast) = (vec![0.0; COLUMNS], vec![0.0; COLUMNS]);
    let two = |of: [&[f64]; 3]| [of[0].to_vec(), of[1].to_vec()];
    let [surface_changes, temperature_changes] = two(of_state);
    stations
        .temperatures_tangent(
            [state[0], state[1]],
            [&surface_changes, &temperature_changes],
            &mut of_warm,
            &outcomes,
        )
        .expect("lengths");
    stations.winds_tangent(state, of_state, &mut of_fast, &outcomes).expect("lengths");
    let at = |step: f64| [0, 1, 2].map(|number| moved(state[number], of_state[number], step));
    // The lowest level is at a fixed share of the surface pressure, so that temperatures are linear.
    let ([p, t, _], mut moved_warm) = (at(1.0), vec![0.0; COLUMNS]);
    stations.temperatures(&p, &t, &mut moved_warm, &mut outcomes.clone()).expect("lengths");
    for ((there, here), change) in used(moved_warm).iter().zip(used(warm)).zip(&of_warm) {
        assert!((there - here - change).abs() < 1e-10, "{there} {here} {change}");
    }
    expect_second_order(
        |step| {
            let ([p, t, u], mut equivalents) = (at(step), vec![0.0; COLUMNS]);
            stations.winds([&p, &t, &u], &mut equivalents, &mut outcomes.clone()).expect("lengths");
            used(equivalents)
        },
        &of_fast,
    );

    let sensitivities = noise(77, COLUMNS);
    let zeros = || vec![0.0; COLUMNS];
    let (mut p, mut t, mut u) = (zeros(), zeros(), zeros());
    stations
        .temperatures_adjoint([state[0], state[1]], &sensitivities, [&mut p, &mut t], &outcomes)
        .expect("lengths");
    let back = dot(of_state[0], &p) + dot(of_state[1], &t);
    assert!(relative(dot(&of_warm, &sensitivities), back) < 1e-12);
    let (mut p, mut t) = (zeros(), zeros());
    stations.winds_adjoint(state, &sensitivities, [&mut p, &mut t, &mut u], &outcomes).expect("lengths");
    let back = dot(of_state[0], &p) + dot(of_state[1], &t) + dot(of_state[2], &u);
    assert!(relative(dot(&of_fast, &sensitivities), back) < 1e-12);
}

/// A level 20 m above the ground, by its pressure in air of 288 K.
#[test]
fn near_surface_values_are_those_of_the_formulas() {
    let surface = 100_000.0_f64;
    let level = surface * (-20.0 * GRAVITY / (DRY_AIR_GAS_CONSTANT * 288.0)).exp();
    let levels = LevelTable::isobaric(&[50_000.0, level]).expect("levels");
    let (p, t, u) = ([surface; 2], [288.0; 2], [6.0; 2]);
    let (difference, roughness) = ([0.0, 100.0], [0.1, 0.1]);
    let mut equivalents = [0.0; 2];
    let mut outcomes = [Outcome::Used; 2];
    let two = NearSurface::new(&levels, 2.0, &difference, &roughness, 500.0).expect("stations");
    two.temperatures(&p, &t, &mut equivalents, &mut outcomes).expect("lengths");
    assert!((equivalents[0] - (288.0 + 0.0065 * 18.0)).abs() < 1e-10, "{equivalents:?}");
    assert!((equivalents[0] - equivalents[1] - 0.65).abs() < 1e-10);
    let ten = NearSurface::new(&levels, 10.0, &difference, &roughness, 500.0).expect("stations");
    ten.winds([&p, &t, &u], &mut equivalents, &mut outcomes).expect("lengths");
    assert!((equivalents[0] - 6.0 * 100.0_f64.ln() / 200.0_f64.ln()).abs() < 1e-10, "{equivalents:?}");
    let rough = NearSurface::new(&levels, 2.0, &difference, &[0.1, 1.0], 500.0);
    assert!(rough.is_err_and(|error| error.to_string().contains("1 m in column 1")));
    assert!(NearSurface::new(&levels, 2.0, &difference, &[0.1], 500.0).is_err());
    assert!(two.winds([&p, &t, &u[..1]], &mut equivalents, &mut outcomes).is_err());
}

#[test]
fn humidities_are_inverse_and_have_their_tangents_and_adjoints() {
    const N: usize = 60;
    let temperature: Vec<f64> = noise(40, N).iter().map(|x| 275.0 + 12.0 * x).collect();
    let pressure: Vec<f64> = noise(41, N).iter().map(|x| 80_000.0 + 5_000.0 * x).collect();
    let specific: Vec<f64> = noise(42, N).iter().map(|x| 0.003 + 0.0005 * x).collect();
    let (mut relative_humidity, mut again) = (vec![0.0; N], vec![0.0; N]);
    humidity::relative(&specific, &temperature, &pressure, &mut relative_humidity).expect("lengths");
    humidity::specific(&relative_humidity, &temperature, &pressure, &mut again).expect("lengths");
    for (one, other) in specific.iter().zip(&again) {
        assert!(relative(*one, *other) < 1e-14);
    }
    type Forward = fn(&[f64], &[f64], &[f64], &mut [f64]) -> terrella_kernels::Result<()>;
    type Tangent = fn([&[f64]; 3], &[f64], &[f64], &mut [f64]) -> terrella_kernels::Result<()>;
    type Adjoint = fn([&[f64]; 3], &[f64], &mut [f64], &mut [f64]) -> terrella_kernels::Result<()>;
    let all: [(Forward, Tangent, Adjoint, &[f64], f64); 2] = [
        (humidity::relative, humidity::relative_tangent, humidity::relative_adjoint, &specific, 1e-3),
        (humidity::specific, humidity::specific_tangent, humidity::specific_adjoint, &relative_humidity, 0.2),
    ];
    for (forward, tangent, adjoint, state, size) in all {
        let (dh, dt) = (moved(&[0.0; N], &noise(43, N), size), moved(&[0.0; N], &noise(44, N), 5.0));
        let mut change = vec![0.0; N];
        tangent([state, &temperature, &pressure], &dh, &dt, &mut change).expect("lengths");
        expect_second_order(
            |step| {
                let mut result = vec![0.0; N];
                forward(&moved(state, &dh, step), &moved(&temperature, &dt, step), &pressure, &mut result)
                    .expect("lengths");
                result
            },
            &change,
        );
        let sensitivities = noise(45, N);
        let (mut by_h, mut by_t) = (vec![0.0; N], vec![0.0; N]);
        adjoint([state, &temperature, &pressure], &sensitivities, &mut by_h, &mut by_t).expect("lengths");
        let (there, back) = (dot(&change, &sensitivities), dot(&dh, &by_h) + dot(&dt, &by_t));
        assert!(relative(there, back) < 1e-12, "{there} {back}");
    }
}

/// Places all over the globe, poles included.
fn places() -> (Vec<f64>, Vec<f64>) {
    let mut latitudes: Vec<f64> = noise(50, COLUMNS).iter().map(|x| (50.0 * x).clamp(-89.5, 89.5)).collect();
    (latitudes[0], latitudes[1]) = (90.0, -90.0);
    (latitudes, noise(51, COLUMNS).iter().map(|x| 200.0 * x).collect())
}

#[test]
fn fields_come_to_places_and_sensitivities_go_back() {
    const LEVELS: usize = 3;
    let (latitudes, longitudes) = places();
    for name in ["F16", "O16", "r36x19", "r36x18"] {
        let grid: Grid = name.parse().expect("a grid");
        let horizontal =
            Horizontal::<f64>::new(&grid.circles(), true, &latitudes, &longitudes).expect("places");
        let fields = noise(52, LEVELS * grid.points());
        let mut columns = vec![0.0; LEVELS * COLUMNS];
        horizontal.interpolate(LEVELS, &fields, &mut columns).expect("lengths");
        let sensitivities = noise(53, columns.len());
        let mut back = vec![0.0; fields.len()];
        horizontal.interpolate_adjoint(LEVELS, &sensitivities, &mut back).expect("lengths");
        assert!(relative(dot(&columns, &sensitivities), dot(&fields, &back)) < 1e-12, "{name}");
        // Ones stay ones, at the poles too.
        horizontal.interpolate(LEVELS, &vec![1.0; fields.len()], &mut columns).expect("lengths");
        assert!(columns.iter().all(|value| (value - 1.0).abs() < 1e-14), "{name}");
    }
    // A part of the globe: what is outside is told.
    let grid: Grid = "r36x19".parse().expect("a grid");
    let circles = &grid.circles()[2..10];
    let part: Vec<_> = circles
        .iter()
        .map(|circle| terrella_kernels::grid::Circle { offset: circle.offset - circles[0].offset, ..*circle })
        .collect();
    let horizontal =
        Horizontal::<f32>::new(&part, false, &[45.0, 80.0, -3.0], &[1.0, 2.0, 3.0]).expect("places");
    assert_eq!([0, 1, 2].map(|place| horizontal.is_inside(place)), [true, false, false]);
    assert!(Horizontal::<f64>::new(&part, false, &[f64::NAN], &[0.0]).is_err());
}

/// Vorticity and divergence → winds in columns → winds at pressures, by evaluation at the places and by way of a grid.
#[test]
fn winds_come_from_vorticity_and_divergence() {
    const LEVELS: usize = 4;
    let truncation = Truncation::new(10);
    let grid: Grid = "F16".parse().expect("a grid");
    let (latitudes, longitudes) = places();
    let mut vorticity =
        moved(&vec![0.0; truncation.spectrum_len(LEVELS)], &noise(60, truncation.spectrum_len(LEVELS)), 1e-5);
    let mut divergence = moved(&vec![0.0; vorticity.len()], &noise(61, vorticity.len()), 1e-5);
    // What does not count: the global mean and imaginary parts of m = 0.
    for spectrum in [&mut vorticity, &mut divergence] {
        spectrum[..2 * LEVELS].fill(0.0);
        for n in 1..=truncation.total() {
            let first = (2 * truncation.index(0, n) + 1) * LEVELS;
            spectrum[first..first + LEVELS].fill(0.0);
        }
    }
    let levels = LevelTable::isobaric(&[20_000.0, 50_000.0, 70_000.0, 100_000.0]).expect("levels");
    let surface = vec![101_000.0; COLUMNS];
    let column: Vec<u32> = (0..COLUMNS as u32).collect();
    let pressure: Vec<f64> = noise(62, COLUMNS).iter().map(|x| 60_000.0 + 10_000.0 * x).collect();
    let columns = Columns::new(&levels, &column, &pressure, &surface).expect("columns");
    let mut outcomes = vec![Outcome::Used; COLUMNS];
    columns.locate(&mut outcomes).expect("lengths");
    let points = PointEvaluation::new(&latitudes, &longitudes, truncation).expect("points");
    let mut transform = HostTransform::<f64>::new(&grid, truncation).expect("a transform");
    let horizontal = Horizontal::<f64>::new(&grid.circles(), true, &latitudes, &longitudes).expect("places");
    let size = LEVELS * COLUMNS;
    for by_grid in [false, true] {
        let (mut u, mut v) = (vec![0.0; size], vec![0.0; size]);
        let (mut grid_u, mut grid_v) = (vec![0.0; LEVELS * grid.points()], vec![0.0; LEVELS * grid.points()]);
        if by_grid {
            transform
                .wind_synthesis(LEVELS, &vorticity, &divergence, &mut grid_u, &mut grid_v)
                .expect("lengths");
            horizontal.interpolate(LEVELS, &grid_u, &mut u).expect("lengths");
            horizontal.interpolate(LEVELS, &grid_v, &mut v).expect("lengths");
        } else {
            points.wind_synthesis(LEVELS, &vorticity, &divergence, &mut u, &mut v).expect("lengths");
        }
        let (mut eastward, mut northward) = (vec![0.0; COLUMNS], vec![0.0; COLUMNS]);
        columns.values(&u, &mut eastward, &outcomes).expect("lengths");
        columns.values(&v, &mut northward, &outcomes).expect("lengths");
        let (by_east, by_north) = (noise(63, COLUMNS), noise(64, COLUMNS));
        let there = dot(&used(eastward), &by_east) + dot(&used(northward), &by_north);
        let (mut su, mut sv, mut unused) = (vec![0.0; size], vec![0.0; size], vec![0.0; COLUMNS]);
        columns.values_adjoint(&u, &by_east, &mut su, &mut unused, &outcomes).expect("lengths");
        columns.values_adjoint(&v, &by_north, &mut sv, &mut unused, &outcomes).expect("lengths");
        let (mut sz, mut sd) = (vec![0.0; vorticity.len()], vec![0.0; vorticity.len()]);
        if by_grid {
            grid_u.fill(0.0);
            grid_v.fill(0.0);
            horizontal.interpolate_adjoint(LEVELS, &su, &mut grid_u).expect("lengths");
            horizontal.interpolate_adjoint(LEVELS, &sv, &mut grid_v).expect("lengths");
            transform.wind_synthesis_adjoint(LEVELS, &grid_u, &grid_v, &mut sz, &mut sd).expect("lengths");
        } else {
            points.wind_synthesis_adjoint(LEVELS, &su, &sv, &mut sz, &mut sd).expect("lengths");
        }
        let back = dot(&vorticity, &sz) + dot(&divergence, &sd);
        assert!(relative(there, back) < 1e-12, "by grid: {by_grid}, {there} {back}");
    }
}

/// An isothermal atmosphere has heights and pressures in closed form; a standard lapse rate gives station pressures exactly.
fn analytic<R: Real>(tolerance: f64) {
    let levels = LevelTable::<R>::hybrid(&HybridLevels::published(60).expect("levels"));
    let (surface, ground, warmth) = (98_000.0, 250.0, 273.0);
    let real = R::from_f64;
    let pressures = [99_000.0, 98_000.0, 97_950.0, 85_000.0, 50_000.0, 1_000.0, 5.0, f64::NAN].map(real);
    let column = [0; 8];
    let surfaces = [real(surface)];
    let columns = Columns::new(&levels, &column, &pressures, &surfaces).expect("columns");
    let mut outcomes = [Outcome::Used; 8];
    columns.locate(&mut outcomes).expect("lengths");
    use Outcome::{AboveTop, BelowGround, NotFinite, Used};
    assert_eq!(outcomes, [BelowGround, Used, Used, Used, Used, Used, AboveTop, NotFinite]);
    let (temperature, humidity) = (vec![real(warmth); 60], vec![R::ZERO; 60]);
    let state =
        HeightState { temperature: &temperature, humidity: &humidity, ground_height: &[real(ground)] };
    let mut heights = [R::ZERO; 8];
    columns.heights(&state, &mut heights, &outcomes).expect("lengths");
    // ln p is linear in ln p.
    let logarithms: Vec<R> = (0..60)
        .map(|k| real(HybridLevels::published(60).expect("levels").full_level_pressure(surface)[k].ln()))
        .collect();
    let mut found = [R::ZERO; 8];
    columns.values(&logarithms, &mut found, &outcomes).expect("lengths");
    for number in 0..8 {
        if outcomes[number] != Used {
            assert!(heights[number].to_f64().is_nan() && found[number].to_f64().is_nan());
            continue;
        }
        let pressure = pressures[number].to_f64();
        let expected = ground + DRY_AIR_GAS_CONSTANT * warmth / GRAVITY * (surface / pressure).ln();
        let error = (heights[number].to_f64() - expected).abs() / expected;
        assert!(error < tolerance, "{pressure}: {} {expected}", heights[number]);
        if pressure < 90_000.0 {
            assert!((found[number].to_f64() - pressure.ln()).abs() < 10.0 * tolerance, "{pressure}");
        }
    }
    let isobaric = LevelTable::<R>::isobaric(&[1_000.0, 90_000.0]).expect("levels");
    let columns = Columns::new(&isobaric, &column, &pressures, &surfaces).expect("columns");
    let pair =
        HeightState { temperature: &temperature[..2], humidity: &humidity[..2], ground_height: &[R::ZERO] };
    assert!(columns.heights(&pair, &mut heights, &outcomes).is_err());
    assert!(Columns::new(&isobaric, &[1], &pressures[..1], &surfaces).is_err());
    assert!(LevelTable::<R>::isobaric(&[2.0, 1.0]).is_err());
}

#[test]
fn isothermal_columns_have_their_closed_form() {
    analytic::<f64>(1e-12);
    analytic::<f32>(2e-6);
}
