struct Arguments {
    extent_0: u32,
    extent_1: u32,
    extent_2: u32,
    members: u32,
    points_: u32,
    evaporated: real,
}
@group(0) @binding(0) var<storage, read> arguments: Arguments;
@group(0) @binding(1) var<storage, read> condensed: array<real>;
@group(0) @binding(2) var<storage, read_write> output_0: array<real>;
@group(0) @binding(3) var<storage, read_write> output_1: array<real>;
@group(0) @binding(4) var<storage, read_write> output_2: array<u32>;

struct precipitation_values {
    v0: real,
    v1: real,
    v2: u32,
}

// Precipitation that falls through each level, and the levels that it wets.
fn precipitation(
    level: u32,
    member: u32,
    point_: u32,
    falling: real,
    wet: u32,
    members: u32,
    points_: u32,
    evaporated: real,
) -> precipitation_values {
    let here: u32 = (level * members + member) * points_ + point_;
    let below: real = maximum_real(falling + condensed[here] - evaporated, real(0.0));
    return precipitation_values(falling, below, select(wet, wet + 1u, below > real(0.0)));
}

@compute @workgroup_size(256)
fn precipitation_entry(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let flat = id.x + id.y * (groups.x * 256u);
    if (flat >= arguments.extent_1 * arguments.extent_2) {
        return;
    }
    let point_ = flat % arguments.extent_2;
    let member = flat / arguments.extent_2;
    var falling: real = real(0);
    var wet: u32 = u32(0);
    for (var level = 0u; level < arguments.extent_0; level++) {
        let outputs = precipitation(
            level,
            member,
            point_,
            falling,
            wet,
            arguments.members,
            arguments.points_,
            arguments.evaporated,
        );
        output_0[level * (arguments.extent_1 * arguments.extent_2) + flat] = outputs.v0;
        falling = outputs.v1;
        wet = outputs.v2;
    }
    output_1[flat] = falling;
    output_2[flat] = wet;
}
