//! Readable CUDA C and WGSL of a kernel.
//!
//! Both dialects print the same tree; they differ in declarations, in what an `if` with a value becomes and in the
//! entry point. Helper functions (`minimum`, `to_u32`, ...) stand for operations whose built-in counterparts do not
//! give the same bits everywhere; the text's assembly puts their definitions in front.

use std::cell::RefCell;
use std::collections::HashSet;

use crate::language::{
    BinaryOperator, Block, Expression, ExpressionKind, Kernel, LocalId, Method, Role, Scalar, Statement,
    UnaryOperator,
};
use crate::names::unique;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Cuda,
    Wgsl,
}

/// The longest line of a text.
const WIDTH: usize = 110;

/// Precedence of operators in C, highest first; WGSL agrees where it does not ask for parentheses.
const PRIMARY: u8 = 12;
const UNARY: u8 = 11;
const TERNARY: u8 = 0;

fn precedence(operator: BinaryOperator) -> u8 {
    match operator {
        BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Remainder => 10,
        BinaryOperator::Add | BinaryOperator::Subtract => 9,
        BinaryOperator::ShiftLeft | BinaryOperator::ShiftRight => 8,
        BinaryOperator::Less
        | BinaryOperator::LessEqual
        | BinaryOperator::Greater
        | BinaryOperator::GreaterEqual => 7,
        BinaryOperator::Equal | BinaryOperator::NotEqual => 6,
        BinaryOperator::BitAnd => 5,
        BinaryOperator::BitXor => 4,
        BinaryOperator::BitOr => 3,
        BinaryOperator::And => 2,
        BinaryOperator::Or => 1,
    }
}

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

/// A piece of text and how tightly it binds.
struct Piece {
    text: String,
    precedence: u8,
}

impl Piece {
    fn primary(text: impl Into<String>) -> Self {
        Self { text: text.into(), precedence: PRIMARY }
    }

    fn parenthesized(self, least: u8) -> String {
        if self.precedence < least { format!("({})", self.text) } else { self.text }
    }
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

    fn value(&mut self, expression: &Expression) -> String {
        self.piece(expression).text
    }

    fn piece(&mut self, expression: &Expression) -> Piece {
        match &expression.kind {
            ExpressionKind::Float(digits) => Piece::primary(self.float(digits, expression.scalar)),
            ExpressionKind::Integer(value) if expression.scalar == Scalar::U32 => {
                Piece::primary(format!("{value}u"))
            }
            ExpressionKind::Integer(value) => Piece::primary(value.to_string()),
            ExpressionKind::Boolean(value) => Piece::primary(value.to_string()),
            ExpressionKind::Local(local) => Piece::primary(self.kernel.locals[*local].text.clone()),
            ExpressionKind::Load { slice, index } => {
                let index = self.value(index);
                Piece::primary(format!("{}[{index}]", self.kernel.locals[*slice].text))
            }
            ExpressionKind::Unary(operator, inner) => self.unary(*operator, inner),
            ExpressionKind::Binary(operator, left, right) if operator.shifts() => {
                let left = self.piece(left);
                let amount = self.shift_amount(right);
                self.shift(*operator, expression.scalar, left, amount)
            }
            ExpressionKind::Binary(operator, left, right)
                if operator.is_logical() && self.needs_statements(right) =>
            {
                self.short_circuit(*operator, left, right)
            }
            ExpressionKind::Binary(operator, left, right) => self.binary(*operator, left, right),
            ExpressionKind::Method(method, arguments) => self.method(*method, arguments, expression.scalar),
            ExpressionKind::Call { text, arguments, .. } => {
                let arguments: Vec<String> = arguments.iter().map(|argument| self.value(argument)).collect();
                Piece::primary(format!("{text}({})", arguments.join(", ")))
            }
            ExpressionKind::Cast(inner) => self.cast(inner, expression.scalar),
            ExpressionKind::If { condition, then, otherwise } => {
                if self.branches(expression) {
                    let name = self.fresh("choice");
                    self.declare(&name, expression.scalar, true, None);
                    self.assign(&name, expression);
                    return Piece::primary(name);
                }
                let condition = self.piece(condition);
                let then = self.piece(&then.value);
                let otherwise = self.piece(&otherwise.value);
                match self.dialect {
                    Dialect::Cuda => Piece {
                        text: format!(
                            "{} ? {} : {}",
                            condition.parenthesized(TERNARY + 1),
                            then.parenthesized(TERNARY + 1),
                            otherwise.text
                        ),
                        precedence: TERNARY,
                    },
                    Dialect::Wgsl => Piece::primary(format!(
                        "select({}, {}, {})",
                        otherwise.text, then.text, condition.text
                    )),
                }
            }
        }
    }

