//! The `#[kernel]` attribute.

mod check;
mod infer;
mod kinds;
mod language;
mod lower;
mod module;
mod names;
mod packed;
mod rust;
mod signature;
mod text;
mod width;

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

/// Makes a function a kernel; see the crate's documentation for the language.
#[proc_macro_attribute]
pub fn kernel(options: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(options as signature::Options);
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
