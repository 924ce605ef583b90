// One block sums one chunk of rows for a tile of columns over all latitude pairs. The functions of 64 pairs are a panel in
// shared memory that all columns use. A thread holds 4 steps, even and odd, of one column; where columns are few, the pairs
// are split among threads and the parts added at the end, always in the same order.

struct alignas(4 * sizeof(real)) Four {
    real at[4];
};

__device__ inline float fused(float a, float b, float c) { return fmaf(a, b, c); }
__device__ inline double fused(double a, double b, double c) { return fma(a, b, c); }

extern "C" __global__ void __launch_bounds__(256) legendre_analysis_entry(
    u32 extent_0, u32 extent_1, u32 extent_2, u32 columns, u32 pairs, const u32* __restrict__ wavenumber,
    const u32* __restrict__ first_row, const real* __restrict__ factors, const real* __restrict__ arguments,
    const u32* __restrict__ start, const u32* __restrict__ first_pair, const real* __restrict__ restarts,
    const real* __restrict__ waves, real* __restrict__ output_0) {
    // Panel [pair][8 and 1 for fewer bank conflicts] of four steps each: even, then odd; waves [pair][column, and 1 more].
    __shared__ Four panel[64 * 9];
    __shared__ Four shared_waves[576];
    real* const partial = &shared_waves[0].at[0];
    u32 width = 1;
    while (width < columns && width < 64) width *= 2;
    const u32 splits = 64 / width, depth = minimum(64u, 8 * splits);
    const u32 quarter = threadIdx.x % 4, lane = threadIdx.x / 4 % width, split = threadIdx.x / 4 / width;
    const u32 column_tiles = (columns + width - 1) / width;
    for (u32 tile = blockIdx.x; tile < extent_0 / 32 * column_tiles; tile += gridDim.x) {
        const u32 chunk = tile / column_tiles, first_column = tile % column_tiles * width;
        const u32 m = wavenumber[chunk * 32];
        const u32 step = (chunk * 32 - first_row[m]) / 2;
        // [step][even re, even im, odd re, odd im]
        real sums[4][4] = {};
        for (u32 tile_pair = first_pair[chunk] / 64 * 64; tile_pair < pairs; tile_pair += 64) {
            __syncthreads();
            if (threadIdx.x < 128) {
                const u32 parity = threadIdx.x % 2, pair = tile_pair + threadIdx.x / 2;
                const u32 known = minimum(pair, pairs - 1);
                const real argument = arguments[3 * known], sign = arguments[3 * known + 2];
                const real scale = parity ? arguments[3 * known + 1] : real(1);
                const u32 offset = sign > 0 ? 2 : 1, first_step = start[m * pairs + known];
                const u32 skipped = pair >= pairs ? 16 : first_step > step ? first_step - step : 0;
                const real* from = restarts + (chunk * pairs + known) * 4 + 2 * parity;
                real difference = from[0], function = from[1];
                real* const to = panel[threadIdx.x / 2 * 9 + 4 * parity].at;
#pragma unroll
                for (u32 k = 0; k < 16; ++k) {
                    const bool matters = k >= skipped;
                    to[k] = matters ? scale * (k % 2 ? sign * function : function) : real(0);
                    const real* factor = factors + (chunk * 32 + 2 * k + parity) * 3;
                    const real delta = fused(factor[0], argument, factor[offset]);
                    if (matters) {
                        difference = fused(-delta, function, difference);
                        function += difference;
                    }
                }
            }
            // Tile by tile, so that rounding grows with the number of tiles alone.
            real tile_sums[4][4] = {};
            for (u32 first = 0; first < 64 && tile_pair + first < pairs; first += depth) {
                __syncthreads();
                for (u32 i = threadIdx.x; i < depth * width; i += 256) {
                    const u32 pair = tile_pair + first + i % depth, column = first_column + i / depth;
                    Four four = {};
                    if (pair < pairs && column < columns) {
                        four = reinterpret_cast<const Four*>(waves)[(m * columns + column) * pairs + pair];
                    }
                    shared_waves[i % depth * (width + 1) + i / depth] = four;
                }
                __syncthreads();
#pragma unroll 2
                for (u32 pair = split; pair < depth; pair += splits) {
                    const Four even = panel[(first + pair) * 9 + quarter];
                    const Four odd = panel[(first + pair) * 9 + 4 + quarter];
                    const Four wave = shared_waves[pair * (width + 1) + lane];
#pragma unroll
                    for (u32 k = 0; k < 4; ++k) {
                        tile_sums[k][0] = fused(even.at[k], wave.at[0], tile_sums[k][0]);
                        tile_sums[k][1] = fused(even.at[k], wave.at[1], tile_sums[k][1]);
                        tile_sums[k][2] = fused(odd.at[k], wave.at[2], tile_sums[k][2]);
                        tile_sums[k][3] = fused(odd.at[k], wave.at[3], tile_sums[k][3]);
                    }
                }
            }
#pragma unroll
            for (u32 k = 0; k < 4; ++k) {
#pragma unroll
                for (u32 part = 0; part < 4; ++part) sums[k][part] += tile_sums[k][part];
            }
        }
        const u32 column = first_column + lane;
#pragma unroll
        for (u32 k = 0; k < 4; ++k) {
            __syncthreads();
#pragma unroll
            for (u32 part = 0; part < 4; ++part) partial[threadIdx.x * 4 + part] = sums[k][part];
            __syncthreads();
            if (split == 0 && column < columns) {
                for (u32 part = 0; part < 4; ++part) {
                    real sum = 0;
                    for (u32 i = 0; i < splits; ++i) sum += partial[(threadIdx.x + i * 4 * width) * 4 + part];
                    const u32 row = chunk * 32 + 2 * (4 * quarter + k) + part / 2;
                    output_0[(2 * row + part % 2) * columns + column] = sum;
                }
            }
        }
    }
}
