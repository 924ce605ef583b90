//! Messages of an ensemble say what they are, to us and to ecCodes' own tool.

use std::path::PathBuf;
use std::process::Command;

use terrella_io::encode::{EnsembleProduct, GribEncoder, GribSettings, Identity, NamedVariable, NetcdfFile};
use terrella_io::layout::Layout;
use terrella_io::read::{GribFile, Missing};
use terrella_io::{Level, Parameter, Time};
use terrella_kernels::Precision;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

fn identity() -> Identity {
    let reference: Time = "2011-01-15T12".parse().unwrap();
    Identity {
        parameter: Parameter::TEMPERATURE,
        level: Level::Pressure(850.0),
        reference,
        valid: reference.plus_seconds(30 * 3600),
    }
}

const PRODUCTS: [EnsembleProduct; 5] = [
    EnsembleProduct::Member { number: 0, members: 10 },
    EnsembleProduct::Member { number: 3, members: 10 },
    EnsembleProduct::Mean { members: 10 },
    EnsembleProduct::Spread { members: 10 },
    EnsembleProduct::ProbabilityAbove { members: 10, threshold: 295.25, number: 1, thresholds: 3 },
];

#[test]
fn products_are_told_apart_and_keep_their_values() {
    let layout = Layout::global_lat_lon(36, 19);
    let encoder = GribEncoder::new(&layout, &GribSettings::default()).unwrap();
    let path = folder().join("ensemble.grib2");
    let values: Vec<f64> = layout
        .coordinates()
        .map(|(longitude, latitude)| 50.0 + latitude * (longitude / 57.0).sin())
        .collect();
    let mut bytes = Vec::new();
    for product in PRODUCTS {
        bytes.extend(encoder.encode_ensemble(&identity(), product, &values).unwrap());
    }
    // Sums over time have other templates.
    let rain = Identity { parameter: Parameter::TOTAL_PRECIPITATION, level: Level::Surface, ..identity() };
    for product in &PRODUCTS[1..] {
        bytes.extend(encoder.encode_ensemble(&rain, *product, &values).unwrap());
    }
    std::fs::write(&path, &bytes).unwrap();
    let file = GribFile::open(&path).unwrap();
    assert_eq!(file.headers().len(), 2 * PRODUCTS.len() - 1);
    for (number, header) in file.headers().iter().enumerate() {
        let pressure = (number < PRODUCTS.len()).then_some(850.0);
        assert_eq!((header.step(), header.pressure()), (30.0, pressure));
        let field = file.decode(header, Missing::Refuse).unwrap();
        let worst = field.values.iter().zip(&values).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 180.0 / 65_536.0, "{worst}");
    }
    let keys = "productDefinitionTemplateNumber,typeOfProcessedData,typeOfGeneratingProcess,perturbationNumber:s,\
                numberOfForecastsInEnsemble:s,derivedForecast:s,probabilityType:s,lowerLimit:s,upperLimit:s,endStep:s";
    let Ok(output) = Command::new("grib_get").args(["-F", "%g", "-f", "-p", keys]).arg(&path).output() else {
        println!("not run: grib_get (Debian's package libeccodes-tools) is not installed");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    println!("{text}");
    let none = "not_found";
    let table = [
        ["1", "cf", "4", "0", "10", none, none, none, none, "30"],
        ["1", "pf", "4", "3", "10", none, none, none, none, "30"],
        ["2", "cp", "4", none, "10", "0", none, none, none, "30"],
        ["2", "cp", "4", none, "10", "4", none, none, none, "30"],
        ["5", "cp", "5", none, none, none, "3", "295.25", "MISSING", "30"],
        ["11", "pf", "4", "3", "10", none, none, none, none, "30"],
        ["12", "cp", "4", none, "10", "0", none, none, none, "30"],
        ["12", "cp", "4", none, "10", "4", none, none, none, "30"],
        ["9", "cp", "5", none, none, none, "3", "295.25", "MISSING", "30"],
    ];
    assert_eq!(lines.len(), table.len());
    for (line, expected) in lines.iter().zip(table) {
        for (number, (got, expected)) in line.iter().zip(expected).enumerate() {
            // The words of code table 1.4 are those of the tool's version.
            assert!(number == 1 || *got == expected, "{line:?} {expected:?}");
        }
    }
}

#[test]
fn variables_bear_the_names_of_their_statistics() {
    let layout = Layout::global_lat_lon(12, 7);
    let path = folder().join("ensemble.nc");
    let variables: Vec<NamedVariable> = PRODUCTS[2..]
        .iter()
        .map(|product| NamedVariable {
            naming: product.naming(&Parameter::TEMPERATURE),
            precision: Precision::F32,
            pressures: vec![850.0],
        })
        .collect();
    let reference = identity().reference;
    let mut file = NetcdfFile::create_named(&path, &layout, reference, &variables, &[]).unwrap();
    let values: Vec<f32> = (0..84).map(|value| value as f32).collect();
    file.append(identity().valid, &[&values, &values, &values]).unwrap();
    let error = file.append(identity().valid.plus_seconds(1), &[&values, &values[1..], &values]).unwrap_err();
    assert_eq!(error.to_string(), "'t_spread': expected 84 values, got 83.");
    file.finish().unwrap();
    let reader = netcdf3::FileReader::open(&path).unwrap();
    let set = reader.data_set();
    let word = |variable: &str, name: &str| set.get_var_attr_as_string(variable, name);
    assert_eq!(word("t_mean", "cell_methods").unwrap(), "realization: mean");
    assert_eq!(word("t_spread", "cell_methods").unwrap(), "realization: standard_deviation");
    assert_eq!(word("t_spread", "standard_name").unwrap(), "air_temperature");
    assert_eq!(word("t_above_295.25", "units").unwrap(), "1");
    assert_eq!(word("t_above_295.25", "long_name").unwrap(), "Probability of Temperature above 295.25 K");
    assert!(word("t_above_295.25", "standard_name").is_none());
}
