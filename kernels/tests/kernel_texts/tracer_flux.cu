struct tracer_flux_values {
    real v0;
    i32 v1;
};

// Upwind flux of a tracer through the faces of a column.
__device__ inline tracer_flux_values tracer_flux(
    u32 column,
    u32 level,
    u32 levels,
    real floor_,
    bool periodic,
    const u32* __restrict__ neighbours,
    const real* __restrict__ tracer
) {
    const u32 base = column * levels;
    const reconstructed_values values = reconstructed(tracer[base + level], tracer[base]);
    const real value = values.v0;
    const real slope = values.v1;
    real flux = maximum(value, floor_);
    for (u32 j = 0u; j < levels - 1u; ++j) {
        const u32 other = neighbours[column * 2u + j % 2u];
        const real weight = other < column ? tracer[other] : real(0.25);
        if (weight > real(1.0) && (periodic || level > 0u)) {
            flux += weight * (slope - (value - real(1.0)));
        } else if (!periodic) {
            flux = -flux / (weight + real(2.0));
        } else {
            flux -= exp_real(minmod(weight, slope));
        }
    }
    return {flux, to_i32(flux * real(100.0))};
}

extern "C" __global__ void tracer_flux_entry(
    u32 extent_0,
    u32 extent_1,
    u32 levels,
    real floor_,
    u32 periodic,
    const u32* __restrict__ neighbours,
    const real* __restrict__ tracer,
    real* __restrict__ output_0,
    i32* __restrict__ output_1
) {
    const u64 flat = u64(blockIdx.x) * blockDim.x + threadIdx.x;
    if (flat >= u64(extent_0) * extent_1) return;
    const u32 level = u32(flat) % extent_1;
    const u32 column = u32(flat) / extent_1;
    const tracer_flux_values outputs = tracer_flux(
        column,
        level,
        levels,
        floor_,
        periodic != 0u,
        neighbours,
        tracer
    );
    output_0[flat] = outputs.v0;
    output_1[flat] = outputs.v1;
}
