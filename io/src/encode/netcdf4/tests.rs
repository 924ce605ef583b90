//! Files read back through libhdf5: values, raw chunks, growth, writers killed in mid-step.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use terrella_kernels::Precision;

use super::rounding::Round;
use super::{Compression, Netcdf4File};
use crate::encode::NamedVariable;
use crate::encode::netcdf::{COMPLETE, FILL, Variable};
use crate::hdf5::{self, Access, File};
use crate::layout::{Layout, gaussian_latitudes};
use crate::{Parameter, Time};

fn has_hdf5() -> bool {
    let Err(error) = hdf5::version() else { return true };
    let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|name| name.trim() == "hdf5"), "hdf5 is required, but {error}");
    println!("not run: {error}");
    false
}

fn reference() -> Time {
    "2011-01-15T12".parse().unwrap()
}

fn variables() -> Vec<NamedVariable> {
    let variable = |parameter, precision, pressures: &[f64]| {
        NamedVariable::from(&Variable { parameter, precision, pressures: pressures.to_vec() })
    };
    vec![
        variable(Parameter::TEMPERATURE, Precision::F32, &[850.0, 500.0, 250.0]),
        variable(Parameter::SURFACE_PRESSURE, Precision::F64, &[]),
    ]
}

/// A smooth field that differs from step to step, with a missing value.
fn values(step: u64, count: usize) -> Vec<f64> {
    let value = |point: usize| 280.0 + step as f64 + 30.0 * (point as f64 * 0.01).sin();
    let mut values: Vec<f64> = (0..count).map(value).collect();
    values[1] = f64::NAN;
    values
}

fn append(file: &mut Netcdf4File, step: u64) {
    let points = file.store.points();
    let time = reference().plus_seconds(step as i64 * 3600);
    file.append(time, &[&values(step, 3 * points), &values(step, points)]).unwrap();
}

/// Compares the first `steps` steps with what was written.
fn check(file: &File, layout: &Layout, steps: u64, bits: Option<u32>) {
    let (points, count) = (layout.points(), steps as usize);
    let horizontal = match layout.is_rectangular() {
        true => vec![layout.rings().len() as u64, layout.rings()[0].points as u64],
        false => vec![points as u64],
    };
    let counts = |levels: &[u64]| [&[steps], levels, &horizontal[..]].concat();
    let read = |name: &str, counts: &[u64]| -> Vec<f64> {
        let dataset = file.dataset(name).unwrap().unwrap();
        file.read(dataset, &vec![0; counts.len()], counts).unwrap()
    };
    let (temperature, pressure) = (read("t", &counts(&[3])), read("sp", &counts(&[])));
    assert_eq!((temperature.len(), pressure.len()), (count * 3 * points, count * points));
    for step in 0..count {
        for (point, value) in values(step as u64, 3 * points).into_iter().enumerate() {
            let expected = if point == 1 { FILL } else { (value as f32).round_mantissa(bits.unwrap_or(23)) };
            assert_eq!(temperature[step * 3 * points + point], f64::from(expected));
        }
        for (point, value) in values(step as u64, points).into_iter().enumerate() {
            let expected =
                if point == 1 { f64::from(FILL) } else { value.round_mantissa(bits.unwrap_or(52)) };
            assert_eq!(pressure[step * points + point], expected);
        }
    }
    let times = read("time", &[steps]);
    assert_eq!(times, (0..count).map(|step| step as f64).collect::<Vec<_>>());
}

const COMPRESSIONS: [Compression; 4] = [
    Compression::None,
    Compression::Deflate { level: 1 },
    Compression::Zstd { level: 1, mantissa_bits: None },
    Compression::Zstd { level: 3, mantissa_bits: Some(9) },
];

