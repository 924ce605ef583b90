//! What is written, and what a model does between two fields.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use terrella_io::layout::Layout;
use terrella_io::server::Server;

use super::super::grib2::{layout, temperature};
use super::super::plan::metadata;
use crate::Result;

/// Values that a model's step goes through: more than the caches hold (64 MiB).
const STATE: usize = 8 << 20;

#[derive(Clone)]
pub(in crate::entries) struct Field {
    grid: String,
    layout: Layout,
    pub(in crate::entries) values: Arc<[f64]>,
    /// Time of a step.
    work: Duration,
    state: Arc<[f64]>,
}

/// What became of a field.
pub(in crate::entries) enum Written {
    Taken,
    Refused,
}

impl Field {
    /// `work`: between two fields [µs].
    pub(in crate::entries) fn new(grid: &str, work: usize) -> Result<Self> {
        let layout = layout(grid)?;
        let work = Duration::from_micros(work as u64);
        let values = temperature(&layout).into();
        Ok(Self { grid: grid.to_owned(), values, layout, work, state: vec![1.0; STATE].into() })
    }

    pub(in crate::entries) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(in crate::entries) fn bytes(&self) -> u64 {
        size_of_val(&self.values[..]) as u64
    }

    pub(in crate::entries) fn description(&self) -> String {
        let Self { grid, work, .. } = self;
        match work.as_micros() {
            1 => format!("{grid} at once"),
            _ => format!("{grid} every {} ms", work.as_secs_f64() * 1e3),
        }
    }

    /// A step of the model: computes as long as it takes, over a state that no cache holds.
    pub(in crate::entries) fn compute(&self) {
        let (start, mut sum) = (Instant::now(), 0.0);
        while start.elapsed() < self.work {
            for piece in self.state.chunks(4096) {
                sum += piece.iter().sum::<f64>();
                if start.elapsed() >= self.work {
                    break;
                }
            }
        }
        black_box(sum);
    }

    /// Hands the field over; the time of that alone [s], and whether the server has taken it.
    pub(in crate::entries) fn write(&self, server: &Server, step: u64) -> Result<(f64, Written)> {
        let metadata = metadata().with("step", step as i64);
        let start = Instant::now();
        let outcome = server.write_field(metadata, &self.layout, &self.values);
        let seconds = start.elapsed().as_secs_f64();
        match outcome {
            Ok(()) => Ok((seconds, Written::Taken)),
            Err(terrella_io::Error::Full { .. }) => Ok((seconds, Written::Refused)),
            Err(error) => Err(error.into()),
        }
    }
}
