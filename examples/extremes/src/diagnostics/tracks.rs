//! Tracks as a table (CSV) and for maps (GeoJSON, RFC 7946).

use std::fmt::Write;

use serde_json::{Value, json};
use terrella_io::Time;
use terrella_kernels::diagnostics::cyclones::{Cyclone, Track};

use super::hours;

const HEADER: &str = "track,time,hour,latitude,longitude,pressure_hpa,maximum_wind_m_s,warm_core\n";

/// One line per position, tracks numbered from 1.
pub(super) fn csv(tracks: &[&Track], reference: Time) -> String {
    let mut text = HEADER.to_owned();
    for (number, track) in tracks.iter().enumerate() {
        for point in &track.points {
            let Cyclone { latitude, longitude, pressure, maximum_wind, warm_core } = point.cyclone;
            let hour = point.time / 3600.0;
            // Writing into a string does not fail.
            let _ = writeln!(
                text,
                "{},{},{hour},{latitude:.3},{longitude:.3},{:.2},{},{}",
                number + 1,
                hours(reference, hour),
                pressure / 100.0,
                maximum_wind.map_or(String::new(), |wind| format!("{wind:.2}")),
                warm_core.map_or(String::new(), |warm| warm.to_string())
            );
        }
    }
    text
}

/// A feature per track: lines, cut where they cross 180°, with times, pressures and winds of their positions.
pub(super) fn geojson(tracks: &[&Track], reference: Time) -> String {
    let features: Vec<Value> =
        tracks.iter().enumerate().map(|(number, track)| feature(number, track, reference)).collect();
    let mut text =
        serde_json::to_string_pretty(&json!({ "type": "FeatureCollection", "features": features }))
            .expect("numbers and texts are valid JSON");
    text.push('\n');
    text
}

fn feature(number: usize, track: &Track, reference: Time) -> Value {
    let each = |value: &dyn Fn(&Cyclone) -> Value| -> Vec<Value> {
        track.points.iter().map(|point| value(&point.cyclone)).collect()
    };
    let rounded = |value: f64, scale: f64| json!((value * scale).round() / scale);
    let times: Vec<String> =
        track.points.iter().map(|point| hours(reference, point.time / 3600.0).to_string()).collect();
    json!({
        "type": "Feature",
        "geometry": { "type": "MultiLineString", "coordinates": pieces(track) },
        "properties": {
            "track": number + 1,
            "lowest_pressure_hpa": rounded(track.lowest_pressure() / 100.0, 100.0),
            "warm_positions": track.warm_positions(),
            "times": times,
            "pressures_hpa": each(&|cyclone| rounded(cyclone.pressure / 100.0, 100.0)),
            "maximum_winds_m_s": each(&|cyclone| cyclone.maximum_wind.map_or(Value::Null, |wind| rounded(wind, 100.0))),
            "warm_core": each(&|cyclone| json!(cyclone.warm_core)),
        },
    })
}

/// Longitudes −180 to 180, and latitudes. A piece has two positions at least.
fn pieces(track: &Track) -> Vec<Vec<[f64; 2]>> {
    let place = |cyclone: &Cyclone| {
        let east = if cyclone.longitude > 180.0 { cyclone.longitude - 360.0 } else { cyclone.longitude };
        [east, cyclone.latitude].map(|angle| (1000.0 * angle).round() / 1000.0)
    };
    let mut pieces: Vec<Vec<[f64; 2]>> = vec![vec![place(&track.points[0].cyclone)]];
    for pair in track.points.windows(2) {
        let (from, to) = (place(&pair[0].cyclone), place(&pair[1].cyclone));
        let way = to[0] - from[0];
        if way.abs() > 180.0 {
            let side = 180.0_f64.copysign(-way);
            let way = way - 360.0_f64.copysign(way);
            let share = if way == 0.0 { 0.5 } else { (side - from[0]) / way };
            let latitude = from[1] + share * (to[1] - from[1]);
            pieces.last_mut().expect("there is always one").push([side, latitude]);
            pieces.push(vec![[-side, latitude]]);
        }
        pieces.last_mut().expect("there is always one").push(to);
    }
    if track.points.len() == 1 {
        let only = pieces[0][0];
        pieces[0].push(only);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_kernels::diagnostics::cyclones::TrackPoint;

    fn track(places: &[(f64, f64)]) -> Track {
        let point = |(number, &(longitude, latitude)): (usize, &(f64, f64))| TrackPoint {
            time: 21_600.0 * number as f64,
            cyclone: Cyclone {
                latitude,
                longitude,
                pressure: 98_765.4,
                maximum_wind: (number > 0).then_some(21.25),
                warm_core: Some(number == 1),
            },
        };
        Track { points: places.iter().enumerate().map(point).collect() }
    }

    #[test]
    fn a_track_over_the_date_line_is_cut_there() {
        let crossing = track(&[(178.0, 10.0), (182.0, 14.0), (179.0, 12.5)]);
        let expected = vec![
            vec![[178.0, 10.0], [180.0, 12.0]],
            vec![[-180.0, 12.0], [-178.0, 14.0], [-180.0, 13.0]],
            vec![[180.0, 13.0], [179.0, 12.5]],
        ];
        assert_eq!(pieces(&crossing), expected);
        let document: Value =
            serde_json::from_str(&geojson(&[&crossing], "2011-01-15T12".parse().unwrap())).unwrap();
        let properties = &document["features"][0]["properties"];
        assert_eq!(properties["times"][2], "2011-01-16T00:00:00Z");
        assert_eq!(properties["maximum_winds_m_s"][0], Value::Null);
        assert_eq!(
            (properties["lowest_pressure_hpa"].as_f64(), properties["warm_positions"].as_u64()),
            (Some(987.65), Some(1))
        );
    }

    #[test]
    fn the_table_has_a_line_per_position() {
        let one = track(&[(340.0, 50.0), (345.0, 51.5)]);
        let text = csv(&[&one, &one], "2011-01-15T12".parse().unwrap());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[1], "1,2011-01-15T12:00:00Z,0,50.000,340.000,987.65,,false");
        assert_eq!(lines[4], "2,2011-01-15T18:00:00Z,6,51.500,345.000,987.65,21.25,true");
    }
}
