/*
 * Two fields to the grid and back, in float and double, and their gradients, with the C interface of Terrella.
 *
 *   cc terrella.c $(pkg-config --cflags --libs terrella)
 *
 * Prints every grid value and gradient in double, which the tests compare with the same calls from Rust.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "terrella.h"

static void check(int32_t status) {
  if (status != TERRELLA_SUCCESS) {
    fprintf(stderr, "%s: %s\n", terrella_status_name(status), terrella_last_error_message());
    exit(1);
  }
}

int main(void) {
  enum { TRUNCATION = 21, FIELDS = 2 };
  terrella_grid* grid;
  terrella_transform_f64* transform;
  terrella_transform_f32* single;
  uint64_t points, length;
  check(terrella_grid_from_name("F16", &grid));
  check(terrella_grid_points(grid, &points));
  check(terrella_spectrum_length(TRUNCATION, FIELDS, &length));
  check(terrella_transform_create_f64(grid, TRUNCATION, "cpu", &transform));
  check(terrella_transform_create_f32(grid, TRUNCATION, NULL, &single));
  check(terrella_grid_destroy(grid)); /* transforms keep it */

  /* Coefficient c of field f is (1, 1/2) / (1 + c + f), the imaginary part of m = 0 (the first T+1) nothing. */
  double* spectrum = calloc(length, sizeof(double));
  float* spectrum_single = calloc(length, sizeof(float));
  for (uint64_t c = 0; c < length / (2 * FIELDS); ++c) {
    for (uint64_t f = 0; f < FIELDS; ++f) {
      spectrum[(2 * c) * FIELDS + f] = 1.0 / (double)(1 + c + f);
      if (c > TRUNCATION) spectrum[(2 * c + 1) * FIELDS + f] = 0.5 / (double)(1 + c + f);
    }
  }
  for (uint64_t i = 0; i < length; ++i) spectrum_single[i] = (float)spectrum[i];

  const uint64_t size = FIELDS * points;
  double* values = calloc(3 * size, sizeof(double));
  double *eastward = values + size, *northward = values + 2 * size;
  check(terrella_synthesis_f64(transform, FIELDS, spectrum, length, values, size));
  check(terrella_gradient_synthesis_f64(transform, FIELDS, spectrum, length, eastward, northward, size));

  double* back = calloc(length, sizeof(double));
  check(terrella_analysis_f64(transform, FIELDS, values, size, back, length));
  for (uint64_t i = 0; i < length; ++i) {
    if (!(fabs(back[i] - spectrum[i]) < 1e-14)) {
      fprintf(stderr, "coefficient %llu: %g, expected %g\n", (unsigned long long)i, back[i], spectrum[i]);
      return 1;
    }
  }

  float* values_single = calloc(size, sizeof(float));
  check(terrella_synthesis_f32(single, FIELDS, spectrum_single, length, values_single, size));
  for (uint64_t i = 0; i < size; ++i) {
    if (!(fabs(values_single[i] - values[i]) < 2e-5)) {
      fprintf(stderr, "value %llu: %g, expected %g\n", (unsigned long long)i, values_single[i], values[i]);
      return 1;
    }
  }

  /* A call with the wrong length says what it expected. */
  int32_t status = terrella_synthesis_f64(transform, FIELDS, spectrum, length - 1, values, size);
  fprintf(stderr, "%s: %s\n", terrella_status_name(status), terrella_last_error_message());
  if (status != TERRELLA_WRONG_LENGTH) return 1;

  for (uint64_t i = 0; i < 3 * size; ++i) printf("%a\n", values[i]);
  check(terrella_transform_destroy_f64(transform));
  check(terrella_transform_destroy_f32(single));
  free(spectrum), free(spectrum_single), free(values), free(back), free(values_single);
  return 0;
}
