//! Names in the texts: Rust names that mean something else to CUDA C or WGSL get an underscore.

/// Keywords, types and functions of CUDA C, C++ and WGSL that a Rust name could collide with, and the words of the
/// texts' own prelude.
const RESERVED: &[&str] = &[
    // C++ and CUDA C
    "alignas", "alignof", "and", "asm", "auto", "bool", "case", "catch", "char", "class", "compl", "constexpr",
    "decltype", "default", "delete", "double", "enum", "explicit", "export", "float", "friend", "goto", "int",
    "inline", "long", "mutable", "namespace", "new", "not", "noexcept", "nullptr", "operator", "or", "private",
    "protected", "public", "register", "short", "signed", "sizeof", "switch", "template", "this", "throw",
    "typedef", "typeid", "typename", "union", "unsigned", "using", "void", "volatile", "wchar_t", "xor",
    "threadIdx", "blockIdx", "blockDim", "gridDim", "warpSize", "restrict", "half", "main", "NULL", "signbit",
    "sqrt", "fabs", "floor", "abs", "min", "max", "exp", "log", "sin", "cos", "tan", "atan2", "pow", "tanh", "fmin",
    "fmax", "fma", "cbrt", "erf", "tgamma", "lgamma", "j0", "j1", "jn", "y0", "y1", "yn", "div", "isnan", "isinf",
    "isfinite", "hypot", "rint", "round", "time", "clock", "index", "signal", "remainder", "gamma", "norm",
    "logb", "ldexp", "frexp", "modf", "fmod", "rand", "exp2", "log2", "log10", "expm1", "log1p", "nan", "trunc",
    "ceil", "sinh", "cosh", "asin", "acos", "atan", "asinh", "acosh", "atanh", "labs", "ilogb", "scalbn", "fdim",
    // WGSL
    "alias", "array", "atomic", "binding", "bitcast", "break", "builtin", "clamp", "compute", "continue",
    "continuing", "diagnostic", "discard", "enable", "fallthrough", "fn", "fragment", "function", "group", "handle",
    "interpolate", "let", "loop", "override", "ptr", "read", "read_write", "requires", "sampler", "select", "size",
    "storage", "struct", "target", "texture", "uniform", "var", "vec2", "vec3", "vec4", "vertex", "while",
    "workgroup", "write", "i32", "u32", "f16", "f32", "f64", "step", "mix", "sign", "dot", "cross", "distance",
    "length", "normalize", "reflect", "refract", "fract", "degrees", "radians", "smoothstep", "saturate",
    "transpose", "determinant", "all", "any", "arrayLength", "active", "as", "async", "attribute", "await", "become",
    "cast", "centroid", "coherent", "common", "demote", "do", "dyn", "filter", "final", "from", "get", "hardware",
    "highp", "impl", "implements", "import", "instance", "instanceof", "interface", "invariant", "layout", "lowp",
    "macro", "match", "mediump", "meta", "mod", "module", "move", "mut", "noinline", "nointerpolation", "null", "of",
    "package", "packoffset", "partition", "pass", "patch", "point", "precise", "precision", "premerge",
    "priv", "pub", "readonly", "ref", "resource", "self", "set", "shared", "smooth", "snorm", "std", "subroutine",
    "super", "trait", "try", "type", "typeof", "unless", "unorm", "unsafe", "use", "virtual", "where", "with",
    "writeonly", "yield", "true", "false", "if", "else", "for", "return", "const", "static", "struct", "extern",
    // the texts' own
    "real", "u64", "flat", "rest", "id", "groups", "last_index", "values", "points", "arguments", "Arguments", "output", "outputs", "minimum", "maximum", "to_u32",
    "to_i32",
];

/// The name in the texts.
pub(crate) fn text_name(name: &str) -> String {
    let name = name.strip_prefix("r#").unwrap_or(name);
    // Trailing underscores mark our own names and those of the prelude; two leading ones are reserved in both.
    let name = if name.starts_with("__") || name == "_" { format!("x{name}") } else { name.to_owned() };
    let collides = RESERVED.contains(&name.as_str())
        || ["_real", "_f32", "_f64", "_u32", "_i32"].iter().any(|ending| {
            name.strip_suffix(ending).is_some_and(|start| {
                ["minimum", "maximum", "to_u32", "to_i32"].contains(&start)
            })
        })
        || name.starts_with("extent_")
        || name.starts_with("output_")
        || name.starts_with("rest_");
    if collides { format!("{name}_") } else { name }
}

/// `name`, or `name_1`, `name_2`, ... where it is taken.
pub(crate) fn unique(name: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_owned();
    }
    (1..).map(|number| format!("{name}_{number}")).find(|candidate| !taken(candidate)).expect("numbers do not end")
}
