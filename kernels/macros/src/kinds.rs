//! How each value depends on the last index, so that the CPU can compute several of its values at once.

use proc_macro2::Span;

use crate::language::{
    BinaryOperator, Block, Expression, ExpressionKind, Kernel, LocalId, Role, Scalar, Statement,
};

/// The dependence of a value on the last index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The same for all lanes.
    Uniform,
    /// A u32 that grows by one from lane to lane: an address of contiguous memory.
    Unit,
    /// Anything.
    Varying,
}

impl Kind {
    fn join(self, other: Self) -> Self {
        if self == other { self } else { Self::Varying }
    }
}

/// Kinds of all locals.
pub(crate) struct Kinds {
    locals: Vec<Option<Kind>>,
    /// Depth of varying conditions at each local's declaration.
    depths: Vec<usize>,
    depth: usize,
    changed: bool,
    /// The first loop whose bounds depend on the last index.
    varying_loop: Option<Span>,
}

impl Kinds {
    /// The kinds of a kernel's locals; the span of the obstacle where it cannot be computed in packs.
    pub(crate) fn of(kernel: &Kernel) -> Result<Self, Span> {
        let mut locals = vec![None; kernel.locals.len()];
        for (position, local) in locals.iter_mut().enumerate().take(kernel.parameters) {
            *local = Some(match kernel.locals[position].role {
                Role::Index(index) if index + 1 == kernel.indices => Kind::Unit,
                Role::Carried => Kind::Varying,
                _ => Kind::Uniform,
            });
        }
        let depths = vec![0; kernel.locals.len()];
        let mut kinds = Self { locals, depths, depth: 0, changed: true, varying_loop: None };
        while kinds.changed {
            kinds.changed = false;
            kinds.varying_loop = None;
            kinds.statements(&kernel.body);
        }
        match kinds.varying_loop {
            Some(span) => Err(span),
            None => Ok(kinds),
        }
    }

    pub(crate) fn local(&self, local: LocalId) -> Kind {
        self.locals[local].unwrap_or(Kind::Uniform)
    }

    fn set(&mut self, local: LocalId, kind: Kind) {
        let joined = self.locals[local].map_or(kind, |before| before.join(kind));
        if self.locals[local] != Some(joined) {
            self.locals[local] = Some(joined);
            self.changed = true;
        }
    }

    fn declare(&mut self, local: LocalId, kind: Kind) {
        self.depths[local] = self.depth;
        self.set(local, kind);
    }

    fn under(&mut self, condition: &Expression, inside: impl FnOnce(&mut Self)) {
        let varying = usize::from(self.expression(condition) != Kind::Uniform);
        self.depth += varying;
        inside(self);
        self.depth -= varying;
    }

    fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            statement_values(statement, &mut |value| self.inner_blocks(value));
            match statement {
                Statement::Let { local, value } => {
                    let kind = self.expression(value);
                    self.declare(*local, kind);
                }
                Statement::LetTuple { locals, call } => {
                    let kind = self.expression(call);
                    for local in locals {
                        self.declare(*local, kind);
                    }
                }
                Statement::Assign { local, operator, value, .. } => {
                    let mut kind = self.expression(value);
                    if let Some(operator) = operator {
                        kind = binary(*operator, value.scalar, self.local(*local), kind);
                    }
                    if self.depth > self.depths[*local] {
                        kind = Kind::Varying;
                    }
                    self.set(*local, kind);
                }
                Statement::If { condition, then, otherwise } => self.under(condition, |kinds| {
                    kinds.statements(then);
                    kinds.statements(otherwise);
                }),
                Statement::For { local, start, end, body } => {
                    for bound in [start, end] {
                        if self.expression(bound) != Kind::Uniform {
                            self.varying_loop.get_or_insert(bound.span);
                        }
                    }
                    self.declare(*local, Kind::Uniform);
                    self.statements(body);
                }
                Statement::Return { .. } => {}
            }
        }
    }

    /// Statements inside `if` expressions.
    fn inner_blocks(&mut self, value: &Expression) {
        if let ExpressionKind::If { condition, then, otherwise } = &value.kind {
            self.inner_blocks(condition);
            self.under(condition, |kinds| {
                for Block { statements, value } in [then, otherwise] {
                    kinds.statements(statements);
                    kinds.inner_blocks(value);
                }
            });
            return;
        }
        match &value.kind {
            ExpressionKind::Load { index: inner, .. }
            | ExpressionKind::Unary(_, inner)
            | ExpressionKind::Cast(inner) => self.inner_blocks(inner),
            ExpressionKind::Binary(_, left, right) => {
                self.inner_blocks(left);
                self.inner_blocks(right);
            }
            ExpressionKind::Method(_, arguments) | ExpressionKind::Call { arguments, .. } => {
                for argument in arguments {
                    self.inner_blocks(argument);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn expression(&self, expression: &Expression) -> Kind {
        let uniform = |kinds: &[Kind]| {
            if kinds.iter().all(|kind| *kind == Kind::Uniform) { Kind::Uniform } else { Kind::Varying }
        };
        match &expression.kind {
            ExpressionKind::Float(_) | ExpressionKind::Integer(_) | ExpressionKind::Boolean(_) => {
                Kind::Uniform
            }
            ExpressionKind::Local(local) => self.local(*local),
            ExpressionKind::Load { index: inner, .. } | ExpressionKind::Unary(_, inner) => {
                uniform(&[self.expression(inner)])
            }
            ExpressionKind::Cast(inner) => {
                let kind = self.expression(inner);
                let same = inner.scalar == Scalar::U32 && expression.scalar == Scalar::U32;
                if same { kind } else { uniform(&[kind]) }
            }
            ExpressionKind::Binary(operator, left, right) => {
                binary(*operator, left.scalar, self.expression(left), self.expression(right))
            }
            ExpressionKind::Method(_, arguments) | ExpressionKind::Call { arguments, .. } => {
                uniform(&arguments.iter().map(|argument| self.expression(argument)).collect::<Vec<_>>())
            }
            ExpressionKind::If { condition, then, otherwise } => {
                if self.expression(condition) == Kind::Uniform {
                    self.expression(&then.value).join(self.expression(&otherwise.value))
                } else {
                    Kind::Varying
                }
            }
        }
    }
}

fn statement_values(statement: &Statement, visit: &mut dyn FnMut(&Expression)) {
    match statement {
        Statement::Let { value, .. }
        | Statement::LetTuple { call: value, .. }
        | Statement::Assign { value, .. } => {
            visit(value);
        }
        Statement::If { condition, .. } => visit(condition),
        Statement::For { start, end, .. } => {
            visit(start);
            visit(end);
        }
        Statement::Return { values, .. } => values.iter().for_each(visit),
    }
}

fn binary(operator: BinaryOperator, scalar: Scalar, left: Kind, right: Kind) -> Kind {
    match (operator, left, right) {
        (_, Kind::Uniform, Kind::Uniform) => Kind::Uniform,
        (BinaryOperator::Add, Kind::Unit, Kind::Uniform)
        | (BinaryOperator::Add, Kind::Uniform, Kind::Unit)
        | (BinaryOperator::Subtract, Kind::Unit, Kind::Uniform)
            if scalar == Scalar::U32 =>
        {
            Kind::Unit
        }
        _ => Kind::Varying,
    }
}
