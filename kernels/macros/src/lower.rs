//! From Rust's syntax tree to the kernel language: everything outside it is refused at its first token.

use std::collections::{HashMap, HashSet};

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{BinOp, Error, Expr, ExprIf, Ident, ItemFn, Lit, Pat, RangeLimits, Result, Stmt, Type, UnOp};

use crate::check;
use crate::infer::{Inference, Variable};
use crate::language::{
    BinaryOperator, Block, Expression, ExpressionKind, Kernel, Local, LocalId, Method, Role, Scalar,
    Statement, UnaryOperator,
};
use crate::names::{text_name, unique};
use crate::signature::{self, Options, scalar_of};

fn refuse<T>(span: Span, message: impl std::fmt::Display) -> Result<T> {
    Err(Error::new(span, message))
}

/// Reads a function as a kernel.
pub(crate) fn lower(function: &ItemFn, options: &Options) -> Result<Kernel> {
    let signature = signature::read(&function.sig, options)?;
    let own = text_name(&function.sig.ident.to_string());
    let mut called = Called::default();
    called.visit_block_mut(&mut (*function.block).clone());
    called.names.insert(own.clone());
    let mut lowering = Lowering {
        inference: Inference::new(signature.real.as_ref(), signature.default_float),
        real: signature.real.clone(),
        locals: Vec::new(),
        variables: Vec::new(),
        scopes: vec![HashMap::new()],
        called: called.names,
        paths: HashMap::new(),
        outputs: signature.outputs.clone(),
        in_value: 0,
    };
    for parameter in signature.parameters {
        let variable = lowering.inference.known(parameter.scalar);
        lowering.declare(parameter, variable);
    }
    let parameters = lowering.locals.len();
    let mut body = lowering.tail_block(&function.block)?;
    check::finish(&mut lowering.locals, &lowering.variables, &mut body, &lowering.inference)?;
    Ok(Kernel {
        attributes: function.attrs.clone(),
        visibility: function.vis.clone(),
        signature: function.sig.clone(),
        summary: summary(&function.attrs),
        name: function.sig.ident.clone(),
        text_name: own,
        real: signature.real,
        default_float: signature.default_float,
        function: options.function,
        level: signature.level,
        indices: signature.indices,
        parameters,
        outputs: signature.outputs,
        locals: lowering.locals,
        body,
        cuda_file: options.cuda_file.clone(),
        wgsl_file: options.wgsl_file.clone(),
    })
}

/// The first paragraph of the documentation.
fn summary(attributes: &[syn::Attribute]) -> Vec<String> {
    let mut lines = Vec::new();
    for attribute in attributes {
        let syn::Meta::NameValue(pair) = &attribute.meta else { continue };
        let Expr::Lit(literal) = &pair.value else { continue };
        let (true, Lit::Str(text)) = (pair.path.is_ident("doc"), &literal.lit) else { continue };
        for line in text.value().lines() {
            let line = line.trim();
            if line.is_empty() && !lines.is_empty() {
                return lines;
            }
            lines.push(line.to_owned());
        }
        if text.value().trim().is_empty() && !lines.is_empty() {
            return lines;
        }
    }
    lines
}

/// The names of the functions that a body calls.
#[derive(Default)]
struct Called {
    names: HashSet<String>,
}

impl VisitMut for Called {
    fn visit_expr_call_mut(&mut self, call: &mut syn::ExprCall) {
        if let Expr::Path(path) = &*call.func
            && let Some(last) = path.path.segments.last()
        {
            self.names.insert(text_name(&last.ident.to_string()));
        }
        syn::visit_mut::visit_expr_call_mut(self, call);
    }
}

struct Lowering {
    inference: Inference,
    real: Option<Ident>,
    locals: Vec<Local>,
    /// The inference variable of each local.
    variables: Vec<Variable>,
    scopes: Vec<HashMap<String, LocalId>>,
    /// Names of the texts that are functions.
    called: HashSet<String>,
    /// The path behind each called name.
    paths: HashMap<String, String>,
    outputs: Vec<Scalar>,
    /// Depth of `if` expressions.
    in_value: usize,
}

/// The parts of `if`.
struct Branches<'a> {
    condition: &'a Expr,
    then: &'a syn::Block,
    otherwise: Option<&'a Expr>,
}

fn branches(expression: &ExprIf) -> Result<Branches<'_>> {
    if let Expr::Let(inner) = &*expression.cond {
        return refuse(
            inner.let_token.span,
            "`if let` is not part of the kernel language: conditions are of type bool",
        );
    }
    Ok(Branches {
        condition: &expression.cond,
        then: &expression.then_branch,
        otherwise: expression.else_branch.as_ref().map(|(_, otherwise)| &**otherwise),
    })
}

