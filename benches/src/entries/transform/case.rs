//! One direction between one truncation and one grid.

use terrella_kernels::Real;
use terrella_kernels::device::Buffer;
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};

use super::direction::{Direction, Operator};
use super::run::run;
use super::spectra::spectrum;
use crate::entries::data::scattered;
use crate::entries::grids::fourier_flops;
use crate::peers::{TransformLibrary, TransformPeer, TransformWork};
use crate::{Case, Peer, Request, Result, Work};

pub(super) struct TransformCase<R: Real> {
    pub(super) direction: Direction,
    pub(super) fields: usize,
    pub(super) plan: Transform<R>,
    pub(super) grid: Grid,
    pub(super) truncation: Truncation,
    pub(super) spectra: [Buffer<R>; 2],
    pub(super) values: [Buffer<R>; 2],
    peers: Vec<TransformPeer>,
}

impl<R: Real> TransformCase<R> {
    pub(super) fn new(
        request: &Request,
        direction: Direction,
        truncation: usize,
        grid: &Grid,
        fields: usize,
    ) -> Result<Self> {
        let device = request.device;
        let (truncation, grid) = (Truncation::new(truncation), grid.clone());
        let mut plan = Transform::new(&grid, truncation, device)?;
        // With radius 1 the wind is of the order of vorticity and divergence.
        plan.set_radius(1.0)?;
        // What an operator has not is not allocated in full.
        let spectrum_len =
            |which| if which < direction.operator.spectra() { truncation.spectrum_len(fields) } else { 1 };
        let values_len =
            |which| if which < direction.operator.components() { fields * grid.points() } else { 1 };
        let spectra = [Buffer::zeros(device, spectrum_len(0))?, Buffer::zeros(device, spectrum_len(1))?];
        let values = [Buffer::zeros(device, values_len(0))?, Buffer::zeros(device, values_len(1))?];
        let mut case = Self { direction, fields, plan, grid, truncation, spectra, values, peers: Vec::new() };
        case.fill_inputs()?;
        if request.loop_beside() {
            case.peers = case.start_peers(request)?;
        }
        Ok(case)
    }

    /// Spectra of order 1; analyses get fields that are synthesised from them, adjoints of syntheses fields of order 1.
    fn fill_inputs(&mut self) -> Result<()> {
        self.put_spectra()?;
        let synthesis = match self.direction.operator {
            _ if self.direction.to_grid() => return Ok(()),
            Operator::Analysis => "synthesis",
            Operator::WindAnalysis => "wind_synthesis",
            operator => {
                for (which, values) in self.values.iter_mut().enumerate().take(operator.components()) {
                    values.copy_from_host(&scattered::<R>(values.len(), -1.0, 1.0, 11 + which as u64))?;
                }
                return Ok(());
            }
        };
        let Self { fields, plan, spectra, values, .. } = self;
        run(plan, Direction::named(synthesis), *fields, spectra, values)
    }

    /// The spectrum that the case starts from.
    pub(super) fn start(&self, which: usize) -> Vec<R> {
        let wind = self.direction.operator.spectra() == 2;
        spectrum(self.truncation, self.fields, wind, 1 + which as u64)
    }

    /// Puts the spectra that the case starts from in place.
    pub(super) fn put_spectra(&mut self) -> Result<()> {
        for which in 0..self.direction.operator.spectra() {
            let start = self.start(which);
            self.spectra[which].copy_from_host(&start)?;
        }
        Ok(())
    }

    fn start_peers(&self, request: &Request) -> Result<Vec<TransformPeer>> {
        let work = TransformWork {
            direction: self.direction.name,
            truncation: self.truncation.total(),
            grid: &self.grid,
            fields: self.fields,
            threads: request.threads,
            precision: request.precision_name(),
            library: request.text("library"),
        };
        let mut peers = Vec::new();
        for name in &request.peers {
            let library = TransformLibrary::named(name)?;
            match library.lacks(&work) {
                None => peers.push(TransformPeer::new(library, work)?),
                Some(reason) => {
                    eprintln!("{name} is not measured on {} {}: {reason}.", self.name(), self.size())
                }
            }
        }
        Ok(peers)
    }
}

impl<R: Real> Case for TransformCase<R> {
    fn name(&self) -> &str {
        self.direction.name
    }

    fn size(&self) -> String {
        format!("T{} {} x{}", self.truncation.total(), self.grid.name(), self.fields)
    }

    fn work(&self) -> Work {
        let operator = self.direction.operator;
        let spectra = operator.spectra() * self.truncation.spectrum_len(self.fields);
        let flops = legendre_flops(&self.grid, self.truncation) + fourier_flops(&self.grid);
        Work {
            bytes: ((spectra + operator.components() * self.fields * self.grid.points()) * size_of::<R>())
                as f64,
            flops: (operator.components() * self.fields) as f64 * flops,
        }
    }

    fn points(&self) -> Option<usize> {
        Some(self.direction.operator.components() * self.fields * self.grid.points())
    }

    fn run(&mut self) -> Result<()> {
        let Self { direction, fields, plan, spectra, values, .. } = self;
        run(plan, *direction, *fields, spectra, values)
    }

    fn error(&mut self) -> Result<f64> {
        self.largest_error()
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peers.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}

/// Operations of the Legendre sums of one field: for each ring, each m that it carries and each n, a complex coefficient
/// times a real function, added, with the sum by symmetry shared by the two rings at ±φ. (T+1)(T+2) · rings on a full grid.
pub(crate) fn legendre_flops(grid: &Grid, truncation: Truncation) -> f64 {
    let functions = |largest: usize| (0..=largest).map(|m| truncation.total() + 1 - m).sum::<usize>();
    let rings = grid.rings().iter().map(|ring| functions(truncation.largest_zonal_on(ring)));
    2.0 * rings.sum::<usize>() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legendre_operations_are_those_of_the_coefficients_that_matter() {
        let full = Grid::full(32).expect("a grid");
        assert_eq!(legendre_flops(&full, Truncation::new(63)), (64 * 65 * 64) as f64);
        // Rings of 20, 24, 24, 20 points carry m ≤ 9, 11: here all m ≤ 3, and of T = 10 the northern ring leaves m = 10 out.
        let octahedral = Grid::octahedral(2).expect("a grid");
        assert_eq!(legendre_flops(&octahedral, Truncation::new(3)), (4 * 5 * 4) as f64);
        assert_eq!(legendre_flops(&octahedral, Truncation::new(10)), (11 * 12 * 4 - 2 * 2) as f64);
    }
}
