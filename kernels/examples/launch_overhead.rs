//! Time per launch on every device that runs texts: what the host spends, and what a dependent launch takes in all.
//!
//! `cargo run --release -p terrella-kernels --example launch_overhead`

use std::time::Instant;

use terrella_kernels::device::{Argument, Buffer, Device, KernelText, Launch, Parameter, ParameterKind};
use terrella_kernels::{Precision, Result, ScalarKind};

/// values[i] + increment: nothing but a launch.
static ADD: KernelText = KernelText {
    name: "add",
    indices: &["point"],
    parameters: &[
        Parameter { name: "increment", kind: ParameterKind::Scalar(ScalarKind::F32) },
        Parameter { name: "values", kind: ParameterKind::Slice(ScalarKind::F32) },
    ],
    outputs: &[ScalarKind::F32],
    cuda: r#"
extern "C" __global__ void add_entry(u32 extent_0, float increment, const float* __restrict__ values,
    float* __restrict__ output_0) {
    unsigned long long flat = (unsigned long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (flat >= extent_0) return;
    output_0[flat] = values[flat] + increment;
}
"#,
    wgsl: r#"
struct Arguments { extent_0: u32, increment: f32 }
@group(0) @binding(0) var<storage, read> arguments: Arguments;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> output_0: array<f32>;

@compute @workgroup_size(256)
fn add_entry(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let flat = id.x + id.y * (groups.x * 256u);
    if flat >= arguments.extent_0 { return; }
    output_0[flat] = values[flat] + arguments.increment;
}
"#,
    calls: &[],
};

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
                let launch = Launch { text: &ADD, precision: Precision::F32, extent: &[256] };
                launch.enqueue(device, &[Argument::F32(1.0), Argument::Buffer(&one)], &mut [&mut other])?;
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
