//! The typed syntax tree of a kernel: what remains of a Rust function once it is known to be in the language.

use proc_macro2::Span;
use syn::{Attribute, Ident, Path, Visibility};

/// The scalar types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    /// The kernel's floating-point parameter.
    Real,
    F32,
    F64,
    U32,
    I32,
    Bool,
}

impl Scalar {
    pub(crate) fn is_float(self) -> bool {
        matches!(self, Self::Real | Self::F32 | Self::F64)
    }

    pub(crate) fn is_integer(self) -> bool {
        matches!(self, Self::U32 | Self::I32)
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// One of the indices, by position.
    Index(usize),
    /// What a scan hands from one value of its first index to the next.
    Carried,
    /// A scalar parameter.
    Scalar,
    /// A slice parameter.
    Slice,
    /// A `let`.
    Let,
    /// The variable of a `for`.
    Loop,
}

/// A parameter or local variable.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    /// As the user wrote it, with its span.
    pub(crate) ident: Ident,
    /// Its name in the texts: unique in its scope, no keyword of theirs.
    pub(crate) text: String,
    /// Its type, or its elements' type.
    pub(crate) scalar: Scalar,
    pub(crate) mutable: bool,
    pub(crate) role: Role,
}

/// The order in which a scan goes through its first index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// 0, 1, 2, ...
    Down,
    /// The last one first.
    Up,
}

/// What makes a kernel a scan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scan {
    pub(crate) direction: Direction,
    /// Number of carried values: the parameters behind the indices, and the last outputs.
    pub(crate) carried: usize,
}

/// Position in [`Kernel::locals`].
pub(crate) type LocalId = usize;

/// A whole kernel.
pub(crate) struct Kernel {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: syn::Signature,
    /// First paragraph of the documentation, for the texts.
    pub(crate) summary: Vec<String>,
    pub(crate) name: Ident,
    pub(crate) text_name: String,
    /// The name of the type parameter that is bound by `Real`.
    pub(crate) real: Option<Ident>,
    /// The floating-point type of literals and calls whose context says nothing.
    pub(crate) default_float: Scalar,
    /// `Some` where the kernel is only called by others.
    pub(crate) function: bool,
    /// Whether the last index is a `Level`.
    pub(crate) level: bool,
    pub(crate) scan: Option<Scan>,
    /// Number of indices.
    pub(crate) indices: usize,
    /// Number of parameters, indices included; they are the first locals.
    pub(crate) parameters: usize,
    pub(crate) outputs: Vec<Scalar>,
    pub(crate) locals: Vec<Local>,
    pub(crate) body: Vec<Statement>,
    /// Files with hand-written texts.
    pub(crate) cuda_file: Option<syn::LitStr>,
    pub(crate) wgsl_file: Option<syn::LitStr>,
}

impl Kernel {
    /// Number of values that are carried from one value of the first index to the next.
    pub(crate) fn carried(&self) -> usize {
        self.scan.map_or(0, |scan| scan.carried)
    }

    /// Number of parameters that the launcher provides: indices and carried values.
    pub(crate) fn provided(&self) -> usize {
        self.indices + self.carried()
    }

    /// Number of outputs with a value at every index; the carried ones are behind them.
    pub(crate) fn own_outputs(&self) -> usize {
        self.outputs.len() - self.carried()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
}

impl BinaryOperator {
    /// The token, the same in Rust, CUDA C and WGSL.
    pub(crate) fn token(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::And => "&&",
            Self::Or => "||",
            Self::BitAnd => "&",
            Self::BitOr => "|",
            Self::BitXor => "^",
            Self::ShiftLeft => "<<",
            Self::ShiftRight => ">>",
        }
    }

    pub(crate) fn compares(self) -> bool {
        matches!(
            self,
            Self::Equal | Self::NotEqual | Self::Less | Self::LessEqual | Self::Greater | Self::GreaterEqual
        )
    }

    pub(crate) fn is_logical(self) -> bool {
        matches!(self, Self::And | Self::Or)
    }

    pub(crate) fn is_bitwise(self) -> bool {
        matches!(self, Self::BitAnd | Self::BitOr | Self::BitXor | Self::ShiftLeft | Self::ShiftRight)
    }

