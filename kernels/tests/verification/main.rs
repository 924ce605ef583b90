//! Observation operators against their adjoints and finite differences, scores and diagnostics against closed forms.

mod operators;
mod scores;
