// An invocation makes all 4 parts of one wavenumber and pair. Neighbouring invocations have neighbouring wavenumbers, 8 of
// them, then neighbouring pairs, so that neither the lines are read nor the waves written in pieces smaller than 32 bytes.

struct Arguments {
    extent_0: u32,
    extent_1: u32,
    extent_2: u32,
    extent_3: u32,
    smooth_elements: u32,
    convolved_elements: u32,
}
@group(0) @binding(0) var<storage, read> arguments_: Arguments;
@group(0) @binding(1) var<storage, read> pairs: array<u32>;
@group(0) @binding(2) var<storage, read> chirps: array<real>;
@group(0) @binding(3) var<storage, read> factor: array<real>;
@group(0) @binding(4) var<storage, read> smooth_re: array<real>;
@group(0) @binding(5) var<storage, read> smooth_im: array<real>;
@group(0) @binding(6) var<storage, read> convolved_re: array<real>;
@group(0) @binding(7) var<storage, read> convolved_im: array<real>;
@group(0) @binding(8) var<storage, read_write> output_0: array<real>;

/// One element of a line, convolved ones turned by their chirp.
fn element(place: u32, column: u32, convolved: bool) -> vec2<real> {
    if (convolved) {
        let at = column * arguments_.convolved_elements + place;
        let cosine = chirps[2u * place];
        let sine = -chirps[2u * place + 1u];
        return vec2<real>(
            convolved_re[at] * cosine - convolved_im[at] * sine,
            convolved_re[at] * sine + convolved_im[at] * cosine,
        );
    }
    let at = column * arguments_.smooth_elements + place;
    return vec2<real>(smooth_re[at], smooth_im[at]);
}

@compute @workgroup_size(256)
fn waves_from_lines_entry(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
    @builtin(num_workgroups) workgroups: vec3<u32>,
) {
    let columns = arguments_.extent_1;
    let pair_tiles = (arguments_.extent_2 + 31u) / 32u;
    let tiles = (arguments_.extent_0 + 7u) / 8u * columns * pair_tiles;
    let all = workgroups.x * workgroups.y;
    for (var tile = workgroup.x + workgroup.y * workgroups.x; tile < tiles; tile += all) {
        let column = tile / pair_tiles % columns;
        let m = tile / (pair_tiles * columns) * 8u + local % 8u;
        let pair = tile % pair_tiles * 32u + local / 8u;
        if (m >= arguments_.extent_0 || pair >= arguments_.extent_2) {
            continue;
        }
        var even = vec2<real>(real(0.0));
        var odd = vec2<real>(real(0.0));
        if (m < pairs[8u * pair + 3u]) {
            let first = pairs[8u * pair + 5u];
            let convolved = pairs[8u * pair + 4u] == 1u;
            let here = element(first + m, column, convolved);
            let there = element(first + select(0u, pairs[8u * pair] - m, m > 0u), column, convolved);
            // The line is north + i south, so that twice north is here + conjugate there.
            let north = vec2<real>(here.x + there.x, here.y - there.y);
            let south = vec2<real>(here.y + there.y, there.x - here.x);
            let half = real(0.5) * factor[2u * pair + min(m, 1u)];
            even = half * (north + south);
            odd = half * (north - south);
        }
        let at = ((m * columns + column) * arguments_.extent_2 + pair) * 4u;
        output_0[at] = even.x;
        output_0[at + 1u] = even.y;
        output_0[at + 2u] = odd.x;
        output_0[at + 3u] = odd.y;
    }
}
