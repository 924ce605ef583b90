//! The texts of kernels as people read them, and the modules assembled from them.

use terrella_kernels::device::KernelText;
use terrella_kernels::{Level, Precision, Real, kernel};

mod advection {
    use terrella_kernels::{Real, kernel};

    /// Zero where the slopes differ in sign, else the smaller.
    #[kernel(function)]
    pub(crate) fn minmod<R: Real>(a: R, b: R) -> R {
        if a * b <= 0.0 {
            return 0.0;
        }
        if a.abs() < b.abs() { a } else { b }
    }

    /// Value and slope at a face.
    #[kernel(function)]
    pub(crate) fn reconstructed<R: Real>(left: R, right: R) -> (R, R) {
        let slope = minmod(left, right);
        (left + 0.5 * slope, slope)
    }
}

/// Upwind flux of a tracer through the faces of a column.
///
/// This paragraph is for the documentation only.
#[kernel]
fn tracer_flux<R: Real>(
    column: u32,
    level: Level,
    levels: u32,
    floor: R,
    periodic: bool,
    neighbours: &[u32],
    tracer: &[R],
) -> (R, i32) {
    let base = column * levels;
    let (value, slope): (R, R) = advection::reconstructed(tracer[base + level], tracer[base]);
    let mut flux = value.max(floor);
    for j in 0..levels - 1 {
        let other = neighbours[column * 2 + j % 2];
        let weight = if other < column { tracer[other] } else { 0.25 };
        if weight > 1.0 && (periodic || level > 0) {
            flux += weight * (slope - (value - 1.0));
        } else if !periodic {
            flux = -flux / (weight + 2.0);
        } else {
            flux -= advection::minmod(weight, slope).exp();
        }
    }
    (flux, (flux * 100.0) as i32)
}

/// Precipitation that falls through each level, and the levels that it wets.
#[kernel(indices = 3, scan = down, carried = 2)]
fn precipitation<R: Real>(
    level: u32,
    member: u32,
    point: u32,
    falling: R,
    wet: u32,
    members: u32,
    points: u32,
    evaporated: R,
    condensed: &[R],
) -> (R, R, u32) {
    let here = (level * members + member) * points + point;
    let below = (falling + condensed[here] - evaporated).max(0.0);
    (falling, below, if below > 0.0 { wet + 1 } else { wet })
}

/// Height of the surface under each level: a sum from the last level up, with no value at the levels.
#[kernel(indices = 2, scan = up, carried = 1)]
fn height<R: Real>(level: u32, point: u32, below: R, points: u32, thickness: &[R]) -> R {
    below + thickness[level * points + point]
}

fn assert_text(file: &str, expected: &str, got: &str) {
    if std::env::var_os("TERRELLA_WRITE_TEXTS").is_some() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kernel_texts/");
        std::fs::write(format!("{folder}{file}"), got).unwrap();
        return;
    }
    assert_eq!(
        got, expected,
        "{file} is another text now: TERRELLA_WRITE_TEXTS=1 writes it anew, read the difference"
    );
}

#[test]
fn the_texts_read_like_code() {
    assert_text("tracer_flux.cu", include_str!("tracer_flux.cu"), tracer_flux::CUDA);
    assert_text("tracer_flux.wgsl", include_str!("tracer_flux.wgsl"), tracer_flux::WGSL);
}

#[test]
fn scans_loop_in_their_entry() {
    assert_text("precipitation.cu", include_str!("precipitation.cu"), precipitation::CUDA);
    assert_text("precipitation.wgsl", include_str!("precipitation.wgsl"), precipitation::WGSL);
    assert_text("height.cu", include_str!("height.cu"), height::CUDA);
    assert_text("height.wgsl", include_str!("height.wgsl"), height::WGSL);
}

fn sources(text: &'static KernelText, precision: Precision) -> [String; 2] {
    [text.cuda_source(precision), text.wgsl_source(precision)]
}

