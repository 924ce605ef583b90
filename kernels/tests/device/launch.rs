//! Launching hand-written texts on the GPUs of this machine.

use terrella_kernels::device::{Argument, Buffer, Device, KernelText, Launch, Parameter, ParameterKind};
use terrella_kernels::{Error, Precision, Real, ScalarKind};

use crate::devices::gpus;

/// weight·a[i·columns + j] + b[j] and, as a second output, i·1000 + j.
static SCALED_SUM: KernelText = KernelText {
    name: "scaled_sum",
    indices: &["row", "column"],
    parameters: &[
        Parameter { name: "columns", kind: ParameterKind::Scalar(ScalarKind::U32) },
        Parameter { name: "weight", kind: ParameterKind::Scalar(ScalarKind::Real) },
        Parameter { name: "shift", kind: ParameterKind::Scalar(ScalarKind::I32) },
        Parameter { name: "a", kind: ParameterKind::Slice(ScalarKind::Real) },
        Parameter { name: "b", kind: ParameterKind::Slice(ScalarKind::Real) },
    ],
    outputs: &[ScalarKind::Real, ScalarKind::I32],
    carried: 0,
    cuda: r#"
extern "C" __global__ void scaled_sum_entry(u32 extent_0, u32 extent_1, u32 columns, real weight, i32 shift,
    const real* __restrict__ a, const real* __restrict__ b, real* __restrict__ output_0, i32* __restrict__ output_1) {
    unsigned long long flat = (unsigned long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (flat >= (unsigned long long)extent_0 * extent_1) return;
    u32 row = (u32)(flat / extent_1), column = (u32)(flat % extent_1);
    output_0[flat] = weight * a[row * columns + column] + b[column];
    output_1[flat] = (i32)(row * 1000u + column) + shift;
}
"#,
    wgsl: r#"
struct Arguments { extent_0: u32, extent_1: u32, columns: u32, weight: real, shift: i32 }
@group(0) @binding(0) var<storage, read> arguments: Arguments;
@group(0) @binding(1) var<storage, read> a: array<real>;
@group(0) @binding(2) var<storage, read> b: array<real>;
@group(0) @binding(3) var<storage, read_write> output_0: array<real>;
@group(0) @binding(4) var<storage, read_write> output_1: array<i32>;

@compute @workgroup_size(256)
fn scaled_sum_entry(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let flat = id.x + id.y * (groups.x * 256u);
    if flat >= arguments.extent_0 * arguments.extent_1 { return; }
    let row = flat / arguments.extent_1;
    let column = flat % arguments.extent_1;
    output_0[flat] = arguments.weight * a[row * arguments.columns + column] + b[column];
    output_1[flat] = i32(row * 1000u + column) + arguments.shift;
}
"#,
    calls: &[],
    methods: &[],
};

/// values[i] + 1.
static INCREMENT: KernelText = KernelText {
    name: "increment",
    indices: &["point"],
    parameters: &[Parameter { name: "values", kind: ParameterKind::Slice(ScalarKind::Real) }],
    outputs: &[ScalarKind::Real],
    carried: 0,
    cuda: r#"
extern "C" __global__ void increment_entry(u32 extent_0, const real* __restrict__ values, real* __restrict__ output_0) {
    unsigned long long flat = (unsigned long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (flat >= extent_0) return;
    output_0[flat] = values[flat] + (real)1;
}
"#,
    wgsl: r#"
struct Arguments { extent_0: u32 }
@group(0) @binding(0) var<storage, read> arguments: Arguments;
@group(0) @binding(1) var<storage, read> values: array<real>;
@group(0) @binding(2) var<storage, read_write> output_0: array<real>;

@compute @workgroup_size(256)
fn increment_entry(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let flat = id.x + id.y * (groups.x * 256u);
    if flat >= arguments.extent_0 { return; }
    output_0[flat] = values[flat] + real(1.0);
}
"#,
    calls: &[],
    methods: &[],
};

fn scalar<R: Real>(value: f64) -> Argument<'static> {
    match R::PRECISION {
        Precision::F32 => Argument::F32(value as f32),
        Precision::F64 => Argument::F64(value),
    }
}

fn increment<R: Real>(values: &Buffer<R>, output: &mut Buffer<R>) -> terrella_kernels::Result<()> {
    let device = values.device();
    let extent = [values.len() as u32];
    Launch { text: &INCREMENT, precision: R::PRECISION, extent: &extent }.enqueue(
        device,
        &[Argument::Buffer(values)],
        &mut [output],
    )
}

fn scaled_sum<R: Real>(device: Device, rows: usize, columns: usize, weight: f64) {
    let a: Vec<R> = (0..rows * columns).map(|index| R::from_f64(index as f64 * 0.1)).collect();
    let b: Vec<R> = (0..columns).map(|index| R::from_f64(index as f64 - 0.3)).collect();
    let mut sum = Buffer::<R>::zeros(device, rows * columns).unwrap();
    let mut place = Buffer::<i32>::zeros(device, rows * columns).unwrap();
    let launch =
        Launch { text: &SCALED_SUM, precision: R::PRECISION, extent: &[rows as u32, columns as u32] };
    let (on_device_a, on_device_b) =
        (Buffer::from_slice(device, &a).unwrap(), Buffer::from_slice(device, &b).unwrap());
    let arguments = [
        Argument::U32(columns as u32),
        scalar::<R>(weight),
        Argument::I32(-5),
        Argument::Buffer(&on_device_a),
        Argument::Buffer(&on_device_b),
    ];
    launch.enqueue(device, &arguments, &mut [&mut sum, &mut place]).unwrap();

    let weight = R::from_f64(weight);
    let (sum, place) = (sum.to_vec().unwrap(), place.to_vec().unwrap());
    for row in 0..rows {
        for column in 0..columns {
            let flat = row * columns + column;
            assert_eq!(sum[flat], weight * a[flat] + b[column], "{device} at {row}, {column}");
            assert_eq!(place[flat], (row * 1000 + column) as i32 - 5, "{device}");
        }
    }
}

#[test]
fn every_point_gets_its_value() {
    for device in gpus() {
        for (rows, columns) in [(1, 1), (3, 5), (16, 16), (257, 33), (1000, 2000)] {
            scaled_sum::<f32>(device, rows, columns, 1.7);
            scaled_sum::<f64>(device, rows, columns, 1.0 / 3.0);
        }
    }
}

#[test]
fn more_points_than_one_row_of_workgroups() {
    for device in gpus() {
        // 65535 workgroups of 256 cover 16 776 960 points.
        let len = 16_777_217;
        let values = Buffer::<f32>::zeros(device, len).unwrap();
        let mut output = Buffer::<f32>::zeros(device, len).unwrap();
        increment(&values, &mut output).unwrap();
        assert!(output.to_vec().unwrap().iter().all(|&value| value == 1.0), "{device}");
    }
}

#[test]
fn launches_run_in_order() {
    for device in gpus() {
        let mut one = Buffer::<f64>::zeros(device, 1000).unwrap();
        let mut other = Buffer::<f64>::zeros(device, 1000).unwrap();
        // More than several batches.
        for _ in 0..3000 {
            increment(&one, &mut other).unwrap();
            std::mem::swap(&mut one, &mut other);
        }
        device.synchronize().unwrap();
        assert_eq!(one.to_vec().unwrap(), [3000.0; 1000], "{device}");
    }
}

#[test]
fn copies_and_launches_keep_their_order() {
    for device in gpus() {
        let mut values = Buffer::<f32>::zeros(device, 100).unwrap();
        let mut output = Buffer::<f32>::zeros(device, 100).unwrap();
        let mut kept = Buffer::<f32>::zeros(device, 100).unwrap();
        for round in 0..10 {
            values.copy_from_host(&[round as f32; 100]).unwrap();
            increment(&values, &mut output).unwrap();
            kept.copy_from(&output).unwrap();
            values.fill(-1.0).unwrap();
            increment(&values, &mut output).unwrap();
            assert_eq!(kept.to_vec().unwrap(), [round as f32 + 1.0; 100], "{device}");
            assert_eq!(output.to_vec().unwrap(), [0.0; 100], "{device}");
        }
    }
}

#[test]
fn threads_share_a_device() {
    for device in gpus() {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    for round in 0..30 {
                        let start = (thread * 1000 + round) as f32;
                        let mut one = Buffer::from_slice(device, &vec![start; 5000 + thread]).unwrap();
                        let mut other = Buffer::zeros(device, 5000 + thread).unwrap();
                        for _ in 0..20 {
                            increment(&one, &mut other).unwrap();
                            std::mem::swap(&mut one, &mut other);
                        }
                        assert!(one.to_vec().unwrap().iter().all(|&value| value == start + 20.0), "{device}");
                    }
                });
            }
        });
    }
}