    fn float(&self, digits: &str, scalar: Scalar) -> String {
        let mut digits = digits.to_owned();
        if digits.ends_with('.') {
            digits.push('0');
        }
        if !digits.contains(['.', 'e', 'E']) {
            digits.push_str(".0");
        }
        match (scalar, self.dialect) {
            (Scalar::F32, _) => format!("{digits}f"),
            (Scalar::F64, Dialect::Cuda) => digits,
            (Scalar::F64, Dialect::Wgsl) => format!("{digits}lf"),
            _ => format!("real({digits})"),
        }
    }

    fn unary(&mut self, operator: UnaryOperator, inner: &Expression) -> Piece {
        if let (UnaryOperator::Negate, ExpressionKind::Integer(value)) = (operator, &inner.kind)
            && *value == 1 << 31
        {
            return Piece::primary("(-2147483647 - 1)");
        }
        let token = match operator {
            UnaryOperator::Negate => "-",
            UnaryOperator::Not if inner.scalar == Scalar::Bool => "!",
            UnaryOperator::Not => "~",
        };
        let inner = self.piece(inner).parenthesized(PRIMARY);
        Piece { text: format!("{token}{inner}"), precedence: UNARY }
    }

    fn binary(&mut self, operator: BinaryOperator, left: &Expression, right: &Expression) -> Piece {
        if self.dialect == Dialect::Wgsl && operator == BinaryOperator::NotEqual && left.scalar.is_float() {
            // WGSL's `!=` may be false for NaN.
            let equal = self.binary(BinaryOperator::Equal, left, right);
            return Piece { text: format!("!({})", equal.text), precedence: UNARY };
        }
        let own = precedence(operator);
        let side = |writer: &mut Self, child: &Expression, is_right: bool| {
            let piece = writer.piece(child);
            // Rust, C and WGSL agree on sums and products only: elsewhere parentheses keep Rust's meaning.
            let least = match &child.kind {
                ExpressionKind::Binary(inner, ..)
                    if inner.is_bitwise()
                        || operator.is_bitwise()
                        || inner.compares() && operator.compares()
                        || inner.is_logical() && *inner != operator =>
                {
                    PRIMARY
                }
                _ if is_right => own + 1,
                _ => own,
            };
            piece.parenthesized(least)
        };
        let left = side(self, left, false);
        let right = side(self, right, true);
        Piece { text: format!("{left} {} {right}", operator.token()), precedence: own }
    }

    /// `left && right` where the right side needs statements that must only run when it is reached.
    fn short_circuit(&mut self, operator: BinaryOperator, left: &Expression, right: &Expression) -> Piece {
        let left = self.value(left);
        let name = self.fresh("condition");
        self.declare(&name, Scalar::Bool, true, Some(&left));
        let negation = if operator == BinaryOperator::Or { "!" } else { "" };
        self.line(&format!("if ({negation}{name}) {{"));
        self.indent += 1;
        let right = self.value(right);
        self.line(&format!("{name} = {right};"));
        self.indent -= 1;
        self.line("}");
        Piece::primary(name)
    }

    /// Shifts count modulo 32, as on every GPU and in `wrapping_shl`.
    fn shift_amount(&mut self, amount: &Expression) -> String {
        match &amount.kind {
            ExpressionKind::Integer(value) => format!("{}u", value % 32),
            _ => format!("({} & 31u)", self.piece(amount).parenthesized(PRIMARY)),
        }
    }

