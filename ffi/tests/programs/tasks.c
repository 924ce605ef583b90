/*
 * The C interface of ecTrans on any number of tasks: what is whole on task 1 is written to a file, for comparison with other numbers of
 * tasks, and what the inquiries say of the parts is checked on each task.
 *
 *   tasks FILE          MPI is begun and ended by the library
 *   tasks FILE [late]   with -DWITH_MPI, by this program; `late`: and ended before trans_finalize()
 */
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef WITH_MPI
#include <mpi.h>
#endif

#include "ectrans/transi.h"

static int nproc = 1, myproc = 1;

#define EXPECT(condition)                                                                                          \
  do {                                                                                                             \
    if (!(condition)) {                                                                                            \
      fprintf(stderr, "%s:%d: task %d of %d: not true: %s\n", __FILE__, __LINE__, myproc, nproc, #condition);       \
      exit(1);                                                                                                     \
    }                                                                                                              \
  } while (0)
#define CHECK(call) EXPECT((call) == TRANS_SUCCESS)

static FILE* results;

static void keep(const double* values, size_t count) {
  if (myproc == 1) EXPECT(fwrite(values, sizeof(double), count, results) == count);
}

static double* reals(size_t count) {
  double* values = calloc(count ? count : 1, sizeof(double));
  EXPECT(values != NULL);
  return values;
}

/* A number of the field and the place in it, from -1 to 1, the same on all tasks. */
static double number(int field, size_t place) {
  uint64_t bits = ((uint64_t)field * 1000003u + place + 1) * 0x9e3779b97f4a7c15u;
  bits = (bits ^ bits >> 29) * 0xbf58476d1ce4e5b9u;
  return (double)(bits >> 11) / 4503599627370496.0 - 1.0;
}

enum { OCTAHEDRAL, FULL, USERS, TINY };
/* Regions of equal shape; the same of whole rings; bands; bands of whole rings; two regions in each band. */
enum { EQUAL, EQUAL_WHOLE, BANDS, BANDS_WHOLE, TWO_EACH };

static void choose(struct Trans_t* trans, int grid, int layout) {
  static const int users[8] = {9, 13, 19, 21, 21, 19, 13, 9}, tiny[2] = {3, 3};
  int points[16];
  CHECK(trans_new(trans));
  CHECK(trans_set_leq_regions(layout == EQUAL || layout == EQUAL_WHOLE));
  CHECK(trans_set_nprgpew(layout == TWO_EACH ? 2 : 1));
  trans->lsplit = layout == EQUAL || layout == BANDS || layout == TWO_EACH;
  switch (grid) {
    case OCTAHEDRAL:
      for (int i = 0; i < 8; ++i) points[i] = points[15 - i] = 20 + 4 * i;
      CHECK(trans_set_resol(trans, 16, points));
      CHECK(trans_set_trunc(trans, 15));
      break;
    case FULL:
      for (int i = 0; i < 8; ++i) points[i] = 16;
      CHECK(trans_set_resol(trans, 8, points));
      CHECK(trans_set_trunc(trans, 7));
      break;
    case USERS:
      CHECK(trans_set_resol(trans, 8, users));
      CHECK(trans_set_trunc(trans, 6));
      break;
    default: /* fewer rings and wavenumbers than tasks */
      CHECK(trans_set_resol(trans, 2, tiny));
      CHECK(trans_set_trunc(trans, 1));
  }
}

/* Checks what the inquiries say; the place in a global field of each point of this task. */
static size_t* places_of_points(struct Trans_t* t) {
  EXPECT(t->nproc == nproc && t->myproc == myproc);
  CHECK(trans_inquire(t,
                      "numpp,ngptotl,nmyms,nasm0,npossp,nptrms,nallms,ndim0g,nvalue,mvalue,nfrstlat,nlstlat,nptrlat,"
                      "nptrfrstlat,nptrlstlat,nsta,nonl,ldsplitlat,nultpp,nptrls,nnmeng,rmu,rgw,npms,rlapin,ndglu"));
  const int band = t->my_region_NS - 1, sector = t->my_region_EW - 1, rows = t->ndgl + t->n_regions_NS - 1;
  int task = 0, all = 0, most = 0;
  for (int i = 0; i < t->n_regions_NS; ++i) {
    EXPECT(t->n_regions[i] <= t->n_regions_EW);
    for (int j = 0; j < t->n_regions_EW; ++j) {
      int count = t->ngptotl[j * t->n_regions_NS + i];
      EXPECT(count >= 0 && (j < t->n_regions[i] || count == 0));
      all += count;
      if (count > most) most = count;
      if (i == band && j == sector) EXPECT(task + 1 == myproc && count == t->ngptot);
      if (j < t->n_regions[i]) ++task;
    }
  }
  EXPECT(task == nproc && all == t->ngptotg && most == t->ngptotmx);
  EXPECT(t->nfrstloff == t->nfrstlat[band] - 1 && t->nptrfloff == t->nptrfrstlat[band] - 1);
  EXPECT(t->nptrlstlat[band] - t->nptrfrstlat[band] == t->nlstlat[band] - t->nfrstlat[band]);

  size_t *places = malloc((t->ngptot + 1) * sizeof(size_t)), first = 0;
  int count = 0, latitude = 1;
  for (int row = t->nptrfrstlat[band]; row <= t->nptrlstlat[band]; ++row) {
    for (; latitude < t->nfrstlat[band] + row - t->nptrfrstlat[band]; ++latitude) first += t->nloen[latitude - 1];
    EXPECT(t->nptrlat[latitude - 1] == row || (t->ldsplitlat[latitude - 1] && t->nptrlat[latitude - 1] < row));
    int start = t->nsta[sector * rows + row - 1], points = t->nonl[sector * rows + row - 1];
    EXPECT(count + points <= t->ngptot && (points == 0 || (start >= 1 && start - 1 + points <= t->nloen[latitude - 1])));
    for (int i = 0; i < points; ++i) places[count++] = first + start - 1 + i;
    if (!t->lsplit) EXPECT(!t->ldsplitlat[latitude - 1]);
  }
  EXPECT(count == t->ngptot);

  EXPECT(t->nspec2 == 2 * t->nspec && t->nspec2g == (t->nsmax + 1) * (t->nsmax + 2) && t->nprtrw == nproc);
  int next = 0, latitudes = 0;
  for (int i = 0; i < t->nump; ++i) {
    int m = t->nmyms[i];
    EXPECT(m == t->nallms[t->nptrms[myproc - 1] - 1 + i] && t->nasm0[m] == next + 1);
    EXPECT(t->ndim0g[m] == t->npossp[myproc - 1] + next);
    for (int n = m; n <= t->nsmax; ++n, next += 2)
      EXPECT(t->nvalue[next] == n && t->nvalue[next + 1] == n && t->mvalue[next] == m && t->mvalue[next + 1] == m);
  }
  EXPECT(next == t->nspec2 && t->nump == t->numpp[myproc - 1]);
  EXPECT(next == t->npossp[myproc] - t->npossp[myproc - 1] && t->npossp[nproc] == t->nspec2g + 1);
  for (int i = 0; i < t->nprtrns; ++i) latitudes += t->nultpp[i];
  EXPECT(latitudes == t->ndgl && t->nptrls[0] == 1);
  return places;
}

/* Fields go to or come from the tasks in turn, `first` being the first of them. */
static int* in_turn(int fields, int first) {
  int* tasks = malloc(fields * sizeof(int));
  for (int f = 0; f < fields; ++f) tasks[f] = 1 + (first - 1 + f) % nproc;
  return tasks;
}

static int* all_on(int fields, int task) {
  int* tasks = malloc(fields * sizeof(int));
  for (int f = 0; f < fields; ++f) tasks[f] = task;
  return tasks;
}

/* Whole on task 1, empty elsewhere. */
static double* whole_spectra(struct Trans_t* t, int fields, const double* part) {
  int* tasks = all_on(fields, 1);
  double* whole = myproc == 1 ? reals((size_t)fields * t->nspec2g) : NULL;
  struct GathSpec_t request = new_gathspec(t);
  request.nfld = fields, request.nto = tasks, request.rspec = part, request.rspecg = whole;
  CHECK(trans_gathspec(&request));
  free(tasks);
  return whole;
}

static double* whole_grid(struct Trans_t* t, int fields, const double* blocks, int nproma, int ngpblks) {
  int* tasks = all_on(fields, 1);
  double* whole = myproc == 1 ? reals((size_t)fields * t->ngptotg) : NULL;
  struct GathGrid_t request = new_gathgrid(t);
  request.nfld = fields, request.nto = tasks, request.rgp = blocks, request.rgpg = whole;
  request.nproma = nproma, request.ngpblks = ngpblks;
  CHECK(trans_gathgrid(&request));
  free(tasks);
  return whole;
}

static double dot(size_t count, const double* x, const double* y) {
  double sum = 0.0;
  for (size_t i = 0; i < count; ++i) sum += x[i] * y[i];
  return sum;
}

/* Weight 1 for m = 0, 2 for m > 0; on task 1. */
static double spectral_dot(struct Trans_t* t, int fields, const double* x, const double* y) {
  double *whole_x = whole_spectra(t, fields, x), *whole_y = whole_spectra(t, fields, y), sum = 0.0;
  if (myproc == 1) {
    size_t zonal = (size_t)2 * (t->nsmax + 1) * fields, all = (size_t)t->nspec2g * fields;
    sum = dot(zonal, whole_x, whole_y) + 2.0 * dot(all - zonal, whole_x + zonal, whole_y + zonal);
  }
  free(whole_x), free(whole_y);
  return sum;
}

static double grid_dot(struct Trans_t* t, int fields, const double* x, const double* y, int nproma, int ngpblks) {
  double *whole_x = whole_grid(t, fields, x, nproma, ngpblks), *whole_y = whole_grid(t, fields, y, nproma, ngpblks);
  double sum = myproc == 1 ? dot((size_t)fields * t->ngptotg, whole_x, whole_y) : 0.0;
  free(whole_x), free(whole_y);
  return sum;
}

enum { WINDS = 2, SCALARS = 3 };

static void transforms(int grid, int layout, int nproma, int options) {
  struct Trans_t t;
  choose(&t, grid, layout);
  CHECK(trans_setup(&t));
  size_t* places = places_of_points(&t);
  if (nproma == 0) nproma = t.ngptot;
  const int ngpblks = nproma ? (t.ngptot + nproma - 1) / nproma : 1;
  const int direct_fields = 2 * WINDS + SCALARS, fields = (options ? 6 : 2) * WINDS + (options ? 3 : 1) * SCALARS;

  /* From all tasks, each of which has some fields. */
  int *tasks = in_turn(direct_fields, 1), here = 0;
  double* global = reals((size_t)direct_fields * t.ngptotg);
  for (int f = 0; f < direct_fields; ++f) {
    if (tasks[f] != myproc) continue;
    for (int i = 0; i < t.ngptotg; ++i) global[(size_t)here * t.ngptotg + i] = number(f, i);
    ++here;
  }
  double* blocks = reals((size_t)direct_fields * ngpblks * nproma);
  struct DistGrid_t distribution = new_distgrid(&t);
  distribution.nfld = direct_fields, distribution.nfrom = tasks, distribution.rgpg = here ? global : NULL;
  distribution.rgp = blocks, distribution.nproma = nproma, distribution.ngpblks = ngpblks;
  CHECK(trans_distgrid(&distribution));
  EXPECT(trans_distgrid(&distribution) == TRANS_STALE_ARG);
  for (int f = 0; f < direct_fields; ++f)
    for (int i = 0; i < t.ngptot; ++i)
      EXPECT(blocks[(size_t)(i / nproma * direct_fields + f) * nproma + i % nproma] == number(f, places[i]));
  /* And back to them, in another order. */
  int* others = in_turn(direct_fields, nproc);
  double* gathered = reals((size_t)direct_fields * t.ngptotg);
  struct GathGrid_t gathering = new_gathgrid(&t);
  gathering.nfld = direct_fields, gathering.nto = others, gathering.rgpg = gathered, gathering.rgp = blocks;
  gathering.nproma = nproma, gathering.ngpblks = ngpblks;
  CHECK(trans_gathgrid(&gathering));
  here = 0;
  for (int f = 0; f < direct_fields; ++f) {
    if (others[f] != myproc) continue;
    for (int i = 0; i < t.ngptotg; ++i) EXPECT(gathered[(size_t)here * t.ngptotg + i] == number(f, i));
    ++here;
  }

  double* spectra[3] = {reals((size_t)WINDS * t.nspec2), reals((size_t)WINDS * t.nspec2), reals((size_t)SCALARS * t.nspec2)};
  double* back[3] = {reals((size_t)WINDS * t.nspec2), reals((size_t)WINDS * t.nspec2), reals((size_t)SCALARS * t.nspec2)};
  struct DirTrans_t direct = new_dirtrans(&t);
  direct.nvordiv = WINDS, direct.nscalar = SCALARS, direct.rgp = blocks;
  direct.rspvor = spectra[0], direct.rspdiv = spectra[1], direct.rspscalar = spectra[2];
  direct.nproma = nproma, direct.ngpblks = ngpblks;
  CHECK(trans_dirtrans(&direct));
  for (int k = 0; k < 3; ++k) {
    const int count = k < 2 ? WINDS : SCALARS;
    double* whole = whole_spectra(&t, count, spectra[k]);
    keep(whole, (size_t)count * t.nspec2g);
    free(whole);

    double norms[SCALARS], weights[16], last[SCALARS];
    for (int n = 0; n <= t.nsmax; ++n) weights[n] = 1.0 + n;
    struct SpecNorm_t norm = new_specnorm(&t);
    norm.nfld = count, norm.rspec = spectra[k], norm.rnorm = myproc == 1 ? norms : NULL, norm.rmet = weights;
    CHECK(trans_specnorm(&norm));
    keep(norms, count);
    norm = new_specnorm(&t);
    norm.nfld = count, norm.rspec = spectra[k], norm.rnorm = myproc == nproc ? last : NULL, norm.nmaster = nproc;
    CHECK(trans_specnorm(&norm));
    /* To all tasks in turn and back. */
    int* to = in_turn(count, nproc);
    double *some = reals((size_t)count * t.nspec2g), *again = reals((size_t)count * t.nspec2);
    struct GathSpec_t gather = new_gathspec(&t);
    gather.nfld = count, gather.nto = to, gather.rspec = spectra[k], gather.rspecg = some;
    CHECK(trans_gathspec(&gather));
    if (myproc == nproc) { /* which has field 0, and others only where it is alone */
      int mine = nproc == 1 ? count : 1 + (count - 1) / nproc;
      double sum = 0.0;
      for (int i = 0; i < t.nspec2g; ++i) {
        double x = some[(size_t)i * mine];
        sum += (i < 2 * (t.nsmax + 1) ? 1.0 : 2.0) * x * x;
      }
      EXPECT(fabs(sqrt(sum) - last[0]) <= 1e-13 * last[0] && last[0] > 0.0);
    }
    struct DistSpec_t spread = new_distspec(&t);
    spread.nfld = count, spread.nfrom = to, spread.rspecg = some, spread.rspec = again;
    CHECK(trans_distspec(&spread));
    EXPECT(memcmp(again, spectra[k], (size_t)count * t.nspec2 * sizeof(double)) == 0);
    free(to), free(some), free(again);
  }

  /* Spectra of the wind from parts and from whole ones. */
  double *u = reals((size_t)WINDS * t.nspec2), *v = reals((size_t)WINDS * t.nspec2);
  struct VorDivToUV_t wind = new_vordiv_to_UV();
  wind.nfld = WINDS, wind.nsmax = t.nsmax, wind.ncoeff = t.nspec2;
  wind.rspvor = spectra[0], wind.rspdiv = spectra[1], wind.rspu = u, wind.rspv = v;
  CHECK(trans_vordiv_to_UV(&wind));
  double* whole[4] = {whole_spectra(&t, WINDS, spectra[0]), whole_spectra(&t, WINDS, spectra[1]),
                      whole_spectra(&t, WINDS, u), whole_spectra(&t, WINDS, v)};
  if (myproc == 1) {
    size_t size = (size_t)WINDS * t.nspec2g;
    double *whole_u = reals(size), *whole_v = reals(size);
    wind = new_vordiv_to_UV();
    wind.nfld = WINDS, wind.nsmax = t.nsmax, wind.ncoeff = t.nspec2g;
    wind.rspvor = whole[0], wind.rspdiv = whole[1], wind.rspu = whole_u, wind.rspv = whole_v;
    CHECK(trans_vordiv_to_UV(&wind));
    EXPECT(memcmp(whole_u, whole[2], size * sizeof(double)) == 0);
    EXPECT(memcmp(whole_v, whole[3], size * sizeof(double)) == 0);
    free(whole_u), free(whole_v);
  }
  for (int k = 0; k < 4; ++k) free(whole[k]);
  free(u), free(v);

  /* Back to the grid with everything, and <A x, y> = <x, A' y> over all tasks. */
  const size_t size = (size_t)fields * ngpblks * nproma;
  double *image = reals(size), *y = reals(size);
  for (int f = 0; f < fields; ++f)
    for (int i = 0; i < t.ngptot; ++i)
      y[(size_t)(i / nproma * fields + f) * nproma + i % nproma] = number(100 + f, places[i]);
  struct InvTrans_t inverse = new_invtrans(&t);
  inverse.nvordiv = WINDS, inverse.nscalar = SCALARS;
  inverse.lvordivgp = inverse.lscalarders = inverse.luvder_EW = options;
  inverse.rspvor = spectra[0], inverse.rspdiv = spectra[1], inverse.rspscalar = spectra[2], inverse.rgp = image;
  inverse.nproma = nproma, inverse.ngpblks = ngpblks;
  CHECK(trans_invtrans(&inverse));
  double* whole_image = whole_grid(&t, fields, image, nproma, ngpblks);
  keep(whole_image, (size_t)fields * t.ngptotg);
  free(whole_image);
  struct InvTransAdj_t adjoint = new_invtrans_adj(&t);
  adjoint.nvordiv = WINDS, adjoint.nscalar = SCALARS;
  adjoint.lvordivgp = adjoint.lscalarders = adjoint.luvder_EW = options;
  adjoint.rspvor = back[0], adjoint.rspdiv = back[1], adjoint.rspscalar = back[2], adjoint.rgp = y;
  adjoint.nproma = nproma, adjoint.ngpblks = ngpblks;
  CHECK(trans_invtrans_adj(&adjoint));
  double left = grid_dot(&t, fields, image, y, nproma, ngpblks), right = 0.0;
  double scale = sqrt(grid_dot(&t, fields, image, image, nproma, ngpblks) * grid_dot(&t, fields, y, y, nproma, ngpblks));
  for (int k = 0; k < 3; ++k) {
    const int count = k < 2 ? WINDS : SCALARS;
    right += spectral_dot(&t, count, spectra[k], back[k]);
    double* whole_back = whole_spectra(&t, count, back[k]);
    keep(whole_back, (size_t)count * t.nspec2g);
    free(whole_back);
  }
  if (myproc == 1) EXPECT(scale > 0.0 && fabs(left - right) < 1e-12 * scale);

  /* The same for the direct transform, of which `blocks` and `spectra` are x and A x. */
  double* adjoint_blocks = reals((size_t)direct_fields * ngpblks * nproma);
  struct DirTransAdj_t direct_adjoint = new_dirtrans_adj(&t);
  direct_adjoint.nvordiv = WINDS, direct_adjoint.nscalar = SCALARS, direct_adjoint.rgp = adjoint_blocks;
  direct_adjoint.rspvor = back[0], direct_adjoint.rspdiv = back[1], direct_adjoint.rspscalar = back[2];
  direct_adjoint.nproma = nproma, direct_adjoint.ngpblks = ngpblks;
  CHECK(trans_dirtrans_adj(&direct_adjoint));
  double* whole_adjoint = whole_grid(&t, direct_fields, adjoint_blocks, nproma, ngpblks);
  keep(whole_adjoint, (size_t)direct_fields * t.ngptotg);
  free(whole_adjoint);
  left = grid_dot(&t, direct_fields, blocks, adjoint_blocks, nproma, ngpblks), right = 0.0;
  scale = sqrt(grid_dot(&t, direct_fields, blocks, blocks, nproma, ngpblks) *
               grid_dot(&t, direct_fields, adjoint_blocks, adjoint_blocks, nproma, ngpblks));
  for (int k = 0; k < 3; ++k) right += spectral_dot(&t, k < 2 ? WINDS : SCALARS, spectra[k], back[k]);
  if (myproc == 1) EXPECT(scale > 0.0 && fabs(left - right) < 1e-12 * scale);

  for (int k = 0; k < 3; ++k) free(spectra[k]), free(back[k]);
  free(places), free(tasks), free(others), free(global), free(gathered), free(blocks);
  free(image), free(y), free(adjoint_blocks);
  CHECK(trans_delete(&t));
}

static int status_elsewhere;

static void* transform_elsewhere(void* request) {
  status_elsewhere = trans_dirtrans(request);
  return NULL;
}

/* What one task gets wrong, all refuse. */
static void refusals(void) {
  struct Trans_t t;
  choose(&t, FULL, EQUAL);
  CHECK(trans_setup(&t));
  double *blocks = reals(t.ngptotg), *whole = reals(t.ngptotg), *spectrum = reals(t.nspec2g);
  int task;
  for (task = 0; task <= nproc + 1; task += nproc + 1) {
    struct DistGrid_t distribution = new_distgrid(&t);
    distribution.nfld = 1, distribution.nfrom = &task, distribution.rgpg = whole, distribution.rgp = blocks;
    EXPECT(trans_distgrid(&distribution) == TRANS_ERROR);
    struct GathSpec_t gathering = new_gathspec(&t);
    gathering.nfld = 1, gathering.nto = &task, gathering.rspecg = whole, gathering.rspec = spectrum;
    EXPECT(trans_gathspec(&gathering) == TRANS_ERROR);
    struct SpecNorm_t norm = new_specnorm(&t);
    norm.nfld = 1, norm.rspec = spectrum, norm.rnorm = whole, norm.nmaster = task;
    EXPECT(trans_specnorm(&norm) == TRANS_ERROR);
  }
  const int is_last = myproc == nproc;
  struct DirTrans_t direct = new_dirtrans(&t);
  direct.nscalar = 1, direct.rspscalar = spectrum, direct.rgp = is_last ? NULL : blocks;
  EXPECT(trans_dirtrans(&direct) == (is_last ? TRANS_MISSING_ARG : TRANS_ERROR));
  EXPECT(trans_dirtrans(is_last ? NULL : &direct) == (is_last ? TRANS_MISSING_ARG : TRANS_STALE_ARG));
  direct = new_dirtrans(&t);
  direct.nscalar = 1, direct.rspscalar = spectrum, direct.rgp = blocks;
  if (is_last) direct.nproma = 1;
  EXPECT(trans_dirtrans(&direct) == TRANS_ERROR);
  struct VorDivToUV_t wind = new_vordiv_to_UV();
  wind.nfld = 1, wind.nsmax = t.nsmax, wind.ncoeff = t.nspec2g + 2;
  wind.rspvor = blocks, wind.rspdiv = whole, wind.rspu = spectrum, wind.rspv = spectrum;
  EXPECT(trans_vordiv_to_UV(&wind) == TRANS_ERROR);
  struct Trans_t other;
  if (nproc > 1) {
    /* Tasks that do not want the same. */
    direct = new_dirtrans(&t);
    direct.nscalar = is_last ? 0 : 1, direct.rspscalar = spectrum, direct.rgp = blocks;
    EXPECT(trans_dirtrans(&direct) == TRANS_ERROR);
    direct = new_dirtrans(&t);
    direct.nscalar = 1, direct.rspscalar = spectrum, direct.rgp = blocks;
    struct InvTrans_t inverse = new_invtrans(&t);
    inverse.nscalar = 1, inverse.rspscalar = spectrum, inverse.rgp = blocks;
    EXPECT((is_last ? trans_invtrans(&inverse) : trans_dirtrans(&direct)) == TRANS_ERROR);
    choose(&other, is_last ? FULL : USERS, EQUAL);
    EXPECT(trans_setup(&other) == TRANS_ERROR);
    CHECK(trans_delete(&other));
    /* No task has whole fields. */
    direct = new_dirtrans(&t);
    direct.nscalar = 1, direct.rspscalar = spectrum, direct.rgp = whole, direct.lglobal = 1;
    direct.nproma = t.ngptotg;
    EXPECT(trans_dirtrans(&direct) == TRANS_ERROR);
    CHECK(trans_new(&other));
    CHECK(trans_set_resol_lonlat(&other, 16, 9));
    CHECK(trans_set_trunc(&other, 7));
    EXPECT(trans_setup(&other) == TRANS_NOTIMPL);
    CHECK(trans_delete(&other));
    /* MPI is for one thread. */
    direct = new_dirtrans(&t);
    direct.nscalar = 1, direct.rspscalar = spectrum, direct.rgp = blocks;
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, transform_elsewhere, &direct) == 0);
    EXPECT(pthread_join(thread, NULL) == 0 && status_elsewhere == TRANS_ERROR);
    direct.count = 0;
    CHECK(trans_dirtrans(&direct));
    EXPECT(trans_use_mpi(0) == TRANS_ERROR);
  }
  choose(&other, FULL, BANDS);
  CHECK(trans_set_nprgpew(nproc + 1));
  EXPECT(trans_setup(&other) == TRANS_ERROR);
  CHECK(trans_delete(&other));
  CHECK(trans_set_nprgpew(1));
  CHECK(trans_set_leq_regions(1));

  /* Spectra without a grid, and a grid without spectra. */
  CHECK(trans_new(&other));
  CHECK(trans_set_trunc(&other, 7));
  CHECK(trans_setup(&other));
  EXPECT(other.nspec2 == t.nspec2 && other.ngptot == 0 && other.nproc == nproc);
  double* copy = whole_spectra(&other, 1, spectrum);
  if (myproc == 1) EXPECT(copy[0] == spectrum[0]);
  free(copy);
  CHECK(trans_delete(&other));
  choose(&other, FULL, EQUAL);
  CHECK(trans_set_trunc(&other, -1));
  CHECK(trans_setup(&other));
  EXPECT(other.nspec2 == 0 && other.ngptot == t.ngptot);
  copy = whole_grid(&other, 1, blocks, other.ngptot, 1);
  if (myproc == 1) EXPECT(copy[0] == blocks[0]);
  free(copy);
  CHECK(trans_delete(&other));
  free(blocks), free(whole), free(spectrum);
  CHECK(trans_delete(&t));
}

