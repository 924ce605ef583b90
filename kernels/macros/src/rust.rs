//! The CPU code of a kernel: the same statements, with integer arithmetic that wraps as on a GPU, addresses in usize
//! and literals of the kernel's own floating-point type.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, Path};

use crate::language::{
    BinaryOperator, Block, Expression, ExpressionKind, Kernel, LocalId, Method, Scalar, Statement,
    UnaryOperator,
};
use crate::text::type_name;
use crate::width::wide_locals;

/// What the code of a variable or of a whole expression is replaced by; `None` leaves it as it is.
pub(crate) trait Substitution {
    /// The value of a local, as u32 etc.
    fn local(&mut self, _code: &Code<'_>, _local: LocalId) -> Option<TokenStream> {
        None
    }
    /// The local as an address.
    fn local_address(&mut self, _code: &Code<'_>, _local: LocalId) -> Option<TokenStream> {
        None
    }
    /// A whole expression.
    fn value(&mut self, _code: &Code<'_>, _expression: &Expression) -> Option<TokenStream> {
        None
    }
    /// Called around code that need not be reached.
    fn guard(&mut self, _enter: bool) {}
    /// Called when a variable is declared.
    fn declared(&mut self, _local: LocalId) {}
}

/// The plain code.
pub(crate) struct Plain;

impl Substitution for Plain {}

/// What the code of one kernel needs to know.
pub(crate) struct Code<'a> {
    pub(crate) kernel: &'a Kernel,
    /// Which locals are usize.
    pub(crate) wide: Vec<bool>,
    /// Whether the code stands in the module beside the function.
    pub(crate) in_module: bool,
}

impl<'a> Code<'a> {
    pub(crate) fn new(kernel: &'a Kernel, in_module: bool) -> Self {
        Self { kernel, wide: wide_locals(kernel), in_module }
    }

