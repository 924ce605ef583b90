// One block sums one wavenumber for a tile of latitude pairs and columns, 2 pairs and 4 columns a thread. The coefficients of a
// chunk of rows are shared by all pairs; the functions of a pair are made anew for every 4 columns and never stored.

struct alignas(4 * sizeof(real)) Four {
    real at[4];
};

__device__ inline float fused(float a, float b, float c) { return fmaf(a, b, c); }
__device__ inline double fused(double a, double b, double c) { return fma(a, b, c); }

extern "C" __global__ void __launch_bounds__(256) legendre_synthesis_entry(
    u32 extent_0, u32 extent_1, u32 extent_2, u32 extent_3, u32 columns, u32 pairs, const u32* __restrict__ first_row,
    const real* __restrict__ factors, const real* __restrict__ arguments, const u32* __restrict__ start,
    const u32* __restrict__ first_pair, const real* __restrict__ restarts, const real* __restrict__ rows,
    real* __restrict__ output_0) {
    // [row of the chunk][re, im][group of columns], and [row][3].
    __shared__ Four coefficients[32 * 2 * 8];
    __shared__ real factor[32 * 3];
    // As many groups of 4 columns as are of use, the other threads for more pairs.
    u32 groups = 1;
    while (4 * groups < columns && groups < 8) groups *= 2;
    const u32 lanes = 256 / groups;
    const u32 lane = threadIdx.x % lanes, group = threadIdx.x / lanes;
    const u32 column_tiles = (columns + 4 * groups - 1) / (4 * groups);
    const u32 pair_tiles = (pairs + 2 * lanes - 1) / (2 * lanes);
    for (u32 tile = blockIdx.x; tile < extent_0 * column_tiles * pair_tiles; tile += gridDim.x) {
        const u32 m = tile / (column_tiles * pair_tiles);
        const u32 first_column = tile / pair_tiles % column_tiles * 4 * groups;
        const u32 tile_pair = tile % pair_tiles * 2 * lanes;
        const u32 last_pair = minimum(pairs, tile_pair + 2 * lanes) - 1;
        const u32 begin = first_row[m], end = first_row[m + 1];
        u32 pair[2], offset[2], first_step[2];
        real argument[2], sine[2], sign[2];
#pragma unroll
        for (u32 p = 0; p < 2; ++p) {
            pair[p] = tile_pair + lane + p * lanes;
            // Lanes behind the last pair repeat it and write nothing.
            const u32 known = minimum(pair[p], pairs - 1);
            argument[p] = arguments[3 * known];
            sine[p] = arguments[3 * known + 1];
            sign[p] = arguments[3 * known + 2];
            offset[p] = sign[p] > 0 ? 2 : 1;
            first_step[p] = start[m * pairs + known];
        }
        // [pair][even re, even im, odd re, odd im][column]
        real sums[2][4][4] = {};
        for (u32 chunk = begin / 32; chunk < end / 32; ++chunk) {
            if (first_pair[chunk] > last_pair) continue;
            __syncthreads();
            for (u32 i = threadIdx.x; i < 64 * groups; i += 256) {
                const u32 column = first_column + 4 * (i % groups);
                const real* from = rows + (chunk * 64 + i / groups) * columns + column;
                Four four;
                for (u32 c = 0; c < 4; ++c) four.at[c] = column + c < columns ? from[c] : real(0);
                coefficients[i] = four;
            }
            for (u32 i = threadIdx.x; i < 96; i += 256) factor[i] = factors[chunk * 96 + i];
            __syncthreads();
            const u32 step = (chunk * 32 - begin) / 2;
            for (u32 parity = 0; parity < 2; ++parity) {
                real difference[2], function[2];
                u32 skipped[2];
                // Chunk by chunk, so that rounding grows with the number of chunks alone.
                real partial[2][2][4] = {};
#pragma unroll
                for (u32 p = 0; p < 2; ++p) {
                    const real* from = restarts + (chunk * pairs + minimum(pair[p], pairs - 1)) * 4 + 2 * parity;
                    difference[p] = from[0];
                    function[p] = from[1];
                    skipped[p] = first_step[p] > step ? first_step[p] - step : 0;
                }
#pragma unroll
                for (u32 k = 0; k < 16; ++k) {
                    const u32 row = 2 * k + parity;
                    const Four re = coefficients[2 * row * groups + group];
                    const Four im = coefficients[(2 * row + 1) * groups + group];
#pragma unroll
                    for (u32 p = 0; p < 2; ++p) {
                        const bool matters = k >= skipped[p];
                        const real value = matters ? (k % 2 ? sign[p] * function[p] : function[p]) : real(0);
#pragma unroll
                        for (u32 c = 0; c < 4; ++c) {
                            partial[p][0][c] = fused(re.at[c], value, partial[p][0][c]);
                            partial[p][1][c] = fused(im.at[c], value, partial[p][1][c]);
                        }
                        const real delta = fused(factor[3 * row], argument[p], factor[3 * row + offset[p]]);
                        if (matters) {
                            difference[p] = fused(-delta, function[p], difference[p]);
                            function[p] += difference[p];
                        }
                    }
                }
#pragma unroll
                for (u32 p = 0; p < 2; ++p) {
#pragma unroll
                    for (u32 part = 0; part < 2; ++part) {
#pragma unroll
                        for (u32 c = 0; c < 4; ++c) {
                            // Both places are known to the compiler, so that the sums stay in registers.
                            if (parity == 0) {
                                sums[p][part][c] += partial[p][part][c];
                            } else {
                                sums[p][2 + part][c] += partial[p][part][c];
                            }
                        }
                    }
                }
            }
        }
#pragma unroll
        for (u32 p = 0; p < 2; ++p) {
#pragma unroll
            for (u32 c = 0; c < 4; ++c) {
                const u32 column = first_column + 4 * group + c;
                if (pair[p] >= pairs || column >= columns) continue;
                Four four;
#pragma unroll
                for (u32 part = 0; part < 4; ++part) {
                    four.at[part] = part < 2 ? sums[p][part][c] : sine[p] * sums[p][part][c];
                }
                reinterpret_cast<Four*>(output_0)[(m * columns + column) * pairs + pair[p]] = four;
            }
        }
    }
}
