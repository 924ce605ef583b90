/*
 * Solid-body rotation and a wave through ecTrans's C interface, checked against their formulas.
 *
 *   cc transi.c $(pkg-config --cflags --libs terrella) -lm
 *
 * On an octahedral grid: a scalar f = 3 + sin(latitude) + cos(latitude) cos(longitude), whose spectrum has three
 * coefficients, its derivatives, and the wind u = U cos(latitude), v = 0, whose vorticity is 2 U/a sin(latitude).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ectrans/transi.h"

#define CHECK(call)                                                       \
  do {                                                                    \
    int status = (call);                                                  \
    if (status != TRANS_SUCCESS) {                                        \
      fprintf(stderr, "%s: %s\n", #call, trans_error_msg(status));        \
      exit(1);                                                            \
    }                                                                     \
  } while (0)

static double largest_error = 0.0;

static void expect(const char* what, double got, double expected, double scale) {
  double error = fabs(got - expected) / scale;
  /* Round-off, which derivatives multiply by up to the truncation. */
  if (!(error < 1e-11)) {
    fprintf(stderr, "%s: %.17g, expected %.17g\n", what, got, expected);
    exit(1);
  }
  if (error > largest_error) largest_error = error;
}

int main(void) {
  enum { HALF = 32, RINGS = 2 * HALF, TRUNCATION = 63 };
  const double radius = 6371220.0, speed = 40.0;
  int points[RINGS];
  for (int i = 0; i < HALF; ++i) points[i] = points[RINGS - 1 - i] = 20 + 4 * i;

  struct Trans_t trans;
  CHECK(trans_use_mpi(0));
  CHECK(trans_new(&trans));
  CHECK(trans_set_resol(&trans, RINGS, points));
  CHECK(trans_set_trunc(&trans, TRUNCATION));
  CHECK(trans_setup(&trans));
  CHECK(trans_inquire(&trans, "rmu,rgw,nloen,nvalue,mvalue") == TRANS_UNRECOGNIZED_ARG ? 0 : -1);
  CHECK(trans_inquire(&trans, "rmu, rgw, nvalue, mvalue"));

  /* Order of fields: u, v, scalar. */
  const int n = trans.ngptot;
  double* grid = malloc(3 * n * sizeof(double));
  double* sine = malloc(n * sizeof(double));
  double* longitude = malloc(n * sizeof(double));
  for (int ring = 0, i = 0; ring < RINGS; ++ring) {
    for (int j = 0; j < points[ring]; ++j, ++i) {
      sine[i] = trans.rmu[ring];
      longitude[i] = 2.0 * M_PI * j / points[ring];
      double cosine = sqrt(1.0 - sine[i] * sine[i]);
      grid[i] = speed * cosine;
      grid[n + i] = 0.0;
      grid[2 * n + i] = 3.0 + sine[i] + cosine * cos(longitude[i]);
    }
  }

  double* scalar = malloc(trans.nspec2 * sizeof(double));
  double* vorticity = malloc(trans.nspec2 * sizeof(double));
  double* divergence = malloc(trans.nspec2 * sizeof(double));
  struct DirTrans_t direct = new_dirtrans(&trans);
  direct.nvordiv = 1;
  direct.nscalar = 1;
  direct.rgp = grid;
  direct.rspvor = vorticity;
  direct.rspdiv = divergence;
  direct.rspscalar = scalar;
  CHECK(trans_dirtrans(&direct));

  /* P_1^0 = sqrt(3) sin(latitude), P_1^1 = sqrt(3/2) cos(latitude); m > 0 stands for m and -m. */
  for (int i = 0; i < trans.nspec2; ++i) {
    int real = i % 2 == 0, m = trans.mvalue[i], order = trans.nvalue[i];
    double f = !real || order > 1 ? 0.0 : order == 0 ? 3.0 : m == 0 ? 1.0 / sqrt(3.0) : 0.5 / sqrt(1.5);
    double z = real && m == 0 && order == 1 ? 2.0 * speed / radius / sqrt(3.0) : 0.0;
    expect("scalar coefficient", scalar[i], f, 1.0);
    expect("vorticity coefficient", vorticity[i], z, speed / radius);
    expect("divergence coefficient", divergence[i], 0.0, speed / radius);
  }

  double norm;
  struct SpecNorm_t norms = new_specnorm(&trans);
  norms.nfld = 1;
  norms.rspec = scalar;
  norms.rnorm = &norm;
  CHECK(trans_specnorm(&norms));
  expect("norm", norm, sqrt(9.0 + 1.0 / 3.0 + 2.0 * 0.25 / 1.5), 1.0);

  /* vorticity, divergence, u, v, f, df/dy, du/dx, dv/dx, df/dx, in blocks of 100 points */
  enum { FIELDS = 9, NPROMA = 100 };
  const int blocks = (n + NPROMA - 1) / NPROMA;
  double* result = calloc((size_t)blocks * FIELDS * NPROMA, sizeof(double));
  struct InvTrans_t inverse = new_invtrans(&trans);
  inverse.nvordiv = 1;
  inverse.nscalar = 1;
  inverse.lvordivgp = 1;
  inverse.lscalarders = 1;
  inverse.luvder_EW = 1;
  inverse.nproma = NPROMA;
  inverse.ngpblks = blocks;
  inverse.rspvor = vorticity;
  inverse.rspdiv = divergence;
  inverse.rspscalar = scalar;
  inverse.rgp = result;
  CHECK(trans_invtrans(&inverse));
  for (int i = 0; i < n; ++i) {
    const double* at = result + (size_t)(i / NPROMA) * FIELDS * NPROMA + i % NPROMA;
    double cosine = sqrt(1.0 - sine[i] * sine[i]);
    expect("vorticity", at[0 * NPROMA], 2.0 * speed / radius * sine[i], speed / radius);
    expect("divergence", at[1 * NPROMA], 0.0, speed / radius);
    expect("u", at[2 * NPROMA], speed * cosine, speed);
    expect("v", at[3 * NPROMA], 0.0, speed);
    expect("f", at[4 * NPROMA], 3.0 + sine[i] + cosine * cos(longitude[i]), 3.0);
    expect("df/dy", at[5 * NPROMA], (cosine - sine[i] * cos(longitude[i])) / radius, 1.0 / radius);
    expect("du/dx", at[6 * NPROMA], 0.0, speed / radius);
    expect("dv/dx", at[7 * NPROMA], 0.0, speed / radius);
    expect("df/dx", at[8 * NPROMA], -sin(longitude[i]) / radius, 1.0 / radius);
  }

  CHECK(trans_delete(&trans));
  CHECK(trans_finalize());
  free(grid), free(sine), free(longitude), free(scalar), free(vorticity), free(divergence), free(result);
  printf("transi %s: largest error %.1e\n", ectrans_version_str(), largest_error);
  return 0;
}
