//! `#[kernel]`: one Rust function of an index becomes SIMD code for the CPU, CUDA C and WGSL.
//!
//! ```ignore
//! use terrella_kernels::{Level, Real, kernel};
//!
//! /// Divergence of an edge-normal flux at one cell and level.
//! #[kernel]
//! pub fn flux_divergence<R: Real>(
//!     cell: u32, level: Level, max_edges: u32, levels: u32,
//!     edges_on_cell: &[u32], edge_sign: &[R], edge_length: &[R], flux: &[R], inverse_area: &[R],
//! ) -> R {
//!     let mut divergence = 0.0;
//!     for j in 0..max_edges {
//!         let edge = edges_on_cell[cell * max_edges + j];
//!         divergence += edge_sign[cell * max_edges + j] * edge_length[edge] * flux[edge * levels + level];
//!     }
//!     divergence * inverse_area[cell]
//! }
//!
//! flux_divergence::launch([cells, levels], max_edges, levels, &edges_on_cell, &edge_sign, &edge_length, &flux,
//!     &inverse_area, &mut divergence)?;
//! ```
//!
//! (The example is not run here, since this crate cannot depend on the one that it writes code for; the same kernel is
//! run on every device by `kernels/tests/kernel_suite`.)
//!
//! # The signature
//! A free function at module level with at most one type parameter, `R: Real`.
//!
//! | part | types |
//! |---|---|
//! | indices: the parameters up to the one of type `Level`, or the first one, or the first N with `indices = N` | `u32`, slowest first |
//! | carried values, in a scan: the N parameters behind the indices with `carried = N` | the types of the last N results |
//! | scalar parameters | `R`, `f32`, `f64`, `u32`, `i32`, `bool` |
//! | slices, read only | `&[R]`, `&[f32]`, `&[f64]`, `&[u32]`, `&[i32]` |
//! | result, one output buffer each | one scalar or a tuple of up to eight, not `bool` |
//!
//! The value at indices (i, j, k) goes to `output[(i * extent_1 + j) * extent_2 + k]`.
//!
//! # Scans
//! A kernel that goes through its first index in order, and hands values on from one value of it to the next: vertical
//! integrals, tridiagonal solves, column physics.
//!
//! ```ignore
//! /// Mass flux through the top of each level: the divergences above it, summed.
//! #[kernel(indices = 2, scan = down, carried = 1)]
//! pub fn mass_flux<R: Real>(
//!     level: u32, point: u32,
//!     above: R,
//!     points: u32, divergence: &[R], thickness: &[R],
//! ) -> (R, R) {
//!     let here = level * points + point;
//!     (above, above + divergence[here] * thickness[here])
//! }
//!
//! mass_flux::launch([levels, points], points, &divergence, &thickness,
//!     &mut at_levels,   // [levels, points]
//!     &mut column,      // [points]: what the last level handed on
//! )?;
//! ```
//!
//! | part | meaning |
//! |---|---|
//! | `indices = N` | two or more, all `u32`: the first is gone through in order, the others are independent |
//! | `scan = down`, `scan = up` | the first index runs 0, 1, 2, ..., or from the last one to 0 |
//! | `carried = N` | behind the indices come N scalars: what the value before handed on, zero at the first |
//! | result | first what each index gets (none, one or several), last the N carried values for the next one |
//! | outputs of `launch` | in that order: `[extent_0, extent_1, ...]` each, and `[extent_1, ...]` for what was handed on at the end |
//!
//! Another first value than zero is a condition, which costs nothing on the CPU, where the first index is the same in
//! all lanes: `let above = if level == 0 { top[point] } else { above };`. Without any first index the carried outputs
//! are zero; what was in them before never matters.
//!
//! # The body
//! - `let`, `let mut`; `=`, `+=`, `-=`, ...; `if` / `else` as statement and as value; `for i in a..b`; `return`;
//! - `+ - * /`, comparisons, `&& || !`; on integers also `% & | ^ << >>`;
//! - `slice[index]` with a u32 index; casts between all scalars with Rust's meaning (to nearest, or towards zero and
//!   saturated);
//! - literals: a float literal is an `R` (in a kernel without `R`: the type its context asks for, else the only
//!   floating-point type of the signature);
//! - the methods `sqrt abs floor min max exp log sin cos tan atan2 pow tanh`;
//! - calls of other kernel functions (`#[kernel(function)]`) by their path, with `let (a, b) = function(...)` for
//!   several results. The result is taken for an `R` unless the context or an annotation says otherwise:
//!   `let n: u32 = count(x);`.
//!
//! Anything else is a compile error at its first token, which says what to write instead.
//!
//! # The same bits everywhere
//! Every float operation is rounded once, in the order written; nothing is contracted or reassociated. `a.min(b)` is
//! `if b < a { b } else { a }`, also for zeros and NaN; a NaN's sign and payload alone are the hardware's own. u32
//! arithmetic is modulo 2³² and shifts count modulo 32; i32 must not overflow (the CPU panics where overflow checks
//! are on), nor may a divisor be zero. The exception to u32: an address must stay below 2³² in all its steps, since
//! the CPU computes `a[i * n + j]`, and variables used for nothing but addresses, in usize. A slice is checked on the
//! CPU, where an index beyond it panics; a GPU does not report it.
//!
//! # What is generated
//! Beside the function, whose signature stays, a module of the same name with
//! - `launch(extent, <scalars by value, slices as &Buffer, in order>, <&mut Buffer for each output>) -> Result<()>`
//!   (a carried output bears its parameter's name),
//! - `TEXT: KernelText`, from which whole modules are assembled, and
//! - `CUDA` and `WGSL`, this kernel's own texts.
//!
//! `use path::name` imports function and module together.
//!
//! # On the CPU
//! The values of the last index are computed in packs: what does not depend on it once, contiguous memory by one load
//! and one bounds check, the rest in loops over lanes that become vector instructions. A condition that depends on the
//! last index and loads nothing computes both sides; one that loads asks whether all lanes agree, and goes lane by lane
//! where they do not. A loop whose bounds depend on the last index cannot be packed: such a kernel is computed value by
//! value, and refused if that index is a `Level`.
//!
//! A scan is split over threads by the other indices. Each thread goes through the first index outside and packs of
//! the last one inside; what is carried lies in the carried outputs, so that nothing is allocated. On a GPU there is a
//! thread for each value of the other indices, which carries in registers: too few of these leave it idle.
//!
//! # Texts by hand
//! `#[kernel(cuda = "file.cu", wgsl = "file.wgsl")]` takes a file beside the source in place of a derived text. It holds
//! everything from the bindings to the entry point `<name>_entry`; the types (`real`, `u32`, ...), helpers and called
//! functions come before it. The entry of a scan has a thread for each value of the indices behind the first. The
//! function remains the CPU code and the reference.

mod check;
mod infer;
mod kinds;
mod language;
mod launch;
mod lower;
mod module;
mod names;
mod options;
mod packed;
mod rust;
mod signature;
mod text;
mod width;

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

/// Makes a function a kernel: see the documentation of this crate for the language.
///
/// Options: `function` (only called by kernels), `indices = N`, `scan = down` or `scan = up` with `carried = N`,
/// `cuda = "file.cu"`, `wgsl = "file.wgsl"`.
#[proc_macro_attribute]
pub fn kernel(options: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(options as options::Options);
    let function = parse_macro_input!(item as ItemFn);
    match lower::lower(&function, &options).and_then(|kernel| module::expand(&kernel)) {
        Ok(tokens) => tokens.into(),
        Err(error) => refused(&function, &error).into(),
    }
}

/// The error, and the function without its body, so that its callers and imports raise no errors of their own.
fn refused(function: &ItemFn, error: &syn::Error) -> proc_macro2::TokenStream {
    let error = error.to_compile_error();
    let (visibility, signature) = (&function.vis, &function.sig);
    quote::quote! {
        #error
        #[allow(unused_variables, unused_mut, missing_docs)]
        #visibility #signature { ::core::unreachable!() }
    }
}
