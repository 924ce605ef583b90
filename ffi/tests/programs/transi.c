/* The C interface of ecTrans: layouts of grid fields, adjoints, Legendre data, inquiries, and what is refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ectrans/transi.h"

#define EXPECT(condition)                                                                   \
  do {                                                                                      \
    if (!(condition)) {                                                                     \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);             \
      exit(1);                                                                              \
    }                                                                                       \
  } while (0)
#define CHECK(call) EXPECT((call) == TRANS_SUCCESS)

static double* reals(size_t count) {
  double* values = calloc(count ? count : 1, sizeof(double));
  EXPECT(values != NULL);
  return values;
}

static double* random_reals(size_t count) {
  double* values = reals(count);
  for (size_t i = 0; i < count; ++i) values[i] = 2.0 * rand() / RAND_MAX - 1.0;
  return values;
}

static double dot(size_t count, const double* x, const double* y) {
  double sum = 0.0;
  for (size_t i = 0; i < count; ++i) sum += x[i] * y[i];
  return sum;
}

/* Weight 1 for m = 0, 2 for m > 0. */
static double spectral_dot(const struct Trans_t* trans, int fields, const double* x, const double* y) {
  size_t zonal = (size_t)2 * (trans->nsmax + 1) * fields, all = (size_t)trans->nspec2 * fields;
  return dot(zonal, x, y) + 2.0 * dot(all - zonal, x + zonal, y + zonal);
}

enum { FULL, OCTAHEDRAL, WITH_POLES, SHIFTED, GRIDS };

static void set_up(struct Trans_t* trans, int grid) {
  int points[16];
  CHECK(trans_new(trans));
  switch (grid) {
    case FULL:
      for (int i = 0; i < 4; ++i) points[i] = 8;
      CHECK(trans_set_resol(trans, 4, points));
      CHECK(trans_set_trunc(trans, 3));
      break;
    case OCTAHEDRAL:
      for (int i = 0; i < 8; ++i) points[i] = points[15 - i] = 20 + 4 * i;
      CHECK(trans_set_resol(trans, 16, points));
      CHECK(trans_set_trunc(trans, 15));
      break;
    case WITH_POLES:
      CHECK(trans_set_resol_lonlat(trans, 24, 13));
      CHECK(trans_set_trunc(trans, 11));
      break;
    default:
      CHECK(trans_set_resol_lonlat(trans, 24, 12));
      CHECK(trans_set_trunc(trans, 11));
  }
  CHECK(trans_setup(trans));
  EXPECT(trans->nspec2 == (trans->nsmax + 1) * (trans->nsmax + 2) && trans->nspec2g == trans->nspec2);
  if (grid == WITH_POLES) EXPECT(trans->ngptotg == 24 * 13 && trans->ngptot == 24 * 13 + 24);
  if (grid == SHIFTED) EXPECT(trans->ngptotg == 24 * 12 && trans->ngptot == trans->ngptotg);
}

enum { WINDS = 2, SCALARS = 3 };

