//! GRIB: messages found in a file, split into fields, and their counts checked, which is all that comes before ecCodes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terrella_io::encode::{Grib2Encoder, GribSettings, Identity};
use terrella_io::layout::{Layout, gaussian_latitudes};
use terrella_io::read::Missing;
use terrella_io::{Level, Parameter, Time};

/// Messages of our own packing, and Debian's examples of others (package python-grib-doc), where they are small.
fn seeds() -> Vec<Vec<u8>> {
    let identity = Identity {
        parameter: Parameter::EASTWARD_WIND,
        level: Level::Pressure(500.0),
        reference: Time::EPOCH,
        valid: Time::EPOCH.plus_seconds(3600),
    };
    let layouts = [
        Layout::global_lat_lon(4, 3),
        Layout::gaussian(&gaussian_latitudes(4), &[20, 24, 28, 32, 32, 28, 24, 20]),
    ];
    let mut seeds = Vec::new();
    for layout in layouts {
        let encoder =
            Grib2Encoder::new(&layout, &GribSettings { missing: Missing::Nan, ..GribSettings::default() })
                .expect("an encoder");
        let mut values: Vec<f64> = (0..layout.points()).map(|point| point as f64).collect();
        for missing in [false, true] {
            if missing {
                values[1] = f64::NAN;
            }
            seeds.push(encoder.encode(&identity, &values).expect("a message"));
        }
    }
    seeds.push(seeds.concat());
    let examples = std::fs::read_dir("/usr/share/doc/python-grib-doc/examples");
    for entry in examples.into_iter().flatten().flatten() {
        if let Ok(bytes) = std::fs::read(entry.path())
            && bytes.len() < 100_000
        {
            seeds.push(bytes);
        }
    }
    seeds
}

fuzz_target!(
    init: terrella_fuzz::seed("grib", seeds().iter().map(Vec::as_slice)),
    |bytes: &[u8]| terrella_io::read::fuzzing::messages(&terrella_fuzz::file(bytes))
);
