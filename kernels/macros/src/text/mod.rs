//! Readable CUDA C and WGSL of a kernel.
//!
//! Both dialects print the same tree; they differ in declarations, in what an `if` with a value becomes and in the
//! entry point. Helper functions (`minimum`, `to_u32`, ...) stand for operations whose built-in counterparts do not
//! give the same bits everywhere; the text's assembly puts their definitions in front.

mod entry;
mod expressions;
mod scan;

use self::expressions::{Piece, precedence};
use std::cell::RefCell;
use std::collections::HashSet;

use crate::language::{
    BinaryOperator, Block, Expression, ExpressionKind, Kernel, LocalId, Role, Scalar, Statement,
};
use crate::names::unique;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Cuda,
    Wgsl,
}

/// The longest line of a text.
const WIDTH: usize = 110;

pub(crate) fn type_name(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Real => "real",
        Scalar::F32 => "f32",
        Scalar::F64 => "f64",
        Scalar::U32 => "u32",
        Scalar::I32 => "i32",
        Scalar::Bool => "bool",
    }
}

/// The whole text of a kernel in one dialect, without the prelude and the functions it calls.
pub(crate) fn text(kernel: &Kernel, dialect: Dialect) -> String {
    let names = kernel.locals.iter().map(|local| local.text.clone()).collect();
    let mut writer = Writer { kernel, dialect, out: String::new(), indent: 0, names: RefCell::new(names) };
    if dialect == Dialect::Wgsl && !kernel.function {
        writer.bindings();
    }
    writer.values();
    writer.function();
    if !kernel.function {
        match dialect {
            Dialect::Cuda => writer.cuda_entry(),
            Dialect::Wgsl => writer.wgsl_entry(),
        }
    }
    writer.out
}