/* <A x, y> = <x, A' y>, in blocks of any length and globally. */
static void adjoints(int grid, int options, int nproma, int global) {
  struct Trans_t trans;
  set_up(&trans, grid);
  const size_t s = trans.nspec2;
  const int fields = (options ? 6 : 2) * WINDS + (options ? 3 : 1) * SCALARS, direct_fields = 2 * WINDS + SCALARS;
  if (nproma == 0) nproma = trans.ngptot;
  const int blocks = (trans.ngptot + nproma - 1) / nproma;
  const size_t points = global ? (size_t)trans.ngptotg : (size_t)blocks * nproma;
  double* x[3] = {random_reals(WINDS * s), random_reals(WINDS * s), random_reals(SCALARS * s)};
  double* back[3] = {reals(WINDS * s), reals(WINDS * s), reals(SCALARS * s)};
  double *y = random_reals(points * fields), *image = reals(points * fields);
  /* What pads the last block is no part of the field: 0 in the one array. */

  struct InvTrans_t inverse = new_invtrans(&trans);
  inverse.nvordiv = WINDS, inverse.nscalar = SCALARS;
  inverse.lvordivgp = inverse.lscalarders = inverse.luvder_EW = options;
  inverse.rspvor = x[0], inverse.rspdiv = x[1], inverse.rspscalar = x[2], inverse.rgp = image;
  inverse.nproma = nproma, inverse.ngpblks = blocks, inverse.lglobal = global;
  CHECK(trans_invtrans(&inverse));
  EXPECT(trans_invtrans(&inverse) == TRANS_STALE_ARG);
  struct InvTransAdj_t adjoint = new_invtrans_adj(&trans);
  adjoint.nvordiv = WINDS, adjoint.nscalar = SCALARS;
  adjoint.lvordivgp = adjoint.lscalarders = adjoint.luvder_EW = options;
  adjoint.rspvor = back[0], adjoint.rspdiv = back[1], adjoint.rspscalar = back[2], adjoint.rgp = y;
  adjoint.nproma = nproma, adjoint.ngpblks = blocks, adjoint.lglobal = global;
  CHECK(trans_invtrans_adj(&adjoint));
  double left = dot(points * fields, image, y), right = 0.0;
  for (int k = 0; k < 3; ++k) right += spectral_dot(&trans, k < 2 ? WINDS : SCALARS, x[k], back[k]);
  double scale = sqrt(dot(points * fields, image, image) * dot(points * fields, y, y));
  EXPECT(scale > 0.0 && fabs(left - right) < 1e-12 * scale);

  struct DirTrans_t direct = new_dirtrans(&trans);
  direct.nvordiv = WINDS, direct.nscalar = SCALARS;
  direct.rspvor = back[0], direct.rspdiv = back[1], direct.rspscalar = back[2], direct.rgp = y;
  direct.nproma = nproma, direct.ngpblks = blocks, direct.lglobal = global;
  CHECK(trans_dirtrans(&direct));
  EXPECT(trans_dirtrans(&direct) == TRANS_STALE_ARG);
  memset(image, 0, points * fields * sizeof(double));
  struct DirTransAdj_t direct_adjoint = new_dirtrans_adj(&trans);
  direct_adjoint.nvordiv = WINDS, direct_adjoint.nscalar = SCALARS;
  direct_adjoint.rspvor = x[0], direct_adjoint.rspdiv = x[1], direct_adjoint.rspscalar = x[2];
  direct_adjoint.rgp = image;
  direct_adjoint.nproma = nproma, direct_adjoint.ngpblks = blocks, direct_adjoint.lglobal = global;
  CHECK(trans_dirtrans_adj(&direct_adjoint));
  left = dot(points * direct_fields, image, y), right = 0.0;
  for (int k = 0; k < 3; ++k) right += spectral_dot(&trans, k < 2 ? WINDS : SCALARS, x[k], back[k]);
  scale = sqrt(dot(points * direct_fields, image, image) * dot(points * direct_fields, y, y));
  EXPECT(scale > 0.0 && fabs(left - right) < 1e-12 * scale);

  for (int k = 0; k < 3; ++k) free(x[k]), free(back[k]);
  free(y), free(image);
  CHECK(trans_delete(&trans));
}

