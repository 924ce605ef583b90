//! What observers remember over a restart, as bytes.

/// Appends numbers after their count.
pub(crate) fn push(bytes: &mut Vec<u8>, numbers: &[f64]) {
    bytes.extend((numbers.len() as u64).to_le_bytes());
    numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
}

/// Appends numbers of single precision after their count.
pub(crate) fn push_narrow(bytes: &mut Vec<u8>, numbers: &[f32]) {
    bytes.extend((numbers.len() as u64).to_le_bytes());
    numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
}

/// Reads what was appended; none where the bytes do not have it.
pub(crate) struct Memory<'a>(pub(crate) &'a [u8]);

impl Memory<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn count(&mut self, width: usize) -> Option<usize> {
        let count = usize::try_from(u64::from_le_bytes(self.take()?)).ok()?;
        (count.checked_mul(width)? <= self.0.len()).then_some(count)
    }

    /// Numbers after their count.
    pub(crate) fn numbers(&mut self) -> Option<Vec<f64>> {
        (0..self.count(8)?).map(|_| self.take().map(f64::from_le_bytes)).collect()
    }

    /// Numbers of single precision after their count.
    pub(crate) fn narrow(&mut self) -> Option<Vec<f32>> {
        (0..self.count(4)?).map(|_| self.take().map(f32::from_le_bytes)).collect()
    }

    /// Nothing may follow.
    pub(crate) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_read_and_what_is_cut_is_not() {
        let mut bytes = Vec::new();
        push(&mut bytes, &[0.1, -2.0]);
        push_narrow(&mut bytes, &[0.1]);
        let mut memory = Memory(&bytes);
        assert_eq!((memory.numbers(), memory.narrow()), (Some(vec![0.1, -2.0]), Some(vec![0.1_f32])));
        assert_eq!(memory.end(), Some(()));
        assert_eq!(Memory(&bytes[..20]).numbers(), None);
        assert_eq!(Memory(&u64::MAX.to_le_bytes()).numbers(), None);
    }
}
