// A workgroup holds as many pieces as have room, `group` invocations each, and makes all passes before it writes. An element is
// the sum over one factor; each invocation keeps 4 of them until all have read.

struct Arguments {
    extent_0: u32,
    extent_1: u32,
    elements: u32,
    piece_count: u32,
    group: u32,
    passes: u32,
    direction: real,
}
@group(0) @binding(0) var<storage, read> arguments_: Arguments;
@group(0) @binding(1) var<storage, read> pair_of: array<u32>;
@group(0) @binding(2) var<storage, read> pairs: array<u32>;
@group(0) @binding(3) var<storage, read> split: array<u32>;
@group(0) @binding(4) var<storage, read> pieces: array<u32>;
@group(0) @binding(5) var<storage, read> roots: array<real>;
@group(0) @binding(6) var<storage, read> re: array<real>;
@group(0) @binding(7) var<storage, read> im: array<real>;
@group(0) @binding(8) var<storage, read_write> output_0: array<real>;
@group(0) @binding(9) var<storage, read_write> output_1: array<real>;

var<workgroup> shared_lines: array<vec2<real>, 1024>;

@compute @workgroup_size(256)
fn subline_transform_entry(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
    @builtin(num_workgroups) workgroups: vec3<u32>,
) {
    let group = arguments_.group;
    let piece_count = arguments_.piece_count;
    let lane = local % group;
    let place = local / group;
    let places = 256u / group;
    let line = place * 4u * group;
    let tiles = (piece_count + places - 1u) / places;
    let all = workgroups.x * workgroups.y;
    for (var tile = workgroup.x + workgroup.y * workgroups.x; tile < arguments_.extent_0 * tiles; tile += all) {
        let piece = tile % tiles * places + place;
        let known = min(piece, piece_count - 1u);
        let pair = pieces[2u * known];
        let part = pieces[2u * known + 1u];
        let length = pairs[8u * pair + 6u];
        let root = pairs[8u * pair + 7u];
        let parts = split[2u * pair];
        let factors = split[2u * pair + 1u];
        // Invocations without a piece take part in the barriers alone.
        let count = select(0u, length / parts, piece < piece_count);
        let first = tile / tiles * arguments_.elements + pairs[8u * pair + 5u];
        workgroupBarrier();
        for (var i = lane; i < count; i += group) {
            let at = first + part * count + i;
            shared_lines[line + i] = vec2<real>(re[at], im[at]);
        }
        var done = 1u;
        var stride = count;
        for (var pass_ = 0u; pass_ < arguments_.passes; pass_++) {
            workgroupBarrier();
            let radix = (factors >> (8u * pass_)) & 255u;
            stride /= radix;
            var sums: array<vec2<real>, 4>;
            for (var e = 0u; e < 4u; e++) {
                let at = lane + e * group;
                var sum = vec2<real>(real(0.0));
                if (at < count) {
                    let k = at / stride;
                    let turn = (part + parts * k) * stride;
                    var position = line + k % done * radix * stride + at - k * stride;
                    var phase = 0u;
                    for (var c = 0u; c < radix; c++) {
                        let value = shared_lines[position];
                        let cosine = roots[2u * (root + phase)];
                        let sine = arguments_.direction * roots[2u * (root + phase) + 1u];
                        sum += vec2<real>(value.x * cosine - value.y * sine, value.x * sine + value.y * cosine);
                        position += stride;
                        phase += turn;
                        if (phase >= length) {
                            phase -= length;
                        }
                    }
                }
                sums[e] = sum;
            }
            workgroupBarrier();
            for (var e = 0u; e < 4u; e++) {
                let at = lane + e * group;
                if (at < count) {
                    if (pass_ + 1u < arguments_.passes) {
                        shared_lines[line + at] = sums[e];
                    } else {
                        output_0[first + part + parts * at] = sums[e].x;
                        output_1[first + part + parts * at] = sums[e].y;
                    }
                }
            }
            done *= radix;
        }
    }
}
