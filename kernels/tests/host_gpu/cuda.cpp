// libcuda and libnvrtc over host memory; signatures as in cuda.h and nvrtc.h.

#include "host_gpu.hpp"

using namespace host_gpu;

enum CUresult {
    CUDA_SUCCESS = 0,
    CUDA_ERROR_INVALID_VALUE = 1,
    CUDA_ERROR_OUT_OF_MEMORY = 2,
    CUDA_ERROR_INVALID_CONTEXT = 201,
    CUDA_ERROR_NOT_FOUND = 500
};
enum nvrtcResult { NVRTC_SUCCESS = 0, NVRTC_ERROR_INVALID_OPTION = 5, NVRTC_ERROR_COMPILATION = 6 };
typedef unsigned long long CUdeviceptr;

static int context, another_context, stream;
static thread_local std::vector<void *> contexts;

#define NEED(condition, error) \
    if (!(condition)) return error
#define ENTERED NEED(!contexts.empty() && contexts.back() == &context, CUDA_ERROR_INVALID_CONTEXT)

static void *pointer(CUdeviceptr address) { return reinterpret_cast<void *>(address); }

extern "C" {

CUresult cuInit(unsigned flags) { return flags == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE; }
CUresult cuDriverGetVersion(int *version) { *version = 12080; return CUDA_SUCCESS; }
CUresult cuDeviceGetCount(int *count) { *count = 1; return CUDA_SUCCESS; }
CUresult cuDeviceGet(int *device, int ordinal) { *device = ordinal; return CUDA_SUCCESS; }
CUresult cuDeviceGetName(char *name, int length, int) { snprintf(name, length, "Host CUDA"); return CUDA_SUCCESS; }
CUresult cuDeviceTotalMem_v2(size_t *bytes, int) { *bytes = MEMORY; return CUDA_SUCCESS; }
CUresult cuDeviceGetAttribute(int *value, int attribute, int) {
    NEED(attribute == 75 || attribute == 76, CUDA_ERROR_INVALID_VALUE);
    *value = attribute == 75 ? 9 : 0;
    return CUDA_SUCCESS;
}
CUresult cuDevicePrimaryCtxRetain(void **retained, int) { *retained = &context; return CUDA_SUCCESS; }
CUresult cuCtxPushCurrent_v2(void *pushed) {
    NEED(pushed == &context, CUDA_ERROR_INVALID_CONTEXT);
    contexts.push_back(pushed);
    return CUDA_SUCCESS;
}
CUresult cuCtxPopCurrent_v2(void **popped) {
    NEED(!contexts.empty(), CUDA_ERROR_INVALID_CONTEXT);
    *popped = contexts.back();
    contexts.pop_back();
    return CUDA_SUCCESS;
}
CUresult cuCtxSetCurrent(void *made) {
    if (!contexts.empty()) contexts.pop_back();
    if (made) contexts.push_back(made);
    return CUDA_SUCCESS;
}
CUresult cuCtxGetCurrent(void **found) {
    *found = contexts.empty() ? nullptr : contexts.back();
    return CUDA_SUCCESS;
}
CUresult cuCtxSynchronize() { ENTERED; finish_pending(); return CUDA_SUCCESS; }
// As the driver does, takes any address, and stores zeros for one that it does not know.
CUresult cuPointerGetAttributes(unsigned count, const int *attributes, void **values, CUdeviceptr address) {
    enum { CONTEXT = 1, MEMORY_TYPE = 2, IS_MANAGED = 8, DEVICE_ORDINAL = 9 };
    ENTERED;
    const Block *block = find_block(pointer(address), 1);
    for (unsigned i = 0; i < count; i++) switch (attributes[i]) {
        case CONTEXT:
            *static_cast<void **>(values[i]) =
                !block ? nullptr : block->kind == OF_ANOTHER_CONTEXT ? &another_context : &context;
            break;
        case MEMORY_TYPE: *static_cast<unsigned *>(values[i]) = !block ? 0 : block->kind == OF_THE_HOST ? 1 : 2; break;
        case IS_MANAGED: *static_cast<unsigned *>(values[i]) = block && block->kind == MANAGED; break;
        case DEVICE_ORDINAL: *static_cast<int *>(values[i]) = !block ? 0 : block->kind == OF_ANOTHER_DEVICE ? 1 : 0; break;
        default: return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
}
CUresult cuStreamCreate(void **created, unsigned flags) {
    ENTERED;
    NEED(flags == 1, CUDA_ERROR_INVALID_VALUE);
    *created = &stream;
    return CUDA_SUCCESS;
}
CUresult cuStreamSynchronize(void *on) { ENTERED; return on == &stream ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE; }
CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
    ENTERED;
    void *memory = allocate(bytes);
    *address = reinterpret_cast<CUdeviceptr>(memory);
    return memory ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}
CUresult cuMemFree_v2(CUdeviceptr address) {
    ENTERED;
    return release(pointer(address)) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
CUresult cuMemHostRegister_v2(void *memory, size_t bytes, unsigned flags) {
    ENTERED;
    NEED(flags == 1, CUDA_ERROR_INVALID_VALUE);
    return lock_pages(memory, bytes) ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}
CUresult cuMemHostUnregister(void *memory) {
    ENTERED;
    return unlock_pages(memory) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, void *on) {
    ENTERED;
    NEED(on == &stream && valid(pointer(to), bytes), CUDA_ERROR_INVALID_VALUE);
    memcpy(pointer(to), from, bytes);
    return CUDA_SUCCESS;
}
CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, void *on) {
    ENTERED;
    NEED(on == &stream && valid(pointer(from), bytes), CUDA_ERROR_INVALID_VALUE);
    memcpy(to, pointer(from), bytes);
    return CUDA_SUCCESS;
}
CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, void *on) {
    ENTERED;
    NEED(on == &stream && valid(pointer(from), bytes) && valid(pointer(to), bytes), CUDA_ERROR_INVALID_VALUE);
    memcpy(pointer(to), pointer(from), bytes);
    return CUDA_SUCCESS;
}
CUresult cuMemsetD32Async(CUdeviceptr address, unsigned word, size_t words, void *on) {
    ENTERED;
    NEED(on == &stream, CUDA_ERROR_INVALID_VALUE);
    return fill(pointer(address), word, words) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
CUresult cuModuleLoadData(void **module, const void *image) {
    ENTERED;
    *module = load(image);
    return *module ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
CUresult cuModuleGetFunction(void **function, void *module, const char *name) {
    ENTERED;
    *function = find(module, name);
    return *function ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}
CUresult cuLaunchKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                        unsigned block_y, unsigned block_z, unsigned shared, void *on, void **parameters,
                        void **extra) {
    ENTERED;
    NEED(grid_y == 1 && grid_z == 1 && block_y == 1 && block_z == 1 && shared == 0, CUDA_ERROR_INVALID_VALUE);
    NEED(on == &stream && !extra && block_x == 256 && grid_x > 0, CUDA_ERROR_INVALID_VALUE);
    launch(function, grid_x, block_x, parameters);
    return CUDA_SUCCESS;
}
CUresult cuEventCreate(void **event, unsigned) { ENTERED; *event = new double(-1); return CUDA_SUCCESS; }
CUresult cuEventRecord(void *event, void *on) {
    NEED(on == &stream, CUDA_ERROR_INVALID_VALUE);
    *static_cast<double *>(event) = now_ms();
    return CUDA_SUCCESS;
}
CUresult cuEventSynchronize(void *) { return CUDA_SUCCESS; }
CUresult cuEventElapsedTime(float *milliseconds, void *start, void *end) {
    *milliseconds = float(*static_cast<double *>(end) - *static_cast<double *>(start));
    return CUDA_SUCCESS;
}
CUresult cuEventDestroy_v2(void *event) { delete static_cast<double *>(event); return CUDA_SUCCESS; }
CUresult cuGetErrorName(CUresult error, const char **text) {
    *text = error == CUDA_ERROR_OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_INVALID_VALUE";
    return CUDA_SUCCESS;
}
CUresult cuGetErrorString(CUresult error, const char **text) {
    *text = error == CUDA_ERROR_OUT_OF_MEMORY ? "out of memory" : "invalid argument";
    return CUDA_SUCCESS;
}

nvrtcResult nvrtcVersion(int *major, int *minor) { *major = 12; *minor = 8; return NVRTC_SUCCESS; }
nvrtcResult nvrtcGetNumSupportedArchs(int *count) { *count = 2; return NVRTC_SUCCESS; }
nvrtcResult nvrtcGetSupportedArchs(int *list) { list[0] = 80; list[1] = 90; return NVRTC_SUCCESS; }
nvrtcResult nvrtcCreateProgram(void **program, const char *source, const char *, int headers, const char *const *,
                               const char *const *) {
    NEED(headers == 0, NVRTC_ERROR_COMPILATION);
    *program = new Program{source, "", ""};
    return NVRTC_SUCCESS;
}
nvrtcResult nvrtcCompileProgram(void *program, int count, const char *const *options) {
    NEED(has_option(count, options, "--fmad=false"), NVRTC_ERROR_INVALID_OPTION);
    NEED(has_option(count, options, "--gpu-architecture=sm_90"), NVRTC_ERROR_INVALID_OPTION);
    return compile(*static_cast<Program *>(program)) ? NVRTC_SUCCESS : NVRTC_ERROR_COMPILATION;
}
nvrtcResult nvrtcGetProgramLogSize(void *program, size_t *bytes) {
    *bytes = static_cast<Program *>(program)->log.size() + 1;
    return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetProgramLog(void *program, char *log) {
    strcpy(log, static_cast<Program *>(program)->log.c_str());
    return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetCUBINSize(void *program, size_t *bytes) {
    *bytes = static_cast<Program *>(program)->code.size();
    return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetCUBIN(void *program, char *code) {
    const std::string &text = static_cast<Program *>(program)->code;
    memcpy(code, text.data(), text.size());
    return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetPTXSize(void *, size_t *) { return NVRTC_ERROR_COMPILATION; }
nvrtcResult nvrtcGetPTX(void *, char *) { return NVRTC_ERROR_COMPILATION; }
nvrtcResult nvrtcDestroyProgram(void **program) {
    delete static_cast<Program *>(*program);
    *program = nullptr;
    return NVRTC_SUCCESS;
}
const char *nvrtcGetErrorString(nvrtcResult result) {
    return result == NVRTC_ERROR_COMPILATION ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR_INVALID_OPTION";
}

}  // extern "C"