#[test]
fn an_empty_extent_is_nothing_to_do() {
    for device in gpus() {
        let values = Buffer::<f32>::zeros(device, 0).unwrap();
        let mut output = Buffer::<f32>::zeros(device, 0).unwrap();
        increment(&values, &mut output).unwrap();
        assert_eq!(output.to_vec().unwrap(), []);
    }
}

#[test]
fn wrong_arguments_are_named() {
    let launch = Launch { text: &INCREMENT, precision: Precision::F32, extent: &[4] };
    let values = Buffer::<f32>::zeros(Device::Cpu, 4).unwrap();
    let mut output = Buffer::<f32>::zeros(Device::Cpu, 4).unwrap();
    assert_eq!(launch.device(&[Argument::Buffer(&values)], &[&mut output]).unwrap(), Device::Cpu);

    let doubles = Buffer::<f64>::zeros(Device::Cpu, 4).unwrap();
    let message = |result: terrella_kernels::Result<Device>| result.unwrap_err().to_string();
    assert_eq!(
        message(launch.device(&[Argument::Buffer(&doubles)], &[&mut output])),
        "Kernel 'increment': argument 'values' is a buffer of F64, expected a buffer of F32."
    );
    assert_eq!(
        message(launch.device(&[Argument::F32(1.0)], &[&mut output])),
        "Kernel 'increment': argument 'values' is one F32, expected a buffer of F32."
    );
    let mut integers = Buffer::<u32>::zeros(Device::Cpu, 4).unwrap();
    assert_eq!(
        message(launch.device(&[Argument::Buffer(&values)], &[&mut integers])),
        "Kernel 'increment': argument 'output 0' is a buffer of U32, expected a buffer of F32."
    );
    let mut short = Buffer::<f32>::zeros(Device::Cpu, 3).unwrap();
    assert_eq!(
        message(launch.device(&[Argument::Buffer(&values)], &[&mut short])),
        "'output 0': expected 4 values, got 3."
    );
    let large = Launch { extent: &[1 << 31, 2], text: &SCALED_SUM, precision: Precision::F32 };
    let arguments = [
        Argument::U32(1),
        Argument::F32(1.0),
        Argument::I32(0),
        Argument::Buffer(&values),
        Argument::Buffer(&values),
    ];
    let mut places = Buffer::<i32>::zeros(Device::Cpu, 4).unwrap();
    assert_eq!(
        message(large.device(&arguments, &[&mut output, &mut places])),
        "'extent' is [2147483648, 2]: expected a product below 2^32."
    );
}

