//! The function `launch` of a kernel's module.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Error, Ident, Result};

use crate::language::{Direction, Kernel, Role, Scalar};
use crate::packed;
use crate::rust::Code;

/// Names of the outputs of `launch`: carried ones are called like the parameter, the others what no parameter is.
fn output_names(kernel: &Kernel) -> Vec<Ident> {
    let locals = &kernel.locals[..kernel.parameters];
    let count = kernel.own_outputs();
    let own = (0..count).map(|position| {
        let wanted = if count == 1 { "output".to_owned() } else { format!("output_{position}") };
        let name = crate::names::unique(&wanted, |name| locals.iter().any(|local| local.ident == name));
        format_ident!("{name}")
    });
    let carried = locals[kernel.indices..kernel.provided()].iter().map(|local| local.ident.clone());
    own.chain(carried).collect()
}

/// `launch`, with the CPU's loop over all indices.
pub(crate) fn launch(kernel: &Kernel) -> Result<TokenStream> {
    let code = Code::new(kernel, true);
    let count = kernel.indices;
    let parameters = &kernel.locals[kernel.provided()..kernel.parameters];
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
    let generics = kernel.real.as_ref().map(|real| quote!(<#real: ::terrella_kernels::Real>));
    let precision = match (&kernel.real, kernel.default_float) {
        (Some(real), _) => quote!(<#real as ::terrella_kernels::Real>::PRECISION),
        (None, Scalar::F32) => quote!(::terrella_kernels::Precision::F32),
        (None, _) => quote!(::terrella_kernels::Precision::F64),
    };
    let (packed_function, run) = cpu_loop(kernel)?;
    let cpu_outputs = cpu_outputs(kernel, &outputs);
    let documentation = documentation(kernel);
    let instances = instances(kernel);
    Ok(quote! {
        #packed_function

        #instances

        #[doc = #documentation]
        #[inline(never)]
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
            #cpu_outputs
            #run;
            Ok(())
        }
    })
}

/// `launch` for both precisions, compiled with the kernel's own crate. Crates that call it link to these instances instead of
/// compiling the loops anew, since the compiler shares instances of functions that are never inlined. Nothing links to tests.
fn instances(kernel: &Kernel) -> Option<TokenStream> {
    kernel.real.as_ref()?;
    Some(quote! {
        #[cfg(not(test))]
        fn __instances() -> [usize; 2] {
            [launch::<f32> as usize, launch::<f64> as usize]
        }
        #[cfg(not(test))]
        #[used]
        static __INSTANCES: fn() -> [usize; 2] = __instances;
    })
}

fn documentation(kernel: &Kernel) -> String {
    let name = &kernel.name;
    let lengths = match kernel.scan {
        None => "an output's length is not the product of `extent`",
        Some(_) => {
            "an output's length is not the product of `extent`, or that of a carried one not the product of all \
             but the first"
        }
    };
    format!(
        "Computes [`{name}`](fn@{name}) for every index below `extent`, on the device where the buffers are.\n\n\
         Errors where buffers are on different devices or {lengths}."
    )
}

/// The outputs as the CPU's loop takes them.
fn cpu_outputs(kernel: &Kernel, names: &[Ident]) -> TokenStream {
    if kernel.scan.is_none() {
        return quote!(let __outputs = (#(#names.cpu_slice_mut()?,)*););
    }
    let (own, carried) = names.split_at(kernel.own_outputs());
    quote! {
        let __own = (#(::terrella_kernels::device::cpu::Columns::new(#own.cpu_slice_mut()?, extent),)*);
        let __carried = (#(#carried.cpu_slice_mut()?,)*);
    }
}

/// The function `packed`, where the kernel can be computed so, and the call of the CPU's loop.
fn cpu_loop(kernel: &Kernel) -> Result<(TokenStream, TokenStream)> {
    let name = &kernel.name;
    let names: Vec<_> = kernel.locals[..kernel.parameters].iter().map(|local| &local.ident).collect();
    let point_real = kernel.real.as_ref().map(|real| quote!(::<#real>));
    let point = quote!(super::#name #point_real(#(#names),*));
    let point = closure(kernel, if kernel.outputs.len() == 1 { quote!((#point,)) } else { point });
    let arguments = match kernel.scan {
        None => quote!(extent, __outputs),
        Some(scan) => {
            let up = scan.direction == Direction::Up;
            quote!(extent, #up, __own, __carried)
        }
    };
    let loops = |kind: &str| {
        let function = format_ident!("{}_{kind}", if kernel.scan.is_some() { "scan" } else { "run" });
        quote!(::terrella_kernels::device::cpu::#function)
    };
    match packed::function(kernel) {
        Ok(function) => {
            let real = kernel.real.as_ref().map(|real| quote!(#real,));
            let packs = |lanes: &str| {
                let lanes = format_ident!("{lanes}");
                let lanes = quote!({ ::terrella_kernels::device::cpu::#lanes });
                closure(kernel, quote!(packed::<#real #lanes>(#(#names),*)))
            };
            let (packs, wide_packs, loops) = (packs("LANES"), packs("WIDE_LANES"), loops("packs"));
            Ok((function, quote!(#loops(#arguments, #point, #packs, #wide_packs))))
        }
        Err(span) if kernel.level => Err(Error::new(
            span,
            "this bound depends on the `Level`, so the levels cannot be computed together: \
             make the index a `u32`, with #[kernel(indices = N)]",
        )),
        Err(_) => {
            let loops = loops("points");
            Ok((TokenStream::new(), quote!(#loops(#arguments, #point))))
        }
    }
}

/// `values` as a function of the indices and, in a scan, of what is carried.
fn closure(kernel: &Kernel, values: TokenStream) -> TokenStream {
    let count = kernel.indices;
    let name = |local: &crate::language::Local| local.ident.clone();
    let indices: Vec<_> = kernel.locals[..count].iter().map(name).collect();
    if kernel.scan.is_none() {
        return quote!(#[inline(always)] move |[#(#indices),*]: [u32; #count]| #values);
    }
    let carried: Vec<_> = kernel.locals[count..kernel.provided()].iter().map(name).collect();
    let results: Vec<_> = (0..kernel.outputs.len()).map(|position| format_ident!("__{position}")).collect();
    let (own, handed_on) = results.split_at(kernel.own_outputs());
    quote! {
        #[inline(always)]
        move |[#(#indices),*]: [u32; #count], (#(#carried,)*)| {
            let (#(#results,)*) = #values;
            ((#(#own,)*), (#(#handed_on,)*))
        }
    }
}
