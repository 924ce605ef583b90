//! Statements: blocks, variables, conditions, loops and returns.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprIf, Ident, Pat, RangeLimits, Result, Stmt, Type};

use super::operators::assigning;
use super::{Lowering, branches, refuse, without_parentheses};
use crate::language::{BinaryOperator, Expression, Role, Scalar, Statement};
use crate::signature::scalar_of;

impl Lowering {
    /// A block whose every path ends in a `return`, written or as its last expression.
    pub(super) fn tail_block(&mut self, block: &syn::Block) -> Result<Vec<Statement>> {
        self.scoped(|this| {
            let Some((last, before)) = block.stmts.split_last() else {
                return refuse(block.brace_token.span.join(), "a kernel returns a value");
            };
            let mut statements = Vec::new();
            for statement in before {
                this.statement(statement, &mut statements)?;
            }
            match last {
                Stmt::Expr(Expr::If(branch), None) => {
                    let parts = branches(branch)?;
                    let Some(otherwise) = parts.otherwise else {
                        return refuse(
                            branch.if_token.span,
                            "this `if` ends the kernel: without `else` it has no value",
                        );
                    };
                    let condition = this.condition(parts.condition)?;
                    let then = this.tail_block(parts.then)?;
                    let otherwise = this.tail_else(otherwise)?;
                    statements.push(Statement::If { condition, then, otherwise });
                }
                Stmt::Expr(value, None) if !matches!(value, Expr::Return(_) | Expr::ForLoop(_)) => {
                    let result = this.returned(value, value.span())?;
                    statements.push(result);
                }
                other => {
                    this.statement(other, &mut statements)?;
                    if !matches!(statements.last(), Some(Statement::Return { .. })) {
                        return refuse(
                            other.span(),
                            "a kernel returns a value: its last expression, without semicolon, or `return`",
                        );
                    }
                }
            }
            Ok(statements)
        })
    }

    fn tail_else(&mut self, otherwise: &Expr) -> Result<Vec<Statement>> {
        match otherwise {
            Expr::Block(block) => self.tail_block(&block.block),
            other => self.tail_block(&syn::Block {
                brace_token: syn::token::Brace(other.span()),
                stmts: vec![Stmt::Expr(other.clone(), None)],
            }),
        }
    }

    fn returned(&mut self, value: &Expr, span: Span) -> Result<Statement> {
        let parts: Vec<&Expr> = match value {
            Expr::Tuple(tuple) => tuple.elems.iter().collect(),
            value => vec![value],
        };
        if parts.len() != self.outputs.len() {
            return refuse(
                value.span(),
                format!("expected {} values as in the signature, found {}", self.outputs.len(), parts.len()),
            );
        }
        let mut values = Vec::new();
        for (part, scalar) in parts.into_iter().zip(self.outputs.clone()) {
            let expected = self.inference.known(scalar);
            values.push(self.expected(part, expected)?);
        }
        Ok(Statement::Return { values, span })
    }

    pub(super) fn statements(&mut self, block: &syn::Block) -> Result<Vec<Statement>> {
        self.scoped(|this| {
            let mut statements = Vec::new();
            for statement in &block.stmts {
                this.statement(statement, &mut statements)?;
            }
            Ok(statements)
        })
    }

    pub(super) fn statement(&mut self, statement: &Stmt, into: &mut Vec<Statement>) -> Result<()> {
        match statement {
            Stmt::Local(local) => into.push(self.local(local)?),
            Stmt::Item(item) => {
                return refuse(
                    item.span(),
                    "items are not part of the kernel language: define them outside the kernel",
                );
            }
            Stmt::Macro(call) => {
                return refuse(call.mac.path.span(), "macros are not part of the kernel language");
            }
            Stmt::Expr(expression, semicolon) => match expression {
                Expr::If(branch) => {
                    let lowered = self.if_statement(branch)?;
                    into.push(lowered);
                }
                Expr::ForLoop(repeat) => {
                    let lowered = self.for_loop(repeat)?;
                    into.push(lowered);
                }
                Expr::Return(returned) => {
                    if self.in_value > 0 {
                        return refuse(
                            returned.return_token.span,
                            "`return` inside an `if` that is used as a value: return before it",
                        );
                    }
                    let Some(value) = &returned.expr else {
                        return refuse(returned.return_token.span, "a kernel returns a value");
                    };
                    let lowered = self.returned(value, returned.return_token.span)?;
                    into.push(lowered);
                }
                Expr::Assign(assign) => {
                    let lowered = self.assignment(&assign.left, None, &assign.right, assign.eq_token.span)?;
                    into.push(lowered);
                }
                Expr::Binary(binary) => match assigning(&binary.op) {
                    Some(operator) => {
                        let lowered =
                            self.assignment(&binary.left, Some(operator), &binary.right, binary.op.span())?;
                        into.push(lowered);
                    }
                    None => {
                        return refuse(expression.span(), "this statement has no effect: assign its value");
                    }
                },
                other => {
                    // Constructs outside the language get their own message.
                    self.expression(other)?;
                    let message = if semicolon.is_some() {
                        "this statement has no effect: assign its value"
                    } else {
                        "a value has no place here: assign it"
                    };
                    return refuse(other.span(), message);
                }
            },
        }
        Ok(())
    }

