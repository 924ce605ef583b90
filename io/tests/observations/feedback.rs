//! Departures from backgrounds, and what becomes of them.

use terrella_io::layout::Layout;
use terrella_io::observations::{
    Choice, DepartureSettings, Flag, Kind, Level, Quality, Quantity, Reason, Report, Value, Vertical, depart,
    departure_map, histogram_chart, profile_chart, read, read_feedback, sounding_chart, write_feedback,
};
use terrella_io::picture::{Page, Projection};
use terrella_io::read::{State, StateField, StateLevels, StateSelection, StateSurface, state};
use terrella_io::{Error, Time};
use terrella_kernels::vertical::HybridLevels;

use crate::common::{data, global_state};

const NOW: Time = Time::EPOCH;

/// Fields that are linear in latitude, longitude (away from its jump) and ln p, which interpolation meets exactly.
fn linear_field(quantity: Quantity, latitude: f64, longitude: f64, pressure: f64) -> f64 {
    let log = (pressure / 1e5).ln();
    match quantity {
        Quantity::Temperature => 280.0 + 0.1 * latitude - 0.02 * longitude + 20.0 * log,
        Quantity::EastwardWind => 10.0 + 0.2 * latitude + 0.01 * longitude - 3.0 * log,
        Quantity::NorthwardWind => -5.0 + 0.05 * latitude + 0.03 * longitude + 2.0 * log,
        _ => 0.004 + 1e-5 * latitude + 1e-6 * longitude + 2e-4 * log,
    }
}

const SURFACE_PRESSURE: f64 = 99_000.0;
const GROUND: f64 = 120.0;

fn background(levels: StateLevels) -> State {
    let latitudes: Vec<f64> = (0..13).map(|row| 30.0 - 5.0 * f64::from(row)).collect();
    let layout = Layout::lat_lon(&latitudes, 10.0, 5.0, 14);
    let pressures = match &levels {
        StateLevels::Pressure(pressures) => pressures.clone(),
        StateLevels::Hybrid { a, b } => {
            HybridLevels::from_coefficients(a, b).unwrap().full_level_pressure(SURFACE_PRESSURE)
        }
    };
    let field = |name: &str, quantity: Quantity| {
        let layout = &layout;
        let values = pressures.iter().flat_map(|pressure| {
            layout.coordinates().map(move |(lon, lat)| linear_field(quantity, lat, lon, *pressure))
        });
        StateField {
            short_name: name.into(),
            units: String::new(),
            values: values.collect(),
            levels: levels.clone(),
        }
    };
    let surface = |name: &str, value: f64| {
        Some(StateSurface {
            short_name: name.into(),
            units: String::new(),
            values: vec![value; layout.points()],
        })
    };
    State {
        reference: NOW,
        valid: NOW,
        u: field("u", Quantity::EastwardWind),
        v: field("v", Quantity::NorthwardWind),
        temperature: field("t", Quantity::Temperature),
        humidity: Some(field("q", Quantity::SpecificHumidity)),
        geopotential: None,
        surface_pressure: surface("sp", SURFACE_PRESSURE),
        sea_level_pressure: None,
        orography: surface("orog", GROUND),
        land_fraction: None,
        surface_temperature: None,
        sea_temperature: None,
        incomplete: Vec::new(),
        layout,
    }
}

fn report(latitude: f64, longitude: f64, levels: Vec<Level>) -> Report {
    Report {
        kind: Kind::Radiosonde,
        station: "01001".into(),
        time: NOW,
        latitude,
        longitude,
        elevation: Some(150.0),
        barometer: None,
        levels,
        message: 1,
        subset: 1,
    }
}

fn level(vertical: Vertical, values: &[(Quantity, f64)]) -> Level {
    let value = |&(quantity, value): &(Quantity, f64)| Value {
        quantity,
        value: Some(value),
        quality: Quality::default(),
    };
    Level { vertical, delay: 0, drift: (0.0, 0.0), values: values.iter().map(value).collect() }
}

fn backgrounds() -> [State; 2] {
    let hybrid = HybridLevels::published(31).unwrap();
    [
        background(StateLevels::Pressure(vec![1_000.0, 10_000.0, 30_000.0, 60_000.0, 85_000.0, 97_000.0])),
        background(StateLevels::Hybrid { a: hybrid.a().to_vec(), b: hybrid.b().to_vec() }),
    ]
}

