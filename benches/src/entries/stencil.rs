//! Five-point stencils on a latitude-longitude panel.

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::operators::stencil::{self, LatLonPanel};
use terrella_kernels::{Precision, Real};

use super::data::scattered;
use super::kernel_case::{KernelCase, Loop};
use crate::{Case, Cases, Entry, Key, Request, Result, Work, peers};

const OPERATORS: [&str; 2] = ["laplacian", "advection_upwind"];

/// Radius of the sphere [m]; any does.
const RADIUS: f64 = 6_371_229.0;

pub(super) const ENTRY: Entry = Entry {
    name: "stencil",
    summary: "five-point stencils on latitude-longitude panels; peer: a hand-written loop",
    keys: &[
        Key { name: "operator", default: "all", meaning: "laplacian, advection_upwind" },
        Key { name: "levels", default: "16", meaning: "number of levels" },
        Key { name: "rows", default: "720", meaning: "rows from pole to pole" },
        Key { name: "columns", default: "1440", meaning: "columns around the globe" },
    ],
    smallest: &[("levels", "2"), ("rows", "7"), ("columns", "18")],
    peers: &["loop"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    match request.precision {
        Precision::F32 => cases_in::<f32>(request),
        Precision::F64 => cases_in::<f64>(request),
    }
}

fn cases_in<R: Real>(request: &Request) -> Result<Cases> {
    let operators = request.choices("operator", &OPERATORS)?;
    let case = |operator| -> Result<Box<dyn Case>> {
        Ok(match operator {
            "laplacian" => Box::new(laplacian::<R>(request)?),
            _ => Box::new(advection::<R>(request)?),
        })
    };
    operators.into_iter().map(case).collect()
}

/// Extents of the panel and a field with halo.
fn setting<R: Real>(request: &Request) -> Result<([usize; 3], LatLonPanel, Vec<R>)> {
    let [levels, rows, columns] = extents(request)?;
    let panel = LatLonPanel::global(rows, columns, RADIUS)?;
    let field = scattered(levels * (rows + 2) * (columns + 2), 200.0, 300.0, 1);
    Ok(([levels, rows, columns], panel, field))
}

fn extents(request: &Request) -> Result<[usize; 3]> {
    Ok([request.number("levels")?, request.number("rows")?, request.number("columns")?])
}

fn size([levels, rows, columns]: [usize; 3]) -> String {
    format!("{levels}x{rows}x{columns}")
}

fn laplacian<R: Real>(request: &Request) -> Result<KernelCase<R>> {
    let (extents, panel, field) = setting::<R>(request)?;
    let [levels, rows, columns] = extents;
    let (points, device) = (levels * rows * columns, request.device);
    let on = |device, values: &[R]| Buffer::from_slice(device, values);
    let metric = [panel.west_east(), panel.north(), panel.south()];
    let [west_east, north, south] = [&metric[0], &metric[1], &metric[2]].map(|values| on(device, values));
    let (west_east, north, south, field_there) = (west_east?, north?, south?, on(device, &field)?);

    let peer = if request.loop_beside() {
        let [west_east, north, south] = metric.clone();
        let field = on(Device::Cpu, &field)?;
        Some(Loop {
            name: "hand-written loop",
            output: Buffer::zeros(Device::Cpu, points)?,
            run: Box::new(move |output| {
                let field = field.cpu_slice().expect("the peer's field is on the CPU");
                peers::laplacian([rows, columns], &west_east, &north, &south, field, output);
            }),
        })
    } else {
        None
    };
    Ok(KernelCase {
        name: "laplacian",
        size: size(extents),
        work: Work { bytes: ((field.len() + points) * size_of::<R>()) as f64, flops: 10.0 * points as f64 },
        output: Buffer::zeros(device, points)?,
        run: Box::new(move |output| {
            let extent = [levels as u32, rows as u32, columns as u32];
            stencil::laplacian::launch(
                extent,
                rows as u32,
                columns as u32,
                &west_east,
                &north,
                &south,
                &field_there,
                output,
            )
        }),
        reference: Box::new(move |index| {
            let (at, row, stride) = place(index, extents);
            let value = |at: usize| field[at].to_f64();
            let [west_east, north, south] = [0, 1, 2].map(|which| metric[which][row].to_f64());
            west_east * (value(at - 1) - 2.0 * value(at) + value(at + 1))
                + north * (value(at - stride) - value(at))
                + south * (value(at + stride) - value(at))
        }),
        peer,
    })
}

fn advection<R: Real>(request: &Request) -> Result<KernelCase<R>> {
    let (extents, panel, field) = setting::<R>(request)?;
    let [levels, rows, columns] = extents;
    let (points, device) = (levels * rows * columns, request.device);
    let winds: [Vec<R>; 2] = [2, 3].map(|seed| scattered(points, -50.0, 50.0, seed));
    let inverse_column_distance: Vec<R> = panel.inverse_column_distance();
    let inverse_row_distance: R = panel.inverse_row_distance();
    let on_device = |values: &[R]| Buffer::from_slice(device, values);
    let (eastward, northward) = (on_device(&winds[0])?, on_device(&winds[1])?);
    let (distance_there, field_there) = (on_device(&inverse_column_distance)?, on_device(&field)?);
    Ok(KernelCase {
        name: "advection_upwind",
        size: size(extents),
        work: Work {
            bytes: ((field.len() + 3 * points) * size_of::<R>()) as f64,
            flops: 18.0 * points as f64,
        },
        output: Buffer::zeros(device, points)?,
        run: Box::new(move |output| {
            let extent = [levels as u32, rows as u32, columns as u32];
            stencil::advection_upwind::launch(
                extent,
                rows as u32,
                columns as u32,
                inverse_row_distance,
                &distance_there,
                &eastward,
                &northward,
                &field_there,
                output,
            )
        }),
        reference: Box::new(move |index| {
            let (at, row, stride) = place(index, extents);
            let value = |at: usize| field[at].to_f64();
            let [u, v] = [0, 1].map(|which| winds[which][index].to_f64());
            // The side the wind comes from.
            let west_east = if u > 0.0 { value(at) - value(at - 1) } else { value(at + 1) - value(at) };
            let south_north =
                if v > 0.0 { value(at) - value(at + stride) } else { value(at - stride) - value(at) };
            let along_row = u * west_east * inverse_column_distance[row].to_f64();
            -(along_row + v * south_north * inverse_row_distance.to_f64())
        }),
        peer: None,
    })
}

/// Index into the field with halo, row, and the distance between its rows, of an index of the output.
fn place(index: usize, [_, rows, columns]: [usize; 3]) -> (usize, usize, usize) {
    let (line, column) = (index / columns, index % columns);
    let (level, row) = (line / rows, line % rows);
    let stride = columns + 2;
    ((level * (rows + 2) + row + 1) * stride + column + 1, row, stride)
}
