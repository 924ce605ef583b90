//! Time per launch on every device that runs texts: what the host spends, and what a dependent launch takes in all.
//!
//! `cargo run --release -p terrella-kernels --example launch_overhead`

use std::time::Instant;

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::{Real, Result, kernel};

/// Nothing but a launch.
#[kernel]
fn add<R: Real>(point: u32, increment: R, values: &[R]) -> R {
    values[point] + increment
}

const LAUNCHES: u32 = 20_000;

fn main() -> Result<()> {
    for description in Device::available().into_iter().filter(|description| description.device != Device::Cpu)
    {
        let device = description.device;
        let mut one = Buffer::<f32>::zeros(device, 256)?;
        let mut other = Buffer::<f32>::zeros(device, 256)?;
        let mut run = |launches| -> Result<(f64, f64)> {
            device.synchronize()?;
            let start = Instant::now();
            for _ in 0..launches {
                add::launch([256], 1.0, &one, &mut other)?;
                std::mem::swap(&mut one, &mut other);
            }
            let enqueued = start.elapsed().as_secs_f64();
            device.synchronize()?;
            Ok((enqueued, start.elapsed().as_secs_f64()))
        };
        run(1000)?;
        let (enqueued, done) = run(LAUNCHES)?;
        let start = Instant::now();
        for _ in 0..1000 {
            run(1)?;
        }
        let round_trip = start.elapsed().as_secs_f64() / 1000.0;
        let microseconds = |seconds: f64| seconds * 1e6 / f64::from(LAUNCHES);
        println!(
            "{device} ({}): host {:.2} us, done {:.2} us per launch, {:.1} us for a launch and its synchronisation",
            description.name,
            microseconds(enqueued),
            microseconds(done),
            round_trip * 1e6
        );
    }
    Ok(())
}
