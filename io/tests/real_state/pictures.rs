//! Maps and charts of the real state; the pictures stay in the folder that the test prints.

use std::path::PathBuf;

use terrella_io::picture::{
    Canvas, Chart, Colour, ColourMap, Contours, Map, MapTrack, Page, Projection, Series, Shading, TrackedMap,
    Wind, common_levels, save_animation,
};
use terrella_io::read::{Field, GribFile, Selection};

use crate::common::global_state;

fn save(canvas: &Canvas, name: &str) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    canvas.save(&path).unwrap();
    println!("{}", path.display());
    let mut reader =
        png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&path).unwrap())).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert_eq!((reader.info().width, reader.info().height), (canvas.width(), canvas.height()));
    let (column, row) = (canvas.width() / 2, canvas.height() / 2);
    let start = 3 * (row * canvas.width() + column) as usize;
    assert_eq!(pixels[start..start + 3], canvas.pixel(column, row));
}

struct State {
    u: Field,
    v: Field,
    height: Field,
    speed: Vec<f64>,
}

fn state() -> State {
    let file = GribFile::open(global_state()).unwrap();
    let [u, v] = ["u", "v"].map(|name| file.field(&Selection::parameter(name).pressure(500.0)).unwrap());
    let mut height = file.geopotential_height(&Selection::parameter("gh").pressure(500.0)).unwrap();
    // Decametres, as forecasters write them.
    for value in &mut height.values {
        *value /= 10.0;
    }
    let speed = u.values.iter().zip(&v.values).map(|(u, v)| u.hypot(*v)).collect();
    State { u, v, height, speed }
}

fn levels(low: i32, high: i32, step: i32) -> Vec<f64> {
    (low..=high).step_by(step as usize).map(f64::from).collect()
}

fn map<'a>(state: &'a State, projection: Projection, title: &str) -> Map<'a> {
    Map {
        title: title.into(),
        subtitle: "GFS, 2.5° · started 2011-01-10 12 UTC · valid 2011-01-15 12 UTC (+120 h)".into(),
        projection,
        shading: Some(Shading {
            layout: &state.u.layout,
            values: &state.speed,
            levels: levels(10, 70, 5),
            colours: ColourMap::Wind,
            smooth: false,
            label: "Wind speed (m s⁻¹)".into(),
        }),
        contours: vec![Contours {
            layout: &state.height.layout,
            values: &state.height.values,
            levels: levels(480, 600, 8),
            colour: Colour::opaque(20, 30, 90),
            width: 1.3,
            numbers: true,
            bold_every: 0,
            dash_negative: false,
            extremes: true,
        }],
        wind: None,
    }
}

#[test]
fn a_global_map() {
    let state = state();
    let map = map(&state, Projection::Robinson { longitude: 0.0 }, "500 hPa: height (dam) and wind speed");
    let start = std::time::Instant::now();
    let canvas = map.picture(1600).unwrap();
    println!("{:?} to draw", start.elapsed());
    save(&canvas, "robinson.png");
    // Outside the globe the sheet stays white; inside it there are colours, lines and letters.
    assert_eq!(canvas.pixel(20, 400), [255, 255, 255]);
    let dark = (0..canvas.height()).flat_map(|y| (0..1600).map(move |x| (x, y)));
    let dark = dark.filter(|&(x, y)| canvas.pixel(x, y).iter().all(|&part| part < 90)).count();
    assert!((10_000..150_000).contains(&dark), "{dark}");
}

