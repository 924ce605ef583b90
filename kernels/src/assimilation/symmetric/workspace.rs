//! The eigensolver's memory.

/// Rows `begin` to `end` of a tridiagonal matrix, both included, where no subdiagonal element is negligible.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block {
    pub(super) begin: usize,
    pub(super) end: usize,
}

/// Matrices of one size, a lane each.
pub(in crate::assimilation) struct Workspace<L> {
    pub(super) size: usize,
    /// \[row]\[column]: the lower triangle of the matrices; overwritten.
    pub(in crate::assimilation) matrix: Vec<L>,
    /// \[number]\[component]: the eigenvectors.
    pub(in crate::assimilation) vectors: Vec<L>,
    /// The eigenvalues, in the order of the vectors.
    pub(in crate::assimilation) diagonal: Vec<L>,
    pub(super) subdiagonal: Vec<L>,
    pub(super) factors: Vec<L>,
    pub(super) reflector: Vec<L>,
    pub(super) product: Vec<L>,
    pub(super) blocks: Vec<Block>,
}

impl<L: Copy + Default> Workspace<L> {
    pub(in crate::assimilation) fn new(size: usize, lanes: usize) -> Self {
        let (square, line) = (vec![L::default(); size * size], vec![L::default(); size]);
        Self {
            size,
            matrix: square.clone(),
            vectors: square,
            diagonal: line.clone(),
            subdiagonal: line.clone(),
            factors: line.clone(),
            reflector: line.clone(),
            product: line,
            blocks: vec![Block::default(); lanes],
        }
    }
}
