// A thread makes all 4 parts of one wavenumber and pair. Neighbouring threads have neighbouring wavenumbers, 8 of them, then
// neighbouring pairs, so that neither the lines are read nor the waves written in pieces smaller than 32 bytes.

struct alignas(4 * sizeof(real)) Four {
    real at[4];
};

extern "C" __global__ void __launch_bounds__(256) waves_from_lines_entry(
    u32 extent_0, u32 extent_1, u32 extent_2, u32 extent_3, u32 smooth_elements, u32 convolved_elements,
    const u32* __restrict__ pairs, const real* __restrict__ chirps, const real* __restrict__ factor,
    const real* __restrict__ smooth_re, const real* __restrict__ smooth_im, const real* __restrict__ convolved_re,
    const real* __restrict__ convolved_im, real* __restrict__ output_0) {
    const u32 pair_tiles = (extent_2 + 31) / 32, tiles = (extent_0 + 7) / 8 * extent_1 * pair_tiles;
    for (u32 tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
        const u32 column = tile / pair_tiles % extent_1;
        const u32 m = tile / (pair_tiles * extent_1) * 8 + threadIdx.x % 8;
        const u32 pair = tile % pair_tiles * 32 + threadIdx.x / 8;
        if (m >= extent_0 || pair >= extent_2) continue;
        Four four = {};
        const u32* const table = pairs + 8 * pair;
        if (m < table[3]) {
            const u32 places[2] = {table[5] + m, table[5] + (m > 0 ? table[0] - m : 0)};
            real re[2], im[2];
            for (u32 i = 0; i < 2; ++i) {
                if (table[4] == 1) {
                    const u32 at = column * convolved_elements + places[i];
                    const real cosine = chirps[2 * places[i]], sine = -chirps[2 * places[i] + 1];
                    re[i] = convolved_re[at] * cosine - convolved_im[at] * sine;
                    im[i] = convolved_re[at] * sine + convolved_im[at] * cosine;
                } else {
                    re[i] = smooth_re[column * smooth_elements + places[i]];
                    im[i] = smooth_im[column * smooth_elements + places[i]];
                }
            }
            // The line is north + i south, so that twice north is here + conjugate there.
            const real north_re = re[0] + re[1], south_re = im[0] + im[1];
            const real north_im = im[0] - im[1], south_im = re[1] - re[0];
            const real half = real(0.5) * factor[2 * pair + (m > 0)];
            four.at[0] = half * (north_re + south_re);
            four.at[1] = half * (north_im + south_im);
            four.at[2] = half * (north_re - south_re);
            four.at[3] = half * (north_im - south_im);
        }
        reinterpret_cast<Four*>(output_0)[(m * extent_1 + column) * extent_2 + pair] = four;
    }
}
