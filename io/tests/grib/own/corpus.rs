//! Real fields, packed by us and by ecCodes with the same parameters: the same octets, decoded by ecCodes to the same bits.
//!
//! Each field goes through both packings, without and with missing values, at one number of bits each, which goes round from
//! field to field. Of a file about [`FIELDS`] fields are taken, at equal distances, of a field at most [`POINTS`] values; the
//! test says what it left out.

use std::path::{Path, PathBuf};
use std::process::Command;

use terrella_io::layout::Layout;
use terrella_io::read::{Format, GribFile, Missing, NetcdfVariables, format};

use super::{PACKINGS, assert_decoded_alike, assert_same, row, settings};
use crate::common::{data, global_state};

const FIELDS: usize = 150;
const POINTS: usize = 1 << 16;

/// Bits per value, in the order in which fields get them.
const BITS: [u32; 10] = [16, 12, 24, 8, 11, 32, 17, 20, 1, 25];

/// Counts of what was compared.
#[derive(Debug, Default)]
struct Tally {
    fields: usize,
    messages: usize,
    with_missing: usize,
    shortened: usize,
    left_out: usize,
}

impl Tally {
    /// All fields of a file; the layout is that of the field, or a row where it has none of ours.
    fn file(&mut self, path: &Path) {
        let mut fields = grib_fields(path).unwrap_or_else(|| netcdf_fields(path));
        let (found, distance) = (fields.len(), fields.len().div_ceil(FIELDS).max(1));
        fields = fields.into_iter().step_by(distance).collect();
        self.left_out += found - fields.len();
        if fields.is_empty() {
            return;
        }
        let (mut names, mut messages) = (Vec::new(), Vec::new());
        for (name, layout, values) in fields {
            let (layout, values) = match values.len() > POINTS {
                true => (row(POINTS), values[..POINTS].to_vec()),
                false => (layout, values),
            };
            self.shortened += usize::from(values.len() == POINTS);
            // The same field with gaps, where it has none; without, where it has some.
            let gaps = values.iter().any(|value| value.is_nan());
            let filled: Vec<f64> =
                values.iter().map(|value| if value.is_nan() { 0.0 } else { *value }).collect();
            let pierced = |point: usize| if point * 7 % 19 < 3 { f64::NAN } else { values[point] };
            let other = if gaps { filled } else { (0..values.len()).map(pierced).collect() };
            for (variant, values) in [values.clone(), other].iter().enumerate() {
                for packing in PACKINGS {
                    // Each kind of message meets each number of bits.
                    let bits = BITS[(self.fields + 3 * (self.messages % 4)) % BITS.len()];
                    let what = format!("{}: {name}, {bits} bits, {packing:?}, {variant}", path.display());
                    messages.push(assert_same(&what, &layout, &settings(bits, packing), values));
                    names.push(what);
                    self.messages += 1;
                }
            }
            self.with_missing += usize::from(gaps);
            self.fields += 1;
        }
        assert_decoded_alike(&names, &messages);
    }
}

type Named = (String, Layout, Vec<f64>);

/// None where it is no GRIB. Fields that ecCodes cannot decode are no fields.
fn grib_fields(path: &Path) -> Option<Vec<Named>> {
    let file = GribFile::open(path).ok()?;
    let fields = file.headers().iter().filter_map(|header| {
        let name = header.title();
        match file.decode(header, Missing::Nan) {
            Ok(field) => Some((name, field.layout, field.values)),
            Err(_) => {
                let values = file.stored_values(header).ok().filter(|values| !values.is_empty())?;
                Some((name, row(values.len()), values))
            }
        }
    });
    Some(fields.collect())
}

/// The two last dimensions of each variable, one field for each element of the others; none where it is no classic NetCDF.
fn netcdf_fields(path: &Path) -> Vec<Named> {
    let mut fields = Vec::new();
    if !matches!(format(path), Ok(Format::Netcdf)) {
        return fields;
    }
    let mut file = NetcdfVariables::open(path).unwrap();
    for variable in file.variables() {
        let sizes: Vec<usize> = variable.dimensions.iter().map(|(_, size)| *size).collect();
        let points: usize = sizes[sizes.len().saturating_sub(2)..].iter().product();
        let Ok(values) = file.values(&variable.name) else { continue };
        for (number, values) in values.chunks(points.max(1)).enumerate() {
            // Beyond single precision both packers refuse: another test's.
            let values: Vec<f64> =
                values.iter().map(|v| if v.abs() < 1e38 { *v } else { f64::NAN }).collect();
            fields.push((format!("{} {number}", variable.name), row(values.len()), values));
        }
    }
    fields
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    found.sort();
    found
}

/// Everything below a folder, compressed files unpacked.
fn compare(folder: &Path, least: usize) {
    let mut tally = Tally::default();
    let scratch = tempfile::tempdir().unwrap();
    let state = global_state();
    // The repository's own state is in some of these folders, too.
    for path in files(folder).into_iter().filter(|path| path.file_name() != state.file_name()) {
        if path.extension().is_none_or(|extension| extension != "xz") {
            tally.file(&path);
            continue;
        }
        match Command::new("xz").args(["-dc"]).arg(&path).output() {
            Ok(output) if output.status.success() => {
                let unpacked = scratch.path().join(path.file_stem().unwrap());
                std::fs::write(&unpacked, output.stdout).unwrap();
                tally.file(&unpacked);
            }
            _ => println!("not run: xz is not installed ({})", path.display()),
        }
    }
    println!("{}: {tally:?}", folder.display());
    assert!(tally.fields >= least, "{}: {tally:?}, expected {least} fields", folder.display());
}

#[test]
fn a_global_state_decodes_to_the_bits_of_eccodes() {
    let mut tally = Tally::default();
    tally.file(&global_state());
    assert!(tally.fields > 100, "{tally:?}");
}

#[test]
fn fields_of_an_installed_package_decode_to_the_bits_of_eccodes() {
    let folder = Path::new("/usr/share/doc/python-grib-doc/examples");
    match folder.exists() {
        true => compare(folder, 300),
        false => println!("not run: python-grib-doc: {} does not exist", folder.display()),
    }
}

#[test]
fn fields_of_other_centres_and_models_decode_to_the_bits_of_eccodes() {
    let folders = [("01_atmosphere", 400), ("09_grib_netcdf_io", 100)];
    for (name, least) in folders {
        if let Some(folder) = data(name) {
            compare(&folder, least);
        }
    }
}