/* Global fields to blocks, to spectra and back to global fields; the same with lglobal. */
static void round_trip(int grid) {
  struct Trans_t trans;
  set_up(&trans, grid);
  enum { FIELDS = 2, NPROMA = 7 };
  const int tasks[FIELDS] = {1, 1}, others[FIELDS] = {1, 2};
  const int blocks = (trans.ngptot + NPROMA - 1) / NPROMA;
  const size_t global_size = (size_t)FIELDS * trans.ngptotg, spectrum_size = (size_t)FIELDS * trans.nspec2;
  double *random = random_reals(spectrum_size), *global = reals(global_size), *gathered = reals(global_size);
  double *blocked = reals((size_t)blocks * FIELDS * NPROMA), *spectrum = reals(spectrum_size);
  double* copy = reals(spectrum_size);
  for (int i = 1; i < 2 * FIELDS * (trans.nsmax + 1); ++i)
    if (i / FIELDS % 2) random[i] = 0.0;

  struct InvTrans_t inverse = new_invtrans(&trans);
  inverse.nscalar = FIELDS, inverse.rspscalar = random, inverse.rgp = global, inverse.lglobal = 1;
  CHECK(trans_invtrans(&inverse));
  struct DistGrid_t distribution = new_distgrid(&trans);
  distribution.nfld = FIELDS, distribution.nfrom = others, distribution.rgpg = global, distribution.rgp = blocked;
  distribution.nproma = NPROMA, distribution.ngpblks = blocks;
  EXPECT(trans_distgrid(&distribution) == TRANS_ERROR);
  distribution.count = 0, distribution.nfrom = tasks, distribution.ngpblks = blocks - 1;
  EXPECT(trans_distgrid(&distribution) == TRANS_ERROR);
  distribution.count = 0, distribution.ngpblks = blocks;
  CHECK(trans_distgrid(&distribution));

  struct DirTrans_t direct = new_dirtrans(&trans);
  direct.nscalar = FIELDS, direct.rspscalar = spectrum, direct.rgp = blocked;
  direct.nproma = NPROMA, direct.ngpblks = blocks;
  CHECK(trans_dirtrans(&direct));
  /* A reduced grid drops high m on short rings, so that there the way back is not exact. */
  double tolerance = grid == OCTAHEDRAL ? 1e-1 : 1e-12;
  for (size_t i = 0; i < spectrum_size; ++i) EXPECT(fabs(spectrum[i] - random[i]) < tolerance);

  struct GathSpec_t gathering = new_gathspec(&trans);
  gathering.nfld = FIELDS, gathering.nto = tasks, gathering.rspec = random, gathering.rspecg = spectrum;
  CHECK(trans_gathspec(&gathering));
  struct DistSpec_t spreading = new_distspec(&trans);
  spreading.nfld = FIELDS, spreading.nfrom = tasks, spreading.rspecg = spectrum, spreading.rspec = copy;
  CHECK(trans_distspec(&spreading));
  EXPECT(memcmp(copy, random, spectrum_size * sizeof(double)) == 0);

  memset(blocked, 0, (size_t)blocks * FIELDS * NPROMA * sizeof(double));
  inverse = new_invtrans(&trans);
  inverse.nscalar = FIELDS, inverse.rspscalar = copy, inverse.rgp = blocked;
  inverse.nproma = NPROMA, inverse.ngpblks = blocks;
  CHECK(trans_invtrans(&inverse));
  struct GathGrid_t grid_gathering = new_gathgrid(&trans);
  grid_gathering.nfld = FIELDS, grid_gathering.nto = tasks, grid_gathering.rgp = blocked;
  grid_gathering.rgpg = gathered, grid_gathering.nproma = NPROMA, grid_gathering.ngpblks = blocks;
  CHECK(trans_gathgrid(&grid_gathering));
  EXPECT(memcmp(gathered, global, global_size * sizeof(double)) == 0);

  free(random), free(global), free(gathered), free(blocked), free(spectrum), free(copy);
  CHECK(trans_delete(&trans));
}

