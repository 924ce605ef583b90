//! Filters that follow the model of Lorenz (1996) by observations of all variables at every step, as `validation` does for their errors.

use terrella_kernels::assimilation::localization::Taper;
use terrella_kernels::device::Device;
use terrella_kernels::{Precision, random};
use terrella_validation::cases::sakov_oke_2008::twin::{Twin, VARIABLES, first_states};
use terrella_validation::cases::sakov_oke_2008::{HALF_WIDTH, ROWS, Row};

use crate::peers::{PythonPeer, twin_experiment_peer};
use crate::{Case, Cases, Entry, Key, Peer, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "twin_experiment",
    summary: "cycles of Lorenz (1996) with the stochastic EnKF, the LETKF and the serial EAKF; peer: the same in DAPPER",
    keys: &[
        Key { name: "filter", default: "all", meaning: "EnKF (N = 40), LETKF (N = 7), EAKF (N = 7)" },
        Key { name: "cycles", default: "10000", meaning: "forecasts and analyses in a run" },
    ],
    smallest: &[("cycles", "3")],
    peers: &["dapper"],
    cases,
};

/// The cases, with the rows of the validation that they are, and the radius within which observations count.
const FILTERS: [(&str, &str, usize, Option<f64>); 3] = [
    ("EnKF", "stochastic EnKF", 40, None),
    ("LETKF", "LETKF, radius 4, rotated", 7, Some(4.0)),
    ("EAKF", "serial EAKF, radius 6, rotated", 7, Some(6.0)),
];

fn cases(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    if request.device != Device::Cpu || request.precision != Precision::F64 {
        eprintln!(
            "twin_experiment is for the CPU in f64 only: not measured on {} in {}.",
            request.device,
            request.precision_name()
        );
        return Ok(cases);
    }
    let cycles = request.number("cycles")?;
    for name in request.choices("filter", &FILTERS.map(|filter| filter.0))? {
        cases.push(Box::new(TwinExperiment::new(request, name, cycles)?));
    }
    Ok(cases)
}

struct TwinExperiment {
    name: &'static str,
    row: &'static Row,
    radius: Option<f64>,
    twin: Twin,
    /// The errors of the last run's cycles.
    errors: Vec<f64>,
    peers: Vec<PythonPeer>,
}

impl TwinExperiment {
    fn new(request: &Request, name: &'static str, cycles: usize) -> Result<Self> {
        let of_name = |filter: &&(&str, &str, usize, Option<f64>)| filter.0 == name;
        let (_, of_row, members, radius) = FILTERS.iter().find(of_name).expect("a filter that was chosen");
        let row = ROWS.iter().find(|row| row.name == *of_row && row.members == *members);
        let row = row.expect("a row of the validation");
        let peers =
            request.peers.iter().map(|_| twin_experiment_peer(name, cycles)).collect::<Result<_>>()?;
        let twin = Twin::new(3_000, cycles)?;
        Ok(Self { name, row, radius: *radius, twin, errors: Vec::new(), peers })
    }

    /// The error of a mean of members against the truth of the first cycle.
    fn error_of(&self, mean: impl Fn(usize) -> f64) -> f64 {
        let squares = (0..VARIABLES).map(|variable| (mean(variable) - self.twin.truth[0][variable]).powi(2));
        (squares.sum::<f64>() / VARIABLES as f64).sqrt()
    }

    fn taper(&self, a: usize, b: usize) -> f64 {
        let distance = a.abs_diff(b).min(VARIABLES - a.abs_diff(b)) as f64;
        self.radius.map_or(1.0, |radius| Taper::GaspariCohn(HALF_WIDTH * radius).at(distance))
    }

