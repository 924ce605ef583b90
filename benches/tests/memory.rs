//! The memory that `transform_setup` reports, in a process of its own.

use std::collections::BTreeMap;

use terrella_benches::entries;
use terrella_kernels::Precision;
use terrella_kernels::device::Device;

#[test]
#[cfg(target_os = "linux")]
fn memory_is_that_of_the_fields_and_of_a_plan_without_tables() {
    let entry = entries::ALL.iter().find(|entry| entry.name == "transform_setup").expect("the entry");
    let given = BTreeMap::from([("fields".to_owned(), "24".to_owned())]);
    let request = entry.request(Precision::F64, Device::Cpu, 1, None, &given).expect("valid keys");
    let cases = (entry.cases)(&request).expect("a case");
    let Some(ratio) = cases[0].resident_ratio() else {
        eprintln!("not run: /proc/self/clear_refs cannot be written");
        return;
    };
    // Input and output themselves are 1; a table of all Legendre functions would add 0.9.
    assert!((0.97..3.0).contains(&ratio), "{ratio} × the bytes of input and output");
}
