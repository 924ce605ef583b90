//! Expressions, with the parentheses that each dialect needs.

use super::{Dialect, Writer, type_name};
use crate::language::{BinaryOperator, Expression, ExpressionKind, Method, Scalar, UnaryOperator};

/// Precedence of operators in C, highest first; WGSL agrees where it does not ask for parentheses.
const PRIMARY: u8 = 12;
const UNARY: u8 = 11;
const TERNARY: u8 = 0;

pub(super) fn precedence(operator: BinaryOperator) -> u8 {
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

/// A piece of text and how tightly it binds.
pub(super) struct Piece {
    pub(super) text: String,
    precedence: u8,
}

impl Piece {
    pub(super) fn primary(text: impl Into<String>) -> Self {
        Self { text: text.into(), precedence: PRIMARY }
    }

    pub(super) fn parenthesized(self, least: u8) -> String {
        if self.precedence < least { format!("({})", self.text) } else { self.text }
    }
}

impl Writer<'_> {
    pub(super) fn value(&mut self, expression: &Expression) -> String {
        self.piece(expression).text
    }

    pub(super) fn piece(&mut self, expression: &Expression) -> Piece {
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
    pub(super) fn shift_amount(&mut self, amount: &Expression) -> String {
        match &amount.kind {
            ExpressionKind::Integer(value) => format!("{}u", value % 32),
            _ => format!("({} & 31u)", self.piece(amount).parenthesized(PRIMARY)),
        }
    }

    pub(super) fn shift(
        &self,
        operator: BinaryOperator,
        scalar: Scalar,
        value: Piece,
        amount: String,
    ) -> Piece {
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
}
