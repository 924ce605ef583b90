//! Times of opening, decoding and encoding: `cargo run --release --example grib_speed -- FILE [REPEATS]`.

use std::time::Instant;

use terrella_io::encode::{GribEncoder, GribSettings, Identity};
use terrella_io::layout::Layout;
use terrella_io::read::{GribFile, Missing};
use terrella_io::{Level, Parameter};
use terrella_kernels::grid::Grid;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("the path of a GRIB file is needed")?;
    let repeats: u32 = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let milliseconds = |start: Instant, count: usize| start.elapsed().as_secs_f64() * 1e3 / count as f64;

    let start = Instant::now();
    let file = GribFile::open(&path)?;
    println!("open, first time: {:.1} ms", milliseconds(start, 1));
    let start = Instant::now();
    for _ in 0..repeats {
        GribFile::open(&path)?;
    }
    let fields = file.headers().len();
    println!("open: {:.3} ms per field ({fields} fields)", milliseconds(start, repeats as usize * fields));

    let start = Instant::now();
    let (mut decoded, mut refused, mut points) = (0, 0, 0);
    for header in file.headers() {
        match file.decode(header, Missing::Nan) {
            Ok(field) => {
                decoded += 1;
                points += field.values.len();
            }
            Err(error) => {
                refused += 1;
                println!("{error}");
            }
        }
    }
    println!(
        "decode: {:.3} ms per field of {} points ({decoded} fields, {refused} refused)",
        milliseconds(start, decoded.max(1)),
        points / decoded.max(1)
    );

    for name in ["r144x73", "F128", "O320"] {
        let layout = Layout::from(&name.parse::<Grid>()?);
        let values: Vec<f64> =
            layout.coordinates().map(|(east, north)| 20.0 * (0.05 * east).sin() + north).collect();
        let reference = file.headers()[0].reference;
        let (parameter, level) = (Parameter::EASTWARD_WIND, Level::Pressure(500.0));
        let identity = Identity { parameter, level, reference, valid: reference.plus_seconds(21_600) };
        let encoder = GribEncoder::new(&layout, &GribSettings::default())?;
        let start = Instant::now();
        let mut bytes = 0;
        for _ in 0..repeats {
            bytes = encoder.encode(&identity, &values)?.len();
        }
        println!(
            "encode {name}: {:.3} ms per field of {} points, {bytes} bytes",
            milliseconds(start, repeats as usize),
            layout.points()
        );
        let folder = std::env::temp_dir().join(format!("grib_speed-{}.grib2", std::process::id()));
        std::fs::write(&folder, encoder.encode(&identity, &values)?)?;
        let written = GribFile::open(&folder)?;
        let start = Instant::now();
        for _ in 0..repeats {
            written.decode(&written.headers()[0], Missing::Refuse)?;
        }
        println!("decode {name}: {:.3} ms per field", milliseconds(start, repeats as usize));
        if std::env::var_os("KEEP").is_none() {
            std::fs::remove_file(&folder)?;
        }
    }
    Ok(())
}