/// What was measured in the background itself has no departure, wherever and of whatever form.
#[test]
fn observations_of_the_background_do_not_depart() {
    for background in backgrounds() {
        let mut reports = Vec::new();
        for (number, pressure) in [2_000.0, 25_000.0, 70_000.0, 96_000.0].into_iter().enumerate() {
            let (latitude, longitude) = (-27.3 + 11.1 * number as f64, 12.7 + 9.9 * number as f64);
            let drift = (0.21, -0.4);
            let at = |quantity| linear_field(quantity, latitude + drift.0, longitude + drift.1, pressure);
            let (u, v) = (at(Quantity::EastwardWind), at(Quantity::NorthwardWind));
            let from = (-u).atan2(-v).to_degrees().rem_euclid(360.0);
            let values = [
                (Quantity::Temperature, at(Quantity::Temperature)),
                (Quantity::SpecificHumidity, at(Quantity::SpecificHumidity)),
                (Quantity::WindDirection, from),
                (Quantity::WindSpeed, u.hypot(v)),
            ];
            reports.push(report(
                latitude,
                longitude,
                vec![Level { drift, ..level(Vertical::Pressure(pressure), &values) }],
            ));
        }
        let feedback = depart(&background, &reports, &DepartureSettings::default()).unwrap();
        assert_eq!(feedback.departures.len(), 16);
        for departure in &feedback.departures {
            assert_eq!(departure.reason, None, "{departure:?}");
            assert!(departure.innovation().abs() < 1e-10, "{departure:?}");
        }
    }
}

/// Everything that cannot be compared has its own reason.
#[test]
fn what_cannot_be_compared_says_why() {
    for background in backgrounds() {
        let warm = |pressure| level(Vertical::Pressure(pressure), &[(Quantity::Temperature, 280.0)]);
        let mut late = report(0.0, 20.0, vec![warm(50_000.0)]);
        late.time = NOW.plus_seconds(7_200);
        let mut bad = report(0.0, 20.0, vec![warm(50_000.0)]);
        bad.levels[0].values[0].quality.flag = Flag::Bad;
        let station = |elevation, quantity, value| Report {
            kind: Kind::SurfaceLand,
            elevation,
            ..report(0.0, 20.0, vec![level(Vertical::Station, &[(quantity, value)])])
        };
        // The background's own pressure at 150 m, from its standard lapse rate.
        let pressure = SURFACE_PRESSURE * (1.0_f64 - 0.0065 * 30.0 / 279.6).powf(5.2559);
        let cases = [
            (report(0.0, 20.0, vec![warm(50_000.0)]), None),
            (report(0.0, 20.0, vec![warm(0.01)]), Some(Reason::AboveTop)),
            (report(0.0, 20.0, vec![warm(99_100.0)]), Some(Reason::BelowGround)),
            (report(50.0, 20.0, vec![warm(50_000.0)]), Some(Reason::OutsideDomain)),
            (report(0.0, -20.0, vec![warm(50_000.0)]), Some(Reason::OutsideDomain)),
            (late, Some(Reason::OutsideWindow)),
            (bad, Some(Reason::Flagged)),
            (station(Some(150.0), Quantity::Pressure, pressure), None),
            (station(Some(900.0), Quantity::Pressure, 90_000.0), Some(Reason::BelowGround)),
            (station(None, Quantity::SeaLevelPressure, pressure * 1.0185), None),
            (station(None, Quantity::Pressure, 98_000.0), Some(Reason::NoEquivalent)),
            (station(None, Quantity::Temperature, 280.0), Some(Reason::NoEquivalent)),
            (station(Some(900.0), Quantity::Temperature, 280.0), Some(Reason::BelowGround)),
            (station(Some(150.0), Quantity::SeaSurfaceTemperature, 280.0), Some(Reason::NoEquivalent)),
        ];
        let reports: Vec<Report> = cases.iter().map(|(report, _)| report.clone()).collect();
        let settings =
            DepartureSettings { window: Some([NOW, NOW.plus_seconds(3_600)]), ..Default::default() };
        let feedback = depart(&background, &reports, &settings).unwrap();
        assert_eq!(feedback.departures.len(), cases.len());
        for (departure, (_, reason)) in feedback.departures.iter().zip(&cases) {
            assert_eq!(departure.reason, *reason, "{departure:?}");
        }
        for station in [7, 9] {
            assert!(
                feedback.departures[station].innovation().abs() < 50.0,
                "{:?}",
                feedback.departures[station]
            );
        }
        assert_eq!(feedback.rejections().total(), 11);
        assert_eq!(feedback.rejections().of(Reason::OutsideDomain), 2);
    }
    let mut without = backgrounds()[0].clone();
    without.surface_pressure = None;
    let error = depart(&without, &[], &DepartureSettings::default()).unwrap_err();
    assert!(
        matches!(error, Error::Metadata { .. }) && error.to_string().contains("surface pressure"),
        "{error}"
    );
}