    /// The error of the first analysis's mean by plain loops, one observation after the other.
    fn first_error_of_serial(&self, mut states: Vec<f64>) -> f64 {
        let members = self.row.members;
        let degrees = members as f64 - 1.0;
        let mean = |row: &[f64]| row.iter().sum::<f64>() / row.len() as f64;
        for observed in random::permutation(self.twin.seed, [0, 3, 0], VARIABLES) {
            let observed = observed as usize;
            let row = states[observed * members..(observed + 1) * members].to_vec();
            let of_row = mean(&row);
            let variance = row.iter().map(|value| (value - of_row).powi(2)).sum::<f64>() / degrees;
            let shift = variance / (variance + 1.0) * (self.twin.observations[0][observed] - of_row);
            let shrink = (1.0 / (variance + 1.0)).sqrt() - 1.0;
            for (variable, values) in states.chunks_mut(members).enumerate() {
                let of_values = mean(values);
                let products = values.iter().zip(&row).map(|(x, y)| (x - of_values) * (y - of_row));
                let slope = self.taper(observed, variable) * products.sum::<f64>() / degrees / variance;
                for (value, equivalent) in values.iter_mut().zip(&row) {
                    *value += slope * (shift + shrink * (equivalent - of_row));
                }
            }
        }
        self.error_of(|variable| mean(&states[variable * members..(variable + 1) * members]))
    }

    /// The error of the first analysis's mean by gains of plain sums and Gauss's elimination.
    fn first_error_of_gains(&self, forecast: &[f64]) -> f64 {
        let members = self.row.members;
        let mean: Vec<f64> =
            forecast.chunks(members).map(|row| row.iter().sum::<f64>() / members as f64).collect();
        let anomaly = |variable: usize, member: usize| forecast[variable * members + member] - mean[variable];
        let product = |a: usize, b: usize| (0..members).map(|m| anomaly(a, m) * anomaly(b, m)).sum::<f64>();
        let analysis = |variable: usize| {
            let taper = |other: usize| self.taper(variable, other);
            let near: Vec<usize> = (0..VARIABLES).filter(|other| taper(*other) > 0.0).collect();
            // (Y Yᵀ + (N − 1) R/ρ) z = y − ȳ, and z times the covariances with this variable.
            let mut system: Vec<Vec<f64>> = near
                .iter()
                .map(|&a| {
                    let mut row: Vec<f64> = near
                        .iter()
                        .map(|&b| {
                            product(a, b) + f64::from(u8::from(a == b)) * (members as f64 - 1.0) / taper(a)
                        })
                        .collect();
                    row.push(self.twin.observations[0][a] - mean[a]);
                    row
                })
                .collect();
            for pivot in 0..near.len() {
                for row in (0..near.len()).filter(|row| *row != pivot) {
                    let factor = system[row][pivot] / system[pivot][pivot];
                    for column in pivot..near.len() + 1 {
                        system[row][column] -= factor * system[pivot][column];
                    }
                }
            }
            let increment: f64 = (0..near.len())
                .map(|place| {
                    product(variable, near[place]) * system[place][near.len()] / system[place][place]
                })
                .sum();
            mean[variable] + increment
        };
        self.error_of(analysis)
    }
}

impl Case for TwinExperiment {
    fn name(&self) -> &str {
        self.name
    }

    fn size(&self) -> String {
        format!("{} cycles, {VARIABLES} variables, {} members", self.twin.truth.len(), self.row.members)
    }

    /// The ensemble read and written in each cycle; the forecast alone, since operations of an analysis depend on how it is computed.
    fn work(&self) -> Work {
        let values = (self.twin.truth.len() * VARIABLES * self.row.members) as f64;
        Work { bytes: 16.0 * values, flops: 4.0 * 8.0 * values }
    }

    fn run(&mut self) -> Result<()> {
        self.errors = self.row.errors(&self.twin)?;
        Ok(())
    }

    /// Of the first analysis; later ones follow a chaotic model.
    fn error(&mut self) -> Result<f64> {
        let members = self.row.members;
        let forecast = self.twin.forecast(first_states(self.twin.seed, 1, members), members)?;
        let expected = match self.name {
            "EAKF" => self.first_error_of_serial(forecast),
            _ => self.first_error_of_gains(&forecast),
        };
        Ok((self.errors[0] / expected - 1.0).abs())
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peers.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}
