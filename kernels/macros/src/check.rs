//! After inference: fills the types in and refuses operations that their operands do not have.

use syn::{Error, Result};

use crate::infer::{Inference, Variable};
use crate::language::{BinaryOperator, Expression, ExpressionKind, Local, Scalar, Statement, UnaryOperator};

/// Writes the inferred types into locals and expressions.
pub(crate) fn finish(
    locals: &mut [Local],
    variables: &[Variable],
    body: &mut [Statement],
    inference: &Inference,
) -> Result<()> {
    for (local, variable) in locals.iter_mut().zip(variables) {
        local.scalar = inference.resolve(*variable);
    }
    statements(body, locals, inference)
}

fn statements(body: &mut [Statement], locals: &[Local], inference: &Inference) -> Result<()> {
    for statement in body {
        match statement {
            Statement::Let { value, .. } | Statement::LetTuple { call: value, .. } => {
                expression(value, locals, inference)?
            }
            Statement::Assign { local, operator, value, span } => {
                expression(value, locals, inference)?;
                if let Some(operator) = operator {
                    operands(*operator, locals[*local].scalar, inference)
                        .map_err(|message| Error::new(*span, message))?;
                }
            }
            Statement::If { condition, then, otherwise } => {
                expression(condition, locals, inference)?;
                statements(then, locals, inference)?;
                statements(otherwise, locals, inference)?;
            }
            Statement::For { start, end, body, .. } => {
                expression(start, locals, inference)?;
                expression(end, locals, inference)?;
                if !start.scalar.is_integer() {
                    let found = inference.name(start.scalar);
                    return Err(Error::new(
                        start.span,
                        format!("a loop runs over u32 or i32, found `{found}`"),
                    ));
                }
                statements(body, locals, inference)?;
            }
            Statement::Return { values, .. } => {
                for value in values {
                    expression(value, locals, inference)?;
                }
            }
        }
    }
    Ok(())
}

/// Whether the operator takes operands of this type.
fn operands(
    operator: BinaryOperator,
    scalar: Scalar,
    inference: &Inference,
) -> std::result::Result<(), String> {
    let fits = match operator {
        BinaryOperator::And | BinaryOperator::Or => scalar == Scalar::Bool,
        BinaryOperator::Equal | BinaryOperator::NotEqual => true,
        BinaryOperator::Remainder | BinaryOperator::ShiftLeft | BinaryOperator::ShiftRight => {
            scalar.is_integer()
        }
        BinaryOperator::BitAnd | BinaryOperator::BitOr | BinaryOperator::BitXor => scalar.is_integer(),
        _ => scalar != Scalar::Bool,
    };
    if fits {
        return Ok(());
    }
    let help = match (operator, scalar) {
        (BinaryOperator::Remainder, _) => ": it is for u32 and i32; write x - (x / y).floor() * y",
        (BinaryOperator::BitAnd | BinaryOperator::BitOr, Scalar::Bool) => ": use && and ||",
        (BinaryOperator::BitXor, Scalar::Bool) => ": use !=",
        _ => "",
    };
    Err(format!("`{}` does not take `{}`{help}", operator.token(), inference.name(scalar)))
}

fn expression(this: &mut Expression, locals: &[Local], inference: &Inference) -> Result<()> {
    this.scalar = inference.resolve(this.variable);
    let scalar = this.scalar;
    let refuse = |message: String| Err(Error::new(this.span, message));
    match &mut this.kind {
        ExpressionKind::Integer(value) => {
            let largest = if scalar == Scalar::I32 { 1 << 31 } else { u64::from(u32::MAX) };
            if *value > largest {
                return refuse(format!("{value} is too large for `{}`", inference.name(scalar)));
            }
        }
        ExpressionKind::Float(_) | ExpressionKind::Boolean(_) | ExpressionKind::Local(_) => {}
        ExpressionKind::Load { index, .. } => expression(index, locals, inference)?,
        ExpressionKind::Unary(operator, inner) => {
            expression(inner, locals, inference)?;
            match operator {
                UnaryOperator::Negate if matches!(scalar, Scalar::U32 | Scalar::Bool) => {
                    return refuse(format!("`-` does not take `{}`", inference.name(scalar)));
                }
                UnaryOperator::Not if scalar.is_float() => {
                    return refuse(format!("`!` does not take `{}`", inference.name(scalar)));
                }
                _ => {}
            }
        }
        ExpressionKind::Binary(operator, left, right) => {
            expression(left, locals, inference)?;
            expression(right, locals, inference)?;
            if let Err(message) = operands(*operator, left.scalar, inference) {
                return refuse(message);
            }
            if operator.compares()
                && left.scalar == Scalar::Bool
                && !matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual)
            {
                return refuse(format!("`{}` does not take `bool`", operator.token()));
            }
        }
        ExpressionKind::Method(method, arguments) => {
            for argument in arguments.iter_mut() {
                expression(argument, locals, inference)?;
            }
            if !(scalar.is_float() || (scalar.is_integer() && method.takes_integers())) {
                return refuse(format!("`{}` does not take `{}`", method.name(), inference.name(scalar)));
            }
        }
        ExpressionKind::Call { arguments, .. } => {
            for argument in arguments {
                expression(argument, locals, inference)?;
            }
        }
        ExpressionKind::Cast(inner) => {
            expression(inner, locals, inference)?;
            if scalar == Scalar::Bool && inner.scalar != Scalar::Bool {
                return refuse("a number is no bool: compare it, as in `x != 0`".to_owned());
            }
            if inner.scalar == Scalar::Bool && scalar.is_float() {
                return refuse("a bool is no real number: use `if`".to_owned());
            }
        }
        ExpressionKind::If { condition, then, otherwise } => {
            expression(condition, locals, inference)?;
            for block in [then, otherwise] {
                statements(&mut block.statements, locals, inference)?;
                expression(&mut block.value, locals, inference)?;
            }
        }
    }
    Ok(())
}
