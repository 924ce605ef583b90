//! Mean, spread and probabilities as GRIB2, one file per output time, and as one NetCDF file; each is read back.

use std::path::{Path, PathBuf};

use netcdf3::FileReader;
use terrella_io::encode::{
    EnsembleProduct, GribEncoder, GribSettings, Identity, NamedVariable, Naming, NetcdfFile,
};
use terrella_io::layout::Layout;
use terrella_io::picture::{Colour, ColourMap, Contours, Map, Page, Shading, common_levels};
use terrella_io::read::{GribFile, Missing};
use terrella_io::sink::AtomicFile;
use terrella_io::{Level, Parameter, Time};
use terrella_kernels::Precision;
use terrella_kernels::diagnostics::ensemble::EnsembleStatistics;

use super::fields::Fields;
use super::{Ensemble, statistics, workspace};
use crate::configuration::Format;
use crate::diagnostics::hours;
use crate::error::{Error, Result};
use crate::output::packing_error;
use crate::pictures::clock;
use crate::primitive::Configuration;

/// A product of a field at one time: probabilities 0 to 1.
struct Product {
    kind: EnsembleProduct,
    name: String,
    parameter: Parameter,
    level: Level,
    values: Vec<f64>,
}

impl Product {
    fn is_probability(&self) -> bool {
        matches!(self.kind, EnsembleProduct::ProbabilityAbove { .. })
    }

    fn naming(&self) -> Naming {
        let mut naming = self.kind.naming(&self.parameter);
        if let EnsembleProduct::ProbabilityAbove { threshold, .. } = self.kind {
            // The pressure is part of the name: few levels have thresholds.
            naming.name = format!("{}_above_{threshold}", self.name);
            if let Level::Pressure(pressure) = self.level {
                naming.long_name = format!("{} at {pressure} hPa", naming.long_name);
            }
        }
        naming
    }
}

/// Writes all products of the statistics. Returns the files.
pub(super) fn write(configuration: &Configuration, ensemble: &Ensemble) -> Result<Vec<PathBuf>> {
    let folder = &configuration.output.folder;
    let workspace = workspace(folder);
    let grid = configuration.model.grid()?;
    let layout = Layout::from(&grid);
    let fields = Fields::read(&workspace)?;
    let reference = fields.reference()?;
    let output = &configuration.output;
    let (year, month, day, hour, _, _) = reference.civil();
    let stem = format!("ensemble_{year:04}{month:02}{day:02}{hour:02}");
    let encoder = match output.formats.contains(&Format::Grib2) {
        true => {
            let settings = GribSettings { bits_per_value: output.bits, ..GribSettings::default() };
            Some(GribEncoder::new(&layout, &settings)?)
        }
        false => None,
    };
    let mut netcdf: Option<(PathBuf, NetcdfFile)> = None;
    let (mut files, mut last) = (Vec::new(), None);
    for path in statistics_files(&workspace)? {
        let (hour, products) = products(&path, &fields, layout.points(), ensemble.members)?;
        let valid = hours(reference, hour);
        if let Some(encoder) = &encoder {
            let path = folder.join(format!("{stem}_f{hour:03.0}.grib2"));
            write_grib(&path, encoder, reference, valid, &products, output.bits)?;
            files.push(path);
        }
        if output.formats.contains(&Format::Netcdf) {
            let variables = variables(&products);
            let (path, file) = match &mut netcdf {
                Some(open) => open,
                None => {
                    let path = folder.join(format!("{stem}.nc"));
                    let described: Vec<NamedVariable> =
                        variables.iter().map(|(variable, _)| variable.clone()).collect();
                    let title = format!("Mean, spread and probabilities of {} members", ensemble.members);
                    let source = concat!("Terrella extremes ", env!("CARGO_PKG_VERSION"));
                    let attributes = [("title", title.as_str()), ("source", source)];
                    let file = NetcdfFile::create_named(&path, &layout, reference, &described, &attributes)?;
                    netcdf.insert((path, file))
                }
            };
            let values: Vec<&[f64]> = variables.iter().map(|(_, values)| values.as_slice()).collect();
            file.append(valid, &values)?;
            verify_last_record(path, &variables)?;
        }
        last = Some((hour, products));
    }
    if let Some((path, file)) = netcdf {
        file.finish()?;
        files.push(path);
    }
    if let Some((hour, products)) = last.filter(|_| output.pictures) {
        let path = folder.join("ensemble_spread.png");
        draw(&path, configuration, &layout, hours(reference, hour), hour, &products)?;
        files.push(path);
    }
    Ok(files)
}