#[test]
fn other_projections_and_smooth_colours() {
    let state = state();
    let region = Projection::Region { west: -60.0, east: 45.0, south: 25.0, north: 75.0 };
    let mut atlantic = map(&state, region, "500 hPa: height (dam) and wind");
    atlantic.wind = Some(Wind {
        layout: &state.u.layout,
        eastward: &state.u.values,
        northward: &state.v.values,
        reference: 40.0,
    });
    save(&atlantic.picture(1600).unwrap(), "region.png");
    let mut globe = map(
        &state,
        Projection::Orthographic { longitude: -60.0, latitude: 45.0 },
        "The globe from above North America",
    );
    globe.shading = Some(Shading {
        layout: &state.height.layout,
        values: &state.height.values,
        levels: levels(480, 600, 8),
        colours: ColourMap::Height,
        smooth: true,
        label: "Height (dam)".into(),
    });
    save(&globe.picture(1200).unwrap(), "orthographic.png");
    let plate = map(&state, Projection::PlateCarree { longitude: 180.0 }, "Pacific in the middle");
    save(&plate.picture(1600).unwrap(), "plate.png");
}

#[test]
fn a_page_of_several_panels() {
    let state = state();
    let mut first = map(&state, Projection::Robinson { longitude: 0.0 }, "Analysis");
    first.subtitle = "2011-01-15 12 UTC".into();
    let mut second = first.clone();
    second.title = "Forecast + 120 h".into();
    let mean = state.height.values.iter().sum::<f64>() / state.height.values.len() as f64;
    let difference: Vec<f64> = state.v.values.clone();
    second.shading = Some(Shading {
        layout: &state.v.layout,
        values: &difference,
        levels: levels(-40, 40, 10),
        colours: ColourMap::Difference,
        smooth: false,
        label: format!("m s⁻¹ ({mean:.0})"),
    });
    let page = Page {
        title: "500 hPa height and wind".into(),
        subtitle: "Equivalent-barotropic model, T170".into(),
        columns: 2,
        panels: vec![&first, &second],
        footer: "Terrella · data: NOAA/NCEP GFS".into(),
    };
    save(&page.draw(1800).unwrap(), "page.png");
}

#[test]
fn a_chart() {
    let hours = || (0..=120).map(f64::from);
    let series = |name: &str, value: &dyn Fn(f64) -> f64| Series {
        name: name.into(),
        points: hours().map(|hour| (hour, value(hour))).collect(),
    };
    let chart = Chart {
        title: "Conserved quantities, relative change".into(),
        x_label: "Forecast time (h)".into(),
        y_label: "Change since the start (10⁻⁶)".into(),
        series: vec![
            series("Mass", &|_| 0.0),
            series("Energy", &|hour| -0.31 * hour / 24.0 + 0.05 * (hour / 3.0).sin()),
            series("Potential enstrophy", &|hour| -2.1 * (1.0 - (-hour / 60.0).exp())),
        ],
        x_step: Some(12.0),
        aspect: 0.5,
    };
    save(&chart.picture(1400).unwrap(), "chart.png");
    let empty = Chart { series: vec![Series { name: "x".into(), points: vec![(0.0, f64::NAN)] }], ..chart };
    assert!(empty.picture(800).err().unwrap().to_string().contains("without any finite value"));
}

#[test]
fn wrong_fields_are_told_by_name() {
    let state = state();
    let mut map = map(&state, Projection::Robinson { longitude: 0.0 }, "x");
    let short = &state.speed[1..];
    map.shading.as_mut().unwrap().values = short;
    let error = map.picture(400).err().unwrap().to_string();
    assert_eq!(error, "'Wind speed (m s⁻¹)': expected 10512 values, got 10511.");
    map.shading.as_mut().unwrap().levels = vec![2.0, 1.0];
    assert!(map.picture(400).err().unwrap().to_string().contains("rising numbers"));
}

