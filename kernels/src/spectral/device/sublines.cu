// A block holds as many pieces as have room, `group` threads each, and makes all passes before it writes. An element is the sum
// over one factor; each thread keeps 4 of them until all have read.

struct alignas(2 * sizeof(real)) Complex {
    real re, im;
};

__device__ inline float fused(float a, float b, float c) { return fmaf(a, b, c); }
__device__ inline double fused(double a, double b, double c) { return fma(a, b, c); }

extern "C" __global__ void __launch_bounds__(256) subline_transform_entry(
    u32 extent_0, u32 extent_1, u32 elements, u32 piece_count, u32 group, u32 passes, real direction,
    const u32* __restrict__ pair_of, const u32* __restrict__ pairs, const u32* __restrict__ split,
    const u32* __restrict__ pieces, const real* __restrict__ roots, const real* __restrict__ re,
    const real* __restrict__ im, real* __restrict__ output_0, real* __restrict__ output_1) {
    __shared__ Complex shared_lines[1024];
    const u32 lane = threadIdx.x % group, place = threadIdx.x / group, places = 256 / group;
    Complex* const line = shared_lines + place * 4 * group;
    const u32 tiles = (piece_count + places - 1) / places;
    for (u32 tile = blockIdx.x; tile < extent_0 * tiles; tile += gridDim.x) {
        const u32 piece = tile % tiles * places + place;
        const u32 known = minimum(piece, piece_count - 1);
        const u32 pair = pieces[2 * known], part = pieces[2 * known + 1];
        const u32 length = pairs[8 * pair + 6], parts = split[2 * pair], factors = split[2 * pair + 1];
        const Complex* const root = reinterpret_cast<const Complex*>(roots) + pairs[8 * pair + 7];
        // Threads without a piece take part in the barriers alone.
        const u32 count = piece < piece_count ? length / parts : 0;
        const u32 first = tile / tiles * elements + pairs[8 * pair + 5];
        __syncthreads();
        for (u32 i = lane; i < count; i += group) {
            line[i] = {re[first + part * count + i], im[first + part * count + i]};
        }
        u32 done = 1, stride = count;
        for (u32 pass = 0; pass < passes; ++pass) {
            __syncthreads();
            const u32 radix = factors >> 8 * pass & 255;
            stride /= radix;
            Complex sums[4];
#pragma unroll
            for (u32 e = 0; e < 4; ++e) {
                const u32 at = lane + e * group;
                Complex sum = {0, 0};
                if (at < count) {
                    const u32 k = at / stride, turn = (part + parts * k) * stride;
                    const Complex* from = line + k % done * radix * stride + at - k * stride;
                    u32 phase = 0;
                    for (u32 c = 0; c < radix; ++c) {
                        const Complex value = *from, w = root[phase];
                        const real sine = direction * w.im;
                        sum.re = fused(value.re, w.re, fused(-value.im, sine, sum.re));
                        sum.im = fused(value.re, sine, fused(value.im, w.re, sum.im));
                        from += stride;
                        phase += turn;
                        if (phase >= length) phase -= length;
                    }
                }
                sums[e] = sum;
            }
            __syncthreads();
#pragma unroll
            for (u32 e = 0; e < 4; ++e) {
                const u32 at = lane + e * group;
                if (at >= count) continue;
                if (pass + 1 < passes) {
                    line[at] = sums[e];
                } else {
                    output_0[first + part + parts * at] = sums[e].re;
                    output_1[first + part + parts * at] = sums[e].im;
                }
            }
            done *= radix;
        }
    }
}
