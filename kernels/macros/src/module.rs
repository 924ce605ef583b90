//! What `#[kernel]` puts beside the function: texts, launcher and the way in for other kernels.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Result;

use crate::language::{ExpressionKind, Kernel, Role, Scalar, Statement};
use crate::launch::launch;
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
    let parameters = locals[kernel.provided()..].iter().map(|local| {
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
    let carried = kernel.carried();
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
            carried: #carried,
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
