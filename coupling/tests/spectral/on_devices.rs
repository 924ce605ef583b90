//! Ranks on devices: parcels from one's memory to another's, and transforms that have the bits of the whole on the same device.

use terrella_coupling::communicator::{Communicator, Count, Kind, Route};
use terrella_coupling::spectral::{ModelTransform, Part};
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};

use crate::devices;
use crate::ranks::{End, under_each_launcher};

const FIELDS: usize = 3;

/// What rank `from` sends rank `to`: so many units of `width` numbers, of which these.
fn parcel(from: usize, to: usize, width: usize) -> Vec<f64> {
    let units = (3 * from + 5 * to) % 7;
    (0..units * width).map(|i| (1000 * from + 100 * to + i) as f64 + 0.5).collect()
}

/// Parcels of several lengths, of a rank for itself too, by one plan at two widths, with another under way.
fn exchanges(ranks: &Communicator, device: Device, route: Route) {
    let (rank, size) = (ranks.rank(), ranks.size());
    let lists =
        |parcel: &dyn Fn(usize) -> usize| (0..size).map(|other| (other, parcel(other))).collect::<Vec<_>>();
    let outgoing = lists(&|to| parcel(rank, to, 1).len());
    let incoming = lists(&|from| parcel(from, rank, 1).len());
    let mut plan = ranks.exchange_on::<f64>(device, &outgoing, &incoming).unwrap();
    let mut ring = ranks
        .exchange_on::<u32>(device, &[((rank + 1) % size, 1)], &[((rank + size - 1) % size, 1)])
        .unwrap();
    assert_eq!((plan.route(), ring.route(), ranks.route(device).unwrap()), (route, route, route));
    for width in [1, 3] {
        let parcels = |from: Option<usize>| -> Vec<f64> {
            (0..size)
                .flat_map(|other| {
                    parcel(from.unwrap_or(other), if from.is_some() { other } else { rank }, width)
                })
                .collect()
        };
        let before = ranks.traffic().exchange;
        let expected = parcels(None);
        let buffers = [
            Buffer::from_slice(device, &parcels(Some(rank))).unwrap(),
            Buffer::zeros(device, expected.len()).unwrap(),
        ];
        let first = plan.start(width, buffers).unwrap();
        let numbers =
            [Buffer::from_slice(device, &[rank as u32]).unwrap(), Buffer::zeros(device, 1).unwrap()];
        let (next, [_, from_before]) = ring.start(1, numbers).unwrap().finish().unwrap();
        let (again, [_, received]) = first.finish().unwrap();
        (ring, plan) = (next, again);
        assert_eq!(from_before.to_vec().unwrap(), [((rank + size - 1) % size) as u32]);
        assert_eq!(received.to_vec().unwrap(), expected);
        let has_pages = route == Route::Staged && matches!(device, Device::Cuda(_) | Device::Hip(_));
        assert_eq!(ring.is_page_locked(), has_pages, "{device}");
        // A rank alone has nothing to send itself in the plan.
        assert_eq!(plan.is_page_locked(), has_pages && size > 1, "{device}");
        let sent = outgoing.iter().filter(|(to, units)| *to != rank && *units > 0);
        let (messages, units) = sent.fold((0, 0), |(messages, sum), (_, units)| (messages + 1, sum + units));
        let after = ranks.traffic().exchange;
        let in_ring = u64::from(size > 1);
        let expected =
            Count { messages: messages + in_ring, bytes: (8 * width * units) as u64 + 4 * in_ring };
        assert_eq!(
            [after.messages - before.messages, after.bytes - before.bytes],
            [expected.messages, expected.bytes]
        );
    }
    let wrong = [Buffer::zeros(device, 2).unwrap(), Buffer::zeros(device, 1).unwrap()];
    let refusal = ring.start(1, wrong).map(|_| ()).unwrap_err().to_string();
    assert_eq!(refusal, "'outgoing parcels': expected 1 values, got 2.");
}

