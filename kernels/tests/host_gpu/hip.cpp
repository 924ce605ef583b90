// libamdhip64 and libhiprtc over host memory; signatures as in hip_runtime_api.h and hiprtc.h.

#include "host_gpu.hpp"

using namespace host_gpu;

enum hipError_t { hipSuccess = 0, hipErrorInvalidValue = 1, hipErrorOutOfMemory = 2, hipErrorNotFound = 500 };
enum hipMemcpyKind { HostToHost, HostToDevice, DeviceToHost, DeviceToDevice };
enum hiprtcResult { HIPRTC_SUCCESS = 0, HIPRTC_ERROR_INVALID_OPTION = 5, HIPRTC_ERROR_COMPILATION = 6 };

static int stream;
// Another library's, until hipSetDevice.
static thread_local int device = 1;

#define NEED(condition, error) \
    if (!(condition)) return error
// As HIP itself, a call without hipSetDevice would go to device 0; here it is a mistake.
#define ENTERED NEED(device == 0, hipErrorInvalidValue)

extern "C" {

hipError_t hipInit(unsigned flags) { return flags == 0 ? hipSuccess : hipErrorInvalidValue; }
hipError_t hipDriverGetVersion(int *version) { *version = 60443483; return hipSuccess; }
hipError_t hipGetDeviceCount(int *count) { *count = 1; return hipSuccess; }
hipError_t hipDeviceGetName(char *name, int length, int index) {
    NEED(index == 0, hipErrorInvalidValue);
    snprintf(name, length, "Host HIP");
    return hipSuccess;
}
hipError_t hipDeviceTotalMem(size_t *bytes, int) { *bytes = MEMORY; return hipSuccess; }
hipError_t hipGetDevice(int *index) { *index = device; return hipSuccess; }
hipError_t hipSetDevice(int index) {
    NEED(index == 0 || index == 1, hipErrorInvalidValue);
    device = index;
    return hipSuccess;
}
hipError_t hipDeviceSynchronize() { ENTERED; finish_pending(); return hipSuccess; }
struct hipPointerAttribute_t {
    int type, device;
    void *devicePointer, *hostPointer;
    int isManaged;
    unsigned allocationFlags;
};
// As HIP 6 does, takes any address.
hipError_t hipPointerGetAttributes(hipPointerAttribute_t *attributes, void *address) {
    enum { UNREGISTERED, HOST, DEVICE, MANAGED_BY_BOTH };
    ENTERED;
    const Block *block = find_block(address, 1);
    *attributes = hipPointerAttribute_t{UNREGISTERED, -2, nullptr, nullptr, 0, 0};
    if (!block) return hipSuccess;
    attributes->type = block->kind == OF_THE_HOST ? HOST : block->kind == MANAGED ? MANAGED_BY_BOTH : DEVICE;
    attributes->device = block->kind == OF_ANOTHER_DEVICE ? 1 : 0;
    attributes->isManaged = block->kind == MANAGED;
    return hipSuccess;
}
hipError_t hipMalloc(void **memory, size_t bytes) {
    ENTERED;
    *memory = allocate(bytes);
    return *memory ? hipSuccess : hipErrorOutOfMemory;
}
hipError_t hipFree(void *memory) { ENTERED; return release(memory) ? hipSuccess : hipErrorInvalidValue; }
hipError_t hipHostRegister(void *memory, size_t bytes, unsigned flags) {
    ENTERED;
    NEED(flags == 1, hipErrorInvalidValue);
    return lock_pages(memory, bytes) ? hipSuccess : hipErrorOutOfMemory;
}
hipError_t hipHostUnregister(void *memory) {
    ENTERED;
    return unlock_pages(memory) ? hipSuccess : hipErrorInvalidValue;
}
hipError_t hipMemcpyAsync(void *to, const void *from, size_t bytes, hipMemcpyKind kind, void *on) {
    ENTERED;
    NEED(on == &stream, hipErrorInvalidValue);
    NEED(kind == DeviceToHost || valid(to, bytes), hipErrorInvalidValue);
    NEED(kind == HostToDevice || valid(from, bytes), hipErrorInvalidValue);
    NEED(kind == HostToDevice || kind == DeviceToHost || kind == DeviceToDevice, hipErrorInvalidValue);
    memcpy(to, from, bytes);
    return hipSuccess;
}
hipError_t hipMemsetD32Async(void *address, int word, size_t words, void *on) {
    ENTERED;
    NEED(on == &stream, hipErrorInvalidValue);
    return fill(address, word, words) ? hipSuccess : hipErrorInvalidValue;
}
hipError_t hipStreamCreateWithFlags(void **created, unsigned flags) {
    ENTERED;
    NEED(flags == 1, hipErrorInvalidValue);
    *created = &stream;
    return hipSuccess;
}
hipError_t hipStreamSynchronize(void *on) { ENTERED; return on == &stream ? hipSuccess : hipErrorInvalidValue; }
hipError_t hipModuleLoadData(void **module, const void *image) {
    ENTERED;
    *module = load(image);
    return *module ? hipSuccess : hipErrorInvalidValue;
}
hipError_t hipModuleGetFunction(void **function, void *module, const char *name) {
    ENTERED;
    *function = find(module, name);
    return *function ? hipSuccess : hipErrorNotFound;
}
hipError_t hipModuleLaunchKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                                 unsigned block_y, unsigned block_z, unsigned shared, void *on, void **parameters,
                                 void **extra) {
    ENTERED;
    NEED(grid_y == 1 && grid_z == 1 && block_y == 1 && block_z == 1 && shared == 0, hipErrorInvalidValue);
    NEED(on == &stream && !extra && block_x == 256 && grid_x > 0, hipErrorInvalidValue);
    launch(function, grid_x, block_x, parameters);
    return hipSuccess;
}
hipError_t hipEventCreate(void **event) { ENTERED; *event = new double(-1); return hipSuccess; }
hipError_t hipEventRecord(void *event, void *on) {
    NEED(on == &stream, hipErrorInvalidValue);
    *static_cast<double *>(event) = now_ms();
    return hipSuccess;
}
hipError_t hipEventSynchronize(void *) { return hipSuccess; }
hipError_t hipEventElapsedTime(float *milliseconds, void *start, void *end) {
    *milliseconds = float(*static_cast<double *>(end) - *static_cast<double *>(start));
    return hipSuccess;
}
hipError_t hipEventDestroy(void *event) { delete static_cast<double *>(event); return hipSuccess; }
const char *hipGetErrorString(hipError_t error) {
    return error == hipErrorOutOfMemory ? "out of memory" : error == hipErrorNotFound ? "not found" : "invalid argument";
}

