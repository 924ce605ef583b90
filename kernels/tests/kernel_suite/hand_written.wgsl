struct Arguments {
    extent_0: u32,
    n: u32,
}
@group(0) @binding(0) var<storage, read> arguments: Arguments;
@group(0) @binding(1) var<storage, read> x: array<real>;
@group(0) @binding(2) var<storage, read_write> output_0: array<real>;

var<workgroup> shared_values: array<real, 256>;

@compute @workgroup_size(256)
fn block_sum_entry(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let flat = id.x + id.y * (groups.x * 256u);
    shared_values[local] = x[min(flat, arguments.extent_0 - 1u)];
    workgroupBarrier();
    if (flat >= arguments.extent_0) {
        return;
    }
    let first = local / arguments.n * arguments.n;
    var sum = real(0.0);
    for (var j = 0u; j < arguments.n; j++) {
        sum += shared_values[first + j];
    }
    output_0[flat] = sum;
}