static void inquiries(void) {
  struct Trans_t trans;
  set_up(&trans, OCTAHEDRAL);
  CHECK(trans_inquire(&trans,
                      "numpp,ngptotl,nmyms,nasm0,npossp,nptrms,nallms,ndim0g,nvalue,mvalue,nfrstlat,nlstlat,nptrlat,"
                      "nptrfrstlat,nptrlstlat,nsta,nonl,ldsplitlat,nultpp,nptrls,nnmeng,RMU, rgw,npms,rlapin,ndglu"));
  CHECK(trans_inquire(&trans, "ndgl,nsmax,ngptot,nspolegl,rmu"));
  EXPECT(trans_inquire(&trans, "rmu,nothing") == TRANS_UNRECOGNIZED_ARG);
  EXPECT(trans_inquire(&trans, "rpnm") == TRANS_NOTIMPL);
  EXPECT(trans_inquire(&trans, NULL) == TRANS_MISSING_ARG);
  EXPECT(trans.numpp[0] == 16 && trans.ngptotl[0] == trans.ngptot && trans.npossp[1] == trans.nspec2 + 1);
  EXPECT(trans.nasm0[0] == 1 && trans.nasm0[1] == 33 && trans.nasm0[2] == 63 && trans.nvalue[63] == 2);
  EXPECT(trans.mvalue[trans.nspec2 - 1] == 15 && trans.nvalue[trans.nspec2 - 1] == 15);
  EXPECT(trans.nonl[0] == 20 && trans.nonl[7] == 48 && trans.nnmeng[0] == 9 && trans.nnmeng[7] == 15);
  EXPECT(trans.ndglu[0] == 8 && trans.ndglu[9] == 8 && trans.ndglu[10] == 7 && trans.ndglu[15] == 5);
  EXPECT(trans.npms[0] == 0 && trans.npms[1] == 17 && trans.npms[2] == 33);
  EXPECT(fabs(trans.rlapin[2] + 6371220.0 * 6371220.0 / 2.0) < 1.0 && trans.rlapin[1] == 0.0);
  double sum = 0.0;
  for (int i = 0; i < 16; ++i) sum += trans.rgw[i];
  EXPECT(fabs(sum - 1.0) < 1e-14 && trans.rmu[0] > 0.98 && trans.rmu[0] == -trans.rmu[15]);
  CHECK(trans_delete(&trans));
  EXPECT(trans.rmu == NULL && trans.handle == 0);

  set_up(&trans, WITH_POLES);
  /* An array of the caller's, as long as ecTrans wants it. */
  double* own = random_reals(trans.ndgl);
  trans.rmu = own;
  CHECK(trans_inquire(&trans, "rmu"));
  EXPECT(trans.rmu == own && own[0] == 1.0 && own[6] == 0.0 && own[11] < -0.8);
  free(own);
  trans.rmu = NULL;
  CHECK(trans_inquire(&trans, "nonl,rgw,rmu"));
  sum = 0.0;
  int points = 0;
  for (int i = 0; i < trans.ndgl + 2; ++i) sum += trans.rgw[i], points += trans.nonl[i];
  EXPECT(points == trans.ngptot && fabs(sum - 1.0) < 1e-14 && trans.rmu[6] == 0.0 && trans.rmu[7] == 0.0);
  CHECK(trans_delete(&trans));
}

/* A scalar field of random coefficients on the grid. */
static double* field_of(struct Trans_t* trans) {
  srand(5);
  double *spectrum = random_reals(trans->nspec2), *values = reals(trans->ngptot);
  struct InvTrans_t inverse = new_invtrans(trans);
  inverse.nscalar = 1, inverse.rspscalar = spectrum, inverse.rgp = values;
  CHECK(trans_invtrans(&inverse));
  free(spectrum);
  return values;
}

static void legendre_data(void) {
  struct Trans_t trans;
  const int points[4] = {12, 16, 16, 12};
  static char data[4096];
  double* fields[3];
  size_t size = 0;
  for (int k = 0; k < 3; ++k) {
    CHECK(trans_new(&trans));
    CHECK(trans_set_resol(&trans, 4, points));
    CHECK(trans_set_trunc(&trans, 3));
    if (k == 0) CHECK(trans_set_write(&trans, "legendre"));
    if (k == 1) CHECK(trans_set_read(&trans, "legendre"));
    if (k == 2) {
      FILE* file = fopen("legendre", "rb");
      EXPECT(file != NULL && (size = fread(data, 1, sizeof data, file)) > 0);
      fclose(file);
      CHECK(trans_set_cache(&trans, data, size));
    }
    CHECK(trans_setup(&trans));
    fields[k] = field_of(&trans);
    EXPECT(memcmp(fields[k], fields[0], trans.ngptot * sizeof(double)) == 0);
    CHECK(trans_delete(&trans));
  }
  for (int k = 0; k < 4; ++k) {
    CHECK(trans_new(&trans));
    CHECK(trans_set_resol(&trans, 4, points));
    CHECK(trans_set_trunc(&trans, k == 0 ? 2 : 3));
    if (k == 0) CHECK(trans_set_read(&trans, "legendre"));
    if (k == 1) CHECK(trans_set_read(&trans, "not there"));
    if (k == 2) CHECK(trans_set_cache(&trans, data, size - 1));
    if (k == 3) CHECK(trans_set_cache(&trans, NULL, size));
    EXPECT(trans_setup(&trans) == (k == 3 ? TRANS_MISSING_ARG : TRANS_ERROR));
    CHECK(trans_delete(&trans));
  }
  for (int k = 0; k < 3; ++k) free(fields[k]);
}

