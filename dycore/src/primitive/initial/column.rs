//! One column: its hydrostatic nodes, the model's surface pressure, the profiles on the model's levels.

use terrella_kernels::vertical::HybridLevels;
use terrella_kernels::vertical::interpolation::{
    HydrostaticNode, LAPSE_RATE, cubic, linear, log_pressure_at,
};

use super::analysis::Humidity;
use super::saturation::Saturation;

/// Above the highest level with humidity q falls like p to this power, as it does on average in the troposphere.
const HUMIDITY_POWER: f64 = 3.0;
/// Specific humidity of the stratosphere \[kg kg⁻¹\].
const STRATOSPHERIC_HUMIDITY: f64 = 2.5e-6;
/// The least share of its hydrostatic thickness above the ground with which a node is taken as lying above it. Interpolation
/// in the horizontal puts nodes near steep ground where they do not fit it.
const LEAST_SHARE: f64 = 0.25;

/// Where a field's levels are.
pub(super) enum Nodes {
    /// ln p, everywhere the same.
    Fixed(Vec<f64>),
    /// Hybrid levels over the analysis' surface pressure.
    Hybrid(HybridLevels),
}

/// A field on levels from the top downwards, `[level][point of the model]`.
pub(super) struct Profiles {
    pub(super) nodes: Nodes,
    pub(super) values: Vec<f64>,
}

impl Profiles {
    fn column(&self, point: usize, points: usize, log_surface_pressure: f64) -> Column {
        let nodes = match &self.nodes {
            Nodes::Fixed(nodes) => nodes.clone(),
            Nodes::Hybrid(levels) => {
                levels.full_level_pressure(log_surface_pressure.exp()).iter().map(|p| p.ln()).collect()
            }
        };
        let values = self.values.iter().skip(point).step_by(points).copied().collect();
        Column { nodes, values }
    }
}

/// Nodes ln p and values of one column, from the top downwards.
struct Column {
    nodes: Vec<f64>,
    values: Vec<f64>,
}

impl Column {
    /// Without what lies below `ground`; at least the highest node stays.
    fn above(mut self, ground: f64) -> Self {
        let count = self.nodes.partition_point(|&node| node <= ground).max(1);
        self.nodes.truncate(count);
        self.values.truncate(count);
        self
    }

    fn lowest(&self) -> (f64, f64) {
        (self.nodes[self.nodes.len() - 1], self.values[self.values.len() - 1])
    }

    /// Cubic, and constant beyond the ends.
    fn at(&self, node: f64) -> f64 {
        cubic(&self.nodes, &self.values, node)
    }
}

/// What all columns share, and the fields that they are taken from.
pub(super) struct Columns<'a> {
    pub(super) points: usize,
    pub(super) u: Profiles,
    pub(super) v: Profiles,
    pub(super) temperature: Profiles,
    pub(super) humidity: Option<(Humidity, Profiles)>,
    /// \[m² s⁻²\].
    pub(super) geopotential: Option<Profiles>,
    /// ln p_s of the analysis, `[point]`, where hybrid levels need it.
    pub(super) log_surface_pressure: Option<Vec<f64>>,
    /// Where the analysis' ground, or its sea level, is: ln p and φ, `[point]` each.
    pub(super) ground: Option<(Vec<f64>, Vec<f64>)>,
    /// The model's ground \[m² s⁻²\].
    pub(super) orography: &'a [f64],
    pub(super) levels: &'a HybridLevels,
    pub(super) saturation: Saturation,
    pub(super) gas_constant: f64,
    pub(super) vapour_gas_constant: f64,
    pub(super) gravity: f64,
}

/// One column of the model's state, top first.
pub(super) struct ModelColumn {
    pub(super) surface_pressure: f64,
    pub(super) u: Vec<f64>,
    pub(super) v: Vec<f64>,
    pub(super) temperature: Vec<f64>,
    pub(super) humidity: Vec<f64>,
    /// Nodes whose humidity was above saturation, and below 0.
    pub(super) cut: [usize; 2],
    /// Levels above the highest and below the lowest node of temperature.
    pub(super) outside: [usize; 2],
}