    fn shift(&self, operator: BinaryOperator, scalar: Scalar, value: Piece, amount: String) -> Piece {
        let token = operator.token();
        if operator == BinaryOperator::ShiftLeft && scalar == Scalar::I32 && self.dialect == Dialect::Cuda {
            return Piece::primary(format!("i32(u32({}) << {amount})", value.text));
        }
        let value = value.parenthesized(PRIMARY);
        Piece { text: format!("{value} {token} {amount}"), precedence: precedence(operator) }
    }

    fn method(&mut self, method: Method, arguments: &[Expression], scalar: Scalar) -> Piece {
        let cuda = self.dialect == Dialect::Cuda;
        let name = match method {
            Method::Sqrt => "sqrt".to_owned(),
            Method::Abs if cuda => "fabs".to_owned(),
            Method::Abs => "abs".to_owned(),
            Method::Floor => "floor".to_owned(),
            Method::Min if cuda => "minimum".to_owned(),
            Method::Max if cuda => "maximum".to_owned(),
            Method::Min if scalar.is_integer() => "min".to_owned(),
            Method::Max if scalar.is_integer() => "max".to_owned(),
            Method::Min => format!("minimum_{}", type_name(scalar)),
            Method::Max => format!("maximum_{}", type_name(scalar)),
            other => format!("{}_{}", other.name(), type_name(scalar)),
        };
        let arguments: Vec<String> = arguments.iter().map(|argument| self.value(argument)).collect();
        Piece::primary(format!("{name}({})", arguments.join(", ")))
    }

    fn cast(&mut self, inner: &Expression, to: Scalar) -> Piece {
        let from = inner.scalar;
        if from == to {
            return self.piece(inner);
        }
        let value = self.value(inner);
        let name = type_name(to);
        Piece::primary(match (from.is_float() && to.is_integer(), self.dialect) {
            (true, Dialect::Cuda) => format!("to_{name}({value})"),
            (true, Dialect::Wgsl) => format!("to_{name}_{}({value})", type_name(from)),
            _ => format!("{name}({value})"),
        })
    }

    /// Arguments and slices of a WGSL module.
    fn bindings(&mut self) {
        let kernel = self.kernel;
        self.line("struct Arguments {");
        for position in 0..kernel.indices {
            self.line(&format!("    extent_{position}: u32,"));
        }
        for local in &kernel.locals[kernel.indices..kernel.parameters] {
            if local.role == Role::Scalar {
                let scalar = if local.scalar == Scalar::Bool { Scalar::U32 } else { local.scalar };
                self.line(&format!("    {}: {},", local.text, type_name(scalar)));
            }
        }
        self.line("}");
        self.line("@group(0) @binding(0) var<storage, read> arguments: Arguments;");
        let mut binding = 1;
        for local in &kernel.locals[kernel.indices..kernel.parameters] {
            if local.role == Role::Slice {
                let scalar = type_name(local.scalar);
                self.line(&format!(
                    "@group(0) @binding({binding}) var<storage, read> {}: array<{scalar}>;",
                    local.text
                ));
                binding += 1;
            }
        }
        for (position, scalar) in kernel.outputs.iter().enumerate() {
            self.line(&format!(
                "@group(0) @binding({}) var<storage, read_write> output_{position}: array<{}>;",
                binding + position,
                type_name(*scalar)
            ));
        }
        self.line("");
    }

    /// What the entry passes to the function; `prefix` stands before scalar parameters.
    fn passed(&self, prefix: &str) -> Vec<String> {
        let parameters = &self.kernel.locals[..self.kernel.parameters];
        parameters
            .iter()
            .filter(|local| local.role != Role::Slice || self.dialect == Dialect::Cuda)
            .map(|local| match local.role {
                Role::Scalar if local.scalar == Scalar::Bool => format!("{prefix}{} != 0u", local.text),
                Role::Scalar => format!("{prefix}{}", local.text),
                _ => local.text.clone(),
            })
            .collect()
    }

