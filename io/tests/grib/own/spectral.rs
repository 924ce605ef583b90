//! Spectra: our messages against those of ecCodes' tools from the same coefficients, and read back.

use std::path::Path;
use std::process::Command;

use terrella_io::encode::{SpectralEncoder, SpectralPacking, SpectralSettings};
use terrella_io::read::GribFile;
use terrella_io::sink::AtomicFile;
use terrella_kernels::spectral::Truncation;

use super::{identity, offset};
use crate::common::data;

/// A spectrum that falls off like n^−`slope`, without pattern else; the imaginary part of m = 0 is 0.
fn spectrum(truncation: Truncation, slope: f64) -> Vec<f64> {
    let mut state = 1_u64;
    let mut drawn = || {
        state = state * 48_271 % 2_147_483_647;
        state as f64 / 1_073_741_823.5 - 1.0
    };
    let mut values: Vec<f64> = truncation
        .wavenumbers()
        .flat_map(|(m, n)| {
            let size = 10.0 * f64::from(n as u32 + 1).powf(-slope);
            [size * drawn(), if m == 0 { 0.0 } else { size * drawn() }]
        })
        .collect();
    values[0] = 281.25;
    values
}

fn settings(bits_per_value: u32, packing: SpectralPacking) -> SpectralSettings {
    SpectralSettings { centre: Some("ecmf".into()), bits_per_value, packing }
}

fn encode(total: usize, settings: &SpectralSettings, values: &[f64]) -> Vec<u8> {
    SpectralEncoder::new(Truncation::new(total), settings).unwrap().encode(&identity(), values).unwrap()
}

/// Coefficients as ecCodes reads them, after its truncation is checked.
fn read(path: &Path) -> (usize, Vec<f64>) {
    let file = GribFile::open(path).unwrap();
    let spectrum = file.decode_spectrum(&file.headers()[0]).unwrap();
    assert_eq!(spectrum.header.grid_type, "sh");
    (spectrum.truncation, spectrum.coefficients)
}

fn read_back(message: &[u8]) -> (usize, Vec<f64>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spectrum.grib2");
    AtomicFile::write(&path, message).unwrap();
    read(&path)
}