/// The files of all output times, in order.
fn statistics_files(workspace: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Error::file(workspace, "listing", error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(workspace).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "bin") {
            files.push(path);
        }
    }
    // Hours have leading zeros.
    files.sort();
    Ok(files)
}

/// Hour and products of a time, of which all members must be there.
fn products(path: &Path, fields: &Fields, points: usize, members: u32) -> Result<(f64, Vec<Product>)> {
    let thresholds: Vec<Vec<f64>> = fields.fields.iter().map(|field| field.thresholds.clone()).collect();
    let (hour, mut all) = statistics::read(path, points, &thresholds)?;
    let mut products = Vec::new();
    let wide = |values: Vec<f32>| values.into_iter().map(f64::from).collect::<Vec<f64>>();
    for (field, statistics) in fields.fields.iter().zip(&mut all) {
        if statistics.members() != members {
            let message = format!("{} of {members} members are in these statistics.", statistics.members());
            return Err(Error::Input { path: path.to_owned(), message });
        }
        let (parameter, level) = (field.parameter()?, field.level()?);
        let mut push = |kind, values| {
            products.push(Product { kind, name: field.name.clone(), parameter, level, values });
        };
        push(EnsembleProduct::Mean { members }, wide(statistics.mean().to_vec()?));
        push(EnsembleProduct::Spread { members }, wide(EnsembleStatistics::spread(statistics)?.to_vec()?));
        let probabilities = statistics.probabilities()?;
        for (number, (threshold, values)) in
            field.thresholds.iter().zip(probabilities.chunks_exact(points)).enumerate()
        {
            let kind = EnsembleProduct::ProbabilityAbove {
                members,
                threshold: *threshold,
                number: number as u32,
                thresholds: field.thresholds.len() as u32,
            };
            push(kind, values.to_vec());
        }
    }
    Ok((hour, products))
}

fn write_grib(
    path: &Path,
    encoder: &GribEncoder,
    reference: Time,
    valid: Time,
    products: &[Product],
    bits: u32,
) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    let mut written = Vec::with_capacity(products.len());
    for product in products {
        let identity = Identity { parameter: product.parameter, level: product.level, reference, valid };
        // Probabilities are in % in GRIB.
        let factor = if product.is_probability() { 100.0 } else { 1.0 };
        let values: Vec<f64> = product.values.iter().map(|value| factor * value).collect();
        file.append(&encoder.encode_ensemble(&identity, product.kind, &values)?)?;
        written.push(values);
    }
    file.commit()?;
    let checked = verify_grib(path, valid, &written, bits);
    if checked.is_err() {
        // A file that does not hold what it should must not look whole.
        let _ = std::fs::remove_file(path);
    }
    checked
}

fn verify_grib(path: &Path, valid: Time, written: &[Vec<f64>], bits: u32) -> Result<()> {
    let refuse = |message: String| Error::NotVerified { path: path.to_owned(), message };
    let file = GribFile::open(path)?;
    if file.headers().len() != written.len() {
        return Err(refuse(format!("{} of {} messages", file.headers().len(), written.len())));
    }
    for (number, (header, written)) in file.headers().iter().zip(written).enumerate() {
        let field = file.decode(header, Missing::Refuse)?;
        let worst = field.values.iter().zip(written).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        if header.valid != valid
            || field.values.len() != written.len()
            || worst > packing_error(written, bits)
        {
            return Err(refuse(format!("message {} is off by {worst:e}", number + 1)));
        }
    }
    Ok(())
}