/// Stations above a ground that is not theirs: lapse rate and logarithmic profile from the lowest level above it, which is 97,000 Pa, not the one below.
#[test]
fn stations_are_compared_with_the_air_near_the_ground() {
    let pressures = vec![1_000.0, 10_000.0, 30_000.0, 60_000.0, 85_000.0, 97_000.0, 98_950.0, 100_000.0];
    let background = background(StateLevels::Pressure(pressures));
    let (latitude, longitude, elevation) = (3.0, 33.0, 150.0);
    let at = |quantity| linear_field(quantity, latitude, longitude, 97_000.0);
    let values = [
        (Quantity::Temperature, 280.0),
        (Quantity::DewPoint, 270.0),
        (Quantity::WindSpeed, 5.0),
        (Quantity::WindDirection, 270.0),
    ];
    let station = |kind, elevation| Report {
        kind,
        elevation,
        ..report(latitude, longitude, vec![level(Vertical::Station, &values)])
    };
    let reports = [station(Kind::SurfaceLand, Some(elevation)), station(Kind::SurfaceSea, None)];
    let feedback = depart(&background, &reports, &DepartureSettings::default()).unwrap();
    assert_eq!(feedback.departures.len(), 8);
    // R_d T/g ln(p_s/p_L), of dry air.
    let above = 287.04 * at(Quantity::Temperature) / 9.80665 * (SURFACE_PRESSURE / 97_000.0_f64).ln();
    for (report, ground, roughness, errors) in
        [(0, elevation, 0.1_f64, [2.5, 3.5]), (1, 0.0, 2e-4, [2.5, 2.5])]
    {
        let found = |quantity| {
            let of = |d: &&terrella_io::observations::Departure| d.report == report && d.quantity == quantity;
            feedback.departures.iter().find(of).unwrap()
        };
        let share = (10.0 / roughness).ln() / (above / roughness).ln();
        let expected = [
            (
                Quantity::Temperature,
                at(Quantity::Temperature) + 0.0065 * (above - 2.0 - (ground - GROUND)),
                errors[0],
            ),
            (Quantity::EastwardWind, share * at(Quantity::EastwardWind), errors[1]),
            (Quantity::NorthwardWind, share * at(Quantity::NorthwardWind), errors[1]),
        ];
        for (quantity, equivalent, error) in expected {
            let own = found(quantity);
            assert_eq!((own.reason, own.error), (None, error), "{own:?}");
            // Gas constants of dry air differ in the fourth digit.
            assert!((own.equivalent - equivalent).abs() < 2e-3, "{own:?} {equivalent}");
            assert!(own.pressure.is_nan());
        }
        assert_eq!(found(Quantity::EastwardWind).observed, 5.0);
        let vapour = found(Quantity::SpecificHumidity);
        assert!((vapour.equivalent - at(Quantity::SpecificHumidity)).abs() < 1e-12, "{vapour:?}");
        // Bolton's vapour pressure at −3.15 °C, 4.85 hPa, in some 985 hPa.
        assert!(
            (vapour.observed - 0.622 * 485.0 / 98_500.0).abs() < 1e-4 && vapour.error > 0.0,
            "{vapour:?}"
        );
    }
}

/// Heights of pressures and pressures of heights are inverse in hybrid layers.
#[test]
fn heights_place_winds_where_pressures_do() {
    let background = &backgrounds()[1];
    let by_pressure = report(
        3.0,
        33.0,
        vec![level(Vertical::Pressure(60_000.0), &[(Quantity::GeopotentialHeight, 4_000.0)])],
    );
    let height =
        depart(background, &[by_pressure], &DepartureSettings::default()).unwrap().departures[0].equivalent;
    assert!((3_500.0..4_500.0).contains(&height), "{height}");
    let wind = [(Quantity::EastwardWind, 0.0), (Quantity::NorthwardWind, 0.0)];
    let by_height = report(3.0, 33.0, vec![level(Vertical::Height(height), &wind)]);
    let found = depart(background, &[by_height], &DepartureSettings::default()).unwrap();
    // Layers are isothermal in the one and their temperatures linear in the other.
    assert!((found.departures[0].pressure / 60_000.0 - 1.0).abs() < 2e-4, "{:?}", found.departures[0]);
}

