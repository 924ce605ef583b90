//! What is said about expressions outside the language.

use proc_macro2::Span;
use syn::Expr;
use syn::spanned::Spanned;

/// The token that makes an expression what it is.
pub(super) fn first_token(expression: &Expr) -> Span {
    match expression {
        Expr::While(inner) => inner.while_token.span,
        Expr::Loop(inner) => inner.loop_token.span,
        Expr::Match(inner) => inner.match_token.span,
        Expr::ForLoop(inner) => inner.for_token.span,
        Expr::Break(inner) => inner.break_token.span,
        Expr::Continue(inner) => inner.continue_token.span,
        Expr::Macro(inner) => inner.mac.path.span(),
        Expr::Reference(inner) => inner.and_token.span,
        Expr::Return(inner) => inner.return_token.span,
        other => other.span(),
    }
}

/// Why an expression is outside the language.
pub(super) fn outside(expression: &Expr) -> &'static str {
    match expression {
        Expr::While(_) => "`while` is not part of the kernel language: use `for i in a..b`",
        Expr::Loop(_) => "`loop` is not part of the kernel language: use `for i in a..b`",
        Expr::Match(_) => "`match` is not part of the kernel language: use `if`",
        Expr::Break(_) => "`break` is not part of the kernel language: bound the range, or `return`",
        Expr::Continue(_) => {
            "`continue` is not part of the kernel language: put the rest of the body into an `if`"
        }
        Expr::ForLoop(_) => "a loop is a statement, not a value",
        Expr::Return(_) => "`return` is a statement, not a value",
        Expr::Closure(_) => "closures are not part of the kernel language: write a `#[kernel(function)]`",
        Expr::Macro(_) => "macros are not part of the kernel language",
        Expr::Reference(_) => "references are not part of the kernel language: values are copied",
        Expr::Field(_) => {
            "fields are not part of the kernel language: `let (a, b) = ...` takes a tuple apart"
        }
        Expr::Tuple(_) => "a tuple can only be returned",
        Expr::Array(_) | Expr::Repeat(_) => "arrays are not part of the kernel language: use variables",
        Expr::Struct(_) => "structs are not part of the kernel language: use variables",
        Expr::Block(_) => "a bare block is not part of the kernel language",
        Expr::Range(_) => "a range has its place in `for i in a..b` only",
        Expr::Try(_) => "`?` is not part of the kernel language: kernels do not fail",
        Expr::Unsafe(_) => "`unsafe` is not part of the kernel language",
        Expr::Assign(_) => "an assignment is a statement, not a value",
        _ => "this expression is not part of the kernel language",
    }
}