fn noise<R: Real>(seed: usize, len: usize) -> Vec<R> {
    let number = |i: usize| ((i * 2 + 1) * (seed * 2 + 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
    (0..len).map(|i| R::from_f64(number(i) as f64 / (1u64 << 53) as f64 - 0.5)).collect()
}

fn expect_bits<R: Real>(what: &str, got: &Buffer<R>, expected: &[R]) {
    let got = got.to_vec().unwrap();
    let differ = got.iter().zip(expected).filter(|(a, b)| a.to_f64().to_bits() != b.to_f64().to_bits());
    assert_eq!((got.len(), differ.count()), (expected.len(), 0), "{what}");
}

/// Operators in both directions, of scalars and of winds.
fn transforms<R: Real>(ranks: &Communicator, device: Device, grid: &Grid, total: usize) {
    let truncation = Truncation::new(total);
    let mut whole = Transform::<R>::new(grid, truncation, device).unwrap();
    let mut shared = ModelTransform::<R>::on_device(ranks, grid, truncation, device).unwrap();
    let part: Part = shared.part().clone();
    let what = |name: &str| format!("{name} of {:?} on {device}, {grid}, {ranks:?}", R::PRECISION);
    let spectra = [1, 2].map(|seed| noise::<R>(seed, truncation.spectrum_len(FIELDS)));
    let on = |values: &[R]| Buffer::from_slice(device, values).unwrap();
    let own_spectrum = |all: &[R]| part.own_spectra(FIELDS, all).unwrap().into_owned();
    let own_fields = |all: &[R]| part.own_fields(FIELDS, all).unwrap().into_owned();
    let field = || Buffer::<R>::zeros(device, FIELDS * grid.points()).unwrap();
    let own_field = || Buffer::<R>::zeros(device, FIELDS * part.points()).unwrap();
    let spectrum = || Buffer::<R>::zeros(device, truncation.spectrum_len(FIELDS)).unwrap();
    let own = || Buffer::<R>::zeros(device, 2 * FIELDS * part.coefficients()).unwrap();

    let (mut values, mut own_values) = (field(), own_field());
    whole.synthesis(FIELDS, &on(&spectra[0]), &mut values).unwrap();
    shared.synthesis(FIELDS, &on(&own_spectrum(&spectra[0])), &mut own_values).unwrap();
    expect_bits(&what("synthesis"), &own_values, &own_fields(&values.to_vec().unwrap()));
    let (mut back, mut own_back) = (spectrum(), own());
    whole.analysis(FIELDS, &values, &mut back).unwrap();
    shared.analysis(FIELDS, &own_values, &mut own_back).unwrap();
    expect_bits(&what("analysis"), &own_back, &own_spectrum(&back.to_vec().unwrap()));

    let [mut u, mut v] = [field(), field()];
    let [mut own_u, mut own_v] = [own_field(), own_field()];
    whole.wind_synthesis(FIELDS, &on(&spectra[0]), &on(&spectra[1]), &mut u, &mut v).unwrap();
    let [x, y] = [0, 1].map(|i| on(&own_spectrum(&spectra[i])));
    shared.wind_synthesis(FIELDS, &x, &y, &mut own_u, &mut own_v).unwrap();
    expect_bits(&what("wind_synthesis"), &own_u, &own_fields(&u.to_vec().unwrap()));
    expect_bits(&what("wind_synthesis"), &own_v, &own_fields(&v.to_vec().unwrap()));
    let ([mut x, mut y], [mut own_x, mut own_y]) = ([spectrum(), spectrum()], [own(), own()]);
    whole.wind_analysis(FIELDS, &u, &v, &mut x, &mut y).unwrap();
    shared.wind_analysis(FIELDS, &own_u, &own_v, &mut own_x, &mut own_y).unwrap();
    expect_bits(&what("wind_analysis"), &own_x, &own_spectrum(&x.to_vec().unwrap()));
    expect_bits(&what("wind_analysis"), &own_y, &own_spectrum(&y.to_vec().unwrap()));
}

#[test]
fn parcels_go_from_device_to_device_on_threads() {
    for device in devices::devices() {
        exchanges(&Communicator::serial(), device, Route::Staged);
        for size in [1, 2, 3, 4] {
            Communicator::threads(size, |ranks| exchanges(&ranks, device, Route::Staged));
        }
    }
}

#[test]
fn shared_transforms_have_the_bits_of_the_whole_on_the_same_device() {
    for device in devices::gpus() {
        for (name, total, sizes) in [("O16", 15, &[1, 2, 3][..]), ("F24", 31, &[2]), ("N32", 42, &[4])] {
            for &size in sizes {
                Communicator::threads(size, |ranks| {
                    transforms::<f64>(&ranks, device, &name.parse().unwrap(), total);
                    transforms::<f32>(&ranks, device, &name.parse().unwrap(), total);
                });
            }
        }
    }
}

#[test]
fn what_ranks_cannot_share_is_refused_by_name() {
    let grid: Grid = "O16".parse().unwrap();
    for device in devices::gpus() {
        let texts = Communicator::threads(3, |ranks| {
            let own = if ranks.rank() == 2 { Device::Cpu } else { device };
            let transform = ModelTransform::<f32>::on_device(&ranks, &grid, Truncation::new(15), own);
            transform.map(|_| ()).unwrap_err().to_string()
        });
        let kind = device.to_string();
        let kind = kind.split(':').next().unwrap();
        for text in texts {
            assert!(
                text.contains("'cpu' on rank 2") && text.contains(&format!("'{kind}' on rank 0, 1")),
                "{text}"
            );
        }
        Communicator::threads(2, |ranks| {
            let mut transform =
                ModelTransform::<f32>::on_device(&ranks, &grid, Truncation::new(15), device).unwrap();
            assert_eq!(transform.route().unwrap(), Some(Route::Staged));
            let spectrum = Buffer::zeros(Device::Cpu, 2 * transform.part().coefficients()).unwrap();
            let mut values = Buffer::zeros(device, transform.part().points()).unwrap();
            let text = transform.synthesis(1, &spectrum, &mut values).unwrap_err().to_string();
            assert!(text.contains("'spectrum' is on device 'cpu'"), "{text}");
        });
    }
}

#[test]
#[ignore = "under_mpi runs it on processes"]
fn rank_of_devices() {
    let ranks = Communicator::mpi().unwrap();
    assert_eq!(ranks.kind(), Kind::Mpi);
    for device in devices::devices() {
        exchanges(&ranks, device, Route::Staged);
    }
    for device in devices::gpus() {
        transforms::<f32>(&ranks, device, &"O16".parse().unwrap(), 15);
    }
    println!("rank {} of {} has the same bits", ranks.rank(), ranks.size());
}

fn expect_all(ranks: usize, said: &str, output: &str) {
    for rank in 0..ranks {
        assert!(output.contains(&format!("rank {rank} of {ranks} {said}")), "{output}");
    }
}

#[test]
fn under_mpi() {
    for size in [1, 3] {
        under_each_launcher("on_devices::rank_of_devices", size, End::Success, |output| {
            expect_all(size, "has the same bits", output);
        });
    }
}

/// The CUDA and HIP text on devices that are the host, whose memory MPI takes because it is the host's; that it says so itself is what a library
/// over the launcher's own does.
#[cfg(target_os = "linux")]
mod on_the_host {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::*;
    use crate::host_gpu::{environment, hosts, libraries, on_the_host};
    use crate::ranks::under_libraries;

    #[test]
    fn texts_have_the_bits_of_the_whole_on_threads() {
        if on_the_host("on_devices::on_the_host::texts_have_the_bits_of_the_whole_on_threads") {
            for device in hosts() {
                for size in [1, 3] {
                    Communicator::threads(size, |ranks| {
                        exchanges(&ranks, device, Route::Staged);
                        transforms::<f32>(&ranks, device, &"O8".parse().unwrap(), 7);
                    });
                }
            }
        }
    }

    fn on_hosts(route: Route) {
        let ranks = Communicator::mpi().unwrap();
        for device in hosts() {
            exchanges(&ranks, device, route);
            exchanges(&ranks, Device::Cpu, Route::Staged);
            transforms::<f32>(&ranks, device, &"O8".parse().unwrap(), 7);
            // One whose MPI could, with one without a device.
            let device = if ranks.rank() == 1 { Device::Cpu } else { device };
            let expected = if ranks.size() > 1 { Route::Staged } else { route };
            exchanges(&ranks, device, expected);
        }
        println!("rank {} of {} went {route}", ranks.rank(), ranks.size());
    }

    #[test]
    #[ignore = "parcels_go_directly_where_mpi_takes_them runs it on processes"]
    fn rank_of_direct_parcels() {
        on_hosts(Route::Direct);
    }

    #[test]
    #[ignore = "parcels_go_directly_where_mpi_takes_them runs it on processes"]
    fn rank_of_staged_parcels() {
        on_hosts(Route::Staged);
    }

    const ANSWERS: &str = r#"
        extern "C" int MPIX_Query_cuda_support() { return 1; }
        extern "C" int MPIX_Query_rocm_support() { return 1; }
        extern "C" int MPIX_GPU_query_support(int, int *answer) { *answer = 1; return 0; }
    "#;

    /// A library that says of itself that it takes devices, and is otherwise another one, if that is here.
    fn answering(folder: &Path, library: &str) -> Option<PathBuf> {
        let (source, target) = (folder.join("answers.cpp"), folder.join(format!("answers_{library}")));
        std::fs::write(&source, ANSWERS).unwrap();
        let compiled = Command::new("c++")
            .args(["-shared", "-fPIC", "-o"])
            .args([&target, &source])
            .args(["-Wl,--no-as-needed", &format!("-l:{library}")])
            .output()
            .unwrap();
        compiled.status.success().then_some(target)
    }

    #[test]
    fn parcels_go_directly_where_mpi_takes_them() {
        let Some(folder) = libraries() else { return };
        let variables = environment(folder);
        for size in [1, 3] {
            let itself = |library: &str| answering(folder, library).map(|_| PathBuf::from(library));
            under_libraries(
                "on_devices::on_the_host::rank_of_staged_parcels",
                size,
                &variables,
                itself,
                |output| {
                    expect_all(size, "went through host memory", output);
                },
            );
            let answering = |library: &str| answering(folder, library);
            under_libraries(
                "on_devices::on_the_host::rank_of_direct_parcels",
                size,
                &variables,
                answering,
                |output| {
                    expect_all(size, "went from device to device by MPI", output);
                },
            );
        }
    }
}
