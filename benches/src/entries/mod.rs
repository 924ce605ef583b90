//! The entries.

mod data;
mod distributed_model;
mod distributed_transform;
mod divergence;
mod eigen;
mod grib2;
mod grib2_device;
mod grids;
mod hash;
mod kernel_case;
mod launch;
mod local_analysis;
mod machine;
mod math;
mod messages;
mod minimisation;
mod model_step;
mod netcdf4;
mod output_server;
mod plan;
mod pointwise;
mod primitive_derivative;
mod primitive_equations;
mod reduction;
mod ring_fourier;
mod semi_lagrangian;
mod server_stall;
mod statistics;
mod stencil;
mod transform;
mod transform_setup;
mod transform_stages;
mod twin_experiment;

use crate::Entry;

/// All of them, in the order of `list`.
pub const ALL: [Entry; 30] = [
    machine::ENTRY,
    stencil::ENTRY,
    pointwise::ENTRY,
    divergence::ENTRY,
    reduction::ENTRY,
    transform::ENTRY,
    transform_setup::ENTRY,
    transform_stages::ENTRY,
    distributed_transform::ENTRY,
    messages::ENTRY,
    ring_fourier::ENTRY,
    model_step::ENTRY,
    primitive_equations::ENTRY,
    distributed_model::ENTRY,
    primitive_derivative::ENTRY,
    semi_lagrangian::ENTRY,
    math::ENTRY,
    launch::ENTRY,
    eigen::ENTRY,
    local_analysis::ENTRY,
    minimisation::ENTRY,
    twin_experiment::ENTRY,
    grib2::ENTRY,
    grib2_device::ENTRY,
    netcdf4::ENTRY,
    plan::ENTRY,
    statistics::ENTRY,
    hash::ENTRY,
    server_stall::ENTRY,
    output_server::ENTRY,
];
