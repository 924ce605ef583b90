//! One, two and three indices; extents that are zero, one, and no multiple of anything; one to eight outputs.

use terrella_kernels::{Real, kernel};

use crate::fixture::field;

/// One index.
#[kernel]
fn doubled<R: Real>(i: u32, x: &[R]) -> R {
    x[i] + x[i]
}

macro_rules! lengths {
    ($($test:ident $length:literal)*) => {$(
        stamp! {
            $test: doubled<R>,
            extent [$length],
            arguments { slice(field::<R>(1, $length)) },
            outputs { result: R },
            reference {
                let x = field::<R>(1, $length);
                move |[i]: [usize; 1]| (x[i] + x[i],)
            }
        }
    )*};
}

lengths! { no_point 0 one_point 1 below_a_pack 15 a_pack 16 above_a_pack 17 many_points 70_001 }

/// Two indices, five-point stencil with a frame.
#[kernel(indices = 2)]
fn laplacian<R: Real>(row: u32, column: u32, stride: u32, x: &[R]) -> R {
    let centre = (row + 1) * stride + column + 1;
    x[centre - 1] + x[centre + 1] + x[centre - stride] + x[centre + stride] - 4.0 * x[centre]
}

macro_rules! planes {
    ($($test:ident $rows:literal $columns:literal)*) => {$(
        stamp! {
            $test: laplacian<R>,
            extent [$rows, $columns],
            arguments { value($columns + 2u32), slice(field::<R>(2, ($rows + 2) * ($columns + 2))) },
            outputs { result: R },
            reference {
                let x = field::<R>(2, ($rows + 2) * ($columns + 2));
                move |[row, column]: [usize; 2]| {
                    let at = |row: usize, column: usize| x[row * ($columns + 2) + column];
                    let sides = at(row + 1, column) + at(row + 1, column + 2);
                    let (north, south) = (at(row, column + 1), at(row + 2, column + 1));
                    (sides + north + south - R::from_f64(4.0) * at(row + 1, column + 1),)
                }
            }
        }
    )*};
}

planes! { no_row 0 5 no_column 5 0 short_rows 700 3 long_rows 3 5001 square 100 100 }

/// Three indices.
#[kernel(indices = 3)]
fn position<R: Real>(
    block: u32,
    row: u32,
    column: u32,
    rows: u32,
    columns: u32,
    x: &[R],
) -> (R, u32, i32, R) {
    let flat = (block * rows + row) * columns + column;
    (x[flat] * 2.0, flat, column as i32 - row as i32, block as R)
}

stamp! {
    three_indices: position<R>,
    extent [5, 7, 41],
    arguments { value(7u32), value(41u32), slice(field::<R>(3, 5 * 7 * 41)) },
    outputs { twice: R, flat: u32, difference: i32, block: R },
    reference {
        let x = field::<R>(3, 5 * 7 * 41);
        move |[block, row, column]: [usize; 3]| {
            let flat = (block * 7 + row) * 41 + column;
            (x[flat] * R::from_f64(2.0), flat as u32, column as i32 - row as i32, R::from_f64(block as f64))
        }
    }
}

stamp! {
    three_indices_with_an_empty_one: position<R>,
    extent [5, 0, 41],
    arguments { value(0u32), value(41u32), slice(field::<R>(3, 1)) },
    outputs { twice: R, flat: u32, difference: i32, block: R },
    reference |_: [usize; 3]| -> (R, u32, i32, R) { unreachable!("there is no point") }
}

/// Powers of one number, with integers among them.
#[kernel]
fn powers<R: Real>(i: u32, x: &[R]) -> (R, R, R, u32, R, i32, R, R) {
    let square = x[i] * x[i];
    let fourth = square * square;
    (x[i], square, square * x[i], i, fourth, 8 - i as i32, fourth * x[i], fourth * square)
}

stamp! {
    eight_outputs: powers<R>,
    extent [75],
    arguments { slice(field::<R>(4, 75)) },
    outputs { first: R, second: R, third: R, index: u32, fourth: R, distance: i32, fifth: R, sixth: R },
    reference {
        let x = field::<R>(4, 75);
        move |[i]: [usize; 1]| {
            let second = x[i] * x[i];
            let fourth = second * second;
            (x[i], second, second * x[i], i as u32, fourth, 8 - i as i32, fourth * x[i], fourth * second)
        }
    }
}
