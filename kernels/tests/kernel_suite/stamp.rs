//! One kernel, its inputs and its plain reference; the tests on all devices come from here.

use terrella_kernels::device::{Device, KernelText};
use terrella_kernels::{Element, Precision, Result};

#[cfg(feature = "cuda")]
use crate::nvrtc;
use crate::{devices, host_cuda};

/// An argument as the bytes that a device reads.
pub(crate) enum Bytes {
    Scalar(Vec<u8>),
    Slice(Vec<u8>),
}

/// What a text needs to run without the launcher.
pub(crate) struct Case {
    pub(crate) text: &'static KernelText,
    pub(crate) precision: Precision,
    pub(crate) extent: Vec<u32>,
    pub(crate) arguments: Vec<Bytes>,
    /// Bytes of each output.
    pub(crate) outputs: Vec<usize>,
}

impl Case {
    pub(crate) fn new(text: &'static KernelText, precision: Precision, extent: &[u32]) -> Self {
        Self { text, precision, extent: extent.to_vec(), arguments: Vec::new(), outputs: Vec::new() }
    }

    /// Calls of the entry: one for each point, in a scan one for each column.
    pub(crate) fn threads(&self) -> usize {
        product(&self.extent[usize::from(self.text.carried > 0)..])
    }

    pub(crate) fn value<T: Element>(&mut self, value: T) {
        self.arguments.push(Bytes::Scalar(bytemuck::bytes_of(&value).to_vec()));
    }

    pub(crate) fn flag(&mut self, value: bool) {
        self.value(u32::from(value));
    }

    pub(crate) fn slice<T: Element>(&mut self, values: &[T]) {
        self.arguments.push(Bytes::Slice(bytemuck::cast_slice(values).to_vec()));
    }

    pub(crate) fn output<T: Element>(&mut self, length: usize) {
        self.outputs.push(length * size_of::<T>());
    }
}

/// The number of points below an extent.
pub(crate) fn product(extent: &[u32]) -> usize {
    extent.iter().map(|&extent| extent as usize).product()
}

/// What was in an output before, which must not matter.
pub(crate) fn leftover<T: Element>() -> T {
    let mut value = T::zeroed();
    bytemuck::bytes_of_mut(&mut value).fill(0x41);
    value
}

/// The bits of a value. All NaN are one: their sign and payload are the hardware's own.
pub(crate) fn bits<T: Element>(value: T) -> u64 {
    let bytes = bytemuck::bytes_of(&value);
    #[allow(clippy::eq_op)]
    if value != value {
        return u64::MAX;
    }
    let mut wide = [0; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    u64::from_ne_bytes(wide)
}

/// The bits of values that came back as bytes.
pub(crate) fn bits_of_bytes<T: Element>(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(size_of::<T>()).map(|chunk| bits(bytemuck::pod_read_unaligned::<T>(chunk))).collect()
}

pub(crate) type Columns = Vec<Vec<u64>>;

pub(crate) fn assert_same(what: &str, expected: &Columns, got: &Columns) {
    for (output, (expected, got)) in expected.iter().zip(got).enumerate() {
        assert_eq!(expected.len(), got.len(), "{what}: length of output {output}");
        let different = expected.iter().zip(got).filter(|(expected, got)| expected != got).count();
        if let Some(at) = (0..expected.len()).find(|&at| expected[at] != got[at]) {
            panic!(
                "{what}: output {output} differs in {different} of {} values, first at {at}: {:#x}, expected {:#x}",
                expected.len(),
                got[at],
                expected[at]
            );
        }
    }
    assert_eq!(expected.len(), got.len(), "{what}: number of outputs");
}

/// `Err` is the reason why it did not run.
pub(crate) fn run_or_say(name: &str, outcome: std::result::Result<(), String>) {
    if let Err(reason) = outcome {
        let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|required| required.trim() == name), "{name} is required: {reason}");
        devices::say_once(&format!("not run: {name}: {reason}"));
    }
}

pub(crate) type LaunchOn = fn(Device) -> Result<Columns>;

pub(crate) fn on_cpu(reference: &Columns, launch: LaunchOn) {
    assert_same("cpu", reference, &launch(Device::Cpu).expect("launch on the CPU"));
}

