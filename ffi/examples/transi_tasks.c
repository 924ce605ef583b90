/*
 * A wind and its vorticity on any number of tasks, through ecTrans's C interface.
 *
 *   cc transi_tasks.c $(pkg-config --cflags --libs terrella) -lm
 *   mpirun -n 4 ./a.out
 *
 * Task 1 makes u = U cos(latitude) on the whole grid and gives each task its region. All transform it together; each finds the coefficients
 * that it has, and task 1 gets the vorticity on the whole grid, which is 2 U/a sin(latitude).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ectrans/transi.h"

/* A task that cannot go on ends, and the launcher ends the others. */
#define CHECK(call)                                                \
  do {                                                             \
    int status = (call);                                           \
    if (status != TRANS_SUCCESS) {                                 \
      fprintf(stderr, "%s: %s\n", #call, trans_error_msg(status)); \
      exit(1);                                                     \
    }                                                              \
  } while (0)

int main(void) {
  enum { HALF = 16, RINGS = 2 * HALF, TRUNCATION = 31 };
  const double radius = 6371220.0, speed = 40.0;
  int points[RINGS];
  for (int i = 0; i < HALF; ++i) points[i] = points[RINGS - 1 - i] = 20 + 4 * i;

  struct Trans_t trans;
  CHECK(trans_use_mpi(1)); /* one task without a launcher */
  CHECK(trans_init());
  CHECK(trans_new(&trans));
  CHECK(trans_set_resol(&trans, RINGS, points));
  CHECK(trans_set_trunc(&trans, TRUNCATION));
  CHECK(trans_setup(&trans));
  CHECK(trans_inquire(&trans, "rmu, nasm0"));

  /* Whole fields: u, v. Other tasks have none. */
  const int is_first = trans.myproc == 1, from[2] = {1, 1};
  double* whole = NULL;
  if (is_first) {
    whole = calloc(2 * (size_t)trans.ngptotg, sizeof(double));
    for (int ring = 0, i = 0; ring < RINGS; ++ring)
      for (int j = 0; j < points[ring]; ++j, ++i) whole[i] = speed * sqrt(1.0 - trans.rmu[ring] * trans.rmu[ring]);
  }
  double* part = malloc(2 * (size_t)trans.ngptotmx * sizeof(double));
  struct DistGrid_t distribution = new_distgrid(&trans);
  distribution.nfld = 2;
  distribution.nfrom = from;
  distribution.rgpg = whole;
  distribution.rgp = part;
  CHECK(trans_distgrid(&distribution));

  double* vorticity = malloc((size_t)trans.nspec2mx * sizeof(double));
  double* divergence = malloc((size_t)trans.nspec2mx * sizeof(double));
  struct DirTrans_t direct = new_dirtrans(&trans);
  direct.nvordiv = 1;
  direct.rgp = part;
  direct.rspvor = vorticity;
  direct.rspdiv = divergence;
  CHECK(trans_dirtrans(&direct));
  /* Whoever has m = 0 has the one coefficient that is not 0: that of n = 1. */
  double largest_error = 0.0;
  for (int i = 0; i < trans.nspec2; ++i) {
    double expected = trans.nasm0[0] > 0 && i == trans.nasm0[0] - 1 + 2 ? 2.0 * speed / radius / sqrt(3.0) : 0.0;
    largest_error = fmax(largest_error, fabs(vorticity[i] - expected) * radius / speed);
  }
  if (largest_error > 1e-11) return 1;

  /* The vorticity on the grid: a scalar field. */
  struct InvTrans_t inverse = new_invtrans(&trans);
  inverse.nscalar = 1;
  inverse.rspscalar = vorticity;
  inverse.rgp = part;
  CHECK(trans_invtrans(&inverse));
  struct GathGrid_t gathering = new_gathgrid(&trans);
  gathering.nfld = 1;
  gathering.nto = from;
  gathering.rgp = part;
  gathering.rgpg = whole;
  CHECK(trans_gathgrid(&gathering));
  if (is_first) {
    for (int ring = 0, i = 0; ring < RINGS; ++ring)
      for (int j = 0; j < points[ring]; ++j, ++i)
        largest_error = fmax(largest_error, fabs(whole[i] * radius / speed - 2.0 * trans.rmu[ring]));
    if (largest_error > 1e-11) return 1;
    printf("%d tasks: largest error %.1e\n", trans.nproc, largest_error);
  }

  CHECK(trans_delete(&trans));
  CHECK(trans_finalize());
  free(whole), free(part), free(vorticity), free(divergence);
  return 0;
}
