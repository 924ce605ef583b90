//! The plans' statistics: a window of fields, one after the other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use terrella_io::layout::Layout;
use terrella_io::plan::{Kind, Message, Plans};
use terrella_kernels::Precision;
use terrella_kernels::device::Device;

use super::data::largest_error;
use super::grib2::{layout, temperature};
use super::plan::metadata;
use crate::{Case, Cases, Entry, Key, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "statistics",
    summary: "average, maximum and standard deviation of a window of fields in an output plan",
    keys: &[
        Key { name: "grid", default: "O1280", meaning: "names of grids, separated by commas" },
        Key { name: "fields", default: "24", meaning: "fields in a window" },
    ],
    smallest: &[("grid", "O32,H8"), ("fields", "5")],
    peers: &[],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    // Fields pass through plans on the CPU, in 64 bits.
    if request.device != Device::Cpu || request.precision != Precision::F64 {
        return Ok(Vec::new());
    }
    let fields = request.number("fields")?;
    let names = request.text("grid").split(',').map(str::trim);
    names.map(|name| Ok(Box::new(WindowCase::new(name, fields)?) as Box<dyn Case>)).collect()
}

struct WindowCase {
    grid: String,
    layout: Layout,
    /// Fields are this one, turned by some points.
    values: Vec<f64>,
    fields: usize,
    plans: Plans,
    /// What is left of the last window's results, where somebody has asked.
    results: Arc<Mutex<Option<Vec<Message>>>>,
    step: usize,
    seconds: f64,
}

impl WindowCase {
    fn new(grid: &str, fields: usize) -> Result<Self> {
        let layout = layout(grid)?;
        let mut plans = Plans::from_yaml(&format!(
            "
plans:
  - name: statistics
    actions:
      - {{type: statistics, output-frequency: {fields}h, operations: [average, maximum, standard-deviation]}}
      - {{type: sink, sinks: [{{type: call, name: results}}]}}
"
        ))?;
        let results = Arc::new(Mutex::new(None::<Vec<Message>>));
        let kept = results.clone();
        plans.connect("results", move |message: &Message| {
            // A copy takes time that is not the statistics'.
            if let Some(kept) = &mut *kept.lock().unwrap_or_else(PoisonError::into_inner) {
                kept.push(message.clone());
            }
            Ok(())
        })?;
        let values = temperature(&layout);
        Ok(Self { grid: grid.to_owned(), layout, values, fields, plans, results, step: 0, seconds: 0.0 })
    }

    /// Points by which the field of a step is turned.
    fn turn(&self, step: usize) -> usize {
        step * 7919 % self.values.len()
    }

    /// The values of the last window at a point.
    fn window(&self, point: usize) -> impl Iterator<Item = f64> + Clone + '_ {
        let at = move |step| self.values[(point + self.turn(step)) % self.values.len()];
        (self.step - self.fields + 1..=self.step).map(at)
    }
}

impl Case for WindowCase {
    fn name(&self) -> &str {
        "average, maximum, standard deviation"
    }

    fn size(&self) -> String {
        format!("{} of {} fields", self.grid, self.fields)
    }

    /// A value is read; the mean, the sum of squares and the largest are read and written. At the window's end each is read
    /// once more, and its result written.
    fn work(&self) -> Work {
        let (points, fields) = (self.values.len() as f64, self.fields as f64);
        let bytes = 8.0 * points * (fields * (1.0 + 3.0 * 2.0) + 3.0 * 2.0);
        Work { bytes, flops: points * (fields * 7.0 + 2.0) }
    }

    fn points(&self) -> Option<usize> {
        Some(self.values.len() * self.fields)
    }

    fn clock(&self) -> Option<f64> {
        Some(self.seconds)
    }

    /// A window. Its messages are the model's to make, so that their time does not count.
    fn run(&mut self) -> Result<()> {
        for _ in 0..self.fields {
            self.step += 1;
            let (end, begin) = self.values.split_at(self.turn(self.step));
            let mut values = Vec::with_capacity(self.values.len());
            values.extend_from_slice(begin);
            values.extend_from_slice(end);
            let kind = Kind::Field { layout: self.layout.clone(), values };
            let message = Message { metadata: metadata().with("step", self.step as i64), kind };
            let start = Instant::now();
            self.plans.write(message)?;
            self.seconds += start.elapsed().as_secs_f64();
        }
        Ok(())
    }

    /// Against sums over the window's values.
    fn error(&mut self) -> Result<f64> {
        let kept = |results: &Mutex<Option<Vec<Message>>>, next| {
            std::mem::replace(&mut *results.lock().unwrap_or_else(PoisonError::into_inner), next)
        };
        kept(&self.results, Some(Vec::new()));
        self.run()?;
        let results = kept(&self.results, None).unwrap_or_default();
        let mut largest = 0.0_f64;
        for message in &results {
            let Kind::Field { values, .. } = &message.kind else { return Ok(f64::INFINITY) };
            let operation = message.metadata.text("operation")?;
            largest = largest.max(largest_error(values, |point| {
                let window = self.window(point);
                let mean = window.clone().sum::<f64>() / self.fields as f64;
                match operation {
                    "average" => mean,
                    "maximum" => window.fold(f64::NEG_INFINITY, f64::max),
                    _ => {
                        let squares = window.map(|value| (value - mean).powi(2)).sum::<f64>();
                        (squares / self.fields as f64).sqrt()
                    }
                }
            }));
        }
        Ok(if results.len() == 3 { largest } else { f64::INFINITY })
    }
}
