// A GPU whose memory is host memory and whose kernels are compiled by the system's C++ compiler.
//
// `hip.cpp` and `cuda.cpp` put the libraries' own functions over it, with the signatures of the vendors' headers, so
// that everything above them runs without a GPU. Work is done when a call returns.

#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace host_gpu {

constexpr size_t MEMORY = 64 << 20;
// The most that may be locked at once.
constexpr size_t LOCKABLE = 32 << 20;

// Whose memory an allocation counts as.
enum Kind { OF_THE_DEVICE, MANAGED, OF_THE_HOST, OF_ANOTHER_DEVICE, OF_ANOTHER_CONTEXT };
struct Block {
    size_t bytes;
    Kind kind;
};
// A copy that another library enqueued on a stream of its own.
struct Copy {
    void *to;
    std::string bytes;
};

inline std::mutex lock;
inline std::map<char *, Block> live;
// Locked pages of the host, by where they begin.
inline std::map<char *, size_t> locked;
inline std::vector<Copy> pending;
inline size_t used = 0;

inline void *allocate(size_t bytes, Kind kind = OF_THE_DEVICE) {
    std::lock_guard<std::mutex> guard(lock);
    if (used + bytes > MEMORY) return nullptr;
    char *memory = static_cast<char *>(aligned_alloc(256, (bytes + 255) / 256 * 256));
    memset(memory, 0xee, bytes);
    live[memory] = Block{bytes, kind};
    used += bytes;
    return memory;
}

inline bool release(void *memory) {
    std::lock_guard<std::mutex> guard(lock);
    auto found = live.find(static_cast<char *>(memory));
    if (found == live.end()) return false;
    used -= found->second.bytes;
    free(found->first);
    live.erase(found);
    return true;
}

// The live allocation that the range lies within.
inline const Block *find_block(const void *address, size_t bytes) {
    std::lock_guard<std::mutex> guard(lock);
    char *start = static_cast<char *>(const_cast<void *>(address));
    auto next = live.upper_bound(start);
    if (next == live.begin()) return nullptr;
    auto block = std::prev(next);
    return start + bytes <= block->first + block->second.bytes ? &block->second : nullptr;
}

inline bool valid(const void *address, size_t bytes) { return find_block(address, bytes) != nullptr; }

// Locks whole pages of the host that are not locked yet.
inline bool lock_pages(void *memory, size_t bytes) {
    std::lock_guard<std::mutex> guard(lock);
    char *start = static_cast<char *>(memory);
    const size_t page = sysconf(_SC_PAGESIZE);
    if (reinterpret_cast<uintptr_t>(start) % page || bytes % page || !bytes || bytes > LOCKABLE) return false;
    auto next = locked.upper_bound(start);
    if (next != locked.end() && next->first < start + bytes) return false;
    if (next != locked.begin() && std::prev(next)->first + std::prev(next)->second > start) return false;
    locked[start] = bytes;
    return true;
}

inline bool unlock_pages(void *memory) {
    std::lock_guard<std::mutex> guard(lock);
    return locked.erase(static_cast<char *>(memory)) == 1;
}

// Does what other libraries have enqueued.
inline void finish_pending() {
    std::lock_guard<std::mutex> guard(lock);
    for (const Copy &copy : pending) memcpy(copy.to, copy.bytes.data(), copy.bytes.size());
    pending.clear();
}

inline bool fill(void *address, uint32_t word, size_t words) {
    if (!valid(address, 4 * words)) return false;
    for (size_t i = 0; i < words; i++) memcpy(static_cast<char *>(address) + 4 * i, &word, 4);
    return true;
}

// What tests ask of a library besides the vendor's functions.
extern "C" {
inline __attribute__((used)) void *host_gpu_allocate(size_t bytes, int kind) { return allocate(bytes, Kind(kind)); }
inline __attribute__((used)) int host_gpu_free(void *memory) { return release(memory); }
inline __attribute__((used)) size_t host_gpu_live() {
    std::lock_guard<std::mutex> guard(lock);
    return live.size();
}
inline __attribute__((used)) void host_gpu_copy_later(void *to, const void *from, size_t bytes) {
    std::lock_guard<std::mutex> guard(lock);
    pending.push_back(Copy{to, std::string(static_cast<const char *>(from), bytes)});
}
}

inline std::string read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

inline std::string new_path() {
    static int count = 0;
    std::lock_guard<std::mutex> guard(lock);
    return "/tmp/terrella_host_gpu." + std::to_string(getpid()) + "." + std::to_string(count++);
}