#[test]
fn values_come_back_from_every_layout_and_compression() {
    if !has_hdf5() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let reduced = Layout::gaussian(&gaussian_latitudes(2), &[20, 24, 24, 20]);
    for layout in [Layout::global_lat_lon(36, 19), reduced] {
        for compression in COMPRESSIONS {
            let path = folder.path().join("forecast.nc");
            let mut file =
                Netcdf4File::create(&path, &layout, reference(), &variables(), &[], compression).unwrap();
            (0..3).for_each(|step| append(&mut file, step));
            file.finish().unwrap();
            let read = File::open(&path, Access::Read).unwrap();
            check(&read, &layout, 3, compression.mantissa_bits());
            assert_eq!(read.text(None, "run_status").unwrap().as_deref(), Some("complete"));
            drop(read);
            // A second run goes on where the first ended.
            let again = Netcdf4File::append_to(&path, &layout, reference(), &variables(), compression);
            let mut file = again.unwrap();
            assert_eq!((file.steps(), file.last()), (3, Some(reference().plus_seconds(7200))));
            let early =
                file.append(reference(), &[&values(0, 3 * layout.points()), &values(0, layout.points())]);
            assert!(early.unwrap_err().to_string().contains("expected a time after"));
            append(&mut file, 3);
            drop(file);
            let read = File::open(&path, Access::Read).unwrap();
            check(&read, &layout, 4, compression.mantissa_bits());
            assert_eq!(read.text(None, "run_status").unwrap().as_deref(), Some("running "));
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing but the file is left");
}

/// What a reader with the plugin sees: a zstd frame of shuffled bytes, without our own filter.
#[test]
fn raw_chunks_are_zstd_frames_of_shuffled_bytes() {
    if !has_hdf5() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forecast.nc");
    let layout = Layout::global_lat_lon(36, 19);
    let sizes = COMPRESSIONS.map(|compression| {
        let mut file =
            Netcdf4File::create(&path, &layout, reference(), &variables(), &[], compression).unwrap();
        append(&mut file, 0);
        append(&mut file, 1);
        let read = File::open(&path, Access::ReadWhileWritten).unwrap();
        let dataset = read.dataset("t").unwrap().unwrap();
        let (_, chunk) = read.read_chunk(dataset, &[1, 2, 0, 0]).unwrap().unwrap();
        if let Compression::Zstd { mantissa_bits, .. } = compression {
            let plain = zstd::bulk::decompress(&chunk, 4 * layout.points()).unwrap();
            let told = zstd::zstd_safe::get_frame_content_size(&chunk).ok().flatten();
            assert_eq!(told, Some(plain.len() as u64));
            let expected = values(1, 3 * layout.points());
            for point in 0..layout.points() {
                let bytes = [0, 1, 2, 3].map(|rank| plain[rank * layout.points() + point]);
                let value = expected[2 * layout.points() + point] as f32;
                assert_eq!(f32::from_le_bytes(bytes), value.round_mantissa(mantissa_bits.unwrap_or(23)));
            }
        }
        chunk.len()
    });
    assert_eq!(sizes[0], 4 * layout.points());
    assert!(sizes[1] < sizes[0] && sizes[2] < sizes[0], "{sizes:?}");
    assert!(2 * sizes[3] < sizes[2], "rounding makes room: {sizes:?}");
}

#[test]
fn files_that_are_others_are_refused_by_name_and_not_changed() {
    if !has_hdf5() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forecast.nc");
    let layout = Layout::global_lat_lon(36, 19);
    let none = Compression::None;
    let mut file = Netcdf4File::create(&path, &layout, reference(), &variables(), &[], none).unwrap();
    (0..3).for_each(|step| append(&mut file, step));
    drop(file);
    let whole = std::fs::read(&path).unwrap();
    let refused = |layout: &Layout, reference: Time, variables: &[NamedVariable], compression| {
        let before = std::fs::read(&path).unwrap();
        let error = Netcdf4File::append_to(&path, layout, reference, variables, compression).unwrap_err();
        assert!(std::fs::read(&path).unwrap() == before, "changed by: {error}");
        let text = error.to_string();
        assert!(text.contains("forecast.nc"), "{text}");
        text
    };
    let mut others = variables();
    others[1].naming.units = "hPa".into();
    let text = refused(&layout, reference(), &others, none);
    assert!(text.contains("'sp' has 'units' 'Pa', expected 'hPa'"), "{text}");
    others[1].naming.name = "wind".into();
    assert!(refused(&layout, reference(), &others, none).contains("no variable 'wind'"));
    let text = refused(&layout, reference().plus_seconds(3600), &variables(), none);
    assert!(text.contains("hours since 2011-01-15 13:00:00"), "{text}");
    let text = refused(&layout, reference(), &variables(), Compression::Deflate { level: 1 });
    assert!(text.contains("filters: [] }, expected") && text.contains("filters: [2, 1]"), "{text}");
    let shifted = Layout::lat_lon(&gaussian_latitudes(10)[..19], 0.0, 10.0, 36);
    assert!(refused(&shifted, reference(), &variables(), none).contains("'lat' has 90 at position 0"));
    assert!(
        refused(&Layout::global_lat_lon(18, 10), reference(), &variables(), none).contains("lengths: [10]")
    );
    // What is no such file at all, and cut ones.
    for (bytes, reason) in [
        (&b""[..], "too short"),
        (&[b'x'; 100], "no HDF5 file"),
        (b"\x89HDF\r\n\x1a\n\0 and so on", "version 0"),
        (&whole[..20], "HDF5"),
        (&whole[..whole.len() / 3], "HDF5"),
        (&whole[..600], "HDF5"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let text = refused(&layout, reference(), &variables(), none);
        assert!(text.contains(reason), "{text}");
    }
    std::fs::write(&path, &whole).unwrap();
    let mut file = Netcdf4File::append_to(&path, &layout, reference(), &variables(), none).unwrap();
    append(&mut file, 3);
}

/// The format's metadata have checksums: no flipped byte makes anything but an error or a file as before.
#[test]
fn flipped_bytes_are_an_error_at_most() {
    if !has_hdf5() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forecast.nc");
    let layout = Layout::global_lat_lon(8, 5);
    let compression = Compression::Zstd { level: 1, mantissa_bits: Some(9) };
    let mut file = Netcdf4File::create(&path, &layout, reference(), &variables(), &[], compression).unwrap();
    (0..3).for_each(|step| append(&mut file, step));
    drop(file);
    let whole = std::fs::read(&path).unwrap();
    let (mut refused, mut taken) = (0, 0);
    for position in (0..whole.len()).step_by(61) {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x55;
        let damaged = folder.path().join(format!("damaged-{position}.nc"));
        std::fs::write(&damaged, &bytes).unwrap();
        match Netcdf4File::append_to(&damaged, &layout, reference(), &variables(), compression) {
            Ok(file) => {
                assert!(file.steps() <= 3);
                taken += 1;
            }
            Err(error) => {
                assert!(error.to_string().contains("damaged-"), "{error}");
                refused += 1;
            }
        }
        std::fs::remove_file(&damaged).unwrap();
    }
    assert!(refused > 10 && taken > 10, "{refused} refused, {taken} taken");
}

const CHILD: &str = "TERRELLA_TEST_CHILD";

/// Appends for ever and says so after each step.
fn write_until_killed(path: &Path, layout: &Layout) {
    let compression = Compression::Zstd { level: 1, mantissa_bits: None };
    let again = Netcdf4File::append_to(path, layout, reference(), &variables(), compression);
    let mut file = again.unwrap();
    loop {
        let step = file.steps();
        append(&mut file, step);
        println!("step {}", file.steps());
    }
}

/// The moment in which a file is marked complete is no appending, and its mark another one.
#[test]
fn a_kill_while_the_file_is_marked_complete_loses_nothing() {
    if !has_hdf5() {
        return;
    }
    if let Some(path) = std::env::var_os(CHILD) {
        let file = File::open(Path::new(&path), Access::Write).unwrap();
        file.replace_text("run_status", COMPLETE).unwrap();
        std::process::abort();
    }
    let layout = Layout::global_lat_lon(36, 19);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forecast.nc");
    let none = Compression::None;
    let mut file = Netcdf4File::create(&path, &layout, reference(), &variables(), &[], none).unwrap();
    (0..2).for_each(|step| append(&mut file, step));
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "encode::netcdf4::tests::a_kill_while_the_file_is_marked_complete_loses_nothing"])
        .env(CHILD, &path)
        .status();
    assert!(!child.unwrap().success());
    File::open(&path, Access::Read).unwrap_err();
    let mut file = Netcdf4File::append_to(&path, &layout, reference(), &variables(), none).unwrap();
    append(&mut file, 2);
    file.finish().unwrap();
    check(&File::open(&path, Access::Read).unwrap(), &layout, 3, None);
}

/// A writer is killed at many instants, and readers look in while it writes.
#[test]
fn killed_writers_leave_their_finished_steps() {
    if !has_hdf5() {
        return;
    }
    let layout = Layout::global_lat_lon(36, 19);
    if let Some(path) = std::env::var_os(CHILD) {
        write_until_killed(Path::new(&path), &layout);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forecast.nc");
    let compression = Compression::Zstd { level: 1, mantissa_bits: None };
    drop(Netcdf4File::create(&path, &layout, reference(), &variables(), &[], compression).unwrap());
    let (mut before, mut looked) = (0, 0);
    for round in 0..20 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "encode::netcdf4::tests::killed_writers_leave_their_finished_steps",
                "--nocapture",
            ])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut next = || {
            lines
                .by_ref()
                .map(Result::unwrap)
                .find_map(|line| line.strip_prefix("step ")?.parse::<u64>().ok())
        };
        let mut finished = next().expect("a first step");
        // As one process would: open, look, close, and never hold the writer up.
        if let Ok(file) = File::open(&path, Access::ReadWhileWritten) {
            let time = file.dataset("time").unwrap().unwrap();
            let steps = file.contents(time).unwrap().shape.lengths[0];
            assert!(steps >= finished, "{steps} of {finished} steps are seen");
            // The last may be in the making.
            check(&file, &layout, steps.saturating_sub(1), None);
            looked += 1;
        }
        std::thread::sleep(std::time::Duration::from_micros(700 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        while let Some(step) = next() {
            finished = step;
        }
        let file = Netcdf4File::append_to(&path, &layout, reference(), &variables(), compression).unwrap();
        assert!(file.steps() == finished || file.steps() == finished + 1, "{} {finished}", file.steps());
        assert!(file.steps() > before);
        before = file.steps();
        let read = File::open(&path, Access::Read).unwrap();
        check(&read, &layout, file.steps(), None);
    }
    assert!(looked > 0, "a writer never let anybody look");
}
