struct Arguments {
    extent_0: u32,
    extent_1: u32,
    points_: u32,
}
@group(0) @binding(0) var<storage, read> arguments: Arguments;
@group(0) @binding(1) var<storage, read> thickness: array<real>;
@group(0) @binding(2) var<storage, read_write> output_0: array<real>;

// Height of the surface under each level: a sum from the last level up, with no value at the levels.
fn height(level: u32, point_: u32, below: real, points_: u32) -> real {
    return below + thickness[level * points_ + point_];
}

@compute @workgroup_size(256)
fn height_entry(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let flat = id.x + id.y * (groups.x * 256u);
    if (flat >= arguments.extent_1) {
        return;
    }
    let point_ = flat;
    var below: real = real(0);
    for (var remaining = arguments.extent_0; remaining > 0u; remaining--) {
        let level = remaining - 1u;
        below = height(level, point_, below, arguments.points_);
    }
    output_0[flat] = below;
}
