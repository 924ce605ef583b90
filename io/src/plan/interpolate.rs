//! `interpolate`: fields onto another grid.
//!
//! | key | value |
//! |---|---|
//! | `grid` | `F128`, `N320`, `O640`; `H64` (HEALPix, ring order), `HN64` or `H64_nested`; `r360x181`; increments from west to east and north to south \[degrees\], `[0.5, 0.5]` or `0.5/0.5` |
//! | `area` | `[north, west, south, east]` \[degrees\] that the increments must divide; without it the globe |
//! | `interpolation` | `bilinear` (the default), `nearest-neighbour` or `nn` |
//! | `input` | the grid that fields must have, named as in `grid`; without it any |
//! | `options` | `caching`: whether weights are kept for the next field on the same grid (the default is `true`); `non-linear`: `missing-if-heaviest-missing` (the default), `missing-if-any-missing`, `missing-if-all-missing` ([`MissingRule`]) |
//!
//! The keys are MultIO's, those of `options` ECMWF MIR's. MIR's default is `linear`, on triangles, which is not here.
//! Masks go on as they are: apply them before. Within a plan HEALPix fields are in ring order; `orderingConvention` says in
//! which one `encode` writes them.

use super::action::{Action, Kind, Message};
use super::grid::{self, Target};
use super::section::Section;
use crate::error::{Error, Result};
use crate::interpolation::{Method, MissingRule, Weights};
use crate::layout::Layout;

pub(super) const KEYS: [&str; 5] = ["input", "grid", "area", "interpolation", "options"];

const RULES: [(&str, MissingRule); 3] = [
    ("missing-if-heaviest-missing", MissingRule::HeaviestMissing),
    ("missing-if-any-missing", MissingRule::AnyMissing),
    ("missing-if-all-missing", MissingRule::AllMissing),
];

pub(super) struct Interpolate {
    target: Target,
    input: Option<Layout>,
    method: Method,
    rule: MissingRule,
    caching: bool,
    weights: Vec<(Layout, Weights)>,
}

impl Interpolate {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        section.required("grid")?;
        let area = area(section)?;
        let input = match section.get("input") {
            Some(_) => Some(grid::read(section, "input", None)?.layout),
            None => None,
        };
        let options = section.inner("options")?;
        options.allow(&["caching", "non-linear"])?;
        let rule = options.choice("non-linear", &RULES.map(|(name, _)| name))?;
        let methods = ["bilinear", "nearest-neighbour", "nn"];
        Ok(Self {
            target: grid::read(section, "grid", area)?,
            input,
            method: match section.choice("interpolation", &methods)? {
                None | Some("bilinear") => Method::Bilinear,
                Some(_) => Method::NearestNeighbour,
            },
            rule: RULES.iter().find(|(name, _)| Some(*name) == rule).map_or(RULES[0].1, |(_, rule)| *rule),
            caching: options.flag("caching", true)?,
            weights: Vec::new(),
        })
    }

    fn check(&self, layout: &Layout) -> Result<()> {
        match &self.input {
            Some(input) if !same_points(input, layout) => Err(Error::InvalidValue {
                name: "input".into(),
                got: described(layout),
                expected: format!("{}, as the plan says", described(input)),
            }),
            _ => Ok(()),
        }
    }
}

impl Action for Interpolate {
    fn apply(&mut self, message: Message) -> Result<Vec<Message>> {
        let Kind::Field { layout, values } = &message.kind else { return Ok(vec![message]) };
        self.check(layout)?;
        let known = self.weights.iter().position(|(source, _)| source == layout);
        let values = match known {
            Some(number) => self.weights[number].1.apply(values, self.rule)?,
            None => {
                let weights = Weights::new(layout, &self.target.layout, self.method)?;
                let values = weights.apply(values, self.rule)?;
                if self.caching {
                    self.weights.push((layout.clone(), weights));
                }
                values
            }
        };
        let mut metadata = message.metadata;
        self.target.describe(&mut metadata);
        let layout = self.target.layout.clone();
        Ok(vec![Message { metadata, kind: Kind::Field { layout, values } }])
    }
}

fn area(section: &Section<'_>) -> Result<Option<[f64; 4]>> {
    if section.get("area").is_none() {
        return Ok(None);
    }
    match section.reals("area")?[..] {
        [north, west, south, east] => Ok(Some([north, west, south, east])),
        _ => Err(section.error("'area': expected four numbers, [north, west, south, east]")),
    }
}

/// Whether the points are the same but for the rounding of coordinates in files.
fn same_points(one: &Layout, other: &Layout) -> bool {
    let near = |one: f64, other: f64| (one - other).abs() < 2e-3;
    one.rings().len() == other.rings().len()
        && one.rings().iter().zip(other.rings()).all(|(one, other)| {
            one.points == other.points && near(one.latitude, other.latitude) && near(one.west, other.west)
        })
}

fn described(layout: &Layout) -> String {
    let rings = || format!("{} points on {} rings", layout.points(), layout.rings().len());
    layout.name().unwrap_or_else(rings)
}