/// Radiosondes of other days than the forecast's: departures are those of weather, not small, and everything is accounted for.
#[test]
fn real_radiosondes_depart_from_a_real_forecast_and_come_back_from_their_file() {
    let Some(path) = data("04_observations/bufr/temp_dev80.bufr") else { return };
    let reports = read(path).unwrap().reports;
    let background = state(global_state(), &StateSelection::default()).unwrap();
    let feedback = depart(&background, &reports, &DepartureSettings::default()).unwrap();
    let used = feedback.departures.iter().filter(|departure| departure.is_used()).count();
    let rejections = feedback.rejections();
    assert_eq!(used + rejections.total(), feedback.departures.len());
    assert!(used > 45_000, "{used} {rejections:?}");
    let borders = [10e2, 70e2, 150e2, 250e2, 400e2, 600e2, 800e2, 1100e2];
    let statistics = feedback.statistics(&borders);
    for level in &statistics {
        println!(
            "{:20} {:5.0} {:5.0} hPa {:6} {:9.4} {:9.4}",
            level.quantity.name(),
            0.01 * level.above,
            0.01 * level.below,
            level.count,
            level.mean,
            level.root_mean_square
        );
        let largest = match level.quantity {
            Quantity::Temperature => 25.0,
            Quantity::EastwardWind | Quantity::NorthwardWind => 40.0,
            Quantity::GeopotentialHeight => 900.0,
            _ => 0.006,
        };
        assert!(level.root_mean_square < largest && level.count > 10, "{level:?}");
    }
    assert!(statistics.len() >= 30, "{}", statistics.len());
    // Temperatures at 400 to 600 hPa are within the weather.
    let middle = statistics.iter().find(|s| s.quantity == Quantity::Temperature && s.above == 400e2).unwrap();
    assert!(middle.mean.abs() < 2.5 && middle.root_mean_square > 1.0, "{middle:?}");

    let known = |quantity| {
        feedback.departures.iter().filter(move |d| d.quantity == quantity && d.error > 0.0).count()
    };
    assert!(known(Quantity::Temperature) > 13_000 && known(Quantity::SpecificHumidity) > 9_000);
    assert_eq!(known(Quantity::GeopotentialHeight), 0);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feedback.nc");
    write_feedback(&path, &feedback, &[("title", "departures")]).unwrap();
    let again = read_feedback(&path).unwrap();
    // As text, since NaN is unequal to itself.
    assert_eq!(format!("{again:?}"), format!("{feedback:?}"));

    let choice = Choice {
        quantity: Quantity::Temperature,
        kind: Some(Kind::Radiosonde),
        pressures: Some([400e2, 600e2]),
    };
    let map = departure_map(&feedback, &choice, Projection::Robinson { longitude: 0.0 });
    assert!(map.places.len() > 250, "{}", map.places.len());
    let profile = profile_chart(&statistics, Quantity::Temperature).unwrap();
    let histogram = histogram_chart(&feedback, &choice, 40).unwrap();
    let sounding = sounding_chart(&feedback, 0, Quantity::Temperature).unwrap();
    assert!(sounding_chart(&feedback, feedback.stations.len(), Quantity::Temperature).is_none());
    let page = Page {
        title: "Radiosondes".into(),
        subtitle: String::new(),
        columns: 1,
        panels: vec![&map, &sounding, &profile, &histogram],
        footer: String::new(),
    };
    let canvas = page.draw(800).unwrap();
    let picture = folder.path().join("departures.png");
    canvas.save(&picture).unwrap();
    if let Some(place) = std::env::var_os("TERRELLA_PICTURES") {
        std::fs::copy(&picture, std::path::Path::new(&place).join("departures.png")).unwrap();
    }
}

/// North American summer sondes against a winter's forecast: the season is what departs, and it must have its sign.
#[test]
fn summer_sondes_are_warmer_than_a_winter_forecast() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = crate::madis::unpacked(&folder, "2005082600_rawin.nc") else { return };
    let mut reports = read(path).unwrap().reports;
    reports.retain(|report| {
        (25.0..50.0).contains(&report.latitude) && (-125.0..-65.0).contains(&report.longitude)
    });
    let background = state(global_state(), &StateSelection::default()).unwrap();
    let feedback = depart(&background, &reports, &DepartureSettings::default()).unwrap();
    assert!(reports.len() > 60, "{}", reports.len());
    for level in feedback.statistics(&[200e2, 400e2, 600e2, 800e2, 950e2]) {
        println!(
            "{:20} {:5.0} hPa {:6} {:9.4} {:9.4}",
            level.quantity.name(),
            0.01 * level.above,
            level.count,
            level.mean,
            level.root_mean_square
        );
        if level.quantity == Quantity::Temperature && level.above >= 400e2 {
            assert!(level.mean > 5.0 && level.mean < 40.0, "{level:?}");
        }
        if level.quantity == Quantity::GeopotentialHeight {
            assert!(level.mean > 0.0 && level.mean < 600.0, "{level:?}");
        }
    }
    let placed = feedback.departures.iter().filter(|departure| departure.quantity == Quantity::EastwardWind);
    let known = placed.clone().filter(|departure| departure.pressure.is_finite()).count();
    // Significant levels of wind are known by their heights alone.
    assert_eq!(known, placed.count());
}