    fn store(&mut self, prefix: &str) {
        let passed = self.passed(prefix);
        let name = self.kernel.text_name.clone();
        if self.kernel.outputs.len() == 1 {
            return self.list(&format!("output_0[flat] = {name}"), &passed, ";");
        }
        let head = match self.dialect {
            Dialect::Cuda => format!("const {} outputs = {name}", self.values_name()),
            Dialect::Wgsl => format!("let outputs = {name}"),
        };
        self.list(&head, &passed, ";");
        for position in 0..self.kernel.outputs.len() {
            self.line(&format!("output_{position}[flat] = outputs.v{position};"));
        }
    }

    fn extents(&self, prefix: &str) -> Vec<String> {
        (0..self.kernel.indices).map(|position| format!("{prefix}extent_{position}")).collect()
    }

    fn cuda_entry(&mut self) {
        let kernel = self.kernel;
        self.line("");
        let mut parameters: Vec<String> =
            self.extents("").iter().map(|extent| format!("u32 {extent}")).collect();
        for local in &kernel.locals[kernel.indices..kernel.parameters] {
            let (name, scalar) = (&local.text, type_name(local.scalar));
            parameters.push(match (local.role, local.scalar) {
                (Role::Slice, _) => format!("const {scalar}* __restrict__ {name}"),
                (_, Scalar::Bool) => format!("u32 {name}"),
                _ => format!("{scalar} {name}"),
            });
        }
        for (position, scalar) in kernel.outputs.iter().enumerate() {
            parameters.push(format!("{}* __restrict__ output_{position}", type_name(*scalar)));
        }
        self.list(&format!("extern \"C\" __global__ void {}_entry", entry_name(kernel)), &parameters, " {");
        self.indent += 1;
        let mut points = self.extents("");
        points[0] = format!("u64({})", points[0]);
        self.line("const u64 flat = u64(blockIdx.x) * blockDim.x + threadIdx.x;");
        self.line(&format!("if (flat >= {}) return;", points.join(" * ")));
        if kernel.indices == 1 {
            self.line(&format!("const u32 {} = u32(flat);", kernel.locals[0].text));
        } else {
            let mut rest = "u32(flat)".to_owned();
            for position in (1..kernel.indices).rev() {
                let name = &kernel.locals[position].text;
                self.line(&format!("const u32 {name} = {rest} % extent_{position};"));
                rest = format!("{rest} / extent_{position}");
                if position > 1 {
                    let next = format!("rest_{position}");
                    self.line(&format!("const u32 {next} = {rest};"));
                    rest = next;
                }
            }
            self.line(&format!("const u32 {} = {rest};", kernel.locals[0].text));
        }
        self.store("");
        self.indent -= 1;
        self.line("}");
    }

    fn wgsl_entry(&mut self) {
        let kernel = self.kernel;
        self.line("");
        self.line("@compute @workgroup_size(256)");
        let parameters = [
            "@builtin(global_invocation_id) id: vec3<u32>".to_owned(),
            "@builtin(num_workgroups) groups: vec3<u32>".to_owned(),
        ];
        self.list(&format!("fn {}_entry", entry_name(kernel)), &parameters, " {");
        self.indent += 1;
        self.line("let flat = id.x + id.y * (groups.x * 256u);");
        self.line(&format!("if (flat >= {}) {{", self.extents("arguments.").join(" * ")));
        self.line("    return;");
        self.line("}");
        let mut rest = "flat".to_owned();
        for position in (1..kernel.indices).rev() {
            let name = &kernel.locals[position].text;
            self.line(&format!("let {name} = {rest} % arguments.extent_{position};"));
            rest = format!("{rest} / arguments.extent_{position}");
            if position > 1 {
                let next = format!("rest_{position}");
                self.line(&format!("let {next} = {rest};"));
                rest = next;
            }
        }
        self.line(&format!("let {} = {rest};", kernel.locals[0].text));
        self.store("arguments.");
        self.indent -= 1;
        self.line("}");
    }
}

/// Entries bear the Rust name, which callers know.
fn entry_name(kernel: &Kernel) -> String {
    let name = kernel.name.to_string();
    name.strip_prefix("r#").unwrap_or(&name).to_owned()
}
