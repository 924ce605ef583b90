// One workgroup sums one chunk of rows for a tile of columns over all latitude pairs. The functions of 32 pairs are a panel in
// workgroup memory that all columns use. An invocation holds 4 steps, even and odd, of one column; where columns are few, the
// pairs are split among invocations and the parts added at the end, always in the same order.

struct Arguments {
    extent_0: u32,
    extent_1: u32,
    extent_2: u32,
    columns: u32,
    pairs: u32,
}
@group(0) @binding(0) var<storage, read> arguments_: Arguments;
@group(0) @binding(1) var<storage, read> wavenumber: array<u32>;
@group(0) @binding(2) var<storage, read> first_row: array<u32>;
@group(0) @binding(3) var<storage, read> factors: array<real>;
@group(0) @binding(4) var<storage, read> latitudes: array<real>;
@group(0) @binding(5) var<storage, read> start: array<u32>;
@group(0) @binding(6) var<storage, read> first_pair: array<u32>;
@group(0) @binding(7) var<storage, read> restarts: array<real>;
@group(0) @binding(8) var<storage, read> waves: array<real>;
@group(0) @binding(9) var<storage, read_write> output_0: array<real>;

// [pair][even, odd][four steps each], and [pair][column]; 16 KiB together in f64.
var<workgroup> panel: array<array<real, 4>, 256>;
var<workgroup> shared_waves: array<vec4<real>, 256>;

@compute @workgroup_size(256)
fn legendre_analysis_entry(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
    @builtin(num_workgroups) workgroups: vec3<u32>,
) {
    let columns = arguments_.columns;
    let pairs = arguments_.pairs;
    var width = 1u;
    while (width < columns && width < 64u) {
        width *= 2u;
    }
    let splits = 64u / width;
    let depth = min(32u, 4u * splits);
    let quarter = local % 4u;
    let lane = local / 4u % width;
    let split = local / 4u / width;
    let column_tiles = (columns + width - 1u) / width;
    let tiles = arguments_.extent_0 / 32u * column_tiles;
    let all = workgroups.x * workgroups.y;
    for (var tile = workgroup.x + workgroup.y * workgroups.x; tile < tiles; tile += all) {
        let chunk = tile / column_tiles;
        let first_column = tile % column_tiles * width;
        let m = wavenumber[chunk * 32u];
        let step = (chunk * 32u - first_row[m]) / 2u;
        // By step: even re, even im, odd re, odd im.
        var sums: array<vec4<real>, 4>;
        for (var k = 0u; k < 4u; k++) {
            sums[k] = vec4<real>(real(0.0));
        }
        for (var tile_pair = first_pair[chunk] / 32u * 32u; tile_pair < pairs; tile_pair += 32u) {
            workgroupBarrier();
            if (local < 64u) {
                let parity = local % 2u;
                let pair = tile_pair + local / 2u;
                let known = min(pair, pairs - 1u);
                let argument = latitudes[3u * known];
                let sign_of = latitudes[3u * known + 2u];
                let offset = select(1u, 2u, sign_of > real(0.0));
                var power = real(1.0);
                if (parity == 1u) {
                    power = latitudes[3u * known + 1u];
                }
                let skipped = select(max(start[m * pairs + known], step) - step, 16u, pair >= pairs);
                let restart = (chunk * pairs + known) * 4u + 2u * parity;
                var difference = restarts[restart];
                var function = restarts[restart + 1u];
                for (var k = 0u; k < 16u; k++) {
                    var value = real(0.0);
                    if (k >= skipped) {
                        value = power * function;
                        let factor = (chunk * 32u + 2u * k + parity) * 3u;
                        difference -= (factors[factor] * argument + factors[factor + offset]) * function;
                        function += difference;
                    }
                    panel[local * 4u + k / 4u][k % 4u] = value;
                    power *= sign_of;
                }
            }
            // Tile by tile, so that rounding grows with the number of tiles alone.
            var tile_sums: array<vec4<real>, 4>;
            for (var k = 0u; k < 4u; k++) {
                tile_sums[k] = vec4<real>(real(0.0));
            }
            for (var first = 0u; first < 32u && tile_pair + first < pairs; first += depth) {
                workgroupBarrier();
                for (var i = local; i < depth * width; i += 256u) {
                    let pair = tile_pair + first + i % depth;
                    let column = first_column + i / depth;
                    var four = vec4<real>(real(0.0));
                    if (pair < pairs && column < columns) {
                        let at = ((m * columns + column) * pairs + pair) * 4u;
                        four = vec4<real>(waves[at], waves[at + 1u], waves[at + 2u], waves[at + 3u]);
                    }
                    shared_waves[i % depth * width + i / depth] = four;
                }
                workgroupBarrier();
                for (var pair = split; pair < depth; pair += splits) {
                    let wave = shared_waves[pair * width + lane];
                    let even = (first + pair) * 8u + quarter;
                    for (var k = 0u; k < 4u; k++) {
                        tile_sums[k] += vec4<real>(vec2<real>(panel[even][k]), vec2<real>(panel[even + 4u][k])) * wave;
                    }
                }
            }
            for (var k = 0u; k < 4u; k++) {
                sums[k] += tile_sums[k];
            }
        }
        let column = first_column + lane;
        for (var k = 0u; k < 4u; k++) {
            workgroupBarrier();
            shared_waves[local] = sums[k];
            workgroupBarrier();
            if (split == 0u && column < columns) {
                var sum = vec4<real>(real(0.0));
                for (var i = 0u; i < splits; i++) {
                    sum += shared_waves[local + i * 4u * width];
                }
                let even = (chunk * 32u + 2u * (4u * quarter + k)) * 2u * columns + column;
                output_0[even] = sum.x;
                output_0[even + columns] = sum.y;
                output_0[even + 2u * columns] = sum.z;
                output_0[even + 3u * columns] = sum.w;
            }
        }
    }
}
