//! Types of expressions by unification: enough for a language whose only types are six scalars.

use proc_macro2::Span;
use syn::{Error, Result};

use crate::language::Scalar;

/// Position in the table.
pub(crate) type Variable = usize;

#[derive(Clone, Copy, Debug)]
enum State {
    /// The same type as another variable.
    Same(Variable),
    Known(Scalar),
    /// An integer literal.
    Integer,
    /// A float literal.
    Float,
    /// The result of a call.
    Open,
}

/// What is known about the types so far.
pub(crate) struct Inference {
    states: Vec<State>,
    /// How the user calls `Scalar::Real`.
    real: String,
    default_float: Scalar,
}

impl Inference {
    pub(crate) fn new(real: Option<&syn::Ident>, default_float: Scalar) -> Self {
        let real = real.map_or_else(|| "R".to_owned(), ToString::to_string);
        Self { states: Vec::new(), real, default_float }
    }

    fn push(&mut self, state: State) -> Variable {
        self.states.push(state);
        self.states.len() - 1
    }

    pub(crate) fn known(&mut self, scalar: Scalar) -> Variable {
        self.push(State::Known(scalar))
    }

    pub(crate) fn integer(&mut self) -> Variable {
        self.push(State::Integer)
    }

    pub(crate) fn float(&mut self) -> Variable {
        self.push(State::Float)
    }

    pub(crate) fn open(&mut self) -> Variable {
        self.push(State::Open)
    }

    fn find(&self, mut variable: Variable) -> Variable {
        while let State::Same(other) = self.states[variable] {
            variable = other;
        }
        variable
    }

    /// The name of a type for error messages.
    pub(crate) fn name(&self, scalar: Scalar) -> String {
        match scalar {
            Scalar::Real => self.real.clone(),
            Scalar::F32 => "f32".to_owned(),
            Scalar::F64 => "f64".to_owned(),
            Scalar::U32 => "u32".to_owned(),
            Scalar::I32 => "i32".to_owned(),
            Scalar::Bool => "bool".to_owned(),
        }
    }

    fn describe(&self, state: State) -> String {
        match state {
            State::Known(scalar) => format!("`{}`", self.name(scalar)),
            State::Integer => "an integer literal".to_owned(),
            State::Float => "a float literal".to_owned(),
            State::Open | State::Same(_) => "the value of a call".to_owned(),
        }
    }

    /// Makes both the same type; an error at `span` where they cannot be.
    pub(crate) fn unify(&mut self, expected: Variable, found: Variable, span: Span) -> Result<()> {
        let (expected, found) = (self.find(expected), self.find(found));
        if expected == found {
            return Ok(());
        }
        let (wanted, got) = (self.states[expected], self.states[found]);
        let (winner, loser) = match (wanted, got) {
            (State::Known(a), State::Known(b)) if a == b => (expected, found),
            (State::Known(a), State::Integer) if a.is_integer() => (expected, found),
            (State::Integer, State::Known(b)) if b.is_integer() => (found, expected),
            (State::Known(a), State::Float) if a.is_float() => (expected, found),
            (State::Float, State::Known(b)) if b.is_float() => (found, expected),
            (State::Integer, State::Integer) | (State::Float, State::Float) => (expected, found),
            (_, State::Open) => (expected, found),
            (State::Open, _) => (found, expected),
            _ => {
                let hint = match (wanted, got) {
                    (State::Known(a), State::Integer) if a.is_float() => {
                        ": write it with a point, as in `2.0`"
                    }
                    (State::Float, State::Integer) => ": write it with a point, as in `2.0`",
                    (State::Integer, State::Known(b)) if b.is_float() => {
                        ": write the literal with a point, as in `2.0`"
                    }
                    (State::Known(a), State::Known(b)) if a != Scalar::Bool && b != Scalar::Bool => {
                        ": convert it with `as`"
                    }
                    _ => "",
                };
                return Err(Error::new(
                    span,
                    format!("expected {}, found {}{hint}", self.describe(wanted), self.describe(got)),
                ));
            }
        };
        self.states[loser] = State::Same(winner);
        Ok(())
    }

    /// The type, with the defaults of literals and calls.
    pub(crate) fn resolve(&self, variable: Variable) -> Scalar {
        match self.states[self.find(variable)] {
            State::Known(scalar) => scalar,
            State::Integer => Scalar::I32,
            State::Float | State::Open | State::Same(_) => self.default_float,
        }
    }
}
