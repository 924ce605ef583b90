/* Arrays in the memory of a GPU, on libraries whose GPU is the host: every operator, order, refusals, and nothing is left.
 * Arguments: the device, and the file name of its library. */
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terrella.h"

#define EXPECT(condition)                                                                   \
  do {                                                                                      \
    if (!(condition)) {                                                                     \
      fprintf(stderr, "%s:%d: not true: %s (%s)\n", __FILE__, __LINE__, #condition,         \
              terrella_last_error_message());                                               \
      exit(1);                                                                              \
    }                                                                                       \
  } while (0)
#define CHECK(call) EXPECT((call) == TERRELLA_SUCCESS)

/* F4 has 8 rings of 16 points; T5 has 21 coefficients. */
enum { TRUNCATION = 5, FIELDS = 3, SPECTRUM = 2 * 21 * FIELDS, VALUES = 8 * 16 * FIELDS };
/* As in host_gpu.hpp. */
enum kind { OF_THE_DEVICE, MANAGED, OF_THE_HOST, OF_ANOTHER_DEVICE, OF_ANOTHER_CONTEXT };

static void* (*allocate)(size_t bytes, int kind);
static int (*release)(void* memory);
static size_t (*live)(void);
static void (*copy_later)(void* to, const void* from, size_t bytes);
static const char* device;
static terrella_grid* grid;

/* ISO C has no conversion from void* to a function. */
static void find(void* library, const char* name, void* function) {
  void* found = dlsym(library, name);
  EXPECT(found != NULL);
  memcpy(function, &found, sizeof found);
}

static double noise(void) {
  static unsigned long long state = 1;
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(state >> 11) / (double)(1ULL << 52) - 1.0;
}

