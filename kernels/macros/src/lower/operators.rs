//! Rust's operators as the language's.

use syn::BinOp;

use crate::language::BinaryOperator;

/// The operator of a value; `None` for assignments.
pub(super) fn plain(operator: &BinOp) -> Option<BinaryOperator> {
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

/// The operator that an assignment applies, as `+` in `+=`.
pub(super) fn assigning(operator: &BinOp) -> Option<BinaryOperator> {
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
