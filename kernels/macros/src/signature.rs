//! Reads the signature of a kernel.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Error, FnArg, GenericParam, Ident, Pat, Result, ReturnType, Type, TypeParamBound};

use crate::language::{Local, Role, Scalar, Scan};
use crate::names::text_name;
use crate::options::{Options, ScanOptions};

/// As many as the CPU's launcher has tuples for.
const MOST_OUTPUTS: usize = 8;

/// What a signature says.
pub(crate) struct Signature {
    pub(crate) real: Option<Ident>,
    pub(crate) parameters: Vec<Local>,
    pub(crate) indices: usize,
    pub(crate) level: bool,
    pub(crate) scan: Option<Scan>,
    pub(crate) outputs: Vec<Scalar>,
    pub(crate) default_float: Scalar,
}

fn refuse<T>(span: Span, message: &str) -> Result<T> {
    Err(Error::new(span, message))
}

/// The scalar that a type names.
pub(crate) fn scalar_of(ty: &Type, real: Option<&Ident>) -> Option<Scalar> {
    let Type::Path(path) = ty else { return None };
    if path.qself.is_some() {
        return None;
    }
    let segment = path.path.segments.last()?;
    if !segment.arguments.is_empty() {
        return None;
    }
    if real.is_some_and(|real| path.path.is_ident(real)) {
        return Some(Scalar::Real);
    }
    match segment.ident.to_string().as_str() {
        "f32" => Some(Scalar::F32),
        "f64" => Some(Scalar::F64),
        "u32" | "Level" => Some(Scalar::U32),
        "i32" => Some(Scalar::I32),
        "bool" => Some(Scalar::Bool),
        _ => None,
    }
}

fn is_level(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Level"))
}

fn real_parameter(generics: &syn::Generics) -> Result<Option<Ident>> {
    let mut real = None;
    for parameter in &generics.params {
        let GenericParam::Type(parameter) = parameter else {
            return refuse(parameter.span(), "a kernel has at most one type parameter, `R: Real`");
        };
        let by_real = parameter.bounds.len() == 1
            && parameter.bounds.iter().all(|bound| {
                matches!(bound, TypeParamBound::Trait(bound)
                    if bound.path.segments.last().is_some_and(|last| last.ident == "Real"))
            });
        if !by_real || real.is_some() {
            return refuse(parameter.span(), "a kernel has at most one type parameter, `R: Real`");
        }
        real = Some(parameter.ident.clone());
    }
    if let Some(clause) = &generics.where_clause {
        return refuse(clause.span(), "write the bound in place: `<R: Real>`");
    }
    Ok(real)
}

