//! Reads the options of `#[kernel(...)]`.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitInt, LitStr, Result, Token};

use crate::language::Direction;

/// `#[kernel(...)]`
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) function: bool,
    pub(crate) indices: Option<(usize, Span)>,
    pub(crate) scan: Option<ScanOptions>,
    pub(crate) cuda_file: Option<LitStr>,
    pub(crate) wgsl_file: Option<LitStr>,
}

/// `scan = down, carried = N`, each with its place.
#[derive(Clone, Copy)]
pub(crate) struct ScanOptions {
    pub(crate) direction: Direction,
    pub(crate) span: Span,
    pub(crate) carried: usize,
    pub(crate) carried_span: Span,
}

impl Parse for Options {
    fn parse(input: ParseStream) -> Result<Self> {
        let mut options = Self::default();
        let (mut scan, mut carried) = (None, None);
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            match name.to_string().as_str() {
                "function" => options.function = true,
                "indices" => options.indices = Some(number(input)?),
                "scan" => scan = Some(direction(input)?),
                "carried" => carried = Some(number(input)?),
                "cuda" => options.cuda_file = Some(file(input)?),
                "wgsl" => options.wgsl_file = Some(file(input)?),
                other => {
                    return Err(Error::new(
                        name.span(),
                        format!(
                            "`{other}` is no option of #[kernel]: expected `function`, `indices = N`, \
                             `scan = down`, `scan = up`, `carried = N`, `cuda = \"file.cu\"` or \
                             `wgsl = \"file.wgsl\"`"
                        ),
                    ));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        options.scan = match (scan, carried) {
            (None, None) => None,
            (Some((direction, span)), Some((carried, carried_span))) if carried > 0 => {
                Some(ScanOptions { direction, span, carried, carried_span })
            }
            (Some((_, span)), None) => {
                return Err(Error::new(span, "a scan hands values on: say how many, with `carried = N`"));
            }
            (Some(_), Some((_, span))) => {
                return Err(Error::new(
                    span,
                    "a scan carries at least one value: without any, leave out `scan` and `carried`",
                ));
            }
            (None, Some((_, span))) => {
                return Err(Error::new(
                    span,
                    "only a scan carries values: add `scan = down` (from index 0 on) or `scan = up` (from the last one)",
                ));
            }
        };
        Ok(options)
    }
}

fn number(input: ParseStream) -> Result<(usize, Span)> {
    input.parse::<Token![=]>()?;
    let number: LitInt = input.parse()?;
    Ok((number.base10_parse()?, number.span()))
}

fn file(input: ParseStream) -> Result<LitStr> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn direction(input: ParseStream) -> Result<(Direction, Span)> {
    input.parse::<Token![=]>()?;
    let word: Ident = input.parse()?;
    let direction = match word.to_string().as_str() {
        "down" => Direction::Down,
        "up" => Direction::Up,
        other => {
            return Err(Error::new(
                word.span(),
                format!(
                    "`{other}` is no direction of a scan: `down` begins at index 0, `up` at the last one"
                ),
            ));
        }
    };
    Ok((direction, word.span()))
}
