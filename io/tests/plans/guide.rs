//! The user's guide.

use std::path::Path;

use terrella_io::plan::Plans;

#[test]
fn the_guide_describes_what_is_accepted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/plans.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let blocks: Vec<&str> =
        guide.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 8);
    for block in blocks {
        if let (true, Err(error)) = (block.contains("type: netcdf"), terrella_io::hdf5::version()) {
            println!("not run: {error}");
            continue;
        }
        let text = block.replace("out/", &format!("{}/", folder.path().display()));
        let plans = Plans::from_yaml(&text).unwrap_or_else(|error| panic!("{error}\n{block}"));
        plans.finish().unwrap();
    }
    // Each action's heading and, of a wrong plan, the keys that its error could name.
    for (action, keys) in [
        ("select", &["match", "ignore", "any", "all", "not"][..]),
        ("aggregate", &[]),
        ("transport", &["target", "hash-keys"]),
        ("scale", &["mapping-definition", "param-is", "map-to-param", "scaling-factor"]),
        ("mask", &["apply-bitmap", "missing-value", "offset-fields", "offset-value"]),
        ("metadata-mapping", &["mapping", "enforce-match", "mappings", "data"]),
        ("statistics", &["output-frequency", "operations", "options", "value-count-threshold"]),
        ("interpolate", &["grid", "area", "interpolation", "input", "options", "caching", "non-linear"]),
        ("encode", &["format", "packing", "bits-per-value", "centre"]),
        ("print", &["stream", "prefix", "only-fields"]),
        (
            "sink",
            &[
                "sinks",
                "path",
                "append",
                "per-server",
                "memory",
                "call",
                "log",
                "discard",
                "name",
                "retain-bytes",
                "compression",
                "level",
                "encryption",
                "key-file",
                "key-environment",
                "netcdf",
                "precision",
                "mantissa-bits",
                "fdb5",
                "config",
                "mars",
            ],
        ),
    ] {
        let section = guide.split(&format!("\n## {action}\n")).nth(1).unwrap_or_else(|| panic!("{action}"));
        let section = section.split("\n## ").next().unwrap();
        for key in keys {
            assert!(
                section.contains(&format!("`{key}`")) || section.contains(&format!("`{key}:")),
                "{action}: {key}"
            );
        }
    }
}