int main(int arguments, char** values) {
  EXPECT(arguments >= 2);
#ifdef WITH_MPI
  MPI_Init(&arguments, &values);
  CHECK(trans_use_mpi(1));
#endif
  CHECK(trans_init());
  struct Trans_t t;
  choose(&t, TINY, EQUAL);
  CHECK(trans_setup(&t));
  nproc = t.nproc, myproc = t.myproc;
  CHECK(trans_delete(&t));
  if (myproc == 1) EXPECT((results = fopen(values[1], "wb")) != NULL);
  const int two_each = nproc % 2 ? BANDS : TWO_EACH;
  /* Grid, layout, length of blocks (0: all points), whether with everything that an inverse transform can give. */
  const int cases[][4] = {{OCTAHEDRAL, EQUAL, 5, 1}, {OCTAHEDRAL, BANDS, 0, 0}, {OCTAHEDRAL, two_each, 7, 1},
                          {FULL, EQUAL_WHOLE, 0, 1}, {FULL, two_each, 16, 0},   {USERS, BANDS_WHOLE, 5, 1},
                          {TINY, EQUAL, 0, 1},       {TINY, BANDS_WHOLE, 5, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
    transforms(cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
  refusals();
  if (myproc == 1) {
    EXPECT(fclose(results) == 0);
    printf("done on %d\n", nproc);
  }
#ifdef WITH_MPI
  int ended = 0, size = 0, one = 1, all = 0;
  const int is_late = arguments > 2;
  if (!is_late) {
    /* More than once, since MPI is this program's. */
    CHECK(trans_finalize());
    CHECK(trans_init());
    CHECK(trans_finalize());
  }
  MPI_Finalized(&ended);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Allreduce(&one, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  EXPECT(!ended && size == nproc && all == nproc);
  MPI_Finalize();
  if (is_late) CHECK(trans_finalize());
#else
  CHECK(trans_finalize());
#endif
  return 0;
}
