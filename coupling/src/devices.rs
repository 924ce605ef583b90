//! Devices of ranks: which is whose, and whether they are of one kind.
//!
//! ```
//! use terrella_coupling::communicator::Communicator;
//! use terrella_coupling::devices::{device_of_rank, expect_one_kind};
//! use terrella_kernels::device::Device;
//!
//! let devices = Communicator::threads(2, |ranks| {
//!     let device = device_of_rank(&ranks, "cpu")?; // "cuda": those of a node are dealt out to its ranks
//!     expect_one_kind(&ranks, device)?;
//!     Ok::<_, terrella_coupling::Error>(device)
//! });
//! assert_eq!(devices.into_iter().collect::<Result<Vec<_>, _>>()?, [Device::Cpu; 2]);
//! # Ok::<(), terrella_coupling::Error>(())
//! ```

use std::collections::BTreeMap;
use std::fs;

use terrella_kernels::device::Device;

use crate::communicator::Communicator;
use crate::{Error, Result};

/// The device of this rank by a text that all ranks have: one with a number is that of each rank; `cuda`, `hip` and `wgpu` alone are dealt out
/// to the ranks of a node in turn, the rank's number on its node modulo the devices that the process sees.
///
/// What a process sees is what the driver says, which for CUDA goes by `CUDA_VISIBLE_DEVICES` and for HIP by `ROCR_VISIBLE_DEVICES`: where a batch
/// system lets each rank see its own, that is number 0. All ranks call it together: a node's name from each to each.
pub fn device_of_rank(communicator: &Communicator, text: &str) -> Result<Device> {
    let first: Device = text.parse()?;
    let number = number_on_node(communicator)?;
    if text.contains(':') || communicator.size() == 1 {
        return Ok(first);
    }
    let visible = Device::available().iter().filter(|found| is_alike(found.device, first)).count();
    Ok(dealt_out(first, number, visible))
}

/// The device that the rank of some number on its node has of those that it sees.
fn dealt_out(first: Device, number: usize, visible: usize) -> Device {
    // Where there is none, opening the first one tells what is missing.
    let number = (number % visible.max(1)) as u32;
    match first {
        Device::Cpu => Device::Cpu,
        Device::Cuda(_) => Device::Cuda(number),
        Device::Hip(_) => Device::Hip(number),
        Device::Wgpu(_) => Device::Wgpu(number),
    }
}

fn is_alike(one: Device, other: Device) -> bool {
    std::mem::discriminant(&one) == std::mem::discriminant(&other)
}

/// How many ranks of lower number are on the same node.
fn number_on_node(communicator: &Communicator) -> Result<usize> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname");
    let name = name.or_else(|_| std::env::var("HOSTNAME")).unwrap_or_default();
    let names = communicator.all_gather(name.as_bytes())?;
    let own = communicator.rank();
    Ok(names[..own].iter().filter(|other| **other == names[own]).count())
}

/// An error, the same on all ranks, unless each rank's device opens and all are of one kind. It says which ranks have what.
pub fn expect_one_kind(communicator: &Communicator, device: Device) -> Result<()> {
    let own = match device.synchronize() {
        Ok(()) => Ok(kind(device).to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let text = match &own {
        Ok(kind) => format!("+{kind}"),
        Err(reason) => format!("-{reason}"),
    };
    let found = communicator.all_gather(text.as_bytes())?;
    let found: Vec<_> = found.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    let Some(got) = unlike(&found) else { return Ok(()) };
    Err(Error::InvalidValue { name: "devices", got, expected: "the same kind on all ranks".to_owned() })
}

fn kind(device: Device) -> &'static str {
    match device {
        Device::Cpu => "cpu",
        Device::Cuda(_) => "cuda",
        Device::Hip(_) => "hip",
        Device::Wgpu(_) => "wgpu",
    }
}

/// Which ranks have what, where that is not the same: by rank, a kind behind `+`, or behind `-` why there is none.
fn unlike(found: &[String]) -> Option<String> {
    if found.iter().all(|text| text.starts_with('+') && *text == found[0]) {
        return None;
    }
    let mut ranks_with = BTreeMap::<&str, Vec<String>>::new();
    for (rank, text) in found.iter().enumerate() {
        ranks_with.entry(text).or_default().push(rank.to_string());
    }
    let said = ranks_with.iter().map(|(text, ranks)| {
        let what = match text.split_at(1) {
            ("+", kind) => format!("'{kind}'"),
            (_, reason) => format!("none ({})", reason.trim_end_matches('.')),
        };
        format!("{what} on rank {}", ranks.join(", "))
    });
    Some(said.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_of_a_node_are_dealt_out_in_turn() {
        let devices: Vec<_> = (0..5).map(|number| dealt_out(Device::Cuda(0), number, 4)).collect();
        assert_eq!(devices, [0, 1, 2, 3, 0].map(Device::Cuda));
        // One for each, as batch systems do it, and none.
        assert_eq!(dealt_out(Device::Hip(0), 3, 1), Device::Hip(0));
        assert_eq!(dealt_out(Device::Cuda(0), 3, 0), Device::Cuda(0));
        assert_eq!(dealt_out(Device::Wgpu(0), 3, 2), Device::Wgpu(1));
        assert_eq!(dealt_out(Device::Cpu, 3, 1), Device::Cpu);
    }

    #[test]
    fn ranks_of_one_node_are_counted_and_numbers_are_kept() {
        let found = Communicator::threads(3, |ranks| {
            let number = number_on_node(&ranks).unwrap();
            (number, device_of_rank(&ranks, "cuda:7").unwrap(), device_of_rank(&ranks, "cpu").unwrap())
        });
        let expected = [0, 1, 2].map(|number| (number, Device::Cuda(7), Device::Cpu));
        assert_eq!(found, expected);
        let alone = device_of_rank(&Communicator::serial(), "wgpu").unwrap();
        assert_eq!(alone, Device::Wgpu(0));
        assert!(device_of_rank(&Communicator::serial(), "gpu").is_err());
    }

    #[test]
    fn unlike_devices_are_told_by_rank() {
        let told = |texts: &[&str]| unlike(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(told(&["+cuda", "+cuda", "+cuda"]), None);
        assert_eq!(told(&["+cuda", "+cpu", "+cuda"]).unwrap(), "'cpu' on rank 1; 'cuda' on rank 0, 2");
        let told = told(&["+cuda", "-Device 'cuda:0' is not available: none was found.", "+cuda"]);
        let expected =
            "'cuda' on rank 0, 2; none (Device 'cuda:0' is not available: none was found) on rank 1";
        assert_eq!(told.unwrap(), expected);
        assert!(unlike(&["-x".to_owned(), "-x".to_owned()]).is_some());
    }

    #[test]
    fn a_rank_without_the_device_of_the_others_is_an_error_on_all() {
        // No machine has so many.
        let errors = Communicator::threads(3, |ranks| {
            let device = if ranks.rank() == 1 { Device::Wgpu(4_000_000) } else { Device::Cpu };
            expect_one_kind(&ranks, device).unwrap_err().to_string()
        });
        assert!(errors.iter().all(|error| *error == errors[0]), "{errors:?}");
        let text = &errors[0];
        assert!(text.contains("'cpu' on rank 0, 2") && text.contains("is not available"), "{text}");
        assert!(text.contains("on rank 1") && text.contains("the same kind on all ranks"), "{text}");
        let kinds = Communicator::threads(2, |ranks| expect_one_kind(&ranks, Device::Cpu).is_ok());
        assert_eq!(kinds, [true; 2]);
    }
}