    /// The Rust type.
    pub(crate) fn ty(&self, scalar: Scalar) -> TokenStream {
        match scalar {
            Scalar::Real => {
                let real = self.kernel.real.as_ref();
                quote!(#real)
            }
            Scalar::F32 => quote!(f32),
            Scalar::F64 => quote!(f64),
            Scalar::U32 => quote!(u32),
            Scalar::I32 => quote!(i32),
            Scalar::Bool => quote!(bool),
        }
    }

    /// The Rust type of a local.
    pub(crate) fn local_type(&self, local: LocalId) -> TokenStream {
        if self.wide[local] { quote!(usize) } else { self.ty(self.kernel.locals[local].scalar) }
    }

    pub(crate) fn ident(&self, local: LocalId) -> &Ident {
        &self.kernel.locals[local].ident
    }

    /// The path as seen from where the code stands.
    pub(crate) fn path(&self, path: &Path) -> TokenStream {
        if !self.in_module || path.leading_colon.is_some() {
            return quote!(#path);
        }
        let first = path.segments.first().map(|segment| segment.ident.to_string());
        let rest = path.segments.iter().skip(1);
        match first.as_deref() {
            Some("self") => quote!(super #(::#rest)*),
            Some("super") => quote!(super::#path),
            _ => quote!(#path),
        }
    }

    pub(crate) fn statements(&self, statements: &[Statement], with: &mut dyn Substitution) -> TokenStream {
        statements.iter().map(|statement| self.statement(statement, with)).collect()
    }

    /// A value as the local's type asks.
    pub(crate) fn value_of(
        &self,
        local: LocalId,
        value: &Expression,
        with: &mut dyn Substitution,
    ) -> TokenStream {
        if self.wide[local] { self.address(value, with) } else { self.value(value, with) }
    }

    fn statement(&self, statement: &Statement, with: &mut dyn Substitution) -> TokenStream {
        match statement {
            Statement::Let { local, value } => {
                let value = self.value_of(*local, value, with);
                with.declared(*local);
                let (name, ty) = (self.ident(*local), self.local_type(*local));
                let mutable = self.kernel.locals[*local].mutable.then(|| quote!(mut));
                quote!(let #mutable #name: #ty = #value;)
            }
            Statement::LetTuple { locals, call } => {
                let value = self.value(call, with);
                let mut names = Vec::new();
                let mut types = Vec::new();
                for local in locals {
                    with.declared(*local);
                    let name = self.ident(*local);
                    let mutable = self.kernel.locals[*local].mutable.then(|| quote!(mut));
                    names.push(quote!(#mutable #name));
                    types.push(self.local_type(*local));
                }
                quote!(let (#(#names),*): (#(#types),*) = #value;)
            }
            Statement::Assign { local, operator, value, span } => {
                let scalar = self.kernel.locals[*local].scalar;
                let target = with.local(self, *local).unwrap_or_else(|| {
                    let name = self.ident(*local);
                    quote!(#name)
                });
                let right = self.value_of(*local, value, with);
                match operator {
                    None => quote_spanned!(*span=> #target = #right;),
                    Some(operator) => {
                        let result = operation(*operator, scalar, quote!(#target), right, *span);
                        quote_spanned!(*span=> #target = #result;)
                    }
                }
            }
            Statement::If { condition, then, otherwise } => {
                let condition = self.value(condition, with);
                with.guard(true);
                let then = self.statements(then, with);
                let otherwise = (!otherwise.is_empty()).then(|| {
                    let otherwise = self.statements(otherwise, with);
                    quote!(else { #otherwise })
                });
                with.guard(false);
                quote!(if #condition { #then } #otherwise)
            }
            Statement::For { local, start, end, body } => {
                let start = self.value_of(*local, start, with);
                let end = self.value_of(*local, end, with);
                with.guard(true);
                with.declared(*local);
                let body = self.statements(body, with);
                with.guard(false);
                let name = self.ident(*local);
                quote!(for #name in #start..#end { #body })
            }
            Statement::Return { values, span } => {
                let values: Vec<_> = values.iter().map(|value| self.value(value, with)).collect();
                match values.as_slice() {
                    [one] => quote_spanned!(*span=> return #one;),
                    several => quote_spanned!(*span=> return (#(#several),*);),
                }
            }
        }
    }

    fn block(&self, block: &Block, address: bool, with: &mut dyn Substitution) -> TokenStream {
        let statements = self.statements(&block.statements, with);
        let value = if address { self.address(&block.value, with) } else { self.value(&block.value, with) };
        quote!(#statements #value)
    }

    fn choice(
        &self,
        condition: &Expression,
        then: &Block,
        otherwise: &Block,
        address: bool,
        with: &mut dyn Substitution,
    ) -> TokenStream {
        let condition = self.value(condition, with);
        with.guard(true);
        let then = self.block(then, address, with);
        let otherwise = self.block(otherwise, address, with);
        with.guard(false);
        quote!(if #condition { #then } else { #otherwise })
    }

    /// A u32 expression as usize, so that LLVM sees the address grow without wrapping.
    pub(crate) fn address(&self, expression: &Expression, with: &mut dyn Substitution) -> TokenStream {
        match &expression.kind {
            ExpressionKind::Integer(value) => {
                let literal = Literal::usize_suffixed(usize::try_from(*value).unwrap_or(usize::MAX));
                quote_spanned!(expression.span=> #literal)
            }
            ExpressionKind::Local(local) => {
                if let Some(replaced) = with.local_address(self, *local) {
                    return replaced;
                }
                let name = Ident::new(&self.ident(*local).to_string(), expression.span);
                if self.wide[*local] { quote!(#name) } else { quote!((#name as usize)) }
            }
            ExpressionKind::Binary(operator, left, right) if operator.is_linear() => {
                let left = self.address(left, with);
                let right = self.address(right, with);
                wrapping(*operator, left, right)
            }
            ExpressionKind::Cast(inner) if inner.scalar == Scalar::U32 => self.address(inner, with),
            ExpressionKind::If { condition, then, otherwise } => {
                let choice = self.choice(condition, then, otherwise, true, with);
                quote!((#choice))
            }
            _ => {
                let value = self.value(expression, with);
                quote!((#value as usize))
            }
        }
    }

    /// An expression.
    pub(crate) fn value(&self, expression: &Expression, with: &mut dyn Substitution) -> TokenStream {
        if let Some(replaced) = with.value(self, expression) {
            return replaced;
        }
        let (span, scalar) = (expression.span, expression.scalar);
        match &expression.kind {
            ExpressionKind::Float(digits) => self.float(digits, scalar, span),
            ExpressionKind::Integer(value) => {
                let literal: TokenStream = match scalar {
                    Scalar::I32 => format!("{value}i32"),
                    _ => format!("{value}u32"),
                }
                .parse()
                .expect("a number is a token");
                let literal = respanned(literal, span);
                quote!(#literal)
            }
            ExpressionKind::Boolean(value) => quote_spanned!(span=> #value),
            ExpressionKind::Local(local) => with.local(self, *local).unwrap_or_else(|| {
                let name = Ident::new(&self.ident(*local).to_string(), span);
                quote!(#name)
            }),
            ExpressionKind::Load { slice, index } => {
                let index = self.address(index, with);
                let name = self.ident(*slice);
                quote_spanned!(span=> #name[#index])
            }
            ExpressionKind::Unary(operator, inner) => {
                let inner = self.value(inner, with);
                match operator {
                    UnaryOperator::Negate => quote_spanned!(span=> (-#inner)),
                    UnaryOperator::Not => quote_spanned!(span=> (!#inner)),
                }
            }
            ExpressionKind::Binary(operator, left, right) => {
                let left_value = self.value(left, with);
                if operator.is_logical() {
                    with.guard(true);
                }
                let right = self.value(right, with);
                if operator.is_logical() {
                    with.guard(false);
                }
                operation(*operator, left.scalar, left_value, right, span)
            }
            ExpressionKind::Method(method, arguments) => {
                let arguments: Vec<_> = arguments.iter().map(|argument| self.value(argument, with)).collect();
                self.method(*method, scalar, &arguments, span)
            }
            ExpressionKind::Call { path, arguments, .. } => {
                let arguments: Vec<_> = arguments.iter().map(|argument| self.value(argument, with)).collect();
                let path = self.path(path);
                let real = self.ty(self.kernel.default_float);
                quote_spanned!(span=> #path::call::<#real>(#(#arguments),*))
            }
            ExpressionKind::Cast(inner) => {
                let from = inner.scalar;
                let inner = self.value(inner, with);
                if from == scalar {
                    return inner;
                }
                let ty = self.ty(scalar);
                if from == Scalar::Real {
                    let (from, method) = (self.ty(from), format_ident!("to_{}", type_name(scalar)));
                    quote_spanned!(span=> <#from as ::terrella_kernels::Real>::#method(#inner))
                } else if scalar == Scalar::Real {
                    let method = format_ident!("from_{}", type_name(from));
                    quote_spanned!(span=> <#ty as ::terrella_kernels::Real>::#method(#inner))
                } else {
                    quote_spanned!(span=> (#inner as #ty))
                }
            }
            ExpressionKind::If { condition, then, otherwise } => {
                let choice = self.choice(condition, then, otherwise, false, with);
                quote!((#choice))
            }
        }
    }

    fn float(&self, digits: &str, scalar: Scalar, span: proc_macro2::Span) -> TokenStream {
        let digits = digits.trim_end_matches('.');
        let suffix = if scalar == Scalar::F32 { "f32" } else { "f64" };
        let literal: TokenStream = format!("{digits}{suffix}").parse().expect("a number is a token");
        let literal = respanned(literal, span);
        if scalar == Scalar::Real {
            let real = self.ty(scalar);
            quote_spanned!(span=> <#real as ::terrella_kernels::Real>::from_f64(#literal))
        } else {
            literal
        }
    }

    fn method(
        &self,
        method: Method,
        scalar: Scalar,
        arguments: &[TokenStream],
        span: proc_macro2::Span,
    ) -> TokenStream {
        let ty = self.ty(scalar);
        let name = Ident::new(method.name(), span);
        if scalar.is_integer() {
            quote_spanned!(span=> <#ty as ::core::cmp::Ord>::#name(#(#arguments),*))
        } else {
            quote_spanned!(span=> <#ty as ::terrella_kernels::Real>::#name(#(#arguments),*))
        }
    }
}

/// The tokens with another span.
fn respanned(tokens: TokenStream, span: proc_macro2::Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}

fn wrapping(operator: BinaryOperator, left: TokenStream, right: TokenStream) -> TokenStream {
    match operator {
        BinaryOperator::Add => quote!(#left.wrapping_add(#right)),
        BinaryOperator::Subtract => quote!(#left.wrapping_sub(#right)),
        _ => quote!(#left.wrapping_mul(#right)),
    }
}

/// `left operator right`: u32 wraps and shifts count modulo 32, as on every GPU.
pub(crate) fn operation(
    operator: BinaryOperator,
    scalar: Scalar,
    left: TokenStream,
    right: TokenStream,
    span: proc_macro2::Span,
) -> TokenStream {
    match operator {
        BinaryOperator::ShiftLeft => return quote_spanned!(span=> (#left).wrapping_shl(#right)),
        BinaryOperator::ShiftRight => return quote_spanned!(span=> (#left).wrapping_shr(#right)),
        _ if operator.is_linear() && scalar == Scalar::U32 => return wrapping(operator, left, right),
        _ => {}
    }
    let token: TokenStream = operator.token().parse().expect("an operator is a token");
    let token = respanned(token, span);
    quote_spanned!(span=> (#left #token #right))
}

/// The body of the plain function.
pub(crate) fn body(kernel: &Kernel) -> TokenStream {
    Code::new(kernel, false).statements(&kernel.body, &mut Plain)
}
