struct precipitation_values {
    real v0;
    real v1;
    u32 v2;
};

// Precipitation that falls through each level, and the levels that it wets.
__device__ inline precipitation_values precipitation(
    u32 level,
    u32 member,
    u32 point_,
    real falling,
    u32 wet,
    u32 members,
    u32 points_,
    real evaporated,
    const real* __restrict__ condensed
) {
    const u32 here = (level * members + member) * points_ + point_;
    const real below = maximum(falling + condensed[here] - evaporated, real(0.0));
    return {falling, below, below > real(0.0) ? wet + 1u : wet};
}

extern "C" __global__ void precipitation_entry(
    u32 extent_0,
    u32 extent_1,
    u32 extent_2,
    u32 members,
    u32 points_,
    real evaporated,
    const real* __restrict__ condensed,
    real* __restrict__ output_0,
    real* __restrict__ output_1,
    u32* __restrict__ output_2
) {
    const u64 flat = u64(blockIdx.x) * blockDim.x + threadIdx.x;
    if (flat >= u64(extent_1) * extent_2) return;
    const u32 point_ = u32(flat) % extent_2;
    const u32 member = u32(flat) / extent_2;
    real falling = real(0);
    u32 wet = u32(0);
    for (u32 level = 0u; level < extent_0; level++) {
        const precipitation_values outputs = precipitation(
            level,
            member,
            point_,
            falling,
            wet,
            members,
            points_,
            evaporated,
            condensed
        );
        output_0[u64(level) * (extent_1 * extent_2) + flat] = outputs.v0;
        falling = outputs.v1;
        wet = outputs.v2;
    }
    output_1[flat] = falling;
    output_2[flat] = wet;
}
