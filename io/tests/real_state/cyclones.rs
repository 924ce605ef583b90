//! Cyclones of the real state: those that the list of its points below all their neighbours has, checked by hand.

use terrella_io::read::{GribFile, Selection};
use terrella_kernels::diagnostics::cyclones::{
    Cyclone, CycloneFields, Detector, DetectorSettings, great_circle_angle,
};
use terrella_kernels::grid::Grid;

use crate::common::global_state;

/// Pressure (hPa), latitude, longitude of all points below their eight neighbours and below 988 hPa from where every way
/// out of 5.5° passes a point 2 hPa higher, deepest first; of two nearer than 6° the deeper. From a listing with ecCodes'
/// grib_get_data and a search for the lowest pass by Dijkstra's algorithm, another method than the one tested.
const MINIMA: [(f64, f64, f64); 11] = [
    (964.74, -60.0, 192.5),
    (966.36, 65.0, 350.0),
    (969.07, -70.0, 190.0),
    (969.43, -50.0, 12.5),
    (974.41, -57.5, 87.5),
    (976.08, -65.0, 310.0),
    (976.10, 40.0, 200.0),
    (977.66, -62.5, 290.0),
    (983.10, -25.0, 170.0),
    (985.43, -52.5, 217.5),
    (987.22, 45.0, 165.0),
];

fn detect() -> Vec<Cyclone> {
    let file = GribFile::open(global_state()).unwrap();
    let grid: Grid = "r144x73".parse().unwrap();
    let field = |selection: Selection| file.field(&selection).unwrap().values;
    let height = |pressure: f64| field(Selection::parameter("gh").pressure(pressure));
    let thickness: Vec<f64> =
        height(300.0).iter().zip(height(500.0)).map(|(upper, lower)| 9.80665 * (upper - lower)).collect();
    let (u, v) = (field(Selection::parameter("10u")), field(Selection::parameter("10v")));
    let wind: Vec<f64> = u.iter().zip(v).map(|(u, v)| u.hypot(v)).collect();
    let fields = CycloneFields {
        sea_level_pressure: &field(Selection::parameter("prmsl")),
        thickness: Some(&thickness),
        wind_speed: Some(&wind),
        ground: Some(&field(Selection::parameter("orog"))),
    };
    Detector::new(&grid, DetectorSettings::default()).unwrap().detect(&fields).unwrap()
}

#[test]
fn the_deepest_lows_are_found() {
    let found = detect();
    for cyclone in &found {
        println!(
            "{:7.2} hPa  {:6.2}°N {:6.2}°E  wind {:4.1} m/s  warm core {:?}",
            cyclone.pressure / 100.0,
            cyclone.latitude,
            cyclone.longitude,
            cyclone.maximum_wind.unwrap(),
            cyclone.warm_core.unwrap()
        );
    }
    for (pressure, latitude, longitude) in MINIMA {
        let near = |cyclone: &&Cyclone| {
            great_circle_angle((cyclone.latitude, cyclone.longitude), (latitude, longitude)) < 2.5
        };
        let cyclone = found.iter().find(near);
        let cyclone = cyclone.unwrap_or_else(|| panic!("{pressure} hPa at {latitude}, {longitude}"));
        // The fit goes below the lowest grid point, by less than a low of this size can hide between points.
        let below = pressure - cyclone.pressure / 100.0;
        assert!((-0.01..4.0).contains(&below), "{cyclone:?} {pressure}");
    }
    let deep = found.iter().filter(|cyclone| cyclone.pressure < 98_750.0).count();
    assert_eq!(deep, MINIMA.len());
    assert!((20..60).contains(&found.len()), "{}", found.len());
    for (number, one) in found.iter().enumerate() {
        assert!(one.pressure < 101_500.0 && (4.0..45.0).contains(&one.maximum_wind.unwrap()), "{one:?}");
        for other in &found[..number] {
            let apart = great_circle_angle((one.latitude, one.longitude), (other.latitude, other.longitude));
            // Their grid points are 6° apart; each moves by less than a row.
            assert!(apart > 1.0, "{one:?} {other:?}");
        }
    }
}

/// Tropical cyclone Zelia was near Norfolk Island on 15 January 2011; in this forecast of it at 25°S, 170°E.
#[test]
fn a_tropical_cyclone_has_a_warm_core_and_the_icelandic_low_has_not() {
    let found = detect();
    let nearest = |place: (f64, f64)| {
        let angle = |cyclone: &Cyclone| great_circle_angle((cyclone.latitude, cyclone.longitude), place);
        *found.iter().min_by(|one, other| angle(one).total_cmp(&angle(other))).unwrap()
    };
    assert_eq!(nearest((-25.0, 170.0)).warm_core, Some(true));
    assert_eq!(nearest((65.0, 350.0)).warm_core, Some(false));
    let tropics = found.iter().filter(|cyclone| cyclone.warm_core == Some(true));
    assert!(tropics.clone().count() < found.len() / 2);
}
