//! Reading of real GRIB files: values, grids, times, and what is said about bad input.

use std::path::Path;

use terrella_io::layout::Family;
use terrella_io::read::{GribFile, Missing, Selection};
use terrella_io::{Error, Time};

use crate::common::{data, global_state};

/// Expected statistics are those of ecCodes' grib_ls and grib_get (-p average,min,max / -l).
#[test]
fn global_state_has_the_values_that_grib_get_tells() {
    let file = GribFile::open(global_state()).unwrap();
    assert_eq!(file.headers().len(), 343);
    let wind = file.field(&Selection::parameter("u").pressure(500.0)).unwrap();
    assert_eq!(wind.layout.name().as_deref(), Some("r144x73"));
    assert_eq!(wind.header.reference, "2011-01-10T12".parse::<Time>().unwrap());
    assert_eq!(wind.header.valid, "2011-01-15T12".parse::<Time>().unwrap());
    assert_eq!(wind.header.step(), 120.0);
    assert_eq!(wind.header.units, "m s**-1");
    // grib_get -w shortName=u,level=500,typeOfLevel=isobaricInhPa -l 40,250,1
    let point = wind.layout.coordinates().position(|place| place == (250.0, 40.0)).unwrap();
    assert_eq!(point, 20 * 144 + 100);
    assert!((wind.values[point] - U_500_AT_40N_250E).abs() < 1e-9, "{}", wind.values[point]);
    let height = file.geopotential_height(&Selection::parameter("gh").pressure(500.0)).unwrap();
    let mean = height.values.iter().sum::<f64>() / height.values.len() as f64;
    assert!((mean - GH_500_AVERAGE).abs() < 1e-3, "{mean}");
    let again = file.field(&Selection::parameter("131").pressure(500.0).step(120.0)).unwrap();
    assert_eq!(again.values, wind.values);
}

const U_500_AT_40N_250E: f64 = 18.17;
const GH_500_AVERAGE: f64 = 5_509.436_198_630_1;

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let file = GribFile::open(global_state()).unwrap();
    let text = |selection: Selection| match file.field(&selection) {
        Err(error @ Error::NotFound { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let level = text(Selection::parameter("u").pressure(123.0));
    assert!(level.contains("no 'u' at 123 hPa; the file has it at 1000, 975, 950, 925, 900, 850"), "{level}");
    let parameter = text(Selection::parameter("vo").pressure(500.0));
    assert!(
        parameter.contains("no 'vo' at 500 hPa; the file has ") && parameter.contains(" gh,"),
        "{parameter}"
    );
    let step = text(Selection::parameter("u").pressure(500.0).step(6.0));
    assert!(step.contains("at step 6 h; the file has it at step 120 h"), "{step}");
    let error = file.geopotential_height(&Selection::parameter("gh").pressure(3.0)).unwrap_err().to_string();
    assert!(error.contains("'gh' at 3 hPa; the file has it at 1000"), "{error}");
}

#[test]
fn missing_foreign_cut_and_damaged_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let text = |path: &Path| GribFile::open(path).unwrap_err().to_string();
    let absent = text(&folder.path().join("absent.grib2"));
    assert!(absent.contains("absent.grib2") && absent.contains("opening"), "{absent}");
    let foreign = text(&write("map.png", b"\x89PNG\r\n\x1a\n0000"));
    assert!(foreign.contains("map.png' is not a GRIB file: it is a PNG picture"), "{foreign}");
    assert!(text(&write("empty.grib2", b"")).contains("it is empty"));
    assert!(text(folder.path()).contains("failed"));

    let whole = std::fs::read(global_state()).unwrap();
    let cut = text(&write("cut.grib2", &whole[..100_000]));
    assert!(cut.contains("cut.grib2': message ") && cut.contains("is truncated: "), "{cut}");
    // A section length that does not fit: told with the message's place.
    let mut bytes = whole[..whole.len()].to_vec();
    bytes[16] = 0x7f;
    let error = text(&write("damaged.grib2", &bytes));
    assert!(error.contains("message 1 at byte 0 is damaged"), "{error}");
}

/// Random damage inside messages must end in an error or in values, never in a crash of ecCodes.
#[test]
fn damaged_bytes_never_bring_the_process_down() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(global_state()).unwrap();
    let first = &whole[..u64::from_be_bytes(whole[8..16].try_into().unwrap()) as usize];
    let path = folder.path().join("damaged.grib2");
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let (mut errors, mut values) = (0, 0);
    for _ in 0..300 {
        let mut bytes = first.to_vec();
        for _ in 0..2 {
            // xorshift64: the same damage at every run; headers end at about byte 200.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes[16 + (state >> 8) as usize % 180] = state as u8;
        }
        std::fs::write(&path, &bytes).unwrap();
        let outcome = GribFile::open(&path).and_then(|file| file.decode(&file.headers()[0], Missing::Nan));
        if outcome.is_ok() { values += 1 } else { errors += 1 }
    }
    println!("{errors} errors, {values} decoded");
    assert!(errors > 20 && values > 20);
}