pub(crate) fn on_device(kind: &str, device: Device, launch: LaunchOn) {
    if !devices::is_here(device) {
        return;
    }
    let expected = launch(Device::Cpu).expect("launch on the CPU");
    assert_same(kind, &expected, &launch(device).expect("launch"));
}

pub(crate) fn on_host_cuda(case: &Case, launch: LaunchOn, decode: fn(&[Vec<u8>]) -> Columns) {
    let expected = launch(Device::Cpu).expect("launch on the CPU");
    run_or_say(
        "host-cuda",
        host_cuda::run(case).map(|got| assert_same("host-cuda", &expected, &decode(&got))),
    );
}

pub(crate) fn by_nvrtc(case: &Case) {
    #[cfg(feature = "cuda")]
    let compiled = nvrtc::compile(case.text, case.precision);
    #[cfg(not(feature = "cuda"))]
    let compiled = Err(format!("kernel '{}': built without the feature 'cuda'", case.text.name));
    run_or_say("nvrtc", compiled);
}

/// `stamp! { test: kernel<R>, extent [..], arguments { value(..), flag(..), slice(..) }, outputs { name: type }, reference closure }`
///
/// `<R>` stamps f32 and f64, `<f32>` or `<f64>` one of them. The reference takes the indices and returns a tuple.
///
/// For a scan, `outputs` and then `carried` name the results, and the reference takes nothing and returns a tuple of
/// whole arrays.
macro_rules! stamp {
    ($test:ident: $kernel:ident<R>, $($rest:tt)*) => {
        // Not every kernel's inputs depend on the precision.
        #[allow(clippy::extra_unused_type_parameters)]
        mod $test {
            use super::*;
            stamp! { @functions $kernel, $($rest)* }
            mod single { stamp! { @tests f32 } }
            mod double { stamp! { @tests f64 } }
        }
    };
    ($test:ident: $kernel:ident<$real:ident>, $($rest:tt)*) => {
        // Not every kernel's inputs depend on the precision.
        #[allow(clippy::extra_unused_type_parameters)]
        mod $test {
            use super::*;
            stamp! { @functions $kernel, $($rest)* }
            mod fixed { stamp! { @tests $real } }
        }
    };
    (@functions $kernel:ident, extent $extent:expr, arguments { $($kind:ident($value:expr)),* $(,)? },
     outputs { $($output:ident: $type:ty),* }, reference $reference:expr) => {
        pub(super) fn case<R: Real>() -> $crate::stamp::Case {
            let mut case = $crate::stamp::Case::new(&$kernel::TEXT, R::PRECISION, &$extent);
            $(stamp!(@add case $kind $value);)*
            $(case.output::<$type>($crate::stamp::product(&$extent));)*
            case
        }
        stamp! { @decode $($output: $type),* }
        pub(super) fn launch<R: Real>(
            device: terrella_kernels::device::Device,
        ) -> terrella_kernels::Result<$crate::stamp::Columns> {
            use terrella_kernels::device::Buffer;
            let extent = $extent;
            let points = $crate::stamp::product(&extent);
            $(let mut $output = Buffer::<$type>::zeros(device, points)?;)*
            $kernel::launch(extent, $(stamp!(@argument device $kind $value),)* $(&mut $output),*)?;
            Ok(vec![$($output.to_vec()?.into_iter().map($crate::stamp::bits).collect()),*])
        }
        pub(super) fn reference<R: Real>() -> $crate::stamp::Columns {
            let extent = $extent;
            let points = $crate::stamp::product(&extent);
            let reference = $reference;
            $(let mut $output: Vec<u64> = Vec::new();)*
            for point in 0..points {
                let mut indices = [0usize; { stamp!(@indices $extent) }];
                let mut rest = point;
                for position in (0..indices.len()).rev() {
                    indices[position] = rest % extent[position] as usize;
                    rest /= extent[position] as usize;
                }
                let values = reference(indices);
                stamp!(@push values ($($output: $type),*) (0 1 2 3 4 5 6 7));
            }
            vec![$($output),*]
        }
    };
    (@functions $kernel:ident, extent $extent:expr, arguments { $($kind:ident($value:expr)),* $(,)? },
     outputs { $($output:ident: $type:ty),* }, carried { $($carried:ident: $carried_type:ty),* },
     reference $reference:expr) => {
        pub(super) fn case<R: Real>() -> $crate::stamp::Case {
            let mut case = $crate::stamp::Case::new(&$kernel::TEXT, R::PRECISION, &$extent);
            $(stamp!(@add case $kind $value);)*
            $(case.output::<$type>($crate::stamp::product(&$extent));)*
            $(case.output::<$carried_type>($crate::stamp::product(&$extent[1..]));)*
            case
        }
        stamp! { @decode $($output: $type,)* $($carried: $carried_type),* }
        pub(super) fn launch<R: Real>(
            device: terrella_kernels::device::Device,
        ) -> terrella_kernels::Result<$crate::stamp::Columns> {
            use terrella_kernels::device::Buffer;
            let extent = $extent;
            $(let mut $output = Buffer::<$type>::zeros(device, $crate::stamp::product(&extent))?;)*
            let columns = $crate::stamp::product(&extent[1..]);
            $(let mut $carried = Buffer::<$carried_type>::zeros(device, columns)?;
              $carried.fill($crate::stamp::leftover())?;)*
            $kernel::launch(
                extent, $(stamp!(@argument device $kind $value),)* $(&mut $output,)* $(&mut $carried),*
            )?;
            Ok(vec![
                $($output.to_vec()?.into_iter().map($crate::stamp::bits).collect(),)*
                $($carried.to_vec()?.into_iter().map($crate::stamp::bits).collect()),*
            ])
        }
        pub(super) fn reference<R: Real>() -> $crate::stamp::Columns {
            let ($($output,)* $($carried,)*) = $reference();
            $(let $output: Vec<$type> = $output;)*
            $(let $carried: Vec<$carried_type> = $carried;)*
            vec![
                $($output.into_iter().map($crate::stamp::bits).collect(),)*
                $($carried.into_iter().map($crate::stamp::bits).collect()),*
            ]
        }
    };
    (@decode $($output:ident: $type:ty),*) => {
        pub(super) fn decode<R: Real>(outputs: &[Vec<u8>]) -> $crate::stamp::Columns {
            let mut outputs = outputs.iter();
            vec![$({
                let $output = outputs.next().expect("an output");
                $crate::stamp::bits_of_bytes::<$type>($output)
            }),*]
        }
    };
    (@indices [$($extent:expr),*]) => { [$(stringify!($extent)),*].len() };
    (@indices $extent:expr) => { $extent.len() };
    (@push $values:ident () $positions:tt) => {};
    (@push $values:ident ($output:ident: $type:ty $(, $more:ident: $more_type:ty)*) ($position:tt $($positions:tt)*)) => {
        let value: $type = $values.$position;
        $output.push($crate::stamp::bits(value));
        stamp!(@push $values ($($more: $more_type),*) ($($positions)*));
    };
    (@add $case:ident value $value:expr) => { $case.value($value) };
    (@add $case:ident flag $value:expr) => { $case.flag($value) };
    (@add $case:ident slice $value:expr) => { $case.slice(&$value) };
    (@argument $device:ident value $value:expr) => { $value };
    (@argument $device:ident flag $value:expr) => { $value };
    (@argument $device:ident slice $value:expr) => { &Buffer::from_slice($device, &$value)? };
    (@tests $real:ident) => {
        use super::{case, decode, launch, reference};
        use terrella_kernels::device::Device;

        #[test]
        fn cpu() {
            $crate::stamp::on_cpu(&reference::<$real>(), launch::<$real>);
        }
        #[test]
        fn host_cuda() {
            $crate::stamp::on_host_cuda(&case::<$real>(), launch::<$real>, decode::<$real>);
        }
        #[test]
        fn wgpu() {
            $crate::stamp::on_device("wgpu", Device::Wgpu(0), launch::<$real>);
        }
        #[test]
        fn nvrtc() {
            $crate::stamp::by_nvrtc(&case::<$real>());
        }
        #[test]
        fn cuda() {
            $crate::stamp::on_device("cuda", Device::Cuda(0), launch::<$real>);
        }
    };
}
