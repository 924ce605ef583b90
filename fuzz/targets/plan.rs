//! Plan files: read or refused; plans bear messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terrella_io::layout::Layout;
use terrella_io::plan::{Kind, Message, Metadata, Plans};

const SEEDS: [&str; 4] = [
    "plans:
  - name: daily means
    delivery: lossless
    actions:
      - type: select
        match: [{name: [t, u], level: [500, 850]}]
        not: {any: [{match: [{step: 3}]}, {all: [{ignore: [{name: q}]}]}]}
      - {type: aggregate, on-error: skip}
      - type: statistics
        output-frequency: 1d
        operations: [instant, average, minimum, maximum, accumulate, difference, de-accumulate, standard-deviation]
        options: {time-step: 3600, step-frequency: 6, use-current-time: false, initial-condition-present: true,
                  value-count-threshold: -1, solver-reset-accumulate-fields-every: month}
",
    "plans: [{name: &name maps, actions: [
    {type: scale, mapping-definition: [{case: {param-is: 260509, map-to-param: 235309, scaling-factor: 0.001}}]},
    {type: mask, apply-bitmap: false, missing-value: 9.5e36, offset-fields: [sst], offset-value: 273.15},
    {type: interpolate, input: r4x3, grid: O4, interpolation: nn, options: {caching: true, non-linear: missing-if-any-missing}},
    {type: encode, format: grib, packing: simple, bits-per-value: 16, centre: ecmf},
    {type: sink, sinks: [{type: discard}, {type: memory, name: *name}]}]}]",
    "plans:
  - actions:
      - {type: interpolate, grid: [10, 10], area: [80.0, -20, 20, 40]}
      - {type: interpolate, grid: 7.5/10}
      - {type: interpolate, grid: HN4, interpolation: bilinear}
      - {type: encode, format: raw}
      - {type: metadata-mapping, mapping: 'no/such/file', enforce-match: false}
      - {type: sink, sinks: [{type: file, path: 'a[step]'}, {type: log, path: b, retain-bytes: 8}, {type: fdb5}]}
",
    "%YAML 1.2\n---\nplans: &a [{name: !!str 1, actions: &b []}, {actions: *b}]\n...\n",
];

/// Lat-lon, 4 by 3.
fn message(step: i64) -> Message {
    let metadata = Metadata::new()
        .with("name", "t")
        .with("param", "t")
        .with("levtype", "pl")
        .with("level", 500)
        .with("startDate", 20_260_131)
        .with("startTime", 0)
        .with("step", step)
        .with("timeStep", 3600);
    let layout = Layout::global_lat_lon(4, 3);
    Message { metadata, kind: Kind::Field { values: vec![280.0; layout.points()], layout } }
}

fuzz_target!(
    init: terrella_fuzz::seed("plan", SEEDS.map(str::as_bytes)),
    |bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let Ok(mut plans) = Plans::from_yaml(text) else { return };
        for step in [0, 6, 24] {
            let _ = plans.write(message(step));
        }
        let _ = plans.finish();
    }
);
