// Writes two words in turn: a 4-byte value twice, or the halves of an 8-byte value.

struct Arguments {
    words: u32,
    even: u32,
    odd: u32,
}

@group(0) @binding(0) var<storage, read> arguments: Arguments;
@group(0) @binding(1) var<storage, read_write> values: array<u32>;

@compute @workgroup_size(256)
fn fill_entry(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = id.x + id.y * (groups.x * 256u);
    if index >= arguments.words {
        return;
    }
    values[index] = select(arguments.even, arguments.odd, (index & 1u) == 1u);
}
