//! From Rust's syntax tree to the kernel language: everything outside it is refused at its first token.

use std::collections::{HashMap, HashSet};

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Error, Expr, ExprIf, Ident, ItemFn, Lit, Result, Stmt, UnOp};

mod operators;
mod outside;
mod statements;

use self::operators::plain;
use self::outside::{first_token, outside};
use crate::check;
use crate::infer::{Inference, Variable};
use crate::language::{
    Block, Expression, ExpressionKind, Kernel, Local, LocalId, Method, Role, Scalar, UnaryOperator,
};
use crate::names::{text_name, unique};
use crate::options::Options;
use crate::signature;

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
        scan: signature.scan,
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
