//! Classic NetCDF: every variable, the fields and the state of a file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netcdf3::{DataSet, FileWriter, Version};
use terrella_io::read::{NetcdfVariables, StateSelection, netcdf_field, netcdf_state};

/// A small state on pressure levels, in both versions, with a record dimension and without.
fn seeds() -> Vec<Vec<u8>> {
    let path = terrella_fuzz::scratch().join("seed.nc");
    let mut seeds = Vec::new();
    for (version, records) in [(Version::Classic, true), (Version::Offset64Bit, false)] {
        let mut set = DataSet::new();
        match records {
            true => set.set_unlimited_dim("time", 1),
            false => set.add_fixed_dim("time", 1),
        }
        .expect("a dimension");
        for (name, size) in [("level", 2), ("latitude", 3), ("longitude", 4)] {
            set.add_fixed_dim(name, size).expect("a dimension");
        }
        for (name, units) in [
            ("time", "hours since 2000-01-01"),
            ("level", "hPa"),
            ("latitude", "degrees_north"),
            ("longitude", "degrees_east"),
        ] {
            set.add_var_f64(name, &[name]).expect("a variable");
            set.add_var_attr_string(name, "units", units).expect("an attribute");
        }
        for name in ["u", "v", "t"] {
            set.add_var_f32(name, &["time", "level", "latitude", "longitude"]).expect("a variable");
            set.add_var_attr_f32(name, "_FillValue", vec![9e36]).expect("an attribute");
        }
        set.add_var_i16("z", &["time", "level", "latitude", "longitude"]).expect("a variable");
        set.add_var_attr_f64("z", "scale_factor", vec![0.5]).expect("an attribute");
        set.add_global_attr_string("title", "a seed").expect("an attribute");
        let mut writer = FileWriter::create_new(&path).expect("a file");
        writer.set_def(&set, version, 0).expect("a header");
        writer.write_var_f64("time", &[6.0]).expect("values");
        writer.write_var_f64("level", &[500.0, 850.0]).expect("values");
        writer.write_var_f64("latitude", &[90.0, 0.0, -90.0]).expect("values");
        writer.write_var_f64("longitude", &[0.0, 90.0, 180.0, 270.0]).expect("values");
        for name in ["u", "v", "t"] {
            writer.write_var_f32(name, &[280.0; 24]).expect("values");
        }
        writer.write_var_i16("z", &[7; 24]).expect("values");
        writer.close().expect("a file");
        seeds.push(std::fs::read(&path).expect("a seed"));
        std::fs::remove_file(&path).expect("a seed");
    }
    seeds
}

fuzz_target!(
    init: terrella_fuzz::seed("netcdf", seeds().iter().map(Vec::as_slice)),
    |bytes: &[u8]| {
        let path = terrella_fuzz::file(bytes);
        if let Ok(mut file) = NetcdfVariables::open(&path) {
            let _ = file.attributes();
            for variable in file.variables() {
                let _ = file.values(&variable.name);
                let _ = netcdf_field(&path, &variable.name, &[("time", 0), ("level", 1)]);
            }
        }
        let _ = netcdf_state(&path, &StateSelection::default());
    }
);