    fn local(&mut self, local: &syn::Local) -> Result<Statement> {
        let Some(init) = &local.init else {
            return refuse(local.span(), "a `let` of a kernel has a value from the start");
        };
        if let Some((otherwise, _)) = &init.diverge {
            return refuse(otherwise.span, "`let ... else` is not part of the kernel language");
        }
        let (pattern, ty) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(&*typed.ty)),
            pattern => (pattern, None),
        };
        match pattern {
            Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
                let value = match ty {
                    Some(ty) => {
                        let scalar = self.scalar(ty)?;
                        let expected = self.inference.known(scalar);
                        self.expected(&init.expr, expected)?
                    }
                    None => self.expression(&init.expr)?,
                };
                let mutable = name.mutability.is_some();
                let local = self.declare_name(&name.ident, mutable, Role::Let, value.variable);
                Ok(Statement::Let { local, value })
            }
            Pat::Tuple(tuple) => {
                if !matches!(without_parentheses(&init.expr), Expr::Call(_)) {
                    return refuse(
                        init.expr.span(),
                        "a tuple comes from the call of a kernel function only: write one `let` per value",
                    );
                }
                let call = self.expression(&init.expr)?;
                let types: Vec<Option<&Type>> = match ty {
                    Some(Type::Tuple(types)) if types.elems.len() == tuple.elems.len() => {
                        types.elems.iter().map(Some).collect()
                    }
                    Some(other) => return refuse(other.span(), "expected as many types as names"),
                    None => vec![None; tuple.elems.len()],
                };
                let mut locals = Vec::new();
                for (element, ty) in tuple.elems.iter().zip(types) {
                    let (ident, mutable) = match element {
                        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
                            (name.ident.clone(), name.mutability.is_some())
                        }
                        Pat::Wild(wild) => (Ident::new("_unused", wild.underscore_token.span), false),
                        other => return refuse(other.span(), "expected a plain name"),
                    };
                    let variable = match ty {
                        Some(ty) => {
                            let scalar = self.scalar(ty)?;
                            self.inference.known(scalar)
                        }
                        None => self.inference.open(),
                    };
                    locals.push(self.declare_name(&ident, mutable, Role::Let, variable));
                }
                Ok(Statement::LetTuple { locals, call })
            }
            other => refuse(other.span(), "a `let` of a kernel binds a plain name"),
        }
    }

    pub(super) fn scalar(&self, ty: &Type) -> Result<Scalar> {
        scalar_of(ty, self.real.as_ref()).ok_or_else(|| {
            Error::new(ty.span(), "the types of the kernel language are R, f32, f64, u32, i32 and bool")
        })
    }

    fn assignment(
        &mut self,
        target: &Expr,
        operator: Option<BinaryOperator>,
        value: &Expr,
        span: Span,
    ) -> Result<Statement> {
        let Expr::Path(path) = target else {
            let message = match target {
                Expr::Index(_) => "slices are read only: a kernel returns the value at its own index",
                _ => "only a variable can be assigned to",
            };
            return refuse(target.span(), message);
        };
        let Some(local) = path.path.get_ident().and_then(|ident| self.find(ident)) else {
            return refuse(target.span(), "only a variable of this kernel can be assigned to");
        };
        if !self.locals[local].mutable {
            let name = &self.locals[local].ident;
            let message = match self.locals[local].role {
                Role::Let => format!("`{name}` does not change: declare it with `let mut {name}`"),
                _ => format!("`{name}` does not change: copy it with `let mut`"),
            };
            return refuse(target.span(), message);
        }
        let expected = self.variables[local];
        let value = if operator.is_some_and(BinaryOperator::shifts) {
            let shift = self.inference.known(Scalar::U32);
            self.expected(value, shift)?
        } else {
            self.expected(value, expected)?
        };
        Ok(Statement::Assign { local, operator, value, span })
    }

    pub(super) fn condition(&mut self, condition: &Expr) -> Result<Expression> {
        let expected = self.inference.known(Scalar::Bool);
        self.expected(condition, expected)
    }

    fn if_statement(&mut self, branch: &ExprIf) -> Result<Statement> {
        let parts = branches(branch)?;
        let condition = self.condition(parts.condition)?;
        let then = self.statements(parts.then)?;
        let otherwise = match parts.otherwise {
            None => Vec::new(),
            Some(Expr::Block(block)) => self.statements(&block.block)?,
            Some(Expr::If(branch)) => vec![self.if_statement(branch)?],
            Some(other) => return refuse(other.span(), "expected a block"),
        };
        Ok(Statement::If { condition, then, otherwise })
    }

    fn for_loop(&mut self, repeat: &syn::ExprForLoop) -> Result<Statement> {
        if let Some(label) = &repeat.label {
            return refuse(label.span(), "labels are not part of the kernel language");
        }
        let Expr::Range(range) = without_parentheses(&repeat.expr) else {
            return refuse(repeat.expr.span(), "a loop of a kernel runs over a range: `for i in a..b`");
        };
        let (Some(start), Some(end), RangeLimits::HalfOpen(_)) = (&range.start, &range.end, &range.limits)
        else {
            return refuse(range.span(), "a loop of a kernel runs over a half-open range: `for i in a..b`");
        };
        let start = self.expression(start)?;
        let end = self.expected(end, start.variable)?;
        let ident = match &*repeat.pat {
            Pat::Ident(name)
                if name.mutability.is_none() && name.by_ref.is_none() && name.subpat.is_none() =>
            {
                name.ident.clone()
            }
            Pat::Wild(wild) => Ident::new("_unused", wild.underscore_token.span),
            other => return refuse(other.span(), "the variable of a loop is a plain name"),
        };
        self.scoped(|this| {
            let local = this.declare_name(&ident, false, Role::Loop, start.variable);
            let body = this.statements(&repeat.body)?;
            Ok(Statement::For { local, start, end, body })
        })
    }
}