#[test]
fn an_animation_decodes_to_the_pictures_that_it_was_made_of() {
    let state = state();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("animation.png");
    let shifted: Vec<Vec<f64>> = (0..3)
        .map(|time| state.speed.iter().map(|speed| speed * (1.0 + 0.2 * f64::from(time))).collect())
        .collect();
    let levels = common_levels(shifted.iter().map(Vec::as_slice), 8);
    let highest = shifted[2].iter().copied().fold(0.0, f64::max);
    assert!(levels[0] <= 0.5 && levels[levels.len() - 1] >= highest && levels.len() < 20);
    let draw = |time: u32| {
        let mut map = map(&state, Projection::Robinson { longitude: 0.0 }, "Wind speed");
        map.subtitle = format!("+{} h", 6 * time);
        let shading = map.shading.as_mut().unwrap();
        (shading.values, shading.levels) = (&shifted[time as usize], levels.clone());
        map.picture(500)
    };
    save_animation(&path, 3, 0.25, draw).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
    assert_eq!(reader.info().animation_control().unwrap().num_frames, 3);
    let mut sheet = vec![0; reader.output_buffer_size().unwrap()];
    for time in 0..3 {
        let mut frame = vec![0; sheet.len()];
        reader.next_frame(&mut frame).unwrap();
        let control = *reader.info().frame_control().unwrap();
        assert_eq!((control.delay_num, control.delay_den), (if time == 2 { 125 } else { 25 }, 100));
        assert_eq!(control.dispose_op, png::DisposeOp::None);
        let mut kept = 0;
        for (pixel, new) in sheet.chunks_exact_mut(4).zip(frame.chunks_exact(4)) {
            match new[3] {
                0 => kept += 1,
                255 => pixel.copy_from_slice(new),
                other => panic!("opacity {other}"),
            }
        }
        assert_eq!(kept > 0, time > 0, "{kept}");
        let expected = draw(time).unwrap();
        for (number, pixel) in sheet.chunks_exact(4).enumerate() {
            let (column, row) = (number as u32 % expected.width(), number as u32 / expected.width());
            assert_eq!(pixel[..3], expected.pixel(column, row), "picture {time}, column {column}, row {row}");
        }
    }

    // What cannot be leaves the file of before, and nothing beside it.
    let count = || std::fs::read_dir(&folder).unwrap().count();
    let files = count();
    let uneven =
        save_animation(&path, 2, 0.25, |time| Ok::<_, terrella_io::Error>(Canvas::new(10 + time, 10)));
    assert!(uneven.unwrap_err().to_string().contains("expected 10 × 10 pixels as the first"));
    assert!(save_animation(&path, 0, 0.25, draw).unwrap_err().to_string().contains("at least one picture"));
    assert!(save_animation(&path, 1, 0.0, draw).unwrap_err().to_string().contains("0.01 to 60"));
    assert_eq!((std::fs::read(&path).unwrap() == bytes, count()), (true, files));
    save_animation(folder.join("still.png"), 1, 1.0, draw).unwrap();
}

#[test]
fn tracks_lie_where_their_places_are() {
    let state = state();
    let mut map = map(&state, Projection::PlateCarree { longitude: 0.0 }, "");
    (map.shading, map.contours, map.subtitle) = (None, Vec::new(), String::new());
    let red = Colour::opaque(200, 0, 0);
    let track = MapTrack {
        places: vec![(-40.0, 10.0, true), (-60.0, 20.0, false)],
        colour: red,
        label: "950".into(),
    };
    let tracked = TrackedMap { map: map.clone(), tracks: vec![track] };
    let page = |panel: &dyn terrella_io::picture::Panel| {
        let panels = vec![panel];
        Page { title: String::new(), subtitle: String::new(), columns: 1, panels, footer: String::new() }
            .draw(1600)
            .unwrap()
    };
    let (with, without) = (page(&tracked), page(&map));
    save(&with, "tracks.png");
    let changed: Vec<(u32, u32)> = (0..with.height())
        .flat_map(|row| (0..with.width()).map(move |column| (column, row)))
        .filter(|&(column, row)| with.pixel(column, row) != without.pixel(column, row))
        .collect();
    let red = |place: &&(u32, u32)| with.pixel(place.0, place.1) == [200, 0, 0];
    assert!(changed.iter().filter(red).count() > 100);
    // 20° of longitude are about 85 pixels, the label as much again; all of it lies left of the middle, above it.
    assert!(
        changed.iter().all(|&(column, row)| column < 760 && row < with.height() / 2),
        "{:?}",
        changed.last()
    );
}
