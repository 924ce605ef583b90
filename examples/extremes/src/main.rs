//! Weather-extremes twin.
fn main() {}