#[test]
fn grids_and_scanning_modes_of_other_producers() {
    let Some(path) = data("09_grib_netcdf_io") else { return };
    let open = |name: &str| GribFile::open(path.join(name)).unwrap();
    let first = |name: &str| {
        let file = open(name);
        file.decode(&file.headers()[0], Missing::Nan)
    };
    let full = first("cfgrib/regular_gg_pl.grib").unwrap();
    assert_eq!((full.layout.family(), full.layout.is_global()), (Family::FullGaussian, true));
    let reduced = first("cfgrib/reduced_gg.grib").unwrap();
    assert_eq!(reduced.layout.family(), Family::ReducedGaussian);
    for name in ["earthkit/O32_global.grib1", "earthkit/O32_global.grib2"] {
        let octahedral = first(name).unwrap();
        assert_eq!(octahedral.layout.name().as_deref(), Some("O32"), "{name}");
        assert_eq!(octahedral.values.len(), 5248);
    }
    let spectral = open("cfgrib/spherical_harmonics.grib");
    let spectrum = spectral.decode_spectrum(&spectral.headers()[0]).unwrap();
    assert_eq!((spectrum.truncation, spectrum.coefficients.len()), (63, 64 * 65));
    let error = spectral.decode(&spectral.headers()[0], Missing::Nan).unwrap_err().to_string();
    assert!(error.contains("'sh'") && error.contains("spectrum"), "{error}");
    for (name, grid) in [
        ("pygrib/rotated_ll.grib1", "rotated_ll"),
        ("cfgrib/lambert_grid.grib", "lambert"),
        ("pygrib/reduced_latlon_surface.grib2", "reduced_ll"),
        ("earthkit/rotated_N32_subarea.grib", "reduced_rotated_gg"),
        ("earthkit/test_icon.grib", "unstructured_grid"),
    ] {
        match first(name) {
            Err(Error::UnsupportedGrid { grid: named, .. }) => assert_eq!(named, grid),
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// NCEP packs u and v as two fields of one message: the same values as from two messages.
#[test]
fn messages_with_several_fields_are_read() {
    let file = GribFile::open(global_state()).unwrap();
    let [u, v] = ["u", "v"].map(|name| file.find(&Selection::parameter(name).pressure(500.0)).unwrap());
    let [first, second] = [u, v].map(|header| file.message(header).unwrap());
    // Of the second, sections 4 to 7; section 4 is where the first three sections of both end.
    let section = |bytes: &[u8], number: u8| {
        let mut position = 16;
        while bytes[position + 4] != number {
            position += u32::from_be_bytes(bytes[position..position + 4].try_into().unwrap()) as usize;
        }
        position
    };
    let mut joined = first[..first.len() - 4].to_vec();
    joined.extend(&second[section(&second, 4)..]);
    let length = joined.len() as u64;
    joined[8..16].copy_from_slice(&length.to_be_bytes());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wind.grib2");
    std::fs::write(&path, &joined).unwrap();
    let both = GribFile::open(&path).unwrap();
    assert_eq!(both.headers().len(), 2);
    for name in ["u", "v"] {
        let wanted = Selection::parameter(name).pressure(500.0);
        assert_eq!(both.field(&wanted).unwrap().values, file.field(&wanted).unwrap().values);
    }
}

#[test]
fn geopotential_becomes_height() {
    let Some(path) = data("01_atmosphere/test4.grib") else { return };
    let file = GribFile::open(path).unwrap();
    let wanted = Selection::parameter("gh").pressure(500.0);
    let height = file.geopotential_height(&wanted).unwrap();
    let geopotential = file.field(&wanted.clone().of("z")).unwrap();
    assert_eq!((height.header.short_name.as_str(), height.header.units.as_str()), ("gh", "gpm"));
    for (height, geopotential) in height.values.iter().zip(&geopotential.values) {
        assert_eq!(*height, geopotential / 9.80665);
        assert!((4600.0..6100.0).contains(height));
    }
    let error = file.geopotential_height(&wanted.pressure(300.0)).unwrap_err().to_string();
    assert!(error.contains("no 'z' at 300 hPa; the file has it at 850, 500 hPa"), "{error}");
}
