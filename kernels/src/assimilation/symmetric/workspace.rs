//! The eigensolver's memory.

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
    /// Of each lane's block, where no subdiagonal element is negligible: its first row and its last, equal where all eigenvalues are found.
    pub(super) begin: L,
    pub(super) end: L,
}

impl<L: Copy + Default> Workspace<L> {
    pub(in crate::assimilation) fn new(size: usize) -> Self {
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
            begin: L::default(),
            end: L::default(),
        }
    }
}
