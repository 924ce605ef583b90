/* Handles of both interfaces: nothing is left after 1000 cycles, and what is not right is refused with a sentence. */
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "ectrans/transi.h"
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

static size_t in_use(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

static void cycle_terrella(void) {
  terrella_grid* grid;
  terrella_transform_f64* transform;
  terrella_transform_f32* single;
  static double spectrum[72], values[512];
  CHECK(terrella_grid_from_name("F8", &grid));
  CHECK(terrella_transform_create_f64(grid, 7, "cpu", &transform));
  CHECK(terrella_transform_create_f32(grid, 7, "cpu", &single));
  CHECK(terrella_synthesis_f64(transform, 1, spectrum, 72, values, 512));
  CHECK(terrella_analysis_f64(transform, 1, values, 512, spectrum, 72));
  EXPECT(terrella_analysis_f64(transform, 1, values, 511, spectrum, 72) == TERRELLA_WRONG_LENGTH);
  terrella_transform_f64* none;
  EXPECT(terrella_transform_create_f64(grid, 99, "cpu", &none) == TERRELLA_INVALID_VALUE && none == NULL);
  CHECK(terrella_grid_destroy(grid));
  CHECK(terrella_transform_destroy_f64(transform));
  CHECK(terrella_transform_destroy_f32(single));
}

static void cycle_transi(void) {
  struct Trans_t trans;
  const int points[4] = {12, 16, 16, 12};
  static double spectrum[20], values[56];
  CHECK(trans_new(&trans));
  CHECK(trans_set_resol(&trans, 4, points));
  CHECK(trans_set_resol(&trans, 4, points));
  CHECK(trans_set_trunc(&trans, 9));
  EXPECT(trans_setup(&trans) == TRANS_ERROR);
  CHECK(trans_set_trunc(&trans, 3));
  CHECK(trans_set_write(&trans, "/dev/null/not/there"));
  EXPECT(trans_setup(&trans) == TRANS_ERROR);
  free(trans.writefp);
  trans.writefp = NULL;
  CHECK(trans_setup(&trans));
  CHECK(trans_inquire(&trans, "rmu,rgw,nvalue,mvalue,nonl,rlapin"));
  EXPECT(trans_inquire(&trans, "nasm0,nothing") == TRANS_UNRECOGNIZED_ARG);
  struct InvTrans_t inverse = new_invtrans(&trans);
  inverse.nscalar = 1, inverse.rspscalar = spectrum, inverse.rgp = values;
  CHECK(trans_invtrans(&inverse));
  CHECK(trans_delete(&trans));
}

static void nothing_is_left(void (*cycle)(void), const char* name) {
  enum { WARM = 100, ALL = 1100, SMALLEST_LEAK = 16 };
  size_t before = 0;
  for (int i = 0; i < ALL; ++i) {
    if (i == WARM) before = in_use();
    cycle();
  }
  size_t after = in_use();
  fprintf(stderr, "%s: %zu bytes, then %zu\n", name, before, after);
  /* Less than any allocation that every cycle would forget. */
  EXPECT(after < before + SMALLEST_LEAK * (ALL - WARM) / 4);
}

static void refusals(void) {
  terrella_grid *grid, *other;
  terrella_transform_f64* transform;
  uint64_t number;
  double spectrum[72] = {0}, values[512], weights[16], radius;
  uint64_t points[4] = {8, 12, 16, 8};
  EXPECT(terrella_grid_from_name(NULL, &grid) == TERRELLA_NULL_POINTER);
  EXPECT(terrella_grid_from_name("F8", NULL) == TERRELLA_NULL_POINTER);
  EXPECT(terrella_grid_from_name("F99999999", &grid) == TERRELLA_INVALID_VALUE);
  EXPECT(terrella_grid_from_name("F\xff", &grid) == TERRELLA_INVALID_VALUE);
  EXPECT(terrella_grid_full_gaussian(7, 8, &grid) == TERRELLA_INVALID_VALUE);
  EXPECT(terrella_grid_full_gaussian(UINT64_MAX, 8, &grid) == TERRELLA_INVALID_VALUE);
  EXPECT(terrella_grid_reduced_gaussian(points, 4, &grid) == TERRELLA_INVALID_VALUE);
  EXPECT(terrella_grid_reduced_gaussian(NULL, 4, &grid) == TERRELLA_NULL_POINTER);
  EXPECT(terrella_grid_lat_lon(0, 8, 1, &grid) == TERRELLA_INVALID_VALUE);
  EXPECT(terrella_spectrum_length(UINT64_MAX, UINT64_MAX, &number) == TERRELLA_INVALID_VALUE);
  CHECK(terrella_grid_from_name("F8", &grid));
  CHECK(terrella_grid_largest_truncation(grid, &number));
  EXPECT(number == 15);
  EXPECT(terrella_grid_first_longitudes(grid, weights, 17) == TERRELLA_WRONG_LENGTH);
  CHECK(terrella_grid_first_longitudes(grid, weights, 16));
  EXPECT(weights[0] == 0.0 && weights[15] == 0.0);
  EXPECT(terrella_grid_weights(grid, weights, 15) == TERRELLA_WRONG_LENGTH);
  CHECK(terrella_grid_weights(grid, weights, 16));
  EXPECT(terrella_transform_create_f64(grid, 16, "cpu", &transform) == TERRELLA_INVALID_VALUE);
  EXPECT(strstr(terrella_last_error_message(), "the largest possible is T15") != NULL);
  EXPECT(terrella_transform_create_f64(grid, UINT64_MAX, "cpu", &transform) == TERRELLA_INVALID_VALUE);
  EXPECT(terrella_transform_create_f64(grid, 7, "gpu", &transform) == TERRELLA_DEVICE_FAILURE);
  EXPECT(terrella_transform_create_f64(grid, 7, "cuda:99", &transform) == TERRELLA_DEVICE_FAILURE);
  EXPECT(terrella_transform_create_f64(NULL, 7, NULL, &transform) == TERRELLA_NULL_POINTER);
  CHECK(terrella_transform_create_f64(grid, 7, NULL, &transform));
  other = (terrella_grid*)transform; /* a handle of another kind */
  EXPECT(terrella_grid_points(other, &number) == TERRELLA_UNKNOWN_HANDLE);
  EXPECT(terrella_synthesis_f64(transform, 1, NULL, 72, values, 512) == TERRELLA_NULL_POINTER);
  EXPECT(terrella_synthesis_f64(transform, 2, spectrum, 72, values, 512) == TERRELLA_WRONG_LENGTH);
  EXPECT(terrella_synthesis_f64(transform, UINT64_MAX, spectrum, 72, values, 512) == TERRELLA_INVALID_VALUE);
  EXPECT(terrella_synthesis_f64(transform, 1, values, 72, values, 512) == TERRELLA_INVALID_VALUE);
  CHECK(terrella_synthesis_f64(transform, 0, NULL, 0, NULL, 0));
  CHECK(terrella_analysis_f64(transform, 0, NULL, 0, NULL, 0));
  EXPECT(terrella_transform_set_radius_f64(transform, NAN) == TERRELLA_INVALID_VALUE);
  CHECK(terrella_transform_set_radius_f64(transform, 1.0));
  CHECK(terrella_transform_radius_f64(transform, &radius));
  EXPECT(radius == 1.0);
  spectrum[0] = NAN;
  CHECK(terrella_synthesis_f64(transform, 1, spectrum, 72, values, 512));
  EXPECT(isnan(values[17]));
  CHECK(terrella_transform_destroy_f64(transform));
  EXPECT(terrella_transform_destroy_f64(transform) == TERRELLA_UNKNOWN_HANDLE);
  EXPECT(terrella_synthesis_f64(transform, 1, spectrum, 72, values, 512) == TERRELLA_UNKNOWN_HANDLE);
  CHECK(terrella_transform_destroy_f64(NULL));
  CHECK(terrella_grid_destroy(grid));
  EXPECT(strcmp(terrella_version(), TERRELLA_VERSION) == 0);
  for (int status = -1; status < 10; ++status) EXPECT(strlen(terrella_status_name(status)) > 0);
}

/* One transform from several threads, destroyed while they use it. */
static terrella_transform_f64* shared;
static double shared_spectrum[72], expected[512];

static void* work(void* unused) {
  double values[512];
  for (int i = 0; i < 2000; ++i) {
    int32_t status = terrella_synthesis_f64(shared, 1, shared_spectrum, 72, values, 512);
    if (status == TERRELLA_UNKNOWN_HANDLE) return unused;
    CHECK(status);
    EXPECT(memcmp(values, expected, sizeof values) == 0);
  }
  return unused;
}

static void threads(void) {
  terrella_grid* grid;
  pthread_t workers[4];
  CHECK(terrella_grid_from_name("F8", &grid));
  CHECK(terrella_transform_create_f64(grid, 7, NULL, &shared));
  for (int i = 0; i < 72; i += 2) shared_spectrum[i] = 1.0 / (1 + i);
  CHECK(terrella_synthesis_f64(shared, 1, shared_spectrum, 72, expected, 512));
  for (int i = 0; i < 4; ++i) EXPECT(pthread_create(&workers[i], NULL, work, NULL) == 0);
  EXPECT(terrella_grid_points(NULL, NULL) == TERRELLA_NULL_POINTER);
  CHECK(terrella_transform_destroy_f64(shared));
  for (int i = 0; i < 4; ++i) EXPECT(pthread_join(workers[i], NULL) == 0);
  CHECK(terrella_grid_destroy(grid));
}

/* A plan that does not fit into the memory that the process may have. */
static void memory(void) {
  terrella_grid* grid;
  terrella_transform_f64* transform;
  struct rlimit old, limit;
  struct Trans_t trans;
  CHECK(terrella_grid_lat_lon(8000, 4001, 1, &grid));
  EXPECT(getrlimit(RLIMIT_AS, &old) == 0);
  limit = old;
  limit.rlim_cur = (rlim_t)3 << 29;
  EXPECT(setrlimit(RLIMIT_AS, &limit) == 0);
  EXPECT(terrella_transform_create_f64(grid, 3999, NULL, &transform) == TERRELLA_OUT_OF_MEMORY);
  CHECK(trans_new(&trans));
  CHECK(trans_set_resol_lonlat(&trans, 8000, 4001));
  CHECK(trans_set_trunc(&trans, 3999));
  EXPECT(trans_setup(&trans) == TRANS_ERROR);
  CHECK(trans_delete(&trans));
  EXPECT(setrlimit(RLIMIT_AS, &old) == 0);
  CHECK(terrella_grid_destroy(grid));
}

int main(void) {
  /* mallinfo2() sees one arena. */
  EXPECT(mallopt(M_ARENA_MAX, 1) == 1);
  refusals();
  threads();
  memory();
  nothing_is_left(cycle_terrella, "terrella.h");
  nothing_is_left(cycle_transi, "transi.h");
  puts("done");
  return 0;
}