// What stands before and behind a module's text. The kernel's own signature says how to read the parameters.
constexpr const char *BEFORE = R"(
#include <cmath>
#include <cstddef>
#include <utility>
using std::floor; using std::sqrt;
#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(threads)
#define __shared__ static thread_local
struct Dimensions { unsigned x, y, z; };
static thread_local Dimensions gridDim, blockIdx, blockDim, threadIdx;
static void __syncthreads();
)";
constexpr const char *BEHIND = R"(
template <class... Types, size_t... Places>
static void call(void (*kernel)(Types...), void **parameters, std::index_sequence<Places...>) {
    kernel(*static_cast<Types *>(parameters[Places])...);
}
template <class... Types> static void call(void (*kernel)(Types...), void **parameters) {
    call(kernel, parameters, std::index_sequence_for<Types...>());
}
// A block whose threads wait for each other runs them as contexts in turn, each up to its next barrier.
#include <ucontext.h>
#include <vector>
struct Thread { ucontext_t context; std::vector<char> stack; bool done; };
static thread_local ucontext_t scheduler;
static thread_local std::vector<Thread> threads_of_block;
static thread_local void **entry_parameters;
static void __syncthreads() { swapcontext(&threads_of_block[threadIdx.x].context, &scheduler); }
static void enter() {
    call(ENTRY, entry_parameters);
    threads_of_block[threadIdx.x].done = true;
}
static void run_block(unsigned threads, void **parameters) {
    entry_parameters = parameters;
    threads_of_block.resize(threads);
    for (Thread &thread : threads_of_block) {
        thread.stack.resize(1 << 16);
        thread.done = false;
        getcontext(&thread.context);
        thread.context.uc_stack.ss_sp = thread.stack.data();
        thread.context.uc_stack.ss_size = thread.stack.size();
        thread.context.uc_link = &scheduler;
        makecontext(&thread.context, enter, 0);
    }
    for (bool running = true; running;) {
        running = false;
        for (unsigned thread = 0; thread < threads; thread++) {
            if (threads_of_block[thread].done) continue;
            threadIdx = {thread, 0, 0};
            swapcontext(&scheduler, &threads_of_block[thread].context);
            running |= !threads_of_block[thread].done;
        }
    }
}
static void run(unsigned blocks, unsigned threads, void **parameters) {
    gridDim = {blocks, 1, 1};
    blockDim = {threads, 1, 1};
    for (unsigned block = 0; block < blocks; block++) {
        blockIdx = {block, 0, 0};
        if (HAS_BARRIERS) {
            run_block(threads, parameters);
            continue;
        }
        for (unsigned thread = 0; thread < threads; thread++) {
            threadIdx = {thread, 0, 0};
            call(ENTRY, parameters);
        }
    }
}
extern "C" void run_entry(unsigned blocks, unsigned threads, void **parameters) {
    run(blocks, threads, parameters);
}
)";

struct Program {
    std::string source, log, code;
};

// Compiles to a shared library behind its length, or leaves the compiler's log.
inline bool compile(Program &program) {
    const std::string mark = "__global__ void ";
    size_t start = program.source.find(mark);
    std::string entry = "no_entry";
    if (start != std::string::npos) {
        start += mark.size();
        const std::string bounds = "__launch_bounds__(256) ";
        if (program.source.compare(start, bounds.size(), bounds) == 0) start += bounds.size();
        entry = program.source.substr(start, program.source.find('(', start) - start);
    }
    const std::string path = new_path();
    std::ofstream(path + ".cpp") << BEFORE << program.source << "\n#define ENTRY " << entry << "\n#define HAS_BARRIERS "
                                << (program.source.find("__syncthreads()") != std::string::npos) << BEHIND;
    const std::string command = "c++ -std=c++17 -O1 -ffp-contract=off -shared -fPIC -o " + path + ".so " + path +
                                ".cpp 2> " + path + ".log";
    const bool compiled = system(command.c_str()) == 0;
    program.log = read_file(path + ".log");
    if (compiled) {
        const std::string library = read_file(path + ".so");
        const uint64_t length = library.size();
        program.code.assign(reinterpret_cast<const char *>(&length), 8);
        program.code += library;
    }
    for (const char *ending : {".cpp", ".so", ".log"}) unlink((path + ending).c_str());
    return compiled;
}

inline void *load(const void *image) {
    uint64_t length;
    memcpy(&length, image, 8);
    const std::string path = new_path() + ".so";
    std::ofstream(path, std::ios::binary).write(static_cast<const char *>(image) + 8, length);
    void *module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    unlink(path.c_str());
    return module;
}

// The kernel `name` of a module: only modules that define it have one.
inline void *find(void *module, const char *name) {
    return dlsym(module, name) ? dlsym(module, "run_entry") : nullptr;
}

inline void launch(void *function, unsigned blocks, unsigned threads, void **parameters) {
    reinterpret_cast<void (*)(unsigned, unsigned, void **)>(function)(blocks, threads, parameters);
}

inline double now_ms() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec * 1e-6;
}

// The run-time compiler's functions, which the vendors name alike.
inline bool has_option(int count, const char *const *options, const char *wanted) {
    for (int i = 0; i < count; i++)
        if (strcmp(options[i], wanted) == 0) return true;
    return false;
}

}  // namespace host_gpu