/* All operators in one precision give the same bits for arrays on the device as for arrays of the host. */
#define TEST_OPERATORS(REAL, NAME)                                                                               \
  typedef int32_t (*one_to_one_##NAME)(terrella_transform_##NAME*, uint64_t, const REAL*, uint64_t, REAL*, uint64_t); \
  typedef int32_t (*two_to_two_##NAME)(terrella_transform_##NAME*, uint64_t, const REAL*, const REAL*, uint64_t, REAL*, \
                                       REAL*, uint64_t);                                                         \
  typedef int32_t (*one_to_two_##NAME)(terrella_transform_##NAME*, uint64_t, const REAL*, uint64_t, REAL*, REAL*, \
                                       uint64_t);                                                                \
  typedef int32_t (*two_to_one_##NAME)(terrella_transform_##NAME*, uint64_t, const REAL*, const REAL*, uint64_t, REAL*, \
                                       uint64_t);                                                                \
  static void same_##NAME(terrella_transform_##NAME* transform, one_to_one_##NAME a, two_to_two_##NAME b,         \
                          one_to_two_##NAME c, two_to_one_##NAME d, uint64_t from, uint64_t to) {                \
    REAL in[2][VALUES], out[2][VALUES] = {{0}}, *there[4];                                                       \
    for (int i = 0; i < 2; ++i)                                                                                  \
      for (int j = 0; j < VALUES; ++j) in[i][j] = (REAL)noise();                                                 \
    for (int i = 0; i < 4; ++i) there[i] = allocate(VALUES * sizeof(REAL), i % 2 ? MANAGED : OF_THE_DEVICE);     \
    for (int on_device = 0; on_device < 2; ++on_device) {                                                        \
      REAL* x = on_device ? there[0] : in[0];                                                                    \
      REAL* y = on_device ? there[1] : in[1];                                                                    \
      REAL* p = on_device ? there[2] : out[0];                                                                   \
      REAL* q = on_device ? there[3] : out[1];                                                                   \
      CHECK(terrella_transform_set_memory_##NAME(transform, on_device ? TERRELLA_DEVICE_MEMORY : TERRELLA_HOST_MEMORY)); \
      /* The inputs are still on their way when the call is made. */                                             \
      if (on_device) copy_later(x, in[0], sizeof in[0]), copy_later(y, in[1], sizeof in[1]);                     \
      if (a) CHECK(a(transform, FIELDS, x, from, p, to));                                                        \
      if (b) CHECK(b(transform, FIELDS, x, y, from, p, q, to));                                                  \
      if (c) CHECK(c(transform, FIELDS, x, from, p, q, to));                                                     \
      if (d) CHECK(d(transform, FIELDS, x, y, from, p, to));                                                     \
    }                                                                                                            \
    EXPECT(memcmp(there[2], out[0], to * sizeof(REAL)) == 0);                                                    \
    if (b || c) EXPECT(memcmp(there[3], out[1], to * sizeof(REAL)) == 0);                                        \
    EXPECT(memcmp(there[0], in[0], sizeof in[0]) == 0 && memcmp(there[1], in[1], sizeof in[1]) == 0);            \
    int written = 0;                                                                                             \
    for (uint64_t i = 0; i < to; ++i) written += out[0][i] != 0;                                                 \
    EXPECT(written > (int)to / 2);                                                                               \
    for (int i = 0; i < 4; ++i) EXPECT(release(there[i]));                                                       \
  }                                                                                                              \
  static void operators_##NAME(void) {                                                                           \
    terrella_transform_##NAME* t;                                                                                \
    CHECK(terrella_transform_create_##NAME(grid, TRUNCATION, device, &t));                                       \
    same_##NAME(t, terrella_synthesis_##NAME, 0, 0, 0, SPECTRUM, VALUES);                                        \
    same_##NAME(t, terrella_synthesis_adjoint_##NAME, 0, 0, 0, VALUES, SPECTRUM);                                \
    same_##NAME(t, terrella_analysis_##NAME, 0, 0, 0, VALUES, SPECTRUM);                                         \
    same_##NAME(t, terrella_analysis_adjoint_##NAME, 0, 0, 0, SPECTRUM, VALUES);                                 \
    same_##NAME(t, 0, terrella_wind_synthesis_##NAME, 0, 0, SPECTRUM, VALUES);                                   \
    same_##NAME(t, 0, terrella_wind_synthesis_adjoint_##NAME, 0, 0, VALUES, SPECTRUM);                           \
    same_##NAME(t, 0, terrella_wind_analysis_##NAME, 0, 0, VALUES, SPECTRUM);                                    \
    same_##NAME(t, 0, terrella_wind_analysis_adjoint_##NAME, 0, 0, SPECTRUM, VALUES);                            \
    same_##NAME(t, 0, 0, terrella_gradient_synthesis_##NAME, 0, SPECTRUM, VALUES);                               \
    same_##NAME(t, 0, 0, 0, terrella_gradient_synthesis_adjoint_##NAME, VALUES, SPECTRUM);                       \
    same_##NAME(t, 0, terrella_wind_zonal_derivative_synthesis_##NAME, 0, 0, SPECTRUM, VALUES);                  \
    same_##NAME(t, 0, terrella_wind_zonal_derivative_synthesis_adjoint_##NAME, 0, 0, VALUES, SPECTRUM);          \
    CHECK(terrella_transform_destroy_##NAME(t));                                                                 \
  }

TEST_OPERATORS(float, f32)
TEST_OPERATORS(double, f64)

static terrella_transform_f64* transform;
static double* values;

static void refuse(const double* spectrum, double* to, int32_t expected, const char* words) {
  double before[VALUES];
  memcpy(before, values, sizeof before);
  EXPECT(terrella_synthesis_f64(transform, FIELDS, spectrum, SPECTRUM, to, VALUES) == expected);
  if (strstr(terrella_last_error_message(), words) == NULL) {
    fprintf(stderr, "expected '%s' in: %s\n", words, terrella_last_error_message());
    exit(1);
  }
  EXPECT(memcmp(before, values, sizeof before) == 0);
}

static void refusals(void) {
  terrella_transform_f64* on_cpu;
  terrella_transform_f32* on_wgpu;
  double* spectrum = allocate(SPECTRUM * sizeof(double), OF_THE_DEVICE);
  double on_the_stack[VALUES] = {0};
  values = allocate(VALUES * sizeof(double), OF_THE_DEVICE);
  CHECK(terrella_transform_create_f64(grid, TRUNCATION, "cpu", &on_cpu));
  EXPECT(terrella_transform_set_memory_f64(on_cpu, TERRELLA_DEVICE_MEMORY) == TERRELLA_INVALID_VALUE);
  EXPECT(strstr(terrella_last_error_message(), "on device 'cpu'") != NULL);
  CHECK(terrella_transform_set_memory_f64(on_cpu, TERRELLA_HOST_MEMORY));
  CHECK(terrella_synthesis_f64(on_cpu, 1, on_the_stack, SPECTRUM / FIELDS, on_the_stack + SPECTRUM / FIELDS, VALUES / FIELDS));
  CHECK(terrella_transform_destroy_f64(on_cpu));
  if (terrella_transform_create_f32(grid, TRUNCATION, "wgpu:0", &on_wgpu) == TERRELLA_SUCCESS) {
    EXPECT(terrella_transform_set_memory_f32(on_wgpu, TERRELLA_DEVICE_MEMORY) == TERRELLA_INVALID_VALUE);
    CHECK(terrella_transform_destroy_f32(on_wgpu));
  }
  EXPECT(terrella_transform_set_memory_f64(NULL, TERRELLA_DEVICE_MEMORY) == TERRELLA_NULL_POINTER);
  EXPECT(terrella_transform_set_memory_f64(on_cpu, TERRELLA_DEVICE_MEMORY) == TERRELLA_UNKNOWN_HANDLE);

  CHECK(terrella_transform_create_f64(grid, TRUNCATION, device, &transform));
  EXPECT(terrella_transform_set_memory_f64(transform, 7) == TERRELLA_INVALID_VALUE);
  EXPECT(terrella_transform_set_memory_f64(transform, -1) == TERRELLA_INVALID_VALUE);
  CHECK(terrella_transform_set_memory_f64(transform, TERRELLA_DEVICE_MEMORY));
  refuse(NULL, values, TERRELLA_NULL_POINTER, "'spectrum' is NULL");
  refuse(spectrum, NULL, TERRELLA_NULL_POINTER, "'values' is NULL");
  refuse(on_the_stack, values, TERRELLA_INVALID_VALUE, "host memory");
  refuse(spectrum, on_the_stack, TERRELLA_INVALID_VALUE, "'values' at 0x");
  refuse((const double*)((const char*)spectrum + 4), values, TERRELLA_INVALID_VALUE, "multiple of 8 bytes");
  refuse(spectrum + 1, values, TERRELLA_INVALID_VALUE, "'spectrum' at 0x"); /* one value too short */
  refuse(values + 1, values, TERRELLA_INVALID_VALUE, "'spectrum' and 'values' share memory");
  refuse((const double*)UINTPTR_MAX - 1, values, TERRELLA_INVALID_VALUE, "multiple of 8 bytes");
  refuse((const double*)(UINTPTR_MAX - 7), values, TERRELLA_INVALID_VALUE, "go beyond the last address");
  EXPECT(terrella_synthesis_f64(transform, FIELDS, spectrum, SPECTRUM - 1, values, VALUES) == TERRELLA_WRONG_LENGTH);
  for (int kind = OF_THE_HOST; kind <= (device[0] == 'c' ? OF_ANOTHER_CONTEXT : OF_ANOTHER_DEVICE); ++kind) {
    double* elsewhere = allocate(SPECTRUM * sizeof(double), kind);
    refuse(elsewhere, values, TERRELLA_INVALID_VALUE, "'spectrum' at 0x");
    EXPECT(release(elsewhere));
  }
  /* Two outputs at the same place, and one input given twice. */
  double *u = allocate(VALUES * sizeof(double), OF_THE_DEVICE), *other = allocate(SPECTRUM * sizeof(double), OF_THE_DEVICE);
  for (int i = 0; i < SPECTRUM; ++i) spectrum[i] = noise();
  EXPECT(terrella_wind_synthesis_f64(transform, FIELDS, spectrum, other, SPECTRUM, u, u, VALUES) == TERRELLA_INVALID_VALUE);
  CHECK(terrella_wind_synthesis_f64(transform, FIELDS, spectrum, spectrum, SPECTRUM, u, values, VALUES));
  CHECK(terrella_synthesis_f64(transform, 0, NULL, 0, NULL, 0));
  /* Back to the host's memory. */
  CHECK(terrella_transform_set_memory_f64(transform, TERRELLA_HOST_MEMORY));
  CHECK(terrella_synthesis_f64(transform, 1, on_the_stack, SPECTRUM / FIELDS, on_the_stack + SPECTRUM / FIELDS, VALUES / FIELDS));
  CHECK(terrella_transform_destroy_f64(transform));
  EXPECT(release(u) && release(other) && release(spectrum) && release(values));
}

static size_t in_use(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

static void nothing_is_left(void) {
  enum { WARM = 20, ALL = 1020, SMALLEST_LEAK = 16 };
  size_t before = 0, blocks = 0;
  for (int i = 0; i < ALL; ++i) {
    if (i == WARM) before = in_use(), blocks = live();
    terrella_transform_f64* cycled;
    double *spectrum = allocate(42 * sizeof(double), OF_THE_DEVICE), *grid_values = allocate(128 * sizeof(double), OF_THE_DEVICE);
    memset(spectrum, 0, 42 * sizeof(double));
    spectrum[0] = i;
    CHECK(terrella_transform_create_f64(grid, TRUNCATION, device, &cycled));
    CHECK(terrella_transform_set_memory_f64(cycled, TERRELLA_DEVICE_MEMORY));
    EXPECT(terrella_synthesis_f64(cycled, 1, spectrum, 42, spectrum, 128) == TERRELLA_INVALID_VALUE);
    CHECK(terrella_synthesis_f64(cycled, 1, spectrum, 42, grid_values, 128));
    EXPECT(grid_values[77] > i - 1e-9 && grid_values[77] < i + 1e-9);
    CHECK(terrella_transform_destroy_f64(cycled));
    EXPECT(release(spectrum) && release(grid_values));
  }
  fprintf(stderr, "%s: %zu blocks, then %zu; %zu bytes of the host, then %zu\n", device, blocks, live(), before, in_use());
  EXPECT(live() == blocks);
  /* Less than any allocation that every cycle would forget. */
  EXPECT(in_use() < before + SMALLEST_LEAK * (ALL - WARM) / 4);
}

int main(int count, char** arguments) {
  EXPECT(count == 3);
  /* mallinfo2() sees one arena. */
  EXPECT(mallopt(M_ARENA_MAX, 1) == 1);
  device = arguments[1];
  void* library = dlopen(arguments[2], RTLD_NOW);
  EXPECT(library != NULL);
  find(library, "host_gpu_allocate", &allocate);
  find(library, "host_gpu_free", &release);
  find(library, "host_gpu_live", &live);
  find(library, "host_gpu_copy_later", &copy_later);
  CHECK(terrella_grid_from_name("F4", &grid));
  operators_f32();
  operators_f64();
  refusals();
  nothing_is_left();
  CHECK(terrella_grid_destroy(grid));
  puts("done");
  return 0;
}
