//! Eigenvalues and eigenvectors of matrices of an ensemble's size, as local analyses need them at every point.

use terrella_kernels::assimilation::symmetric::eigen;
use terrella_kernels::device::Device;
use terrella_kernels::{Precision, Real, random};

use crate::peers::{PythonPeer, eigen_peer};
use crate::{Case, Cases, Entry, Key, Peer, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "eigen",
    summary: "symmetric matrices of an ensemble's size, many at once; peer: LAPACK, one after the other",
    keys: &[
        Key { name: "members", default: "8,20,40,80", meaning: "sizes of the matrices, separated by commas" },
        Key { name: "matrices", default: "2048", meaning: "number of matrices" },
    ],
    smallest: &[("members", "5"), ("matrices", "20")],
    peers: &["lapack"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    if request.device != Device::Cpu {
        eprintln!("eigen is for the CPU only: not measured on {}.", request.device);
        return Ok(cases);
    }
    let count = request.number("matrices")?;
    for members in request.numbers("members")? {
        cases.push(match request.precision {
            Precision::F32 => Box::new(Eigen::<f32>::new(request, members, count)?),
            Precision::F64 => Box::new(Eigen::<f64>::new(request, members, count)?),
        });
    }
    Ok(cases)
}

struct Eigen<R> {
    members: usize,
    original: Vec<R>,
    matrices: Vec<R>,
    values: Vec<R>,
    peers: Vec<PythonPeer>,
}

impl<R: Real> Eigen<R> {
    fn new(request: &Request, members: usize, count: usize) -> Result<Self> {
        let mut original = vec![R::ZERO; count * members * members];
        random::normals(1, [0; 3], &mut original);
        for matrix in original.chunks_exact_mut(members * members) {
            for row in 0..members {
                for column in 0..row {
                    matrix[column * members + row] = matrix[row * members + column];
                }
            }
        }
        let peers = request.peers.iter().map(|_| eigen_peer(request.precision, members, count));
        Ok(Self {
            members,
            matrices: original.clone(),
            original,
            values: vec![R::ZERO; count * members],
            peers: peers.collect::<Result<_>>()?,
        })
    }
}

impl<R: Real> Case for Eigen<R> {
    fn name(&self) -> &str {
        "eigenvalues and vectors"
    }

    fn size(&self) -> String {
        format!("{} of {}²", self.values.len() / self.members, self.members)
    }

    /// 4/3 n³ for the tridiagonal form, as much for its transformation, and 3 n³ for a sweep of rotations for each value.
    fn work(&self) -> Work {
        let (count, members) = ((self.values.len() / self.members) as f64, self.members as f64);
        Work {
            bytes: (2 * size_of_val(&self.original[..]) + size_of_val(&self.values[..])) as f64,
            flops: count * members.powi(3) * (8.0 / 3.0 + 3.0),
        }
    }

    fn run(&mut self) -> Result<()> {
        self.matrices.copy_from_slice(&self.original);
        Ok(eigen(self.members, &mut self.matrices, &mut self.values)?)
    }

    /// |A v − λ v| over |A|.
    fn error(&mut self) -> Result<f64> {
        let (members, square) = (self.members, self.members * self.members);
        let (mut largest, mut norm) = (0.0_f64, 0.0_f64);
        for ((original, vectors), values) in self
            .original
            .chunks_exact(square)
            .zip(self.matrices.chunks_exact(square))
            .zip(self.values.chunks_exact(members))
        {
            for (vector, value) in vectors.chunks_exact(members).zip(values) {
                for (row, component) in original.chunks_exact(members).zip(vector) {
                    let product: f64 = row.iter().zip(vector).map(|(a, v)| a.to_f64() * v.to_f64()).sum();
                    largest = largest.max((product - value.to_f64() * component.to_f64()).abs());
                }
                norm = norm.max(value.to_f64().abs());
            }
        }
        Ok(largest / norm)
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peers.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}
