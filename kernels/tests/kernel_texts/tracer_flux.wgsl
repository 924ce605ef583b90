struct Arguments {
    extent_0: u32,
    extent_1: u32,
    levels: u32,
    floor_: real,
    periodic: u32,
}
@group(0) @binding(0) var<storage, read> arguments: Arguments;
@group(0) @binding(1) var<storage, read> neighbours: array<u32>;
@group(0) @binding(2) var<storage, read> tracer: array<real>;
@group(0) @binding(3) var<storage, read_write> output_0: array<real>;
@group(0) @binding(4) var<storage, read_write> output_1: array<i32>;

struct tracer_flux_values {
    v0: real,
    v1: i32,
}

// Upwind flux of a tracer through the faces of a column.
fn tracer_flux(column: u32, level: u32, levels: u32, floor_: real, periodic: bool) -> tracer_flux_values {
    let base: u32 = column * levels;
    let values = reconstructed(tracer[base + level], tracer[base]);
    let value: real = values.v0;
    let slope: real = values.v1;
    var flux: real = maximum_real(value, floor_);
    for (var j: u32 = 0u; j < levels - 1u; j++) {
        let other: u32 = neighbours[column * 2u + j % 2u];
        var weight: real;
        if (other < column) {
            weight = tracer[other];
        } else {
            weight = real(0.25);
        }
        if (weight > real(1.0) && (periodic || level > 0u)) {
            flux += weight * (slope - (value - real(1.0)));
        } else if (!periodic) {
            flux = -flux / (weight + real(2.0));
        } else {
            flux -= exp_real(minmod(weight, slope));
        }
    }
    return tracer_flux_values(flux, to_i32_real(flux * real(100.0)));
}

@compute @workgroup_size(256)
fn tracer_flux_entry(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let flat = id.x + id.y * (groups.x * 256u);
    if (flat >= arguments.extent_0 * arguments.extent_1) {
        return;
    }
    let level = flat % arguments.extent_1;
    let column = flat / arguments.extent_1;
    let outputs = tracer_flux(column, level, arguments.levels, arguments.floor_, arguments.periodic != 0u);
    output_0[flat] = outputs.v0;
    output_1[flat] = outputs.v1;
}
