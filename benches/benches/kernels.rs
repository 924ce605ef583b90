//! The hot kernels under Criterion, on the device of `TERRELLA_DEVICE`: the cases of the entries at sizes beyond the caches.

use std::collections::BTreeMap;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use terrella_benches::entries;
use terrella_kernels::Precision;
use terrella_kernels::device::Device;

/// Entries with the keys that differ from their defaults.
const KERNELS: [(&str, &[(&str, &str)]); 8] = [
    ("stencil", &[]),
    ("pointwise", &[]),
    ("divergence", &[]),
    ("reduction", &[("operation", "sum,weighted_mean")]),
    ("transform", &[("fields", "16")]),
    ("transform_setup", &[]),
    ("ring_fourier", &[]),
    ("grib2", &[]),
];

fn kernels(criterion: &mut Criterion) {
    let device = Device::from_environment().expect("TERRELLA_DEVICE names a device");
    let threads = rayon::current_num_threads();
    for (name, keys) in KERNELS {
        let entry = entries::ALL.iter().find(|entry| entry.name == name).expect("the entry exists");
        let given: BTreeMap<_, _> =
            keys.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let mut group = criterion.benchmark_group(name);
        group
            .sample_size(10)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(1));
        for precision in [Precision::F32, Precision::F64] {
            let request = entry.request(precision, device, threads, None, &given).expect("valid keys");
            for mut case in (entry.cases)(&request).expect("a case that can be set up") {
                // Making a plan has no bytes that it must move.
                if case.work().bytes > 0.0 {
                    group.throughput(Throughput::Bytes(case.work().bytes as u64));
                }
                group.bench_function(format!("{} {} {precision:?}", case.name(), case.size()), |bencher| {
                    bencher.iter(|| {
                        case.run().expect("a run");
                        device.synchronize().expect("a device that answers");
                    });
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