impl Lowering {
    fn declare(&mut self, mut local: Local, variable: Variable) -> LocalId {
        let taken = |name: &str| {
            self.called.contains(name)
                || self.scopes.iter().flat_map(HashMap::values).any(|id| self.locals[*id].text == name)
        };
        local.text = unique(&local.text, taken);
        let id = self.locals.len();
        let name = local.ident.to_string();
        self.locals.push(local);
        self.variables.push(variable);
        self.scopes.last_mut().expect("a scope is open").insert(name, id);
        id
    }

    fn declare_name(&mut self, ident: &Ident, mutable: bool, role: Role, variable: Variable) -> LocalId {
        let text = text_name(&ident.to_string());
        // The type is filled in when inference is done.
        self.declare(Local { ident: ident.clone(), text, scalar: Scalar::Bool, mutable, role }, variable)
    }

    fn find(&self, ident: &Ident) -> Option<LocalId> {
        let name = ident.to_string();
        self.scopes.iter().rev().find_map(|scope| scope.get(&name).copied())
    }

    fn scoped<T>(&mut self, inside: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.scopes.push(HashMap::new());
        let result = inside(self);
        self.scopes.pop();
        result
    }

    /// A block whose every path ends in a `return`, written or as its last expression.
    fn tail_block(&mut self, block: &syn::Block) -> Result<Vec<Statement>> {
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

    fn statements(&mut self, block: &syn::Block) -> Result<Vec<Statement>> {
        self.scoped(|this| {
            let mut statements = Vec::new();
            for statement in &block.stmts {
                this.statement(statement, &mut statements)?;
            }
            Ok(statements)
        })
    }

    fn statement(&mut self, statement: &Stmt, into: &mut Vec<Statement>) -> Result<()> {
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

    fn scalar(&self, ty: &Type) -> Result<Scalar> {
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

    fn condition(&mut self, condition: &Expr) -> Result<Expression> {
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

    fn expected(&mut self, expression: &Expr, expected: Variable) -> Result<Expression> {
        let lowered = self.expression(expression)?;
        self.inference.unify(expected, lowered.variable, expression.span())?;
        Ok(lowered)
    }

    fn value_block(&mut self, block: &syn::Block) -> Result<Block> {
        self.in_value += 1;
        let result = self.scoped(|this| {
            let Some((Stmt::Expr(value, None), before)) = block.stmts.split_last() else {
                return refuse(
                    block.brace_token.span.join(),
                    "this branch needs a value: a last expression without semicolon",
                );
            };
            let mut statements = Vec::new();
            for statement in before {
                this.statement(statement, &mut statements)?;
            }
            Ok(Block { statements, value: Box::new(this.expression(value)?) })
        });
        self.in_value -= 1;
        result
    }

    fn expression(&mut self, expression: &Expr) -> Result<Expression> {
        let span = expression.span();
        let (kind, variable) = match expression {
            Expr::Paren(inner) => return self.expression(&inner.expr),
            Expr::Group(inner) => return self.expression(&inner.expr),
            Expr::Lit(literal) => self.literal(&literal.lit)?,
            Expr::Path(path) => {
                let Some(ident) = path.path.get_ident() else {
                    return refuse(
                        span,
                        "constants by path are not part of the kernel language: pass it as a parameter",
                    );
                };
                match self.find(ident) {
                    Some(local) if self.locals[local].role == Role::Slice => {
                        return refuse(span, format!("`{ident}` is a slice: index it, as in `{ident}[i]`"));
                    }
                    Some(local) => (ExpressionKind::Local(local), self.variables[local]),
                    None => {
                        return refuse(
                            span,
                            format!("`{ident}` is no variable of this kernel: pass it as a parameter"),
                        );
                    }
                }
            }
            Expr::Index(index) => {
                let slice = match &*index.expr {
                    Expr::Path(path) => path.path.get_ident().and_then(|ident| self.find(ident)),
                    _ => None,
                };
                let Some(slice) = slice.filter(|slice| self.locals[*slice].role == Role::Slice) else {
                    return refuse(index.expr.span(), "only a slice parameter can be indexed");
                };
                let position = self.expression(&index.index)?;
                let u32_type = self.inference.known(Scalar::U32);
                self.inference.unify(u32_type, position.variable, index.index.span())?;
                (ExpressionKind::Load { slice, index: Box::new(position) }, self.variables[slice])
            }
            Expr::Unary(unary) => {
                let operator = match &unary.op {
                    UnOp::Neg(_) => UnaryOperator::Negate,
                    UnOp::Not(_) => UnaryOperator::Not,
                    other => return refuse(other.span(), "this operator is not part of the kernel language"),
                };
                let inner = self.expression(&unary.expr)?;
                let variable = inner.variable;
                (ExpressionKind::Unary(operator, Box::new(inner)), variable)
            }
            Expr::Binary(binary) => self.binary(binary)?,
            Expr::MethodCall(call) => self.method(call)?,
            Expr::Call(call) => self.call(call)?,
            Expr::Cast(cast) => {
                let inner = self.expression(&cast.expr)?;
                let scalar = self.scalar(&cast.ty)?;
                (ExpressionKind::Cast(Box::new(inner)), self.inference.known(scalar))
            }
            Expr::If(branch) => self.if_value(branch)?,
            other => return refuse(first_token(other), outside(other)),
        };
        Ok(Expression { kind, scalar: Scalar::Bool, variable, span })
    }

    fn literal(&mut self, literal: &Lit) -> Result<(ExpressionKind, Variable)> {
        let suffixed = |suffix: &str| match suffix {
            "f32" => Some(Scalar::F32),
            "f64" => Some(Scalar::F64),
            "u32" => Some(Scalar::U32),
            "i32" => Some(Scalar::I32),
            _ => None,
        };
        match literal {
            Lit::Float(float) => {
                let variable = match float.suffix() {
                    "" => self.inference.float(),
                    suffix => match suffixed(suffix) {
                        Some(scalar) => self.inference.known(scalar),
                        None => {
                            return refuse(
                                float.span(),
                                "the types of the kernel language are R, f32, f64, u32, i32 and bool",
                            );
                        }
                    },
                };
                Ok((ExpressionKind::Float(float.base10_digits().to_owned()), variable))
            }
            Lit::Int(integer) => {
                let variable = match integer.suffix() {
                    "" => self.inference.integer(),
                    suffix => match suffixed(suffix) {
                        Some(scalar) => self.inference.known(scalar),
                        None => {
                            return refuse(
                                integer.span(),
                                "the types of the kernel language are R, f32, f64, u32, i32 and bool",
                            );
                        }
                    },
                };
                if matches!(integer.suffix(), "f32" | "f64") {
                    return Ok((ExpressionKind::Float(integer.base10_digits().to_owned()), variable));
                }
                Ok((ExpressionKind::Integer(integer.base10_parse()?), variable))
            }
            Lit::Bool(boolean) => {
                Ok((ExpressionKind::Boolean(boolean.value), self.inference.known(Scalar::Bool)))
            }
            other => refuse(other.span(), "only numbers and bools are literals of the kernel language"),
        }
    }

    fn binary(&mut self, binary: &syn::ExprBinary) -> Result<(ExpressionKind, Variable)> {
        let Some(operator) = plain(&binary.op) else {
            return refuse(binary.op.span(), "an assignment is a statement, not a value");
        };
        let left = self.expression(&binary.left)?;
        let right = self.expression(&binary.right)?;
        let variable = if operator.is_logical() {
            let boolean = self.inference.known(Scalar::Bool);
            self.inference.unify(boolean, left.variable, binary.left.span())?;
            self.inference.unify(boolean, right.variable, binary.right.span())?;
            boolean
        } else if operator.shifts() {
            let shift = self.inference.known(Scalar::U32);
            self.inference.unify(shift, right.variable, binary.right.span())?;
            left.variable
        } else {
            self.inference.unify(left.variable, right.variable, binary.right.span())?;
            if operator.compares() { self.inference.known(Scalar::Bool) } else { left.variable }
        };
        Ok((ExpressionKind::Binary(operator, Box::new(left), Box::new(right)), variable))
    }

    fn method(&mut self, call: &syn::ExprMethodCall) -> Result<(ExpressionKind, Variable)> {
        let Some(method) = Method::named(&call.method.to_string()) else {
            return refuse(
                call.method.span(),
                format!(
                    "`{}` is not part of the kernel language: its methods are {}",
                    call.method,
                    Method::list()
                ),
            );
        };
        if call.args.len() != method.arguments() {
            return refuse(
                call.method.span(),
                format!(
                    "`{}` takes {} arguments, found {}",
                    call.method,
                    method.arguments(),
                    call.args.len()
                ),
            );
        }
        let receiver = self.expression(&call.receiver)?;
        let variable = receiver.variable;
        let mut arguments = vec![receiver];
        for argument in &call.args {
            arguments.push(self.expected(argument, variable)?);
        }
        Ok((ExpressionKind::Method(method, arguments), variable))
    }

    fn call(&mut self, call: &syn::ExprCall) -> Result<(ExpressionKind, Variable)> {
        let Expr::Path(path) = &*call.func else {
            return refuse(call.func.span(), "only kernel functions can be called, by their path");
        };
        let mut path = path.path.clone();
        for segment in &mut path.segments {
            segment.arguments = syn::PathArguments::None;
        }
        let Some(last) = path.segments.last() else {
            return refuse(call.func.span(), "only kernel functions can be called, by their path");
        };
        let text = text_name(&last.ident.to_string());
        let written =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>().join("::");
        if let Some(other) = self.paths.insert(text.clone(), written.clone())
            && other != written
        {
            return refuse(
                call.func.span(),
                format!("`{other}` and `{written}` have the same name in the texts: rename one of them"),
            );
        }
        let arguments =
            call.args.iter().map(|argument| self.expression(argument)).collect::<Result<Vec<_>>>()?;
        Ok((ExpressionKind::Call { path, text, arguments }, self.inference.open()))
    }

    fn if_value(&mut self, branch: &ExprIf) -> Result<(ExpressionKind, Variable)> {
        let parts = branches(branch)?;
        let condition = self.condition(parts.condition)?;
        let Some(otherwise) = parts.otherwise else {
            return refuse(branch.if_token.span, "this `if` is used as a value: it needs an `else`");
        };
        let then = self.value_block(parts.then)?;
        let otherwise = match otherwise {
            Expr::Block(block) => self.value_block(&block.block)?,
            other => Block { statements: Vec::new(), value: Box::new(self.expression(other)?) },
        };
        let variable = then.value.variable;
        self.inference.unify(variable, otherwise.value.variable, otherwise.value.span)?;
        Ok((ExpressionKind::If { condition: Box::new(condition), then, otherwise }, variable))
    }
}

fn without_parentheses(mut expression: &Expr) -> &Expr {
    loop {
        expression = match expression {
            Expr::Paren(inner) => &inner.expr,
            Expr::Group(inner) => &inner.expr,
            other => return other,
        };
    }
}

fn plain(operator: &BinOp) -> Option<BinaryOperator> {
    Some(match operator {
        BinOp::Add(_) => BinaryOperator::Add,
        BinOp::Sub(_) => BinaryOperator::Subtract,
        BinOp::Mul(_) => BinaryOperator::Multiply,
        BinOp::Div(_) => BinaryOperator::Divide,
        BinOp::Rem(_) => BinaryOperator::Remainder,
        BinOp::And(_) => BinaryOperator::And,
        BinOp::Or(_) => BinaryOperator::Or,
        BinOp::BitXor(_) => BinaryOperator::BitXor,
        BinOp::BitAnd(_) => BinaryOperator::BitAnd,
        BinOp::BitOr(_) => BinaryOperator::BitOr,
        BinOp::Shl(_) => BinaryOperator::ShiftLeft,
        BinOp::Shr(_) => BinaryOperator::ShiftRight,
        BinOp::Eq(_) => BinaryOperator::Equal,
        BinOp::Lt(_) => BinaryOperator::Less,
        BinOp::Le(_) => BinaryOperator::LessEqual,
        BinOp::Ne(_) => BinaryOperator::NotEqual,
        BinOp::Ge(_) => BinaryOperator::GreaterEqual,
        BinOp::Gt(_) => BinaryOperator::Greater,
        _ => return None,
    })
}

fn assigning(operator: &BinOp) -> Option<BinaryOperator> {
    Some(match operator {
        BinOp::AddAssign(_) => BinaryOperator::Add,
        BinOp::SubAssign(_) => BinaryOperator::Subtract,
        BinOp::MulAssign(_) => BinaryOperator::Multiply,
        BinOp::DivAssign(_) => BinaryOperator::Divide,
        BinOp::RemAssign(_) => BinaryOperator::Remainder,
        BinOp::BitXorAssign(_) => BinaryOperator::BitXor,
        BinOp::BitAndAssign(_) => BinaryOperator::BitAnd,
        BinOp::BitOrAssign(_) => BinaryOperator::BitOr,
        BinOp::ShlAssign(_) => BinaryOperator::ShiftLeft,
        BinOp::ShrAssign(_) => BinaryOperator::ShiftRight,
        _ => return None,
    })
}

/// The token that makes an expression what it is.
fn first_token(expression: &Expr) -> Span {
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
fn outside(expression: &Expr) -> &'static str {
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
