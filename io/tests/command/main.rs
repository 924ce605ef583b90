//! The command terrella-io on real files, on damaged ones and on files of another kind.

#[path = "../common/mod.rs"]
mod common;
mod serve;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::global_state;
use terrella_io::read::{GribFile, Missing, Selection};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_terrella-io")).args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard output of a run that succeeds and says nothing else.
fn good(arguments: &[&str]) -> String {
    let output = run(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && error.is_empty(), "{arguments:?}: {error}");
    out(&output)
}

/// The line on standard error of a run that ends with status 2.
fn bad(arguments: &[&str]) -> String {
    let output = run(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert!(out(&output).is_empty(), "{arguments:?}");
    assert!(error.starts_with("terrella-io: ") && error.lines().count() == 1, "{arguments:?}: {error}");
    error
}

/// A file of Debian's package python-grib-doc, where it is installed.
fn example(name: &str) -> Option<PathBuf> {
    let path = Path::new("/usr/share/doc/python-grib-doc/examples").join(name);
    if !path.exists() {
        println!("not run: {} is not there", path.display());
        return None;
    }
    Some(path)
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn state() -> String {
    global_state().to_str().unwrap().to_owned()
}

#[test]
fn every_command_has_its_help() {
    let all = good(&["--help"]);
    for command in ["ls", "dump", "convert", "compare", "plot", "observations", "verify", "serve"] {
        assert!(all.contains(&format!("\n  {command}")), "{all}");
        let help = good(&[command, "--help"]);
        assert!(help.contains(&format!("Usage: terrella-io {command} ")), "{help}");
        // An option without words would be a line that ends with its name.
        for line in help.lines().filter(|line| line.trim_start().starts_with("--")) {
            assert!(line.trim() != "--", "{help}");
        }
    }
    assert!(good(&["--version"]).starts_with("terrella-io "));
    assert_eq!(run(&[]).status.code(), Some(2));
    assert_eq!(run(&["lss"]).status.code(), Some(2));
}

#[test]
fn ls_tells_what_is_in_a_grib_file() {
    let listed = good(&["ls", &state(), "--statistics", "--field", "u", "--level", "250"]);
    let lines: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines.len(), 2, "{listed}");
    let file = GribFile::open(global_state()).unwrap();
    let wind = file.field(&Selection::parameter("u").pressure(250.0)).unwrap();
    let number = file.headers().iter().position(|header| *header == wind.header).unwrap() + 1;
    let expected = [&number.to_string(), "u", "250", "hPa", "2011-01-10T12:00:00Z", "120", "-", "regular_ll"];
    assert_eq!(lines[1][..8], expected);
    let column = |name: &str| {
        // The level has two words.
        let position = lines[0].iter().position(|head| *head == name).unwrap() + 1;
        lines[1][position].parse::<f64>().unwrap()
    };
    let largest = wind.values.iter().copied().fold(f64::MIN, f64::max);
    let least = wind.values.iter().copied().fold(f64::MAX, f64::min);
    assert!((column("largest") - largest).abs() < 1e-4 && (column("least") - least).abs() < 1e-4, "{listed}");
    assert_eq!((column("values"), column("missing")), (10_512.0, 0.0));
    let all = good(&["ls", &state()]);
    assert_eq!(all.lines().count(), file.headers().len() + 1);
    // Layers have two sides, without the round-off of scaled integers.
    assert!(
        all.contains("  depthBelowLandLayer 0.1 to 0.4  ") && all.contains("  sigmaLayer 0.44 to 1  "),
        "{all}"
    );
    // By level alone.
    assert_eq!(good(&["ls", &state(), "--level", "meanSea:0"]).lines().count(), 2);
    let absent = bad(&["ls", &state(), "--field", "xyz"]);
    assert!(absent.contains("no 'xyz'; the file has gh, t,"), "{absent}");
    assert!(bad(&["ls", &state(), "--level", "high"]).contains("'--level high': expected a pressure in hPa"));
    assert!(bad(&["ls", &state(), "--step", "7"]).contains("no such field"));
}

#[test]
fn ls_lists_the_grids_of_other_producers() {
    for (name, grid, packing) in [
        ("eta.grb", "lambert", "grid_simple"),
        ("flux.grb", "regular_gg", "grid_jpeg"),
        ("ngm.grb", "polar_stereographic", "grid_simple"),
        ("ds.maxt.bin", "lambert", "grid_complex"),
        ("cl00010000_ecoclimap_rot.grib1", "rotated_ll", "grid_simple"),
    ] {
        let Some(path) = example(name) else { continue };
        let path = path.to_str().unwrap();
        let listed = good(&["ls", path, "--statistics"]);
        assert!(listed.contains(grid) && listed.contains(packing), "{name}: {listed}");
        assert!(good(&["compare", path, path]).contains("\n0 of "), "{name}");
    }
}

#[test]
fn dump_is_json() {
    let text = good(&["dump", &state(), "--field", "t", "--level", "500"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let [field] = &json.as_array().unwrap()[..] else { panic!("{text}") };
    assert_eq!((&field["shortName"], &field["level"]), (&"t".into(), &500.0.into()));
    assert_eq!((&field["typeOfLevel"], &field["values"]), (&"isobaricInhPa".into(), &10_512.into()));
    assert_eq!((&field["valid"], &field["centre"]), (&"2011-01-15T12:00:00Z".into(), &"kwbc".into()));
    let whole: serde_json::Value = serde_json::from_str(&good(&["dump", &state()])).unwrap();
    assert_eq!(whole.as_array().unwrap().len(), GribFile::open(global_state()).unwrap().headers().len());
}

#[test]
fn convert_makes_netcdf_of_a_whole_grib_file() {
    let folder = Folder::new();
    let (single, double) = (folder.path("all.nc"), folder.path("some.nc"));
    good(&["convert", &state(), &single]);
    good(&["convert", &state(), &double, "--double", "--field", "t", "--field", "prmsl"]);
    assert_eq!(folder.names().len(), 2, "{:?}", folder.names());
    let listed = good(&["ls", &double, "--statistics"]);
    let line = |name: &str| listed.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
    assert!(line("t").contains("double  time=1, pressure=26, lat=73, lon=144"), "{listed}");
    assert!(line("prmsl").contains("time=1, lat=73, lon=144 ") && line("prmsl").contains(" Pa "), "{listed}");
    assert!(line("t_sigma_0_995").contains(" K "), "{listed}");
    let json: serde_json::Value = serde_json::from_str(&good(&["dump", &double])).unwrap();
    assert_eq!(json["attributes"]["Conventions"], "CF-1.11");
    let variables = json["variables"].as_array().unwrap();
    let named = |name: &str| variables.iter().find(|variable| variable["name"] == name).unwrap();
    assert_eq!(named("t")["attributes"]["standard_name"], "air_temperature");
    // Value for value what the GRIB file has, in 64 bits.
    let file = GribFile::open(global_state()).unwrap();
    let mut netcdf = terrella_io::read::NetcdfVariables::open(&double).unwrap();
    let (pressures, values) = (netcdf.values("pressure").unwrap(), netcdf.values("t").unwrap());
    for (pressure, values) in pressures.iter().zip(values.chunks(10_512)) {
        let field = file.field(&Selection::parameter("t").pressure(*pressure)).unwrap();
        assert!(values == field.values, "{pressure} hPa");
    }
    assert_eq!(pressures.len(), 26);
    assert!(netcdf.values("none").unwrap_err().to_string().contains("no variable 'none'; it has lat, lon"));
    // 32 and 64 bits differ by rounding alone.
    let compared =
        good(&["compare", &single, &double, "--tolerance", "1e-7", "--field", "t", "--field", "prmsl"]);
    assert!(compared.contains("0 of 2 fields differ"), "{compared}");
}

#[test]
fn convert_packs_grib2_anew_and_nothing_else() {
    let folder = Folder::new();
    let file = GribFile::open(global_state()).unwrap();
    for (packing, bits, name) in [("ccsds", "16", "grid_ccsds"), ("simple", "10", "grid_simple")] {
        let path = folder.path(packing);
        let path = format!("{path}.grib2");
        good(&[
            "convert",
            &state(),
            &path,
            "--packing",
            packing,
            "--bits",
            bits,
            "--field",
            "u",
            "--field",
            "gh",
        ]);
        let repacked = GribFile::open(&path).unwrap();
        let originals =
            file.headers().iter().filter(|header| ["u", "gh"].contains(&header.short_name.as_str()));
        for (header, original) in repacked.headers().iter().zip(originals.clone()) {
            assert_eq!(header.title(), original.title());
            assert_eq!((header.valid, header.reference), (original.valid, original.reference));
            let storage = repacked.storage(header).unwrap();
            assert_eq!((storage.packing.as_str(), storage.bits_per_value), (name, bits.parse().ok()));
            let (got, expected) = (
                repacked.decode(header, Missing::Nan).unwrap(),
                file.decode(original, Missing::Nan).unwrap(),
            );
            let largest = expected.values.iter().copied().fold(f64::MIN, f64::max);
            let least = expected.values.iter().copied().fold(f64::MAX, f64::min);
            // Half a step of the packing, which is the range over the codes, rounded up to a power of two.
            let step = (largest - least) / (2_f64.powi(bits.parse().unwrap()) - 1.0);
            for (got, expected) in got.values.iter().zip(&expected.values) {
                let near = got.is_nan() && expected.is_nan() || (got - expected).abs() <= step * 1.001;
                assert!(near, "{}: {got}, {expected}", header.title());
            }
        }
        assert_eq!(repacked.headers().len(), originals.count());
    }
    if let Some(old) = example("cl00010000_ecoclimap_rot.grib1") {
        let error = bad(&["convert", old.to_str().unwrap(), &folder.path("new.grib2")]);
        assert!(
            error.contains("z at heightAboveGround 0") && error.contains("'edition' is 1: expected 2"),
            "{error}"
        );
    }
    assert!(!folder.names().contains(&"new.grib2".into()), "{:?}", folder.names());
}

#[test]
fn convert_sends_fields_through_a_plan() {
    let folder = Folder::new();
    let (plan, output) = (folder.path("plan.yaml"), folder.path("out.grib2"));
    let text = |name: &str| {
        format!(
            "plans:
  - name: onto O32
    actions:
      - {{type: select, match: [{{name: [t, 2t, {name}], level: [500, 2]}}]}}
      - {{type: interpolate, grid: O32}}
      - {{type: print, prefix: onto O32}}
      - {{type: encode, format: grib, on-error: skip}}
      - {{type: sink, sinks: [{{type: file, path: '{output}'}}]}}\n"
        )
    };
    std::fs::write(&plan, text("u")).unwrap();
    let printed = good(&["convert", &state(), "--plan", &plan, "--level", "500"]);
    assert_eq!(printed.matches("onto O32: field of 5248 values {").count(), 2, "{printed}");
    assert!(
        printed.contains("\"gridType\": \"reduced_gg\"") && printed.contains("\"name\": \"u\""),
        "{printed}"
    );
    let converted = GribFile::open(&output).unwrap();
    assert_eq!(converted.headers().len(), 2);
    let wind = converted.field(&Selection::parameter("u").pressure(500.0).step(120.0)).unwrap();
    assert_eq!(wind.layout.name().as_deref(), Some("O32"));
    // The level of 2 m temperature is in its name.
    good(&["convert", &state(), "--plan", &plan, "--field", "2t"]);
    let near_ground = GribFile::open(&output).unwrap();
    let [header] = near_ground.headers() else { panic!("{:?}", near_ground.headers()) };
    assert_eq!((header.short_name.as_str(), header.level), ("2t", 2.0));
    // What `encode` does not know is skipped, and told.
    std::fs::write(&plan, text("2r")).unwrap();
    let skipped = run(&["convert", &state(), "--plan", &plan, "--field", "2r"]);
    let error = String::from_utf8_lossy(&skipped.stderr).into_owned();
    assert_eq!(
        (skipped.status.code(), error.as_str()),
        (Some(0), "terrella-io: plan 'onto O32': 1 skipped because of an error\n")
    );
    std::fs::write(&plan, text("u").replace("interpolate", "interpolat")).unwrap();
    let unknown = bad(&["convert", &state(), "--plan", &plan]);
    assert!(unknown.contains("unknown action 'interpolat': did you mean 'interpolate'?"), "{unknown}");
}

#[test]
fn compare_tells_norms_and_what_is_not_in_both() {
    let folder = Folder::new();
    let (a, b) = (folder.path("a.grib2"), folder.path("b.grib2"));
    let fields = ["--field", "t", "--level", "500"];
    good(&[&["convert", &state(), &a, "--bits", "24"][..], &fields].concat());
    good(&[&["convert", &state(), &b, "--bits", "6"][..], &fields].concat());
    let differ = run(&["compare", &a, &b]);
    assert_eq!((differ.status.code(), differ.stderr.len()), (Some(1), 0));
    let lines: Vec<String> = out(&differ).lines().map(String::from).collect();
    let numbers: Vec<f64> = lines[1].split_whitespace().filter_map(|word| word.parse().ok()).collect();
    // Of the values themselves: the level comes first among the numbers.
    let [one, other] = [&a, &b].map(|path| {
        GribFile::open(path).unwrap().field(&Selection::parameter("t").pressure(500.0)).unwrap().values
    });
    let differences: Vec<f64> = one.iter().zip(&other).map(|(one, other)| other - one).collect();
    let norm = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
    let largest = differences.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let expected = [
        500.0,
        largest,
        norm(&differences) / (differences.len() as f64).sqrt(),
        norm(&differences) / norm(&one),
    ];
    for (number, expected) in numbers.iter().zip(expected) {
        assert!((number - expected).abs() <= 2e-6 * expected.abs(), "{lines:?}, expected {expected}");
    }
    assert_eq!((numbers.len(), lines[2].as_str()), (4, "1 of 1 fields differ"));
    let tolerance = format!("{}", expected[3] * 1.001);
    assert!(good(&["compare", &a, &b, "--tolerance", &tolerance]).contains(" same\n0 of 1"));
    assert_eq!(good(&["compare", &a, &a, "--quiet"]), "0 of 1 fields differ\n");
    // Fields of one file only; another grid.
    let more = run(&["compare", &a, &state(), "--field", "t", "--level", "500", "--field", "u"]);
    assert!(String::from_utf8_lossy(&more.stderr).contains("no 'u'"));
    let only = run(&["compare", &state(), &a, "--level", "500", "--quiet"]);
    assert!(only.status.code() == Some(1) && out(&only).contains("only in A"), "{}", out(&only));
    let only = run(&["compare", &a, &state(), "--level", "500", "--quiet"]);
    assert!(only.status.code() == Some(1) && out(&only).contains("only in B"), "{}", out(&only));
    let netcdf = folder.path("a.nc");
    good(&["convert", &a, &netcdf]);
    let mixed = bad(&["compare", &a, &netcdf]);
    assert!(mixed.contains("is GRIB and") && mixed.contains("is NetCDF: files of one format"), "{mixed}");
    assert!(
        bad(&["convert", &netcdf, &folder.path("x.nc")])
            .contains("is NetCDF: expected a name that ends in .nc4")
    );
    for wrong in ["-1", "nan", "x"] {
        assert_eq!(run(&["compare", &a, &b, &format!("--tolerance={wrong}")]).status.code(), Some(2));
    }
}

#[test]
fn plot_draws_a_map_of_one_field() {
    let folder = Folder::new();
    for (projection, more) in
        [("robinson", ""), ("plate-carree", "--longitude=180"), ("orthographic", "--latitude=-60")]
    {
        let path = folder.path(&format!("{projection}.png"));
        let mut arguments = vec!["plot", "", "--field", "u", "--level", "250", "-o", &path, "--width", "400"];
        arguments.extend(["--projection", projection]);
        arguments.extend((!more.is_empty()).then_some(more));
        let file = state();
        arguments[1] = &file;
        good(&arguments);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes[..8], *b"\x89PNG\r\n\x1a\n");
        // Width in the header of a PNG.
        assert_eq!(bytes[16..20], 400_u32.to_be_bytes());
        // Not one colour: a picture of this size with colours and coasts has more bytes.
        assert!(bytes.len() > 20_000, "{projection}: {} bytes", bytes.len());
    }
    // A field of a NetCDF file.
    let (netcdf, png) = (folder.path("wind.nc"), folder.path("netcdf.png"));
    good(&["convert", &state(), &netcdf, "--field", "u", "--field", "prmsl"]);
    let of_netcdf =
        |more: &[&str]| run(&[&["plot", &netcdf, "-o", &png, "--width", "400"][..], more].concat());
    let pressures = terrella_io::read::NetcdfVariables::open(&netcdf).unwrap().values("pressure").unwrap();
    let level = pressures.iter().position(|pressure| *pressure == 250.0).unwrap();
    let output = of_netcdf(&["--field", "u", "--index", &format!("pressure={level}")]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let field = terrella_io::read::netcdf_field(&netcdf, "u", &[("pressure", level)]).unwrap();
    let file = GribFile::open(global_state()).unwrap();
    let wind = file.field(&Selection::parameter("u").pressure(250.0)).unwrap();
    assert_eq!(field.layout.name(), wind.layout.name());
    assert!(field.values.iter().zip(&wind.values).all(|(one, other)| (one - other).abs() < 1e-5));
    for (wrong, expected) in [
        (&["--field", "u"][..], "dimension 'pressure' of 'u'' is 26: expected 1, or one of its elements"),
        (&["--field", "u", "--index", "pressure=26"], "is 26: expected one below the 26 elements of 'u'"),
        (&["--field", "u", "--index", "depth=0"], "no dimension 'depth' of 'u'; it has time, "),
        (&["--field", "u", "--field", "lat"], "--field must choose one of the variables lat, u"),
        (&["--field", "u", "--level", "250"], "choose fields of GRIB files"),
        (&["--field", "lat"], "no latitude and longitude of 'lat'"),
        (&["--field", "speed"], "no variable 'speed'; the file has lat, "),
    ] {
        let output = of_netcdf(wrong);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && error.contains(expected), "{error}");
    }
    std::fs::remove_file(&netcdf).unwrap();
    assert!(bad(&["plot", &state(), "--index", "time=0", "-o", &png]).contains("not from GRIB files"));
    let several = bad(&["plot", &state(), "--field", "u", "-o", &folder.path("x.png")]);
    assert!(
        several.contains("fields match (u at 10 hPa, ") && several.contains("must choose one"),
        "{several}"
    );
    if let Some(lambert) = example("eta.grb") {
        let error =
            bad(&["plot", lambert.to_str().unwrap(), "--field", "prmsl", "-o", &folder.path("x.png")]);
        assert!(error.contains("grid 'lambert' is not supported"), "{error}");
    }
    assert_eq!(folder.names().len(), 4);
}

/// There and back: GRIB, NetCDF-4, GRIB2; and every subcommand on the NetCDF-4 file.
#[test]
fn netcdf4_is_taken_by_every_subcommand() {
    if let Err(error) = terrella_io::hdf5::version() {
        let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name.trim() == "hdf5"), "hdf5 is required, but {error}");
        println!("not run: {error}");
        return;
    }
    let folder = Folder::new();
    let fields = ["--field", "t", "--field", "u", "--field", "prmsl"];
    let convert = |input: &str, output: &str, more: &[&str]| {
        good(&[&["convert", input, output][..], more].concat());
    };
    let (new, classic) = (folder.path("new.nc4"), folder.path("classic.nc"));
    convert(&state(), &new, &fields);
    convert(&state(), &classic, &fields);
    let compared = good(&["compare", &classic, &new]);
    assert!(compared.contains("\n0 of ") && compared.contains("t_tropopause_0"), "{compared}");
    let listed = good(&["ls", &new, "--statistics", "--field", "t"]);
    assert!(listed.contains("t     float  time=1, pressure=26, lat=73, lon=144  K"), "{listed}");
    assert_eq!(listed, good(&["ls", &classic, "--statistics", "--field", "t"]));
    let dump: serde_json::Value = serde_json::from_str(&good(&["dump", &new])).unwrap();
    assert_eq!(dump["attributes"]["Conventions"], "CF-1.11");
    let count = dump["variables"].as_array().unwrap().len();
    assert!(compared.ends_with(&format!("\n0 of {count} fields differ\n")), "{compared}");
    let png = folder.path("t.png");
    good(&["plot", &new, "--field", "t", "--index", "pressure=9", "-o", &png, "--width", "400"]);
    assert!(std::fs::metadata(&png).unwrap().len() > 20_000);
    // GRIB2 of the NetCDF file is that of the GRIB file, but for what 32 bits lost.
    let back = folder.path("back.grib2");
    convert(&new, &back, &[&["--bits", "24"][..], &fields].concat());
    let (file, other) = (GribFile::open(global_state()).unwrap(), GribFile::open(&back).unwrap());
    for selection in [
        Selection::parameter("t").pressure(850.0),
        Selection::parameter("u").pressure(10.0),
        Selection::parameter("prmsl"),
    ] {
        let (one, two) = (file.field(&selection).unwrap(), other.field(&selection).unwrap());
        assert_eq!((one.header.valid, one.layout), (two.header.valid, two.layout));
        assert_eq!(one.header.reference, two.header.reference);
        let near = |(one, two): (&f64, &f64)| (one - two).abs() <= 1e-6 * one.abs().max(30.0);
        assert!(one.values.iter().zip(&two.values).all(near), "{selection}");
    }
    // Through a plan, from the classic file too.
    let plan = folder.path("plan.yaml");
    let text = "plans: [{actions: [{type: select, match: [{name: t, level: 500}]}, {type: print}]}]";
    std::fs::write(&plan, text).unwrap();
    for input in [&new, &classic] {
        let printed = good(&["convert", input, "--plan", &plan]);
        assert!(printed.lines().count() == 1 && printed.contains("\"level\": 500"), "{printed}");
    }
    assert!(bad(&["convert", &new, &back, "--field", "lat"]).contains("no latitude and longitude of 'lat'"));
}