/* u = U cos(latitude): u cos(latitude) = U (1 - sin^2) = 2/3 U (1 - P_2). */
static void wind_spectra(void) {
  enum { T = 5, SIZE = (T + 1) * (T + 2) };
  const double speed = 30.0, radius = 6371220.0;
  double vorticity[SIZE] = {0}, divergence[SIZE] = {0}, u[SIZE], v[SIZE];
  vorticity[2] = 2.0 * speed / radius / sqrt(3.0);
  struct VorDivToUV_t request = new_vordiv_to_UV();
  request.nfld = 1, request.nsmax = T, request.ncoeff = SIZE;
  request.rspvor = vorticity, request.rspdiv = divergence, request.rspu = u, request.rspv = v;
  CHECK(trans_vordiv_to_UV(&request));
  for (int i = 0; i < SIZE; ++i) {
    double expected = i == 0 ? 2.0 / 3.0 * speed : i == 4 ? -2.0 / 3.0 * speed / sqrt(5.0) : 0.0;
    EXPECT(fabs(u[i] - expected) < 1e-13 * speed && v[i] == 0.0);
  }
  request = new_vordiv_to_UV();
  EXPECT(trans_vordiv_to_UV(&request) == TRANS_MISSING_ARG);
}

static void refusals(void) {
  struct Trans_t trans, others[12];
  const int odd[3] = {8, 8, 8}, uneven[4] = {8, 12, 16, 8}, tiny[4] = {1, 2, 2, 1}, empty[4] = {8, 0, 0, 8};
  EXPECT(trans_new(NULL) == TRANS_MISSING_ARG && trans_setup(NULL) == TRANS_MISSING_ARG);
  CHECK(trans_new(&trans));
  EXPECT(trans_setup(&trans) == TRANS_ERROR);
  EXPECT(trans_set_resol(&trans, 0, odd) == TRANS_ERROR && trans_set_resol(&trans, 4, NULL) == TRANS_MISSING_ARG);
  CHECK(trans_set_resol(&trans, 3, odd));
  CHECK(trans_set_trunc(&trans, 2));
  EXPECT(trans_setup(&trans) == TRANS_ERROR);
  CHECK(trans_set_resol(&trans, 4, uneven));
  EXPECT(trans_setup(&trans) == TRANS_ERROR);
  CHECK(trans_set_resol(&trans, 4, empty));
  EXPECT(trans_setup(&trans) == TRANS_ERROR);
  CHECK(trans_set_resol(&trans, 4, tiny));
  EXPECT(trans_setup(&trans) == TRANS_ERROR); /* 2 points carry T0 */
  CHECK(trans_set_trunc(&trans, 0));
  CHECK(trans_setup(&trans));
  CHECK(trans_delete(&trans));
  CHECK(trans_delete(&trans));
  EXPECT(trans_set_resol_lonlat(&trans, 8, 1) == TRANS_ERROR);
  EXPECT(trans_set_resol_lam(&trans, 8, 8, 1.0, 1.0) == TRANS_NOTIMPL);
  EXPECT(trans_set_trunc_lam(&trans, 3, 3) == TRANS_NOTIMPL);
  trans.llam = 1;
  EXPECT(trans_setup(&trans) == TRANS_NOTIMPL);
  EXPECT(trans_set_nprtrv(2) == TRANS_NOTIMPL && trans_set_nprtrv(0) == TRANS_ERROR);
  /* No launcher: the same with and without MPI. */
  CHECK(trans_use_mpi(0));
  CHECK(trans_use_mpi(1));
  EXPECT(trans_set_nprgpew(0) == TRANS_ERROR && trans_set_radius(-1.0) == TRANS_ERROR);
  EXPECT(trans_set_handles_limit(0) == TRANS_ERROR && trans_set_leq_regions(0) == TRANS_SUCCESS);

  struct DirTrans_t direct = new_dirtrans(NULL);
  EXPECT(trans_dirtrans(&direct) == TRANS_MISSING_ARG && trans_dirtrans(NULL) == TRANS_MISSING_ARG);
  set_up(&trans, FULL);
  double *spectrum = reals(trans.nspec2), *grid = reals(trans.ngptot);
  direct = new_dirtrans(&trans);
  EXPECT(trans_dirtrans(&direct) == TRANS_MISSING_ARG);
  direct = new_dirtrans(&trans);
  direct.rgp = grid, direct.nscalar = 1;
  EXPECT(trans_dirtrans(&direct) == TRANS_MISSING_ARG);
  direct = new_dirtrans(&trans);
  direct.rgp = grid, direct.nscalar = -1, direct.rspscalar = spectrum;
  EXPECT(trans_dirtrans(&direct) == TRANS_ERROR);
  direct = new_dirtrans(&trans);
  direct.rgp = grid, direct.nscalar = 1, direct.rspscalar = grid;
  EXPECT(trans_dirtrans(&direct) == TRANS_ERROR);
  direct = new_dirtrans(&trans);
  direct.rgp = grid; /* no field */
  CHECK(trans_dirtrans(&direct));
  grid[3] = NAN;
  direct = new_dirtrans(&trans);
  direct.rgp = grid, direct.nscalar = 1, direct.rspscalar = spectrum;
  CHECK(trans_dirtrans(&direct));
  EXPECT(isnan(spectrum[0]));
  struct Trans_t stale = trans;
  CHECK(trans_delete(&trans));
  direct = new_dirtrans(&stale);
  direct.rgp = grid, direct.nscalar = 1, direct.rspscalar = spectrum;
  EXPECT(trans_dirtrans(&direct) == TRANS_ERROR);
  free(spectrum), free(grid);

  for (int i = 0; i < 10; ++i) set_up(&others[i], FULL);
  CHECK(trans_new(&others[10]));
  CHECK(trans_set_resol(&others[10], 4, uneven));
  EXPECT(trans_setup(&others[10]) == TRANS_ERROR); /* all 10 handles are in use */
  CHECK(trans_delete(&others[10]));
  EXPECT(trans_set_handles_limit(9) == TRANS_ERROR);
  CHECK(trans_set_handles_limit(11));
  set_up(&others[10], FULL);
  for (int i = 0; i < 11; ++i) CHECK(trans_delete(&others[i]));

  /* A grid without spectra, and spectra without a grid. */
  CHECK(trans_new(&trans));
  CHECK(trans_set_resol_lonlat(&trans, 8, 5));
  CHECK(trans_setup(&trans));
  EXPECT(trans.ngptot == 48 && trans.nspec2 == 0 && trans_inquire(&trans, "rgw") == 0);
  EXPECT(trans_inquire(&trans, "nasm0") == TRANS_ERROR);
  CHECK(trans_delete(&trans));
  CHECK(trans_new(&trans));
  CHECK(trans_set_trunc(&trans, 4));
  CHECK(trans_setup(&trans));
  EXPECT(trans.nspec2 == 30 && trans.ngptot == 0 && trans_inquire(&trans, "rmu") == TRANS_ERROR);
  CHECK(trans_delete(&trans));

  EXPECT(ectrans_version_int() == 10700 && strlen(ectrans_git_sha1_abbrev(3)) == 3);
  for (int status = 1; status > -8; --status) EXPECT(trans_error_msg(status) != NULL);
}

int main(void) {
  CHECK(trans_init());
  for (int grid = FULL; grid < GRIDS; ++grid) {
    for (int options = 0; options < 2; ++options) {
      adjoints(grid, options, 0, 0);
      adjoints(grid, options, 7, 0);
      adjoints(grid, options, 0, 1);
    }
    round_trip(grid);
  }
  inquiries();
  legendre_data();
  wind_spectra();
  refusals();
  CHECK(trans_finalize());
  puts("done");
  return 0;
}
