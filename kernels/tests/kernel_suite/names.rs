//! Names that mean something to CUDA C or WGSL, shadowing, and macros that write kernels.

use terrella_kernels::{Real, kernel};

use crate::fixture::field;

/// Every name here is taken in one of the texts.
#[kernel]
fn texture<R: Real>(
    var: u32,
    float: R,
    switch: bool,
    vec4: i32,
    output_0: &[R],
    arguments: &[u32],
    sampler: &[i32],
) -> (R, u32, i32) {
    let real = output_0[var] * float;
    let select = real + 1.0;
    let select = select * select;
    let mut double = 0;
    for double_ in 0..arguments[var] {
        let select = double_ * 2;
        double += select;
    }
    let template = if switch { sampler[var] } else { vec4 };
    (select, double, template)
}

stamp! {
    reserved_names: texture<R>,
    extent [300],
    arguments {
        value(R::from_f64(1.5)), flag(true), value(-7i32), slice(field::<R>(1, 300)), slice(vec![5u32; 300]),
        slice(vec![-3i32; 300]),
    },
    outputs { square: R, sum: u32, template: i32 },
    reference {
        let x = field::<R>(1, 300);
        move |[i]: [usize; 1]| {
            let value = x[i] * R::from_f64(1.5) + R::from_f64(1.0);
            (value * value, 20u32, -3i32)
        }
    }
}

macro_rules! scaled {
    ($name:ident $factor:literal) => {
        /// Written by a macro.
        #[kernel]
        fn $name<R: Real>(i: u32, x: &[R]) -> R {
            let product = $factor * x[i];
            product
        }
    };
}

scaled!(by_three 3.0);

stamp! {
    kernels_written_by_macros: by_three<R>,
    extent [50],
    arguments { slice(field::<R>(1, 50)) },
    outputs { product: R },
    reference {
        let x = field::<R>(1, 50);
        move |[i]: [usize; 1]| (R::from_f64(3.0) * x[i],)
    }
}