#[test]
fn functions_come_once_and_before_their_calls() {
    for source in sources(&tracer_flux::TEXT, Precision::F64) {
        let place = |word: &str| {
            assert_eq!(source.matches(word).count(), 1, "{word} in\n{source}");
            source.find(word).unwrap()
        };
        let definition = |name: &str| {
            let cuda = source.contains("typedef");
            place(&if cuda { format!(" {name}(real ") } else { format!("fn {name}(") })
        };
        let (minmod, reconstructed) = (definition("minmod"), place("// Value and slope at a face."));
        let (exponential, kernel) = (definition("exp_real"), place("// Upwind flux"));
        assert!(minmod < reconstructed && reconstructed < kernel && exponential < kernel);
        assert!(!source.contains("documentation only"));
    }
}

#[test]
fn the_precision_chooses_types_and_functions() {
    let [cuda, wgsl] = sources(&tracer_flux::TEXT, Precision::F32);
    assert!(cuda.contains("typedef float real;") && wgsl.contains("alias real = f32;"));
    assert!(cuda.contains("return exp_f32(x);") && wgsl.contains("return exp_f32(x);"));
    assert!(
        !cuda.contains("exp_f64(") && !wgsl.contains("f64"),
        "an f32 module must do without f64:\n{wgsl}"
    );
    let [cuda, wgsl] = sources(&tracer_flux::TEXT, Precision::F64);
    assert!(cuda.contains("typedef double real;") && wgsl.contains("alias real = f64;"));
    assert!(cuda.contains("return exp_f64(x);") && wgsl.contains("return exp_f64(x);"));
}

/// Twice.
#[kernel]
fn twice<R: Real>(i: u32, x: &[R]) -> R {
    2.0 * x[i]
}

#[test]
fn only_helpers_in_use_are_in_the_module() {
    let [cuda, wgsl] = sources(&twice::TEXT, Precision::F64);
    for helper in ["minimum", "maximum", "to_i32", "to_u32"] {
        assert!(!cuda.contains(helper) && !wgsl.contains(helper));
    }
    let [cuda, wgsl] = sources(&tracer_flux::TEXT, Precision::F64);
    assert!(cuda.contains("f64 maximum(f64 a, f64 b)") && cuda.contains("i32 to_i32(f64 x)"));
    assert!(
        wgsl.contains("fn maximum_real(")
            && wgsl.contains("fn to_i32_real(")
            && !wgsl.contains("fn maximum_f32(")
    );
}

mod other {
    use terrella_kernels::{Real, kernel};

    /// Not the minmod above.
    #[kernel(function)]
    pub(crate) fn minmod<R: Real>(a: R, b: R) -> R {
        a.min(b)
    }

    /// Calls it.
    #[kernel(function)]
    pub(crate) fn limited<R: Real>(a: R, b: R) -> R {
        minmod(a, b)
    }
}

/// Calls two functions of one name.
#[kernel]
fn ambiguous<R: Real>(i: u32, x: &[R]) -> R {
    advection::minmod(x[i], 1.0) + other::limited(x[i], 1.0)
}

#[test]
#[should_panic(expected = "two kernel functions are named 'minmod'")]
fn two_functions_of_one_name_are_refused() {
    ambiguous::TEXT.cuda_source(Precision::F64);
}

#[test]
fn the_description_names_everything_in_order() {
    let text = &tracer_flux::TEXT;
    assert_eq!((text.name, text.indices), ("tracer_flux", &["column", "level"][..]));
    let names: Vec<&str> = text.parameters.iter().map(|parameter| parameter.name).collect();
    assert_eq!(names, ["levels", "floor", "periodic", "neighbours", "tracer"]);
    assert_eq!((text.outputs.len(), text.carried), (2, 0));
    assert!(text.calls.iter().any(|call| call.name == "reconstructed"));

    let scan = &precipitation::TEXT;
    assert_eq!((scan.indices, scan.carried), (&["level", "member", "point"][..], 2));
    let names: Vec<&str> = scan.parameters.iter().map(|parameter| parameter.name).collect();
    assert_eq!(names, ["members", "points", "evaporated", "condensed"]);
}