#[test]
fn damaged_and_foreign_files_are_refused_in_one_line() {
    let folder = Folder::new();
    let whole = std::fs::read(global_state()).unwrap();
    let path = folder.path("file");
    let all = |expected: &str| {
        for command in [&["ls", &path][..], &["dump", &path], &["compare", &path, &path]] {
            let error = bad(command);
            assert!(error.contains(expected), "{command:?}: {error}");
        }
        let (png, netcdf) = (folder.path("x.png"), folder.path("x.nc"));
        assert!(bad(&["plot", &path, "-o", &png]).contains(expected));
        assert!(bad(&["convert", &path, &netcdf]).contains(expected));
    };
    for length in [1, 7, 16, 100, 7000, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = bad(&["ls", &path]);
        assert!(error.contains("truncated") || error.contains("is not a GRIB file"), "{length}: {error}");
    }
    std::fs::write(&path, &whole[..7000]).unwrap();
    all("truncated");
    for (bytes, expected) in [
        (&b""[..], "it is empty"),
        (b"\x1f\x8b\x08\x00 some gzip", "gzip"),
        (b"\x89HDF\r\n\x1a\n and more", "HDF5"),
        (b"CDF\x01\x00\x00", "cannot be read as NetCDF"),
        (b"a text, nothing else", "is not a GRIB file"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        all(expected);
    }
    // A NetCDF file that ends early, at many places.
    let netcdf = folder.path("whole.nc");
    good(&["convert", &state(), &netcdf, "--field", "prmsl"]);
    let whole = std::fs::read(&netcdf).unwrap();
    for length in (4..whole.len() - 64).step_by(whole.len() / 23) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = bad(&["ls", &path, "--statistics"]);
        assert!(error.contains("cannot be read as NetCDF"), "{length}: {error}");
    }
    assert!(bad(&["ls", &folder.path("absent")]).contains("opening failed"));
    assert!(bad(&["ls", &folder.path("")]).contains("reading failed"));
    let wrong = bad(&["convert", &state(), &folder.path("out.txt")]);
    assert!(wrong.contains("expected a name that ends in .nc, .nc4, .grib2"), "{wrong}");
    assert!(bad(&["convert", &state(), &folder.path("none/out.nc"), "--field", "prmsl"]).contains("none"));
    assert!(
        bad(&["convert", &state(), &folder.path("o.nc"), "--bits", "8"])
            .contains("--bits has no meaning for NetCDF")
    );
    assert!(
        bad(&["convert", &state(), &folder.path("o.grb"), "--double"])
            .contains("--double has no meaning for GRIB2")
    );
}