/// Variables of the NetCDF file with their values: mean and spread of a parameter with all its surfaces in one.
fn variables(products: &[Product]) -> Vec<(NamedVariable, Vec<f64>)> {
    let mut variables: Vec<(NamedVariable, Vec<f64>)> = Vec::new();
    for product in products {
        let naming = product.naming();
        let pressure = match product.level {
            Level::Pressure(pressure) if !product.is_probability() => Some(pressure),
            _ => None,
        };
        match variables.iter_mut().find(|(variable, _)| variable.naming.name == naming.name) {
            Some((variable, values)) => {
                variable.pressures.extend(pressure);
                values.extend(&product.values);
            }
            None => {
                let pressures = pressure.into_iter().collect();
                let variable = NamedVariable { naming, precision: Precision::F32, pressures };
                variables.push((variable, product.values.clone()));
            }
        }
    }
    variables
}

fn verify_last_record(path: &Path, variables: &[(NamedVariable, Vec<f64>)]) -> Result<()> {
    let refuse = |message: String| Error::NotVerified { path: path.to_owned(), message };
    let failed = |error: netcdf3::error::ReadError| refuse(format!("it cannot be read: {error}"));
    let mut reader = FileReader::open(path).map_err(failed)?;
    let record = reader.data_set().num_records().unwrap_or(0).saturating_sub(1);
    for (variable, written) in variables {
        let name = &variable.naming.name;
        let got = reader.read_record_f32(name, record).map_err(failed)?;
        if got.len() != written.len() || got.iter().zip(written).any(|(got, written)| *got != *written as f32)
        {
            return Err(refuse(format!("'{name}' of record {record} differs")));
        }
    }
    Ok(())
}

/// Spread of the height at 500 hPa in colours, its mean as lines.
fn draw(
    path: &Path,
    configuration: &Configuration,
    layout: &Layout,
    valid: Time,
    hour: f64,
    products: &[Product],
) -> Result<()> {
    let of = |wanted: fn(&EnsembleProduct) -> bool| {
        products.iter().find(|product| product.name == "gh500" && wanted(&product.kind))
    };
    let mean = of(|kind| matches!(kind, EnsembleProduct::Mean { .. }));
    let spread = of(|kind| matches!(kind, EnsembleProduct::Spread { .. }));
    let (Some(mean), Some(spread)) = (mean, spread) else { return Ok(()) };
    let decametres: Vec<f64> = mean.values.iter().map(|height| height / 10.0).collect();
    let map = Map {
        title: String::new(),
        subtitle: String::new(),
        projection: configuration.output.projection.of_pictures(),
        shading: Some(Shading {
            layout,
            values: &spread.values,
            levels: common_levels([spread.values.as_slice()], 10),
            colours: ColourMap::Wind,
            smooth: false,
            label: "Spread [m]".into(),
        }),
        contours: vec![Contours {
            layout,
            values: &decametres,
            levels: (70..105).map(|number| 6.0 * f64::from(number)).collect(),
            colour: Colour::INK,
            width: 1.4,
            numbers: true,
            bold_every: 0,
            dash_negative: false,
            extremes: false,
        }],
        wind: None,
    };
    let members = configuration.ensemble.as_ref().map_or(0, |ensemble| ensemble.members);
    let page = Page {
        title: "500 hPa height: mean [dam] and spread of the ensemble".into(),
        subtitle: format!("{members} members, +{hour:.0} h, valid {}", clock(valid)),
        columns: 1,
        panels: vec![&map],
        footer: "Terrella. Coasts: Natural Earth.".into(),
    };
    Ok(page.draw(configuration.output.picture_width)?.save(path)?)
}
