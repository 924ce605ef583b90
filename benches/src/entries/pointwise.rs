//! Formulas at points.

use std::rc::Rc;

use terrella_kernels::constants::{DRY_AIR_GAS_CONSTANT, WATER_VAPOUR_GAS_CONSTANT};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::operators::pointwise;
use terrella_kernels::{Precision, Real};

use super::data::scattered;
use super::kernel_case::{KernelCase, Loop};
use crate::{Case, Cases, Entry, Key, Request, Result, Work, peers};

const FORMULAS: [&str; 3] = ["bernoulli_function", "moist_air", "saturation_vapour_pressure"];

pub(super) const ENTRY: Entry = Entry {
    name: "pointwise",
    summary: "formulas at points; peer: a hand-written loop (for the saturation pressure, with std's exp)",
    keys: &[
        Key {
            name: "formula",
            default: "all",
            meaning: "bernoulli_function, moist_air, saturation_vapour_pressure",
        },
        Key { name: "points", default: "16777216", meaning: "number of points" },
    ],
    smallest: &[("points", "1003")],
    peers: &["loop"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    match request.precision {
        Precision::F32 => cases_in::<f32>(request),
        Precision::F64 => cases_in::<f64>(request),
    }
}

fn cases_in<R: Real>(request: &Request) -> Result<Cases> {
    let case = |formula| -> Result<Box<dyn Case>> {
        Ok(match formula {
            "bernoulli_function" => Box::new(bernoulli_function::<R>(request)?),
            "moist_air" => Box::new(moist_air::<R>(request)?),
            _ => Box::new(saturation::<R>(request)?),
        })
    };
    request.choices("formula", &FORMULAS)?.into_iter().map(case).collect()
}

/// Input arrays on the host, on the device, and on the CPU for the peer.
struct Inputs<R: Real, const N: usize> {
    host: Rc<[Vec<R>; N]>,
    there: [Buffer<R>; N],
    points: usize,
}

impl<R: Real, const N: usize> Inputs<R, N> {
    fn new(request: &Request, ranges: [[f64; 2]; N]) -> Result<Self> {
        let points = request.number("points")?;
        let mut seed = 0;
        let host = ranges.map(|[low, high]| {
            seed += 1;
            scattered(points, low, high, seed)
        });
        Ok(Self { there: on(request.device, &host)?, host: Rc::new(host), points })
    }

    fn work(&self, outputs: usize, flops: f64) -> Work {
        let points = self.points as f64;
        Work { bytes: points * ((N + outputs) * size_of::<R>()) as f64, flops: flops * points }
    }
}

/// Copies of arrays on a device.
fn on<R: Real, const N: usize>(device: Device, arrays: &[Vec<R>; N]) -> Result<[Buffer<R>; N]> {
    let buffers: Vec<_> = arrays.iter().map(|values| Buffer::from_slice(device, values)).collect();
    let buffers: Vec<Buffer<R>> = buffers.into_iter().collect::<terrella_kernels::Result<_>>()?;
    Ok(buffers.try_into().expect("as many buffers as arrays"))
}

/// A loop on the CPU over copies of the inputs.
fn beside<R: Real, const N: usize>(
    request: &Request,
    inputs: &Inputs<R, N>,
    name: &'static str,
    mut run: impl FnMut([&[R]; N], &mut [R]) + 'static,
) -> Result<Option<Loop<R>>> {
    if !request.loop_beside() {
        return Ok(None);
    }
    let arrays = on(Device::Cpu, &inputs.host)?;
    Ok(Some(Loop {
        name,
        output: Buffer::zeros(Device::Cpu, inputs.points)?,
        run: Box::new(move |output| {
            run(
                arrays.each_ref().map(|array| array.cpu_slice().expect("the peer's arrays are on the CPU")),
                output,
            );
        }),
    }))
}

fn bernoulli_function<R: Real>(request: &Request) -> Result<KernelCase<R>> {
    let inputs = Inputs::<R, 3>::new(request, [[-80.0, 80.0], [-80.0, 80.0], [0.0, 3e5]])?;
    let peer = beside(request, &inputs, "hand-written loop", |[u, v, geopotential], output| {
        peers::bernoulli_function(u, v, geopotential, output);
    })?;
    let (work, host, [u, v, geopotential]) = (inputs.work(1, 5.0), inputs.host, inputs.there);
    let points = inputs.points;
    Ok(KernelCase {
        name: "bernoulli_function",
        size: points.to_string(),
        work,
        output: Buffer::zeros(request.device, points)?,
        run: Box::new(move |output| {
            pointwise::bernoulli_function::launch([points as u32], &u, &v, &geopotential, output)
        }),
        reference: Box::new(move |index| {
            let [u, v, geopotential] = host.each_ref().map(|values| values[index].to_f64());
            geopotential + 0.5 * (u * u + v * v)
        }),
        peer,
    })
}

fn moist_air<R: Real>(request: &Request) -> Result<KernelCase<R>> {
    let inputs = Inputs::<R, 3>::new(request, [[200.0, 310.0], [0.0, 0.03], [1e4, 1.05e5]])?;
    let constants = [DRY_AIR_GAS_CONSTANT, WATER_VAPOUR_GAS_CONSTANT].map(R::from_f64);
    let points = inputs.points;
    let (mut vapour_pressure, mut virtual_temperature) = (Vec::new(), Vec::new());
    if request.loop_beside() {
        vapour_pressure = vec![R::ZERO; points];
        virtual_temperature = vec![R::ZERO; points];
    }
    let peer =
        beside(request, &inputs, "hand-written loop", move |[temperature, humidity, pressure], output| {
            let (first, second) = (&mut vapour_pressure, &mut virtual_temperature);
            peers::moist_air_density(constants, temperature, humidity, pressure, first, second, output);
        })?;
    let (work, host, [temperature, humidity, pressure]) = (inputs.work(3, 10.0), inputs.host, inputs.there);
    let mut vapour_pressure = Buffer::zeros(request.device, points)?;
    let mut virtual_temperature = Buffer::zeros(request.device, points)?;
    Ok(KernelCase {
        name: "moist_air",
        size: points.to_string(),
        work,
        output: Buffer::zeros(request.device, points)?,
        run: Box::new(move |density| {
            let [dry, vapour] = constants;
            pointwise::moist_air::launch(
                [points as u32],
                dry,
                vapour,
                &temperature,
                &humidity,
                &pressure,
                &mut vapour_pressure,
                &mut virtual_temperature,
                density,
            )
        }),
        reference: Box::new(move |index| {
            let [temperature, humidity, pressure] = host.each_ref().map(|values| values[index].to_f64());
            let excess = WATER_VAPOUR_GAS_CONSTANT / DRY_AIR_GAS_CONSTANT - 1.0;
            pressure / (DRY_AIR_GAS_CONSTANT * temperature * (1.0 + excess * humidity))
        }),
        peer,
    })
}

fn saturation<R: Real>(request: &Request) -> Result<KernelCase<R>> {
    let inputs = Inputs::<R, 1>::new(request, [[233.15, 313.15]])?;
    let peer = beside(request, &inputs, "loop with std's exp", |[temperature], output| {
        let [freezing, factor, offset, scale] = [273.15, 17.67, 243.5, 611.2].map(R::from_f64);
        let formula = |temperature: R| {
            let celsius = temperature - freezing;
            scale * std_exp(factor * celsius / (celsius + offset))
        };
        peers::elementwise(formula, temperature, output);
    })?;
    // exp counts as one operation, so that the fraction of the peak shows its cost.
    let (work, host, [temperature]) = (inputs.work(1, 6.0), inputs.host, inputs.there);
    let points = inputs.points;
    Ok(KernelCase {
        name: "saturation_vapour_pressure",
        size: points.to_string(),
        work,
        output: Buffer::zeros(request.device, points)?,
        run: Box::new(move |output| {
            pointwise::saturation_vapour_pressure::launch([points as u32], &temperature, output)
        }),
        reference: Box::new(move |index| {
            let celsius = host[0][index].to_f64() - 273.15;
            611.2 * (17.67 * celsius / (celsius + 243.5)).exp()
        }),
        peer,
    })
}

/// The standard library's exponential function of the same precision.
fn std_exp<R: Real>(x: R) -> R {
    match R::PRECISION {
        Precision::F32 => R::from_f64(f64::from((x.to_f64() as f32).exp())),
        Precision::F64 => R::from_f64(x.to_f64().exp()),
    }
}