/// The message that ecCodes packs anew from one of ours, with these keys; None, said aloud, without its tools.
fn repacked(message: &[u8], keys: &str) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let [ours, theirs] = ["ours.grib2", "theirs.grib2"].map(|name| folder.path().join(name));
    AtomicFile::write(&ours, message).unwrap();
    let output = Command::new("grib_set").args(["-r", "-s", keys]).args([&ours, &theirs]).output();
    let Ok(output) = output else {
        println!("not run: grib_set (Debian's package libeccodes-tools) is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(std::fs::read(&theirs).unwrap())
}

/// Largest difference of coefficients times (n (n + 1))^power.
fn error(total: usize, left: &[f64], right: &[f64], power: f64) -> f64 {
    let factor = |n: usize| f64::from((n * (n + 1)) as u32).powf(power);
    let pairs = left.chunks(2).zip(right.chunks(2)).zip(Truncation::new(total).wavenumbers());
    let errors = pairs.map(|((left, right), (_, n))| {
        factor(n) * (left[0] - right[0]).abs().max((left[1] - right[1]).abs())
    });
    errors.fold(0.0, f64::max)
}

/// Binary scale factor and power of the Laplacian that a message has.
fn step_and_power(message: &[u8]) -> (f64, f64) {
    let at = offset(message, 5);
    let signed = |from: usize, count: usize| {
        let octets =
            message[at + from..][..count].iter().fold(0_i64, |all, octet| all << 8 | i64::from(*octet));
        let sign = 1 << (8 * count - 1);
        if octets & sign == 0 { octets } else { -(octets ^ sign) }
    };
    (2_f64.powi(signed(15, 2) as i32), signed(20, 4) as f64 / 1e6)
}

/// Truncations, slopes and bits: with the fit, and with a power that is given.
#[test]
fn complex_packing_is_that_of_eccodes() {
    for (total, slope) in [(63, 1.5), (63, 4.0), (106, 2.5), (159, 0.3), (23, 2.0), (21, 2.0)] {
        let values = spectrum(Truncation::new(total), slope);
        // What single precision keeps of the first degrees is all that ecCodes gets to see of them.
        let fine = settings(32, SpectralPacking::Complex { kept: 20, laplacian: None });
        let (_, seen) = read_back(&encode(total, &fine, &values));
        for bits in [8, 12, 16, 20, 24] {
            let packing = SpectralPacking::Complex { kept: 20, laplacian: None };
            let ours = encode(total, &settings(bits, packing), &seen);
            let (truncation, back) = read_back(&ours);
            assert_eq!(truncation, total);
            let (step, power) = step_and_power(&ours);
            let rounding = 0.5 * step * (1.0 + 1e-9) + 1e-12;
            assert!(error(total, &back, &seen, power) <= rounding.max(1e-5), "T{total}, {bits} bits");
            let fine_again = encode(total, &fine, &seen);
            let Some(theirs) = repacked(&fine_again, &format!("bitsPerValue={bits}")) else { return };
            let (_, from) = read_back(&fine_again);
            let ours = encode(total, &settings(bits, packing), &from);
            assert_eq!(step_and_power(&ours), step_and_power(&theirs), "T{total}, {bits} bits");
            assert!(ours == theirs, "T{total}, slope {slope}, {bits} bits: other octets");
            let same = |message: &[u8]| read_back(message).1.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert!(same(&ours) == same(&theirs), "T{total}, {bits} bits: decoded to other bits");
        }
    }
}

#[test]
fn simple_packing_is_that_of_eccodes() {
    for total in [21, 63] {
        let values = spectrum(Truncation::new(total), 2.0);
        for bits in [8, 12, 16, 24] {
            let ours = encode(total, &settings(bits, SpectralPacking::Simple), &values);
            let (truncation, back) = read_back(&ours);
            assert_eq!(truncation, total);
            let step = step_and_power(&ours).0;
            assert!(error(total, &back, &values, 0.0) <= 0.5 * step * (1.0 + 1e-9), "T{total}, {bits} bits");
            let complex = encode(total, &settings(32, SpectralPacking::default()), &values);
            let keys = format!("packingType=spectral_simple,bitsPerValue={bits}");
            let Some(theirs) = repacked(&complex, &keys) else { return };
            let ours = encode(total, &settings(bits, SpectralPacking::Simple), &read_back(&complex).1);
            assert!(ours == theirs, "T{total}, {bits} bits\n{ours:x?}\n{theirs:x?}");
        }
    }
}

#[test]
fn whole_spectra_zero_spectra_and_single_precision_come_back() {
    for (total, packing) in [
        (10, SpectralPacking::default()),
        (0, SpectralPacking::default()),
        (42, SpectralPacking::Complex { kept: 42, laplacian: None }),
        (42, SpectralPacking::Complex { kept: 0, laplacian: Some(1.25) }),
    ] {
        let values: Vec<f32> =
            spectrum(Truncation::new(total), 2.0).into_iter().map(|value| value as f32).collect();
        let encoder = SpectralEncoder::new(Truncation::new(total), &settings(24, packing)).unwrap();
        let (_, back) = read_back(&encoder.encode(&identity(), &values).unwrap());
        let wide: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
        let whole = !matches!(packing, SpectralPacking::Complex { kept: 0, .. });
        let largest = if whole { 0.0 } else { 1e-4 };
        assert!(error(total, &back, &wide, 0.0) <= largest, "T{total}, {packing:?}");
    }
    for packing in [SpectralPacking::default(), SpectralPacking::Simple] {
        let zeros = vec![0.0; Truncation::new(42).spectrum_len(1)];
        let (_, back) = read_back(&encode(42, &settings(16, packing), &zeros));
        assert_eq!(back, zeros, "{packing:?}");
    }
}

/// Spectra of ECMWF, in GRIB1: read, written as GRIB2 and read again.
#[test]
fn spectra_of_ecmwf_come_back() {
    // Geopotential and temperature, with the range of the global mean.
    let files = [
        ("cfgrib/spherical_harmonics.grib", 50_000.0..60_000.0),
        ("pygrib/spherical_pressure_level.grib1", 200.0..320.0),
    ];
    for (name, mean) in files {
        let Some(path) = data(&format!("09_grib_netcdf_io/{name}")) else { return };
        let (total, values) = read(&path);
        assert_eq!(total, 63);
        assert!(mean.contains(&values[0]), "{}", values[0]);
        assert!(values[..2 * 64].iter().skip(1).step_by(2).all(|value| *value == 0.0));
        let message = encode(total, &settings(24, SpectralPacking::default()), &values);
        let (again, back) = read_back(&message);
        assert_eq!(again, total);
        let (step, power) = step_and_power(&message);
        assert!(error(total, &back, &values, power) <= 0.5 * step * (1.0 + 1e-9), "{name}");
    }
}

#[test]
fn wrong_spectra_and_settings_are_told_by_name() {
    let truncation = Truncation::new(5);
    let new = |settings: &SpectralSettings| SpectralEncoder::new(truncation, settings);
    let text = |settings| new(&settings).err().unwrap().to_string();
    assert_eq!(text(settings(0, SpectralPacking::Simple)), "'bits_per_value' is 0: expected 1 to 32.");
    let endless = SpectralPacking::Complex { kept: 2, laplacian: Some(f64::NAN) };
    assert!(text(settings(16, endless)).starts_with("'laplacian' is NaN"));
    let encoder = new(&SpectralSettings::default()).unwrap();
    let said = |values: &[f64]| encoder.encode(&identity(), values).unwrap_err().to_string();
    assert_eq!(said(&[0.0; 3]), "'u': expected 42 values, got 3.");
    let mut values = [0.0; 42];
    values[7] = f64::NAN;
    assert!(said(&values).contains("the first at index 7"), "{}", said(&values));
    values[7] = 1e39;
    assert!(said(&values).contains("single precision"), "{}", said(&values));
}