hiprtcResult hiprtcVersion(int *major, int *minor) { *major = 9; *minor = 0; return HIPRTC_SUCCESS; }
hiprtcResult hiprtcCreateProgram(void **program, const char *source, const char *, int headers, const char **,
                                 const char **) {
    NEED(headers == 0, HIPRTC_ERROR_COMPILATION);
    *program = new Program{source, "", ""};
    return HIPRTC_SUCCESS;
}
hiprtcResult hiprtcCompileProgram(void *program, int count, const char **options) {
    NEED(has_option(count, options, "-ffp-contract=off"), HIPRTC_ERROR_INVALID_OPTION);
    return compile(*static_cast<Program *>(program)) ? HIPRTC_SUCCESS : HIPRTC_ERROR_COMPILATION;
}
hiprtcResult hiprtcGetProgramLogSize(void *program, size_t *bytes) {
    *bytes = static_cast<Program *>(program)->log.size() + 1;
    return HIPRTC_SUCCESS;
}
hiprtcResult hiprtcGetProgramLog(void *program, char *log) {
    strcpy(log, static_cast<Program *>(program)->log.c_str());
    return HIPRTC_SUCCESS;
}
hiprtcResult hiprtcGetCodeSize(void *program, size_t *bytes) {
    *bytes = static_cast<Program *>(program)->code.size();
    return HIPRTC_SUCCESS;
}
hiprtcResult hiprtcGetCode(void *program, char *code) {
    const std::string &text = static_cast<Program *>(program)->code;
    memcpy(code, text.data(), text.size());
    return HIPRTC_SUCCESS;
}
hiprtcResult hiprtcDestroyProgram(void **program) {
    delete static_cast<Program *>(*program);
    *program = nullptr;
    return HIPRTC_SUCCESS;
}
const char *hiprtcGetErrorString(hiprtcResult result) {
    return result == HIPRTC_ERROR_COMPILATION ? "HIPRTC_ERROR_COMPILATION" : "HIPRTC_ERROR_INVALID_OPTION";
}

}  // extern "C"
