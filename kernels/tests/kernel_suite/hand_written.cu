extern "C" __global__ void block_sum_entry(u32 extent_0, u32 n, const real* __restrict__ x, real* __restrict__ output_0) {
    const u64 flat = u64(blockIdx.x) * blockDim.x + threadIdx.x;
    if (flat >= extent_0) return;
    const real* block = x + flat / n * n;
    real sum = 0;
    for (const real* value = block; value != block + n; ++value) sum += *value;
    output_0[flat] = sum;
}
