use terrella_kernels_macros::kernel;

pub trait Real {}
type Level = u32;

#[kernel(scan = down, carried = 1)]
pub fn one_index<R: Real>(level: u32, sum: R, x: &[R]) -> R {
    sum + x[level]
}

#[kernel(indices = 2, scan = down, carried = 3)]
pub fn more_carried_than_results<R: Real>(level: u32, point: u32, a: R, b: R, c: R, x: &[R]) -> (R, R) {
    (a + b, c + x[level + point])
}

#[kernel(indices = 2, scan = down, carried = 2)]
pub fn too_few_parameters<R: Real>(level: u32, point: u32, sum: R) -> (R, R) {
    (sum, sum)
}

#[kernel(indices = 2, scan = up, carried = 1)]
pub fn carries_another_type<R: Real>(level: u32, point: u32, count: u32, x: &[R]) -> (u32, R) {
    (count, x[level + point])
}

#[kernel(indices = 2, scan = up, carried = 1)]
pub fn carries_a_slice<R: Real>(level: u32, point: u32, x: &[R]) -> R {
    x[level + point]
}

#[kernel(scan = down, carried = 1)]
pub fn index_of_type_level<R: Real>(point: u32, level: Level, sum: R, x: &[R]) -> R {
    sum + x[point + level]
}

#[kernel(indices = 2, scan = sideways, carried = 1)]
pub fn unknown_direction<R: Real>(level: u32, point: u32, sum: R, x: &[R]) -> R {
    sum + x[level + point]
}

#[kernel(indices = 2, scan = down)]
pub fn nothing_carried<R: Real>(level: u32, point: u32, x: &[R]) -> R {
    x[level + point]
}

#[kernel(indices = 2, scan = down, carried = 0)]
pub fn none_carried<R: Real>(level: u32, point: u32, x: &[R]) -> R {
    x[level + point]
}

#[kernel(indices = 2, carried = 1)]
pub fn no_scan<R: Real>(level: u32, point: u32, sum: R, x: &[R]) -> R {
    sum + x[level + point]
}

#[kernel(function, scan = down, carried = 1)]
pub fn function_that_scans<R: Real>(sum: R, x: R) -> R {
    sum + x
}

#[kernel(indices = 2, scan = down, carried = 1)]
pub fn assigns_what_is_carried<R: Real>(level: u32, point: u32, sum: R, x: &[R]) -> R {
    sum += x[level + point];
    sum
}

#[kernel(indices = 2, scan = down, carried = 1)]
pub fn nine_results<R: Real>(level: u32, point: u32, a: R, x: &[R]) -> (R, R, R, R, R, R, R, R, R) {
    (a, a, a, a, a, a, a, a, x[level + point])
}

fn main() {}
