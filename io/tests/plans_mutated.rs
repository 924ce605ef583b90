//! Plans that are nearly right, and texts that are none: read or refused, without panic and without much memory.
//!
//! The test is alone in its process, so that the memory it needed can be asked for.

use terrella_io::Error;
use terrella_io::layout::Layout;
use terrella_io::plan::{Kind, Message, Metadata, Plans};

/// Every action with all its keys; no path that could be opened.
const PLANS: [&str; 4] = [
    "plans:
  - name: daily means
    actions:
      - type: select
        match:
          - name: [t, u]
            level: [500, 850]
        not: {any: [{match: [{step: 3}]}, {all: [{ignore: [{name: q}]}]}]}
      - type: aggregate
        on-error: skip
      - type: statistics
        output-frequency: 1d
        operations: [instant, average, minimum, maximum, accumulate, difference, de-accumulate, standard-deviation]
        options:
          time-step: 3600
          step-frequency: 6
          use-current-time: false
          initial-condition-present: true
          value-count-threshold: -1
          solver-reset-accumulate-fields-every: month
",
    "plans: [{name: &name maps, actions: [
    {type: scale, mapping-definition: [{case: {param-is: 260509, map-to-param: 235309, scaling-factor: 0.001}}]},
    {type: mask, apply-bitmap: false, missing-value: 9.5e36, offset-fields: [sst], offset-value: 273.15},
    {type: interpolate, input: r4x3, grid: O4, interpolation: nn, options: {caching: true, non-linear: missing-if-any-missing}},
    {type: encode, format: grib, packing: simple, bits-per-value: 16, centre: ecmf},
    {type: print, stream: error, prefix: *name, only-fields: true}]}]",
    "plans:
  - actions:
      - {type: interpolate, grid: [10, 10], area: [80.0, -20, 20, 40]}
      - {type: interpolate, grid: 7.5/10}
      - {type: interpolate, grid: HN4}
      - {type: encode, format: raw}
      - {type: metadata-mapping, mapping: '{NO_SUCH_NAME}', enforce-match: false}
      - {type: sink, sinks: [{type: file}]}
",
    "%YAML 1.2
---
plans: &a [{name: !!str 1, actions: &b []}, {actions: *b}]
...
",
];

struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// What mutations put in: parts of YAML, of plans, and of what neither has.
const PIECES: [&str; 28] = [
    "[",
    "]",
    "{",
    "}",
    ":",
    ": ",
    "- ",
    "\n",
    "  ",
    "&a ",
    "*a",
    "!!int ",
    "'",
    "\"",
    "#",
    "|",
    ">",
    "%",
    "---\n",
    "null",
    "1e999",
    "-1",
    "99999999999999999999",
    ".nan",
    "type",
    "match",
    "\u{0}",
    "é\u{10ffff}",
];

fn mutated(numbers: &mut Numbers) -> String {
    let mut bytes = PLANS[numbers.below(PLANS.len())].as_bytes().to_vec();
    for _ in 0..1 + numbers.below(4) {
        let place = numbers.below(bytes.len().max(1)).min(bytes.len());
        let end = (place + 1 + numbers.below(24)).min(bytes.len());
        match numbers.below(6) {
            0 if place < bytes.len() => bytes[place] = numbers.next() as u8,
            1 => drop(bytes.drain(place..end)),
            2 => {
                let again = bytes[place..end].to_vec();
                let other = numbers.below(bytes.len().max(1)).min(bytes.len());
                bytes.splice(other..other, again);
            }
            3 => bytes.truncate(place),
            _ => {
                let piece = PIECES[numbers.below(PIECES.len())].bytes();
                bytes.splice(place..place, piece);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Largest memory of this process so far [KiB].
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

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

#[test]
fn no_text_makes_plans_panic_or_fill_the_memory() {
    // Should a mutation name a file in a way that nobody thought of, it lies where it does no harm.
    let folder = tempfile::tempdir().unwrap();
    std::env::set_current_dir(folder.path()).unwrap();
    for plan in PLANS {
        let read = Plans::from_yaml(plan);
        let refused = plan.contains("NO_SUCH_NAME");
        assert!(refused == read.is_err(), "{plan}: {:?}", read.err().map(|error| error.to_string()));
    }
    let before = peak_memory();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..40_000 {
        match Plans::from_yaml(&mutated(&mut numbers)) {
            // Some are still plans: they must bear messages too.
            Ok(mut plans) => {
                accepted += 1;
                for step in [0, 6] {
                    if let Err(error) = plans.write(message(step)) {
                        assert!(!error.to_string().contains('\n'), "{error}");
                    }
                }
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().len() < 2000, "{error}");
            }
        }
    }
    assert!(accepted > 500 && refused > 20_000, "{accepted} accepted, {refused} refused");
    for length in 0..3000 {
        let bytes: Vec<u8> = (0..length % 300).map(|_| numbers.next() as u8).collect();
        let _ = Plans::from_yaml(&String::from_utf8_lossy(&bytes));
    }
    // Aliases of aliases: wide ones would be 10¹⁰ nodes, deep ones thousands of levels.
    let mut wide = "plans: []\na0: &a0 [l,l,l,l,l,l,l,l,l,l]\n".to_owned();
    let mut deep = "plans: []\na0: &a0 [l]\n".to_owned();
    for level in 1..100 {
        let below = format!("*a{}", level - 1);
        wide += &format!("a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(","));
        deep += &format!("a{level}: &a{level} {}{below}{}\n", "[".repeat(50), "]".repeat(50));
    }
    for text in [&wide, &deep] {
        let error = Plans::from_yaml(text).err().unwrap();
        assert!(matches!(error, Error::Plan { .. }), "{error}");
    }
    assert!(Plans::from_yaml(&deep).err().unwrap().to_string().contains("at most 64 levels"));
    let grown = peak_memory() - before;
    assert!(grown < 200 * 1024, "{grown} KiB more than before");
}
