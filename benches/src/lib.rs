//! Terrella.
