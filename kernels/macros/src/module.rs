//! What `#[kernel]` puts beside the function: texts, launcher and the way in for other kernels.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Error, Ident, Result};

use crate::language::{ExpressionKind, Kernel, Role, Scalar, Statement};
use crate::packed;
use crate::rust::{self, Code};
use crate::text::{Dialect, text};

/// The function and its module.
pub(crate) fn expand(kernel: &Kernel) -> Result<TokenStream> {
    let body = rust::body(kernel);
    let (attributes, visibility, signature) = (&kernel.attributes, &kernel.visibility, &kernel.signature);
    let name = &kernel.name;
    let text = kernel_text(kernel);
    let entry = if kernel.function { call(kernel) } else { launch(kernel)? };
    let documentation = format!("Texts and launcher of [`{name}`](fn@{name}).");
    // Long functions that are seldom reached ask for `#[inline(never)]`.
    let asks = attributes.iter().any(|attribute| attribute.path().is_ident("inline"));
    let inline = (!asks).then(|| quote!(#[inline(always)]));
    Ok(quote! {
        #(#attributes)*
        #inline
        #[allow(clippy::all, unused_parens)]
        #visibility #signature { #body }

        #[doc = #documentation]
        #[allow(unused_imports, unused_variables, unreachable_pub, unused_parens, unused_mut, clippy::all)]
        #visibility mod #name {
            use super::*;
            #text
            #entry
        }
    })
}

fn kind(scalar: Scalar) -> TokenStream {
    match scalar {
        Scalar::Real => quote!(::terrella_kernels::ScalarKind::Real),
        Scalar::F32 => quote!(::terrella_kernels::ScalarKind::F32),
        Scalar::F64 => quote!(::terrella_kernels::ScalarKind::F64),
        // A bool travels as a u32.
        Scalar::U32 | Scalar::Bool => quote!(::terrella_kernels::ScalarKind::U32),
        Scalar::I32 => quote!(::terrella_kernels::ScalarKind::I32),
    }
}

fn kernel_text(kernel: &Kernel) -> TokenStream {
    let code = Code::new(kernel, true);
    let locals = &kernel.locals[..kernel.parameters];
    let indices = locals[..kernel.indices].iter().map(|local| local.ident.to_string());
    let parameters = locals[kernel.indices..].iter().map(|local| {
        let name = local.ident.to_string();
        let kind = kind(local.scalar);
        let kind = match local.role {
            Role::Slice => quote!(::terrella_kernels::device::ParameterKind::Slice(#kind)),
            _ => quote!(::terrella_kernels::device::ParameterKind::Scalar(#kind)),
        };
        quote!(::terrella_kernels::device::Parameter { name: #name, kind: #kind })
    });
    let outputs = kernel.outputs.iter().map(|scalar| kind(*scalar));
    let mut calls: Vec<TokenStream> = Vec::new();
    let mut methods: Vec<TokenStream> = Vec::new();
    let add = |list: &mut Vec<TokenStream>, item: TokenStream| {
        if !list.iter().any(|other| other.to_string() == item.to_string()) {
            list.push(item);
        }
    };
    let mut visit = |expression: &crate::language::Expression| match &expression.kind {
        ExpressionKind::Call { path, .. } => {
            let path = code.path(path);
            add(&mut calls, quote!(&#path::TEXT));
        }
        ExpressionKind::Method(method, _) if method.is_math() => match expression.scalar {
            Scalar::Real => {
                let constant = format_ident!("{}", method.name().to_uppercase());
                add(&mut methods, quote!(&::terrella_kernels::device::methods::#constant));
            }
            scalar => {
                let function =
                    format_ident!("{}_{}", method.name(), if scalar == Scalar::F32 { "f32" } else { "f64" });
                add(&mut calls, quote!(&::terrella_kernels::math::#function::TEXT));
            }
        },
        _ => {}
    };
    for statement in &kernel.body {
        Statement::walk(statement, &mut visit);
    }
    let text_of = |file: &Option<syn::LitStr>, dialect| match file {
        Some(file) => quote!(::core::include_str!(#file)),
        None => {
            let text = text(kernel, dialect);
            quote!(#text)
        }
    };
    let cuda = text_of(&kernel.cuda_file, Dialect::Cuda);
    let wgsl = text_of(&kernel.wgsl_file, Dialect::Wgsl);
    let name = kernel.name.to_string();
    let name = name.strip_prefix("r#").unwrap_or(&name);
    quote! {
        /// CUDA C, without the prelude and the functions it calls.
        pub const CUDA: &str = #cuda;
        /// WGSL, without the prelude and the functions it calls.
        pub const WGSL: &str = #wgsl;
        /// Both texts and what they expect.
        pub static TEXT: ::terrella_kernels::device::KernelText = ::terrella_kernels::device::KernelText {
            name: #name,
            indices: &[#(#indices),*],
            parameters: &[#(#parameters),*],
            outputs: &[#(#outputs),*],
            cuda: CUDA,
            wgsl: WGSL,
            calls: &[#(#calls),*],
            methods: &[#(#methods),*],
        };
    }
}

/// The way in for other kernels, which fixes the floating-point type to theirs.
fn call(kernel: &Kernel) -> TokenStream {
    let name = &kernel.name;
    let (real, generics) = match &kernel.real {
        Some(real) => (real.clone(), quote!(::<#real>)),
        None => (format_ident!("__R"), quote!()),
    };
    let (inputs, output) = (&kernel.signature.inputs, &kernel.signature.output);
    let names = kernel.locals[..kernel.parameters].iter().map(|local| &local.ident);
    quote! {
        /// Called from the CPU code of kernels.
        #[doc(hidden)]
        #[inline(always)]
        pub fn call<#real: ::terrella_kernels::Real>(#inputs) #output {
            super::#name #generics(#(#names),*)
        }
    }
}

/// Names of the outputs of `launch` that no parameter bears.
fn output_names(kernel: &Kernel) -> Vec<Ident> {
    let count = kernel.outputs.len();
    (0..count)
        .map(|position| {
            let wanted = if count == 1 { "output".to_owned() } else { format!("output_{position}") };
            let name = crate::names::unique(&wanted, |name| {
                kernel.locals[..kernel.parameters].iter().any(|local| local.ident == name)
            });
            format_ident!("{name}")
        })
        .collect()
}

fn launch(kernel: &Kernel) -> Result<TokenStream> {
    let code = Code::new(kernel, true);
    let name = &kernel.name;
    let count = kernel.indices;
    let locals = &kernel.locals[..kernel.parameters];
    let (indices, parameters) = locals.split_at(count);
    let index_names: Vec<_> = indices.iter().map(|local| &local.ident).collect();
    let mut declarations = Vec::new();
    let mut arguments = Vec::new();
    let mut slices = Vec::new();
    for local in parameters {
        let ident = &local.ident;
        let ty = code.ty(local.scalar);
        if local.role == Role::Slice {
            declarations.push(quote!(#ident: &::terrella_kernels::device::Buffer<#ty>));
            arguments.push(quote!(::terrella_kernels::device::Argument::Buffer(#ident)));
            slices.push(quote!(let #ident = #ident.cpu_slice()?;));
            continue;
        }
        declarations.push(quote!(#ident: #ty));
        arguments.push(match local.scalar {
            Scalar::Real => quote!(match <#ty as ::terrella_kernels::Real>::PRECISION {
                ::terrella_kernels::Precision::F32 => {
                    ::terrella_kernels::device::Argument::F32(::terrella_kernels::Real::to_f64(#ident) as f32)
                }
                ::terrella_kernels::Precision::F64 => {
                    ::terrella_kernels::device::Argument::F64(::terrella_kernels::Real::to_f64(#ident))
                }
            }),
            Scalar::F32 => quote!(::terrella_kernels::device::Argument::F32(#ident)),
            Scalar::F64 => quote!(::terrella_kernels::device::Argument::F64(#ident)),
            Scalar::U32 => quote!(::terrella_kernels::device::Argument::U32(#ident)),
            Scalar::Bool => quote!(::terrella_kernels::device::Argument::U32(u32::from(#ident))),
            Scalar::I32 => quote!(::terrella_kernels::device::Argument::I32(#ident)),
        });
    }
    let outputs = output_names(kernel);
    let output_types: Vec<_> = kernel.outputs.iter().map(|scalar| code.ty(*scalar)).collect();
    let output_count = outputs.len();
    let (generics, real) = match &kernel.real {
        Some(real) => (quote!(<#real: ::terrella_kernels::Real>), quote!(#real,)),
        None => (quote!(), quote!()),
    };
    let precision = match (&kernel.real, kernel.default_float) {
        (Some(real), _) => quote!(<#real as ::terrella_kernels::Real>::PRECISION),
        (None, Scalar::F32) => quote!(::terrella_kernels::Precision::F32),
        (None, _) => quote!(::terrella_kernels::Precision::F64),
    };
    let point_real = kernel.real.as_ref().map(|real| quote!(::<#real>));
    let all_names: Vec<_> = locals.iter().map(|local| &local.ident).collect();
    let point = quote!(super::#name #point_real(#(#all_names),*));
    let point = if output_count == 1 { quote!((#point,)) } else { point };
    let (packed_function, run) = match packed::function(kernel) {
        Ok(function) => (
            function,
            quote! {
                ::terrella_kernels::device::cpu::run_packs(
                    extent,
                    __outputs,
                    #[inline(always)]
                    |[#(#index_names),*]: [u32; #count]| #point,
                    #[inline(always)]
                    |[#(#index_names),*]: [u32; #count]| {
                        packed::<#real { ::terrella_kernels::device::cpu::LANES }>(#(#all_names),*)
                    },
                    #[inline(always)]
                    |[#(#index_names),*]: [u32; #count]| {
                        packed::<#real { ::terrella_kernels::device::cpu::WIDE_LANES }>(#(#all_names),*)
                    },
                )
            },
        ),
        Err(span) if kernel.level => {
            return Err(Error::new(
                span,
                "this bound depends on the `Level`, so the levels cannot be computed together: \
                 make the index a `u32`, with #[kernel(indices = N)]",
            ));
        }
        Err(_) => (
            quote!(),
            quote! {
                ::terrella_kernels::device::cpu::run_points(
                    extent,
                    __outputs,
                    #[inline(always)]
                    |[#(#index_names),*]: [u32; #count]| #point,
                )
            },
        ),
    };
    let documentation = format!(
        "Computes [`{name}`](fn@{name}) for every index below `extent`, on the device where the buffers are.\n\n\
         Errors where buffers are on different devices or an output's length is not the product of `extent`."
    );
    Ok(quote! {
        #packed_function

        #[doc = #documentation]
        pub fn launch #generics(
            extent: [u32; #count],
            #(#declarations,)*
            #(#outputs: &mut ::terrella_kernels::device::Buffer<#output_types>,)*
        ) -> ::terrella_kernels::Result<()> {
            let __launch =
                ::terrella_kernels::device::Launch { text: &TEXT, precision: #precision, extent: &extent };
            let __device = {
                let __arguments: &[::terrella_kernels::device::Argument<'_>] = &[#(#arguments),*];
                let mut __outputs: [&mut dyn ::terrella_kernels::device::AnyBuffer; #output_count] =
                    [#(&mut *#outputs),*];
                let __device = __launch.device(__arguments, &__outputs)?;
                if __device != ::terrella_kernels::device::Device::Cpu {
                    return __launch.enqueue(__device, __arguments, &mut __outputs);
                }
            };
            #(#slices)*
            let __outputs = (#(#outputs.cpu_slice_mut()?,)*);
            #run;
            Ok(())
        }
    })
}
