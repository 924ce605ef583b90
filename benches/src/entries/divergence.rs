//! Flux divergence on a geodesic mesh.

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::GeodesicMesh;
use terrella_kernels::operators::divergence::flux_divergence;
use terrella_kernels::{Precision, Real};

use super::data::scattered;
use super::kernel_case::{KernelCase, Loop};
use crate::{Case, Cases, Entry, Key, Request, Result, Work, peers};

pub(super) const ENTRY: Entry = Entry {
    name: "divergence",
    summary: "flux divergence on a geodesic mesh, levels packed; peer: a hand-written level loop",
    keys: &[
        Key { name: "frequency", default: "64", meaning: "cuts of an icosahedron's edge: 10 n² + 2 cells" },
        Key { name: "levels", default: "32", meaning: "numbers of levels, separated by commas" },
    ],
    smallest: &[("frequency", "3"), ("levels", "5")],
    peers: &["loop"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    let mesh = GeodesicMesh::new(request.number("frequency")?, 6_371_229.0)?;
    let case = |levels| -> Result<Box<dyn Case>> {
        Ok(match request.precision {
            Precision::F32 => Box::new(flux_divergence_case::<f32>(request, &mesh, levels)?),
            Precision::F64 => Box::new(flux_divergence_case::<f64>(request, &mesh, levels)?),
        })
    };
    request.numbers("levels")?.into_iter().map(case).collect()
}

fn flux_divergence_case<R: Real>(
    request: &Request,
    mesh: &GeodesicMesh,
    levels: usize,
) -> Result<KernelCase<R>> {
    let rounded = |values: &[f64]| -> Vec<R> { values.iter().map(|value| R::from_f64(*value)).collect() };
    let sign = rounded(&mesh.edge_sign);
    let length = rounded(&mesh.edge_length);
    let inverse_area: Vec<R> = mesh.cell_area.iter().map(|area| R::from_f64(1.0 / area)).collect();
    let flux: Vec<R> = scattered(mesh.edges * levels, -50.0, 50.0, 1);
    let edges_on_cell = mesh.edges_on_cell.clone();
    let (cells, max_edges, device) = (mesh.cells, mesh.max_edges, request.device);

    let peer = if request.loop_beside() {
        let on_cpu = |values: &[R]| Buffer::from_slice(Device::Cpu, values);
        let arrays = [on_cpu(&sign)?, on_cpu(&length)?, on_cpu(&flux)?, on_cpu(&inverse_area)?];
        let edges_on_cell = edges_on_cell.clone();
        Some(Loop {
            name: "hand-written level loop",
            output: Buffer::zeros(Device::Cpu, cells * levels)?,
            run: Box::new(move |output| {
                let arrays = arrays.each_ref().map(|array| array.cpu_slice().expect("arrays are on the CPU"));
                let [sign, length, flux, inverse_area] = arrays;
                let extents = [max_edges, levels];
                peers::flux_divergence(extents, &edges_on_cell, sign, length, flux, inverse_area, output);
            }),
        })
    } else {
        None
    };

    let there = |values: &[R]| Buffer::from_slice(device, values);
    let edges_there = Buffer::from_slice(device, &edges_on_cell)?;
    let (sign_there, length_there) = (there(&sign)?, there(&length)?);
    let (flux_there, inverse_area_there) = (there(&flux)?, there(&inverse_area)?);
    let reals = flux.len() + cells * levels + sign.len() + length.len() + cells;
    let bytes = (reals * size_of::<R>() + edges_on_cell.len() * size_of::<u32>()) as f64;
    Ok(KernelCase {
        name: "flux_divergence",
        size: format!("{cells}x{levels}"),
        // sign · length and its product with the flux, added up, for each edge; the area.
        work: Work { bytes, flops: ((3 * max_edges + 1) * cells * levels) as f64 },
        output: Buffer::zeros(device, cells * levels)?,
        run: Box::new(move |output| {
            flux_divergence::launch(
                [cells as u32, levels as u32],
                max_edges as u32,
                levels as u32,
                &edges_there,
                &sign_there,
                &length_there,
                &flux_there,
                &inverse_area_there,
                output,
            )
        }),
        reference: Box::new(move |index| {
            let (cell, level) = (index / levels, index % levels);
            let outflow = (cell * max_edges..(cell + 1) * max_edges).map(|slot| {
                let edge = edges_on_cell[slot] as usize;
                sign[slot].to_f64() * length[edge].to_f64() * flux[edge * levels + level].to_f64()
            });
            outflow.sum::<f64>() * inverse_area[cell].to_f64()
        }),
        peer,
    })
}
