//! Halos hold what their owners have, and give it back, on threads and processes, with as many bytes as the documentation says.

mod cartesian;
mod check;
mod grid;
mod mesh;

use terrella_coupling::Result;
use terrella_coupling::communicator::Communicator;
use terrella_kernels::Real;

use crate::ranks::{End, under_each_launcher};

const SIZES: [usize; 6] = [1, 2, 3, 4, 7, 8];

fn on_threads(work: impl Fn(&Communicator) -> Result<()> + Sync) {
    work(&Communicator::serial()).unwrap();
    for size in SIZES {
        Communicator::threads(size, |ranks| work(&ranks)).into_iter().for_each(|result| result.unwrap());
    }
}

#[test]
fn frames_on_threads() {
    on_threads(cartesian::all::<f64>);
}

#[test]
fn meshes_on_threads() {
    on_threads(mesh::all::<f64>);
}

#[test]
fn grids_on_threads() {
    on_threads(grid::all::<f64>);
}

fn some<R: Real>(ranks: &Communicator) -> Result<()> {
    cartesian::of::<R>(ranks, [9, 7], [true, false], 2)?;
    mesh::of::<R>(ranks, 4, 2)?;
    grid::of::<R>(ranks, "O8", 2)
}

#[test]
fn numbers_of_either_precision() {
    on_threads(some::<f32>);
}

#[test]
#[ignore = "under_mpi runs it on processes"]
fn rank_of_halos() {
    let ranks = Communicator::mpi().unwrap();
    some::<f64>(&ranks).unwrap();
    some::<f32>(&ranks).unwrap();
}

#[test]
fn under_mpi() {
    for size in 1..=4 {
        under_each_launcher("halo::rank_of_halos", size, End::Success, |_| {});
    }
}