#[test]
fn observations_are_counted() {
    let error = bad(&["observations", &state()]);
    assert!(error.contains("is no file of observations: it is a GRIB file"), "{error}");
    let Some(path) = common::data("04_observations/bufr/eccodes/temp.bufr") else { return };
    let listed = good(&["observations", path.to_str().unwrap()]);
    let row = |name: &str| {
        let line = listed.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{listed}"));
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("radiosonde"), "3");
    assert_eq!(row("time"), "1979-04-08T23:00:00Z 2016-01-19T00:00:00Z");
    assert_eq!(row("air_temperature"), "K 93 26");
    assert_eq!(row("no-level"), "1 3 1 a level at 0");
}

/// A server that cannot start leaves all to a log.
#[test]
fn a_replay_writes_what_a_lost_server_had_not() {
    use terrella_coupling::communicator::Communicator;
    use terrella_io::layout::Layout;
    use terrella_io::plan::Metadata;
    use terrella_io::transport::{Client, OutputServer, Role, Settings};
    let folder = Folder::new();
    let out = folder.path("run");
    let plans = "plans: [{actions: [{type: transport}, {type: encode, format: raw}, {type: sink, sinks: [{type: file, path: 'there/all.raw'}]}]}]";
    std::fs::create_dir(&out).unwrap();
    // The folder of the file is not there yet.
    let settings = Settings::in_folder(folder.path("run/servers"));
    Communicator::threads(2, |all| match Role::of(&all, 1).unwrap() {
        Role::Model { link, .. } => {
            let mut output = Client::start(&link, plans, Path::new(&out), &settings).unwrap();
            for step in 0..3 {
                let metadata = Metadata::new().with("step", step);
                output.write_field(metadata, &Layout::global_lat_lon(4, 3), &[1.0; 12]).unwrap();
            }
            assert!(output.finish().is_err());
        }
        Role::Server(link) => {
            assert!(OutputServer::start(&link, plans, Path::new(&out), &settings).is_err());
        }
    });
    let logs = folder.path("run/servers");
    assert!(bad(&["replay", &logs]).contains("there"));
    std::fs::create_dir(folder.path("run/there")).unwrap();
    assert_eq!(good(&["replay", &logs]), "3 messages of 1 logs written; 0 had been written before\n");
    assert_eq!(std::fs::read(folder.path("run/there/all.raw")).unwrap().len(), 3 * 12 * 8);
    assert_eq!(good(&["replay", &logs]), "0 messages of 0 logs written; 0 had been written before\n");
    assert!(bad(&["replay", &folder.path("none")]).contains("none"));
}