impl Columns<'_> {
    pub(super) fn column(&self, point: usize) -> ModelColumn {
        let ground = self.ground.as_ref().map(|(pressure, height)| (pressure[point], height[point]));
        let floor = ground.map_or(f64::INFINITY, |(pressure, _)| pressure);
        let take = |profiles: &Profiles| self.take(profiles, point);
        let whole = take(&self.temperature);
        let mut cut = [0; 2];
        let moisture = self.humidity.as_ref().map(|(kind, profiles)| {
            let mut column = take(profiles);
            for (node, value) in column.nodes.iter().zip(&mut column.values) {
                *value = match kind {
                    Humidity::Relative => *value / 100.0,
                    Humidity::Specific => {
                        let (temperature, pressure) = (whole.at(*node), node.exp());
                        self.saturation.relative_humidity(*value, temperature, pressure, self.ratio())
                    }
                };
                cut[0] += usize::from(*value > 1.0);
                cut[1] += usize::from(*value < 0.0);
                *value = value.clamp(0.0, 1.0);
            }
            column.above(floor)
        });
        let temperature = whole.above(floor);
        let nodes = self.hydrostatic_nodes(point, ground, &temperature, moisture.as_ref());
        let log_surface_pressure =
            log_pressure_at(&nodes, self.orography[point], self.gas_constant, self.gravity);
        let surface_pressure = log_surface_pressure.exp();
        let (u, v) = (take(&self.u).above(floor), take(&self.v).above(floor));

        let mut model = ModelColumn {
            surface_pressure,
            u: Vec::new(),
            v: Vec::new(),
            temperature: Vec::new(),
            humidity: Vec::new(),
            cut,
            outside: [0; 2],
        };
        for pressure in self.levels.full_level_pressure(surface_pressure) {
            let node = pressure.ln();
            let temperature_here = self.temperature_at(&temperature, node);
            model.outside[0] += usize::from(node < temperature.nodes[0]);
            model.outside[1] += usize::from(node > temperature.lowest().0);
            model.u.push(u.at(node));
            model.v.push(v.at(node));
            model.temperature.push(temperature_here);
            model.humidity.push(self.humidity_at(&temperature, moisture.as_ref(), node, temperature_here));
        }
        model
    }

    fn take(&self, profiles: &Profiles, point: usize) -> Column {
        let log_surface_pressure =
            self.log_surface_pressure.as_ref().map_or(f64::NAN, |values| values[point]);
        profiles.column(point, self.points, log_surface_pressure)
    }

    fn ratio(&self) -> f64 {
        self.gas_constant / self.vapour_gas_constant
    }

    /// d ln T/d ln p of the standard lapse rate.
    fn lapse(&self) -> f64 {
        LAPSE_RATE * self.gas_constant / self.gravity
    }

    fn temperature_at(&self, column: &Column, node: f64) -> f64 {
        let (lowest, temperature) = column.lowest();
        if node > lowest { temperature * (self.lapse() * (node - lowest)).exp() } else { column.at(node) }
    }

    /// q where the temperature is known.
    fn humidity_at(&self, column: &Column, moisture: Option<&Column>, node: f64, temperature: f64) -> f64 {
        let Some(moisture) = moisture else { return 0.0 };
        let specific = |relative: f64, temperature: f64, node: f64| {
            self.saturation.specific_humidity(relative, temperature, node.exp(), self.ratio())
        };
        let highest = moisture.nodes[0];
        if node >= highest {
            return specific(linear(&moisture.nodes, &moisture.values, node), temperature, node);
        }
        let there = specific(moisture.values[0], self.temperature_at(column, highest), highest);
        let falling = there * (HUMIDITY_POWER * (node - highest)).exp();
        falling.max(STRATOSPHERIC_HUMIDITY).min(there).min(specific(1.0, temperature, node))
    }

    /// Where pressure, geopotential and virtual temperature of the analysis are known, from the top downwards.
    fn hydrostatic_nodes(
        &self,
        point: usize,
        ground: Option<(f64, f64)>,
        temperature: &Column,
        moisture: Option<&Column>,
    ) -> Vec<HydrostaticNode> {
        let excess = 1.0 / self.ratio() - 1.0;
        let virtual_temperature = |node: f64, value: f64| {
            value * (1.0 + excess * self.humidity_at(temperature, moisture, node, value))
        };
        let levels = temperature
            .nodes
            .iter()
            .zip(&temperature.values)
            .map(|(&node, &value)| (node, virtual_temperature(node, value)));
        let (lowest, lowest_temperature) = temperature.lowest();
        let ground = ground.map(|(log_pressure, geopotential)| HydrostaticNode {
            log_pressure,
            geopotential,
            virtual_temperature: virtual_temperature(lowest, lowest_temperature)
                * (self.lapse() * (log_pressure - lowest)).exp(),
        });
        let mut nodes = Vec::with_capacity(temperature.nodes.len() + 1);
        match &self.geopotential {
            Some(profiles) => {
                let heights = self.take(profiles, point);
                let range = heights.nodes[0] - 1e-9..=heights.lowest().0 + 1e-9;
                for (log_pressure, virtual_temperature) in levels.filter(|(node, _)| range.contains(node)) {
                    let node = HydrostaticNode {
                        log_pressure,
                        geopotential: heights.at(log_pressure),
                        virtual_temperature,
                    };
                    if ground.is_none_or(|ground| self.is_above(&node, &ground)) {
                        nodes.push(node);
                    }
                }
                nodes.extend(ground);
            }
            None => {
                let mut below = ground;
                nodes.extend(ground);
                for (log_pressure, virtual_temperature) in levels.collect::<Vec<_>>().into_iter().rev() {
                    let Some(base) = below else { break };
                    let mean = 0.5 * (virtual_temperature + base.virtual_temperature);
                    let geopotential =
                        base.geopotential + self.gas_constant * mean * (base.log_pressure - log_pressure);
                    let node = HydrostaticNode { log_pressure, geopotential, virtual_temperature };
                    if log_pressure < base.log_pressure - 1e-6 {
                        nodes.push(node);
                        below = Some(node);
                    }
                }
                nodes.reverse();
            }
        }
        nodes
    }

    fn is_above(&self, node: &HydrostaticNode, ground: &HydrostaticNode) -> bool {
        let depth = ground.log_pressure - node.log_pressure;
        let thickness = self.gas_constant * node.virtual_temperature * depth;
        depth > 1e-4 && node.geopotential - ground.geopotential > LEAST_SHARE * thickness
    }
}