struct Writer<'a> {
    kernel: &'a Kernel,
    dialect: Dialect,
    out: String,
    indent: usize,
    /// All names in use.
    names: RefCell<HashSet<String>>,
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.out.push_str("    ");
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn fresh(&self, name: &str) -> String {
        let mut names = self.names.borrow_mut();
        let name = unique(name, |candidate| names.contains(candidate));
        names.insert(name.clone());
        name
    }

    /// `head(items)tail` on one line, or one item per line where that is too long.
    fn list(&mut self, head: &str, items: &[String], tail: &str) {
        let one = format!("{head}({}){tail}", items.join(", "));
        if one.len() + 4 * self.indent <= WIDTH {
            return self.line(&one);
        }
        self.line(&format!("{head}("));
        self.indent += 1;
        for (position, item) in items.iter().enumerate() {
            let comma = if position + 1 < items.len() || self.dialect == Dialect::Wgsl { "," } else { "" };
            self.line(&format!("{item}{comma}"));
        }
        self.indent -= 1;
        self.line(&format!("){tail}"));
    }

    fn values_name(&self) -> String {
        format!("{}_values", self.kernel.text_name)
    }

    fn output_type(&self) -> String {
        match self.kernel.outputs.as_slice() {
            [one] => type_name(*one).to_owned(),
            _ => self.values_name(),
        }
    }

    /// The struct of several outputs.
    fn values(&mut self) {
        if self.kernel.outputs.len() < 2 {
            return;
        }
        self.line(&format!("struct {} {{", self.values_name()));
        for (position, scalar) in self.kernel.outputs.iter().enumerate() {
            let name = type_name(*scalar);
            match self.dialect {
                Dialect::Cuda => self.line(&format!("    {name} v{position};")),
                Dialect::Wgsl => self.line(&format!("    v{position}: {name},")),
            }
        }
        self.line(if self.dialect == Dialect::Cuda { "};" } else { "}" });
        self.line("");
    }

    fn function(&mut self) {
        for line in &self.kernel.summary {
            self.line(format!("// {line}").trim_end());
        }
        let mut parameters = Vec::new();
        for local in &self.kernel.locals[..self.kernel.parameters] {
            let (name, scalar) = (&local.text, type_name(local.scalar));
            match (self.dialect, local.role) {
                (Dialect::Cuda, Role::Slice) => {
                    parameters.push(format!("const {scalar}* __restrict__ {name}"))
                }
                (Dialect::Cuda, _) => parameters.push(format!("{scalar} {name}")),
                (Dialect::Wgsl, Role::Slice) => {}
                (Dialect::Wgsl, _) => parameters.push(format!("{name}: {scalar}")),
            }
        }
        let (name, output) = (&self.kernel.text_name, self.output_type());
        match self.dialect {
            Dialect::Cuda => self.list(&format!("__device__ inline {output} {name}"), &parameters, " {"),
            Dialect::Wgsl => self.list(&format!("fn {name}"), &parameters, &format!(" -> {output} {{")),
        }
        self.block(&self.kernel.body);
        self.line("}");
    }

    fn block(&mut self, statements: &[Statement]) {
        self.indent += 1;
        for statement in statements {
            self.statement(statement);
        }
        self.indent -= 1;
    }

    fn declare(&mut self, name: &str, scalar: Scalar, mutable: bool, value: Option<&str>) {
        let ty = type_name(scalar);
        let text = match (self.dialect, value) {
            (Dialect::Cuda, Some(value)) if mutable => format!("{ty} {name} = {value};"),
            (Dialect::Cuda, Some(value)) => format!("const {ty} {name} = {value};"),
            (Dialect::Cuda, None) => format!("{ty} {name};"),
            (Dialect::Wgsl, Some(value)) if mutable => format!("var {name}: {ty} = {value};"),
            (Dialect::Wgsl, Some(value)) => format!("let {name}: {ty} = {value};"),
            (Dialect::Wgsl, None) => format!("var {name}: {ty};"),
        };
        self.line(&text);
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Let { local, value } => {
                let local = &self.kernel.locals[*local];
                if self.branches(value) {
                    self.declare(&local.text, local.scalar, true, None);
                    self.assign(&local.text, value);
                } else {
                    let value = self.value(value);
                    self.declare(&local.text, local.scalar, local.mutable, Some(&value));
                }
            }
            Statement::LetTuple { locals, call } => {
                let ExpressionKind::Call { text, .. } = &call.kind else { return };
                let values = self.fresh("values");
                let piece = self.value(call);
                match self.dialect {
                    Dialect::Cuda => self.line(&format!("const {text}_values {values} = {piece};")),
                    Dialect::Wgsl => self.line(&format!("let {values} = {piece};")),
                }
                for (position, local) in locals.iter().enumerate() {
                    let local = &self.kernel.locals[*local];
                    let value = format!("{values}.v{position}");
                    self.declare(&local.text, local.scalar, local.mutable, Some(&value));
                }
            }
            Statement::Assign { local, operator, value, .. } => self.assignment(*local, *operator, value),
            Statement::If { condition, then, otherwise } => self.if_statement("", condition, then, otherwise),
            Statement::For { local, start, end, body } => self.for_loop(*local, start, end, body),
            Statement::Return { values, .. } => {
                let pieces: Vec<String> = values.iter().map(|value| self.value(value)).collect();
                let text = match (pieces.as_slice(), self.dialect) {
                    ([one], _) => format!("return {one};"),
                    (several, Dialect::Cuda) => format!("return {{{}}};", several.join(", ")),
                    (several, Dialect::Wgsl) => {
                        format!("return {}({});", self.values_name(), several.join(", "))
                    }
                };
                self.line(&text);
            }
        }
    }

    fn assignment(&mut self, local: LocalId, operator: Option<BinaryOperator>, value: &Expression) {
        let target = self.kernel.locals[local].text.clone();
        let scalar = self.kernel.locals[local].scalar;
        match operator {
            None if self.branches(value) => self.assign(&target, value),
            None => {
                let value = self.value(value);
                self.line(&format!("{target} = {value};"));
            }
            Some(operator) if operator.shifts() => {
                let shift = self.shift_amount(value);
                let shifted = self.shift(operator, scalar, Piece::primary(target.clone()), shift);
                self.line(&format!("{target} = {};", shifted.text));
            }
            Some(operator) => {
                let value = self.value(value);
                self.line(&format!("{target} {}= {value};", operator.token()));
            }
        }
    }

    /// Whether a value needs statements: an `if` that neither `?:` nor `select` can say.
    fn branches(&self, value: &Expression) -> bool {
        let ExpressionKind::If { then, otherwise, .. } = &value.kind else { return false };
        if !then.statements.is_empty() || !otherwise.statements.is_empty() {
            return true;
        }
        [then, otherwise].iter().any(|block| {
            block.value.any(|inner| match &inner.kind {
                // `select` computes both sides.
                ExpressionKind::Load { .. } | ExpressionKind::Call { .. } | ExpressionKind::Cast(_) => {
                    self.dialect == Dialect::Wgsl
                }
                ExpressionKind::Method(method, _) => self.dialect == Dialect::Wgsl && method.is_math(),
                ExpressionKind::Binary(BinaryOperator::Divide | BinaryOperator::Remainder, ..) => {
                    self.dialect == Dialect::Wgsl && inner.scalar.is_integer()
                }
                ExpressionKind::If { then, otherwise, .. } => {
                    !then.statements.is_empty() || !otherwise.statements.is_empty()
                }
                _ => false,
            })
        })
    }

    /// Whether any part of a value needs statements before it.
    fn needs_statements(&self, value: &Expression) -> bool {
        value.any(|inner| self.branches(inner))
    }

    /// Writes `target = value`, where the value branches.
    fn assign(&mut self, target: &str, value: &Expression) {
        if !self.branches(value) {
            let value = self.value(value);
            return self.line(&format!("{target} = {value};"));
        }
        let mut value = value;
        let mut lead = String::new();
        while let ExpressionKind::If { condition, then, otherwise } = &value.kind {
            let condition = self.value(condition);
            self.line(&format!("{lead}if ({condition}) {{"));
            self.assigned_block(target, then);
            value = &otherwise.value;
            lead = "} else ".to_owned();
            let chained = otherwise.statements.is_empty()
                && matches!(&value.kind, ExpressionKind::If { condition, .. } if !self.needs_statements(condition));
            if !chained {
                self.line("} else {");
                self.assigned_block(target, otherwise);
                break;
            }
        }
        self.line("}");
    }

    fn assigned_block(&mut self, target: &str, block: &Block) {
        self.block(&block.statements);
        self.indent += 1;
        self.assign(target, &block.value);
        self.indent -= 1;
    }

    fn if_statement(
        &mut self,
        lead: &str,
        condition: &Expression,
        then: &[Statement],
        otherwise: &[Statement],
    ) {
        let condition = self.value(condition);
        self.line(&format!("{lead}if ({condition}) {{"));
        self.block(then);
        match otherwise {
            [] => self.line("}"),
            [Statement::If { condition, then, otherwise }] if !self.needs_statements(condition) => {
                self.if_statement("} else ", condition, then, otherwise);
            }
            statements => {
                self.line("} else {");
                self.block(statements);
                self.line("}");
            }
        }
    }

    /// Whether a bound can be computed again at each turn of a loop: nothing in it changes, and it is cheap.
    fn constant(&self, expression: &Expression) -> bool {
        !expression.any(|inner| match &inner.kind {
            ExpressionKind::Local(local) => self.kernel.locals[*local].mutable,
            ExpressionKind::Integer(_) => false,
            ExpressionKind::Binary(operator, ..) => !operator.is_linear(),
            _ => true,
        })
    }

    fn for_loop(&mut self, local: LocalId, start: &Expression, end: &Expression, body: &[Statement]) {
        let local = &self.kernel.locals[local];
        let (name, scalar) = (local.text.clone(), local.scalar);
        let start = self.value(start);
        let end_value = self.piece(end);
        let end = if self.constant(end) {
            end_value.parenthesized(precedence(BinaryOperator::Less) + 1)
        } else {
            let bound = self.fresh(&format!("{name}_end"));
            self.declare(&bound, scalar, false, Some(&end_value.text));
            bound
        };
        let ty = type_name(scalar);
        match self.dialect {
            Dialect::Cuda => self.line(&format!("for ({ty} {name} = {start}; {name} < {end}; ++{name}) {{")),
            Dialect::Wgsl => {
                self.line(&format!("for (var {name}: {ty} = {start}; {name} < {end}; {name}++) {{"))
            }
        }
        self.block(body);
        self.line("}");
    }
}
