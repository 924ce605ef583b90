// Height of the surface under each level: a sum from the last level up, with no value at the levels.
__device__ inline real height(
    u32 level,
    u32 point_,
    real below,
    u32 points_,
    const real* __restrict__ thickness
) {
    return below + thickness[level * points_ + point_];
}

extern "C" __global__ void height_entry(
    u32 extent_0,
    u32 extent_1,
    u32 points_,
    const real* __restrict__ thickness,
    real* __restrict__ output_0
) {
    const u64 flat = u64(blockIdx.x) * blockDim.x + threadIdx.x;
    if (flat >= u64(extent_1)) return;
    const u32 point_ = u32(flat);
    real below = real(0);
    for (u32 remaining = extent_0; remaining > 0u; remaining--) {
        const u32 level = remaining - 1u;
        below = height(level, point_, below, points_, thickness);
    }
    output_0[flat] = below;
}