/// Reads the signature.
pub(crate) fn read(signature: &syn::Signature, options: &Options) -> Result<Signature> {
    for (span, present) in [
        (signature.constness.span(), signature.constness.is_some()),
        (signature.asyncness.span(), signature.asyncness.is_some()),
        (signature.abi.span(), signature.abi.is_some()),
        (signature.variadic.span(), signature.variadic.is_some()),
    ] {
        if present {
            return refuse(span, "a kernel is a plain `fn`");
        }
    }
    let real = real_parameter(&signature.generics)?;
    let mut parameters = Vec::new();
    let mut level = None;
    for (position, input) in signature.inputs.iter().enumerate() {
        let FnArg::Typed(input) = input else {
            return refuse(input.span(), "a kernel is a free function: it has no `self`");
        };
        let Pat::Ident(pattern) = &*input.pat else {
            return refuse(input.pat.span(), "a parameter of a kernel is a plain name");
        };
        if let Some(mutability) = &pattern.mutability {
            return refuse(
                mutability.span(),
                "parameters of a kernel do not change: use `let mut` in the body",
            );
        }
        let (scalar, role) = match &*input.ty {
            Type::Reference(reference) => {
                if let Some(mutability) = &reference.mutability {
                    return refuse(
                        mutability.span(),
                        "a kernel returns what it computes: slices are read only, `&[R]`",
                    );
                }
                let Type::Slice(slice) = &*reference.elem else {
                    return refuse(reference.elem.span(), "a kernel takes scalars and slices, as in `&[R]`");
                };
                match scalar_of(&slice.elem, real.as_ref()) {
                    Some(Scalar::Bool) | None => {
                        return refuse(
                            slice.elem.span(),
                            "a slice of a kernel holds R, f32, f64, u32 or i32",
                        );
                    }
                    Some(scalar) => (scalar, Role::Slice),
                }
            }
            ty => match scalar_of(ty, real.as_ref()) {
                Some(scalar) => (scalar, Role::Scalar),
                None => {
                    return refuse(
                        ty.span(),
                        "a kernel takes scalars (R, f32, f64, u32, i32, bool) and slices, as in `&[R]`",
                    );
                }
            },
        };
        if is_level(&input.ty) {
            if options.scan.is_some() {
                return refuse(
                    input.ty.span(),
                    "the indices of a scan are of type `u32`: the first one is gone through in order, the last one packed",
                );
            }
            if level.is_some() || options.function {
                return refuse(input.ty.span(), "one index, the last, can be the `Level`");
            }
            level = Some(position);
        }
        parameters.push(Local {
            ident: pattern.ident.clone(),
            text: text_name(&pattern.ident.to_string()),
            scalar,
            mutable: false,
            role,
        });
    }
    let indices = match (options.function, options.indices, level) {
        (true, Some((_, span)), _) => return refuse(span, "a kernel function has no index of its own"),
        (true, None, _) => 0,
        (false, Some((number, span)), level) => {
            if number == 0 || number > parameters.len() || level.is_some_and(|level| level + 1 != number) {
                return refuse(
                    span,
                    "the indices are the first parameters, up to the `Level` where there is one",
                );
            }
            number
        }
        (false, None, Some(level)) => level + 1,
        (false, None, None) => 1,
    };
    if parameters.len() < indices {
        return refuse(signature.ident.span(), "a kernel's first parameter is its index, as in `cell: u32`");
    }
    let outputs = outputs(signature, real.as_ref(), options.function)?;
    let scan = match &options.scan {
        Some(scan) => Some(carried(signature, scan, options.function, indices, &mut parameters, &outputs)?),
        None => None,
    };
    for (position, parameter) in parameters.iter_mut().enumerate() {
        if position < indices {
            if parameter.role != Role::Scalar || parameter.scalar != Scalar::U32 {
                return refuse(signature.inputs[position].span(), "an index of a kernel is a u32");
            }
            parameter.role = Role::Index(position);
        } else if options.function && parameter.role == Role::Slice {
            return refuse(
                signature.inputs[position].span(),
                "a kernel function takes scalars only (WGSL cannot pass arrays): load in the kernel that calls it",
            );
        }
    }
    let has =
        |scalar| parameters.iter().any(|parameter| parameter.scalar == scalar) || outputs.contains(&scalar);
    let default_float = if real.is_some() {
        Scalar::Real
    } else if has(Scalar::F32) && !has(Scalar::F64) {
        Scalar::F32
    } else {
        Scalar::F64
    };
    Ok(Signature { real, parameters, indices, level: level.is_some(), scan, outputs, default_float })
}

fn outputs(signature: &syn::Signature, real: Option<&Ident>, function: bool) -> Result<Vec<Scalar>> {
    let refused = "a kernel returns one to eight scalars (R, f32, f64, u32, i32)";
    let ReturnType::Type(_, ty) = &signature.output else { return refuse(signature.ident.span(), refused) };
    let types: Vec<&Type> = match &**ty {
        Type::Tuple(tuple) => tuple.elems.iter().collect(),
        ty => vec![ty],
    };
    if types.is_empty() || types.len() > MOST_OUTPUTS {
        return refuse(ty.span(), refused);
    }
    types
        .into_iter()
        .map(|ty| match scalar_of(ty, real) {
            Some(Scalar::Bool) if !function => refuse(ty.span(), "a buffer holds no bool: return a u32"),
            Some(scalar) => Ok(scalar),
            None => refuse(ty.span(), refused),
        })
        .collect()
}

/// Marks the parameters that a scan carries, whose types are those of the last outputs.
fn carried(
    signature: &syn::Signature,
    scan: &ScanOptions,
    function: bool,
    indices: usize,
    parameters: &mut [Local],
    outputs: &[Scalar],
) -> Result<Scan> {
    let ScanOptions { direction, span, carried, carried_span } = *scan;
    if function {
        return refuse(span, "a kernel function has no index of its own: leave out `scan` and `carried`");
    }
    if indices < 2 {
        return refuse(
            span,
            "a scan goes through its first index at each value of the others: give it two or more, with `indices = N`",
        );
    }
    if carried > outputs.len() {
        let message =
            format!("the last {carried} results are to be carried, but there are only {}", outputs.len());
        return refuse(carried_span, &message);
    }
    if parameters.len() < indices + carried {
        let message = format!(
            "behind the indices come the {carried} carried values, which the previous value of the first index handed on"
        );
        return refuse(signature.inputs.span(), &message);
    }
    let first_output = outputs.len() - carried;
    for (position, parameter) in parameters[indices..indices + carried].iter_mut().enumerate() {
        if parameter.role != Role::Scalar || parameter.scalar != outputs[first_output + position] {
            let FnArg::Typed(input) = &signature.inputs[indices + position] else { continue };
            let message = format!(
                "`{}` is carried: its type is that of result {} of {}",
                parameter.ident,
                first_output + position + 1,
                outputs.len()
            );
            return refuse(input.ty.span(), &message);
        }
        parameter.role = Role::Carried;
    }
    Ok(Scan { direction, carried })
}
