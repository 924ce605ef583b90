//! Which u32 variables the CPU code can hold as usize.
//!
//! LLVM vectorises `a[base + i]` only when the sum is computed in 64 bits, where it cannot wrap. A variable that is
//! used for nothing but addresses (and for variables that are) is therefore a usize on the CPU.

use crate::language::{
    BinaryOperator, Block, Expression, ExpressionKind, Kernel, LocalId, Role, Scalar, Statement,
};

/// For each local, whether it is a usize in the CPU code.
pub(crate) fn wide_locals(kernel: &Kernel) -> Vec<bool> {
    let mut wide: Vec<bool> = kernel
        .locals
        .iter()
        .map(|local| local.scalar == Scalar::U32 && matches!(local.role, Role::Let | Role::Loop))
        .collect();
    // Each round can only take candidates away.
    loop {
        let mut narrowing = Narrowing { wide: wide.clone() };
        narrowing.statements(&kernel.body);
        if narrowing.wide == wide {
            return wide;
        }
        wide = narrowing.wide;
    }
}

/// Whether a position in the text is an address (usize) or a value (u32).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Address,
    Value,
}

struct Narrowing {
    wide: Vec<bool>,
}

impl Narrowing {
    fn of(&self, local: LocalId) -> Use {
        if self.wide[local] { Use::Address } else { Use::Value }
    }

    fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            match statement {
                Statement::Let { local, value } => self.expression(value, self.of(*local)),
                Statement::LetTuple { locals, call } => {
                    for local in locals {
                        self.wide[*local] = false;
                    }
                    self.expression(call, Use::Value);
                }
                Statement::Assign { local, operator, value, .. } => {
                    if operator.is_some_and(|operator| !operator.is_linear()) {
                        self.wide[*local] = false;
                    }
                    self.expression(value, self.of(*local));
                }
                Statement::If { condition, then, otherwise } => {
                    self.expression(condition, Use::Value);
                    self.statements(then);
                    self.statements(otherwise);
                }
                Statement::For { local, start, end, body } => {
                    self.expression(start, self.of(*local));
                    self.expression(end, self.of(*local));
                    self.statements(body);
                }
                Statement::Return { values, .. } => {
                    for value in values {
                        self.expression(value, Use::Value);
                    }
                }
            }
        }
    }

    fn block(&mut self, block: &Block, of: Use) {
        self.statements(&block.statements);
        self.expression(&block.value, of);
    }

    fn expression(&mut self, expression: &Expression, of: Use) {
        match &expression.kind {
            ExpressionKind::Float(_) | ExpressionKind::Integer(_) | ExpressionKind::Boolean(_) => {}
            ExpressionKind::Local(local) => {
                if of == Use::Value {
                    self.wide[*local] = false;
                }
            }
            ExpressionKind::Load { index, .. } => self.expression(index, Use::Address),
            ExpressionKind::Unary(_, inner) => self.expression(inner, Use::Value),
            ExpressionKind::Cast(inner) => {
                let same = inner.scalar == Scalar::U32 && expression.scalar == Scalar::U32;
                self.expression(inner, if same { of } else { Use::Value });
            }
            ExpressionKind::Binary(operator, left, right) => {
                let of = if operator.is_linear() { of } else { Use::Value };
                self.expression(left, of);
                self.expression(right, if *operator == BinaryOperator::ShiftLeft { Use::Value } else { of });
            }
            ExpressionKind::Method(_, arguments) | ExpressionKind::Call { arguments, .. } => {
                for argument in arguments {
                    self.expression(argument, Use::Value);
                }
            }
            ExpressionKind::If { condition, then, otherwise } => {
                self.expression(condition, Use::Value);
                self.block(then, of);
                self.block(otherwise, of);
            }
        }
    }
}