#[test]
fn buffers_on_two_devices_are_refused_by_name() {
    for device in gpus() {
        let here = Buffer::<f32>::zeros(device, 4).unwrap();
        let mut there = Buffer::<f32>::zeros(Device::Cpu, 4).unwrap();
        let launch = Launch { text: &INCREMENT, precision: Precision::F32, extent: &[4] };
        let error = launch.enqueue(device, &[Argument::Buffer(&here)], &mut [&mut there]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("'output 0' is on device 'cpu', expected '{device}': copy it there first.")
        );
    }
}

#[test]
fn a_text_with_an_error_gives_the_compilers_log() {
    static BROKEN: KernelText = KernelText {
        name: "broken",
        indices: &["point"],
        parameters: &[],
        outputs: &[ScalarKind::U32],
        carried: 0,
        cuda: "extern \"C\" __global__ void broken_entry(u32 extent_0, u32* output_0) { nonsense; }",
        wgsl: "@compute @workgroup_size(256) fn broken_entry() { nonsense = 1; }",
        calls: &[],
        methods: &[],
    };
    for device in gpus() {
        let mut output = Buffer::<u32>::zeros(device, 4).unwrap();
        let launch = Launch { text: &BROKEN, precision: Precision::F32, extent: &[4] };
        match launch.enqueue(device, &[], &mut [&mut output]).unwrap_err() {
            Error::KernelCompilation { kernel: "broken", log, .. } => {
                assert!(log.contains("nonsense"), "{log}")
            }
            error => panic!("{device}: {error}"),
        }
        // The device still works.
        output.fill(3).unwrap();
        assert_eq!(output.to_vec().unwrap(), [3; 4]);
    }
}
