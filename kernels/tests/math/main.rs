//! Elementary functions: their errors, their special values, and the same bits in lanes and on every device.

#[path = "../devices/mod.rs"]
mod devices;
#[path = "../math_reference/mod.rs"]
mod math_reference;

mod double;
mod lanes;
mod on_devices;
mod single;
mod special_values;
