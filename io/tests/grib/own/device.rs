//! Fields packed on a device give the octets of the same fields packed on the host.

use std::sync::OnceLock;

use terrella_io::encode::{Grib2Encoder, GribSettings, Identity, Packing};
use terrella_io::layout::Layout;
use terrella_io::read::Missing;
use terrella_io::{Error, Parameter};
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::packing::FieldPacker;

use super::{PACKINGS, identity, row, settings, wind};

/// Devices of this build and machine; the CPU takes another way to the same octets.
fn devices() -> &'static [Device] {
    static HERE: OnceLock<Vec<Device>> = OnceLock::new();
    let here = |device: &Device| match device.synchronize() {
        Ok(()) => true,
        Err(error) => {
            println!("not run: {error}");
            false
        }
    };
    let known = [Device::Cpu, Device::Wgpu(0), Device::Cuda(0), Device::Hip(0)];
    HERE.get_or_init(|| known.into_iter().filter(here).collect())
}

/// The octets of both ways, or both errors.
fn assert_same<R: Real>(
    what: &str,
    layout: &Layout,
    settings: &GribSettings,
    about: &Identity,
    values: &[R],
) {
    let encoder = Grib2Encoder::new(layout, settings).unwrap();
    let expected = encoder.encode(about, values).map_err(|error| error.to_string());
    for &device in devices() {
        let mut packer = FieldPacker::<R>::new(device, values.len()).unwrap();
        let buffer = Buffer::from_slice(device, values).unwrap();
        let mut message = vec![0xaa; 7];
        let outcome = encoder.encode_buffer(&mut packer, about, &buffer, &mut message);
        match (&expected, outcome) {
            (Ok(expected), Ok(())) => assert!(*expected == message, "{what} on {device}: other octets"),
            (Err(expected), Err(error)) => {
                assert_eq!(*expected, error.to_string(), "{what} on {device}");
                assert!(message.is_empty(), "{what} on {device}: octets are left");
            }
            (expected, outcome) => panic!("{what} on {device}: {:?}, {outcome:?}", expected.is_ok()),
        }
    }
}

#[test]
fn every_width_and_precision_gives_the_octets_of_the_host() {
    let layout = Layout::global_lat_lon(120, 61);
    let values = wind(&layout);
    let single: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    for bits in [1, 7, 8, 11, 16, 20, 24, 25, 32] {
        for packing in PACKINGS {
            let settings = settings(bits, packing);
            assert_same(&format!("{bits} bits"), &layout, &settings, &identity(), &values);
            assert_same(&format!("{bits} bits of f32"), &layout, &settings, &identity(), &single);
        }
    }
}

#[test]
fn fields_at_the_edges_give_the_octets_of_the_host() {
    let nan = f64::NAN;
    let cases: [(&str, Vec<f64>); 14] = [
        ("constant", vec![273.15; 50]),
        ("constant negative zero", vec![-0.0; 50]),
        ("one point", vec![5.5]),
        ("all missing", vec![nan; 21]),
        ("one missing", vec![1.0, nan, 2.5]),
        ("infinite", vec![1.0, f64::INFINITY, 2.5]),
        ("huge range", vec![-1e38, 0.0, 1.0, 3.3e38]),
        ("beyond single precision", vec![-1e300, 0.0, 1e300]),
        ("range below the reference value's step", vec![1e8 + 1.0, 1e8 + 2.0, 1e8 + 3.0]),
        ("tiny range", vec![1e-30, 2e-30, 3e-30]),
        ("tiny values beside a large one", vec![-16.0, -1e-30, 1e-30, 1e-20, -1e-20, 16.0]),
        ("zeros of both signs", vec![-0.0, 0.0, 1.0]),
        ("halves", (0..512).map(|i| f64::from(i) / 2.0).collect()),
        ("neighbours", vec![1.0, 1.0_f64.next_up()]),
    ];
    for (what, values) in cases {
        let layout = row(values.len());
        let single: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        for bits in [1, 8, 16, 24] {
            for missing in [Missing::Nan, Missing::Refuse] {
                let settings = GribSettings { missing, ..settings(bits, Packing::Simple) };
                assert_same(what, &layout, &settings, &identity(), &values);
                assert_same(what, &layout, &settings, &identity(), &single);
            }
        }
    }
}

#[test]
fn sums_over_time_and_wrong_buffers_are_those_of_the_host() {
    let layout = row(40);
    let values: Vec<f64> = (0..40).map(|i| f64::from(i) * 0.3).collect();
    let sum = Identity { parameter: Parameter::TOTAL_PRECIPITATION, ..identity() };
    assert_same("a sum", &layout, &settings(16, Packing::Simple), &sum, &values);
    let backwards = Identity { valid: identity().reference.plus_seconds(-1), ..identity() };
    assert_same("backwards", &layout, &settings(16, Packing::Simple), &backwards, &values);
    let encoder = Grib2Encoder::new(&layout, &GribSettings::default()).unwrap();
    for &device in devices() {
        let mut packer = FieldPacker::<f64>::new(device, 40).unwrap();
        let short = Buffer::zeros(device, 39).unwrap();
        let error = encoder.encode_buffer(&mut packer, &identity(), &short, &mut Vec::new()).unwrap_err();
        assert!(matches!(error, Error::LengthMismatch { expected: 40, got: 39, .. }), "{error}");
    }
}
