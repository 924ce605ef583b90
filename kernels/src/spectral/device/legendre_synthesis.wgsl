// One workgroup sums one wavenumber for a tile of latitude pairs and columns, 2 pairs and 4 columns an invocation. The
// coefficients of a chunk of rows are shared by all pairs; the functions of a pair are made anew for every 4 columns and never
// stored.

struct Arguments {
    extent_0: u32,
    extent_1: u32,
    extent_2: u32,
    extent_3: u32,
    columns: u32,
    pairs: u32,
}
@group(0) @binding(0) var<storage, read> arguments_: Arguments;
@group(0) @binding(1) var<storage, read> first_row: array<u32>;
@group(0) @binding(2) var<storage, read> factors: array<real>;
@group(0) @binding(3) var<storage, read> latitudes: array<real>;
@group(0) @binding(4) var<storage, read> start: array<u32>;
@group(0) @binding(5) var<storage, read> first_pair: array<u32>;
@group(0) @binding(6) var<storage, read> restarts: array<real>;
@group(0) @binding(7) var<storage, read> rows: array<real>;
@group(0) @binding(8) var<storage, read_write> output_0: array<real>;

// [row of the chunk][re, im][group of columns], and [row][3].
var<workgroup> coefficients: array<vec4<real>, 512>;
var<workgroup> factor: array<real, 96>;

@compute @workgroup_size(256)
fn legendre_synthesis_entry(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
    @builtin(num_workgroups) workgroups: vec3<u32>,
) {
    let columns = arguments_.columns;
    let pairs = arguments_.pairs;
    // As many groups of 4 columns as are of use, the other invocations for more pairs.
    var groups = 1u;
    while (4u * groups < columns && groups < 8u) {
        groups *= 2u;
    }
    let lanes = 256u / groups;
    let lane = local % lanes;
    let group = local / lanes;
    let column_tiles = (columns + 4u * groups - 1u) / (4u * groups);
    let pair_tiles = (pairs + 2u * lanes - 1u) / (2u * lanes);
    let tiles = arguments_.extent_0 * column_tiles * pair_tiles;
    let all = workgroups.x * workgroups.y;
    for (var tile = workgroup.x + workgroup.y * workgroups.x; tile < tiles; tile += all) {
        let m = tile / (column_tiles * pair_tiles);
        let first_column = tile / pair_tiles % column_tiles * 4u * groups;
        let tile_pair = tile % pair_tiles * 2u * lanes;
        let last_pair = min(pairs, tile_pair + 2u * lanes) - 1u;
        let begin = first_row[m];
        let end = first_row[m + 1u];
        var known: array<u32, 2>;
        var first_step: array<u32, 2>;
        var argument: array<real, 2>;
        var sign_of: array<real, 2>;
        var offset: array<u32, 2>;
        for (var p = 0u; p < 2u; p++) {
            // Lanes behind the last pair repeat it and write nothing.
            known[p] = min(tile_pair + lane + p * lanes, pairs - 1u);
            first_step[p] = start[m * pairs + known[p]];
            argument[p] = latitudes[3u * known[p]];
            sign_of[p] = latitudes[3u * known[p] + 2u];
            offset[p] = select(1u, 2u, sign_of[p] > real(0.0));
        }
        // [pair][even re, even im, odd re, odd im] of 4 columns
        var sums: array<vec4<real>, 8>;
        for (var i = 0u; i < 8u; i++) {
            sums[i] = vec4<real>(real(0.0));
        }
        for (var chunk = begin / 32u; chunk < end / 32u; chunk++) {
            if (first_pair[chunk] > last_pair) {
                continue;
            }
            workgroupBarrier();
            for (var i = local; i < 64u * groups; i += 256u) {
                let column = first_column + 4u * (i % groups);
                var four = vec4<real>(real(0.0));
                for (var c = 0u; c < 4u; c++) {
                    if (column + c < columns) {
                        four[c] = rows[(chunk * 64u + i / groups) * columns + column + c];
                    }
                }
                coefficients[i] = four;
            }
            if (local < 96u) {
                factor[local] = factors[chunk * 96u + local];
            }
            workgroupBarrier();
            let step = (chunk * 32u - begin) / 2u;
            for (var parity = 0u; parity < 2u; parity++) {
                for (var p = 0u; p < 2u; p++) {
                    let restart = (chunk * pairs + known[p]) * 4u + 2u * parity;
                    var difference = restarts[restart];
                    var function = restarts[restart + 1u];
                    var re = vec4<real>(real(0.0));
                    var im = vec4<real>(real(0.0));
                    var power = real(1.0);
                    let skipped = max(first_step[p], step) - step;
                    for (var k = 0u; k < 16u; k++) {
                        let row = 2u * k + parity;
                        if (k >= skipped) {
                            let value = vec4<real>(power * function);
                            re += coefficients[2u * row * groups + group] * value;
                            im += coefficients[(2u * row + 1u) * groups + group] * value;
                            difference -= (factor[3u * row] * argument[p] + factor[3u * row + offset[p]]) * function;
                            function += difference;
                        }
                        power *= sign_of[p];
                    }
                    sums[4u * p + 2u * parity] += re;
                    sums[4u * p + 2u * parity + 1u] += im;
                }
            }
        }
        for (var p = 0u; p < 2u; p++) {
            let pair = tile_pair + lane + p * lanes;
            let sine = latitudes[3u * known[p] + 1u];
            for (var c = 0u; c < 4u; c++) {
                let column = first_column + 4u * group + c;
                if (pair < pairs && column < columns) {
                    let at = ((m * columns + column) * pairs + pair) * 4u;
                    output_0[at] = sums[4u * p][c];
                    output_0[at + 1u] = sums[4u * p + 1u][c];
                    output_0[at + 2u] = sine * sums[4u * p + 2u][c];
                    output_0[at + 3u] = sine * sums[4u * p + 3u][c];
                }
            }
        }
    }
}