    pub(crate) fn shifts(self) -> bool {
        matches!(self, Self::ShiftLeft | Self::ShiftRight)
    }

    /// Whether the result is the same in 32 and 64 bits as long as nothing overflows: index arithmetic.
    pub(crate) fn is_linear(self) -> bool {
        matches!(self, Self::Add | Self::Subtract | Self::Multiply)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnaryOperator {
    Negate,
    Not,
}

/// The methods of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Sqrt,
    Abs,
    Floor,
    Min,
    Max,
    Exp,
    Log,
    Sin,
    Cos,
    Tan,
    Atan2,
    Pow,
    Tanh,
}

impl Method {
    const ALL: [(&'static str, Self); 13] = [
        ("sqrt", Self::Sqrt),
        ("abs", Self::Abs),
        ("floor", Self::Floor),
        ("min", Self::Min),
        ("max", Self::Max),
        ("exp", Self::Exp),
        ("log", Self::Log),
        ("sin", Self::Sin),
        ("cos", Self::Cos),
        ("tan", Self::Tan),
        ("atan2", Self::Atan2),
        ("pow", Self::Pow),
        ("tanh", Self::Tanh),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(candidate, _)| *candidate == name).map(|(_, method)| *method)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, method)| *method == self).map_or("", |(name, _)| name)
    }

    /// All names, for error messages.
    pub(crate) fn list() -> String {
        Self::ALL.map(|(name, _)| name).join(", ")
    }

    /// Number of arguments besides the receiver.
    pub(crate) fn arguments(self) -> usize {
        usize::from(matches!(self, Self::Min | Self::Max | Self::Atan2 | Self::Pow))
    }

    /// Whether it is one of `math`'s functions rather than an exact operation.
    pub(crate) fn is_math(self) -> bool {
        !matches!(self, Self::Sqrt | Self::Abs | Self::Floor | Self::Min | Self::Max)
    }

    pub(crate) fn takes_integers(self) -> bool {
        matches!(self, Self::Min | Self::Max)
    }
}

#[derive(Clone)]
pub(crate) enum ExpressionKind {
    /// Digits without suffix.
    Float(String),
    Integer(u64),
    Boolean(bool),
    Local(LocalId),
    Load {
        slice: LocalId,
        index: Box<Expression>,
    },
    Unary(UnaryOperator, Box<Expression>),
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
    Method(Method, Vec<Expression>),
    Call {
        path: Path,
        text: String,
        arguments: Vec<Expression>,
    },
    Cast(Box<Expression>),
    If {
        condition: Box<Expression>,
        then: Block,
        otherwise: Block,
    },
}

#[derive(Clone)]
pub(crate) struct Expression {
    pub(crate) kind: ExpressionKind,
    /// Its type, once inference is done.
    pub(crate) scalar: Scalar,
    /// Its place in the table of inference.
    pub(crate) variable: usize,
    pub(crate) span: Span,
}

/// Statements and the value after them.
#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) statements: Vec<Statement>,
    pub(crate) value: Box<Expression>,
}

#[derive(Clone)]
pub(crate) enum Statement {
    Let {
        local: LocalId,
        value: Expression,
    },
    /// `let (a, b) = function(...)`
    LetTuple {
        locals: Vec<LocalId>,
        call: Expression,
    },
    Assign {
        local: LocalId,
        operator: Option<BinaryOperator>,
        value: Expression,
        span: Span,
    },
    If {
        condition: Expression,
        then: Vec<Statement>,
        otherwise: Vec<Statement>,
    },
    For {
        local: LocalId,
        start: Expression,
        end: Expression,
        body: Vec<Statement>,
    },
    Return {
        values: Vec<Expression>,
        span: Span,
    },
}

impl Expression {
    /// Calls `visit` on this expression and on all inside it, blocks included.
    pub(crate) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expression)) {
        visit(self);
        match &self.kind {
            ExpressionKind::Float(_)
            | ExpressionKind::Integer(_)
            | ExpressionKind::Boolean(_)
            | ExpressionKind::Local(_) => {}
            ExpressionKind::Load { index: inner, .. }
            | ExpressionKind::Unary(_, inner)
            | ExpressionKind::Cast(inner) => inner.walk(visit),
            ExpressionKind::Binary(_, left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            ExpressionKind::Method(_, arguments) | ExpressionKind::Call { arguments, .. } => {
                for argument in arguments {
                    argument.walk(visit);
                }
            }
            ExpressionKind::If { condition, then, otherwise } => {
                condition.walk(visit);
                for block in [then, otherwise] {
                    for statement in &block.statements {
                        statement.walk(visit);
                    }
                    block.value.walk(visit);
                }
            }
        }
    }

    pub(crate) fn any(&self, test: impl Fn(&Expression) -> bool) -> bool {
        let mut found = false;
        self.walk(&mut |expression| found |= test(expression));
        found
    }

    /// Whether both are the same text.
    pub(crate) fn same(&self, other: &Self) -> bool {
        let all = |ours: &[Self], theirs: &[Self]| {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| a.same(b))
        };
        self.scalar == other.scalar
            && match (&self.kind, &other.kind) {
                (ExpressionKind::Float(a), ExpressionKind::Float(b)) => a == b,
                (ExpressionKind::Integer(a), ExpressionKind::Integer(b)) => a == b,
                (ExpressionKind::Boolean(a), ExpressionKind::Boolean(b)) => a == b,
                (ExpressionKind::Local(a), ExpressionKind::Local(b)) => a == b,
                (
                    ExpressionKind::Load { slice: a, index: i },
                    ExpressionKind::Load { slice: b, index: j },
                ) => a == b && i.same(j),
                (ExpressionKind::Unary(a, x), ExpressionKind::Unary(b, y)) => a == b && x.same(y),
                (ExpressionKind::Binary(a, x, u), ExpressionKind::Binary(b, y, v)) => {
                    a == b && x.same(y) && u.same(v)
                }
                (ExpressionKind::Method(a, x), ExpressionKind::Method(b, y)) => a == b && all(x, y),
                (ExpressionKind::Cast(x), ExpressionKind::Cast(y)) => x.same(y),
                _ => false,
            }
    }

    /// The loads that computing this expression always makes.
    pub(crate) fn certain_loads(&self) -> Vec<&Self> {
        match &self.kind {
            ExpressionKind::Load { index, .. } => {
                let mut loads = index.certain_loads();
                loads.push(self);
                loads
            }
            ExpressionKind::Unary(_, inner) | ExpressionKind::Cast(inner) => inner.certain_loads(),
            ExpressionKind::Binary(operator, left, _) if operator.is_logical() => left.certain_loads(),
            ExpressionKind::Binary(_, left, right) => {
                let mut loads = left.certain_loads();
                loads.extend(right.certain_loads());
                loads
            }
            ExpressionKind::Method(_, arguments) | ExpressionKind::Call { arguments, .. } => {
                arguments.iter().flat_map(Self::certain_loads).collect()
            }
            ExpressionKind::If { condition, .. } => condition.certain_loads(),
            _ => Vec::new(),
        }
    }
}

impl Statement {
    /// Calls `visit` on all expressions inside.
    pub(crate) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expression)) {
        match self {
            Self::Let { value, .. } | Self::LetTuple { call: value, .. } | Self::Assign { value, .. } => {
                value.walk(visit)
            }
            Self::If { condition, then, otherwise } => {
                condition.walk(visit);
                for statement in then.iter().chain(otherwise) {
                    statement.walk(visit);
                }
            }
            Self::For { start, end, body, .. } => {
                start.walk(visit);
                end.walk(visit);
                for statement in body {
                    statement.walk(visit);
                }
            }
            Self::Return { values, .. } => {
                for value in values {
                    value.walk(visit);
                }
            }
        }
    }

    /// The first `return` inside.
    pub(crate) fn find_return(&self) -> Option<Span> {
        match self {
            Self::Return { span, .. } => Some(*span),
            Self::If { then, otherwise, .. } => then.iter().chain(otherwise).find_map(Self::find_return),
            Self::For { body, .. } => body.iter().find_map(Self::find_return),
            _ => None,
        }
    }
}
