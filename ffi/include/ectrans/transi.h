/*
 * Spectral transforms through the C interface of ECMWF's ecTrans 1.7 ("transi"), implemented by Terrella.
 *
 * Structs, functions and statuses are binary compatible with ecTrans's: a program runs on either library. The order of
 * work is: trans_new(), the trans_set_...() functions, trans_setup(), requests, trans_delete().
 *
 * Arrays
 *   spectra       [nspec2][nfld], field fastest: n = m..T of each m of this task, ascending; real, then imaginary part
 *   grid fields   [ngpblks][nfld][nproma], point fastest; rings north to south, eastward from 0 degrees east
 *   global fields [nfld][ngptotg], global spectra [nspec2g][nfld] with m = 0, 1, ...; nfld being those of this task
 * Normalisation: 1/2 times the integral of P^2 over sin(latitude) is 1, without the factor (-1)^m; the first coefficient
 * is the global mean. u and v are components of the wind itself. The radius of the sphere is 6371220 m unless
 * trans_set_radius() is called before set-up.
 *
 * Every int function returns 0 or a negative status (below); a sentence that says what was wrong goes to the standard
 * error and is kept for terrella_last_error_message() of <terrella.h>.
 *
 * Memory: what trans_setup() and trans_inquire() put into a struct Trans_t comes from malloc() and is freed by
 * trans_delete(), with `nloen` and the file names, which must therefore be NULL or from malloc() too. `cache` stays the
 * caller's. Before trans_new() the content of a struct Trans_t does not matter.
 *
 * Threads: requests on one handle wait for each other; those on different handles run at the same time. On several tasks all calls
 * but trans_inquire() and those that fill in structs must come from the thread that called trans_init() or the first trans_setup().
 *
 * Tasks: a process that an MPI launcher has started is one of the launcher's tasks, unless trans_use_mpi(0) is called first. MPI is loaded
 * when it is needed: the program need not be linked with it, but may be, and may have called MPI_Init() itself; MPI_Finalize() is
 * then its own affair. trans_init(), trans_setup(), the requests for transforms, distributions and norms, and trans_finalize() are
 * called by all tasks together, with the same handle, numbers of fields, options and tasks' numbers. What one task refuses
 * or wants otherwise is an error on all of them, and nothing is changed; a task that calls no function, or fails later, must end, because
 * the others wait for it. Which points and coefficients are whose is what trans_inquire() says. Spectra of one truncation are spread in the
 * same way for every handle. Results have the same bits on any number of tasks.
 *
 * Not here: limited areas, and latitude-longitude grids on several tasks (both return -2), tables of Legendre polynomials ("rpnm").
 */
#ifndef ectrans_transi_h
#define ectrans_transi_h

#include <stddef.h>

#include "ectrans/version.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int _bool;

/* Choices for `fft`: a matter of speed in ecTrans, and of no consequence here. */
#define TRANS_FFT992 1
#define TRANS_FFTW 2

/* Statuses. */
#define TRANS_SUCCESS 0
#define TRANS_ERROR -1
#define TRANS_NOTIMPL -2
#define TRANS_MISSING_ARG -3
#define TRANS_UNRECOGNIZED_ARG -4
#define TRANS_STALE_ARG -5

/* A grid, a truncation and the transform between them. */
struct Trans_t {
  /* Input of trans_setup(). */
  int ndgl;         /* latitudes; one less than there are if llatlon is 1; negative: no grid */
  int* nloen;       /* points on each of them, or NULL for `nlon` on all */
  int nlon;         /* points on all of them; negative: 2 * ndgl */
  int nsmax;        /* truncation T; negative: no spectra */
  _bool llam;       /* a limited area: not implemented */
  _bool lsplit;     /* whether bands of tasks may share a latitude */
  int llatlon;      /* 0 Gaussian latitudes, 1 equidistant with poles, 2 equidistant, half a row from the poles */
  int flt;          /* fast Legendre transform: a matter of speed in ecTrans, of no consequence here */
  int fft;          /* TRANS_FFT992 or TRANS_FFTW */
  char* readfp;     /* file with Legendre data to read, or NULL */
  char* writefp;    /* file to write Legendre data to, or NULL */
  const void* cache; /* Legendre data in memory, or NULL */
  size_t cachesize; /* their size in bytes */

  /* Filled in by trans_setup(); arrays by trans_inquire(). Numbers of positions begin with 1. */
  int myproc;       /* this task, from 1 */
  int nproc;        /* tasks */
  int handle;
  int nspec;        /* complex coefficients of one field in this task */
  int nspec2;       /* reals */
  int nspec2g;      /* reals in all tasks */
  int nspec2mx;     /* reals in the task with most of them */
  int nump;         /* zonal wavenumbers in this task */
  int ngptot;       /* points in this task; with llatlon 1 the equator's count twice */
  int ngptotg;      /* points of the grid */
  int ngptotmx;     /* points in the task with most of them */
  int* ngptotl;     /* [n_regions_EW][n_regions_NS] points of each task; 0 where a band has fewer regions */
  int* nmyms;       /* [nump] zonal wavenumbers of this task */
  int* nasm0;       /* [nsmax+1] position of (m, n=m) in a spectrum; -99 for m of other tasks */
  int nprtrw;       /* sets of wavenumbers: nproc */
  int* numpp;       /* [nprtrw] wavenumbers of each set */
  int* npossp;      /* [nprtrw+1] position of each set's first real in the spectra of all sets, one after another */
  int* nptrms;      /* [nprtrw] position of each set's first wavenumber in nallms */
  int* nallms;      /* [nsmax+1] wavenumbers of all sets */
  int* ndim0g;      /* [nsmax+1] position of (m, n=m) in the spectra of all sets, one after another */
  int* nvalue;      /* [nspec2] n of each real */
  int n_regions_NS, n_regions_EW, my_region_NS, my_region_EW; /* bands, most regions in one; those of this task, from 1 */
  int* n_regions;   /* [n_regions_NS] regions in each band; tasks are numbered eastward, band by band */
  int* nfrstlat;    /* [n_regions_NS] first latitude of each band */
  int* nlstlat;     /* [n_regions_NS] last latitude */
  int nfrstloff;    /* latitudes north of the first one of this task's band */
  int* nptrlat;     /* [latitudes] position of each latitude in nsta and nonl: the first, where two bands share it */
  int* nptrfrstlat; /* [n_regions_NS] position of the first latitude in nsta and nonl */
  int* nptrlstlat;  /* [n_regions_NS] position of the last one */
  int nptrfloff;    /* nptrfrstlat of this task's band, less 1 */
  int* nsta;        /* [n_regions_EW][latitudes+n_regions_NS-1] first point of a region on a latitude; 0 where it has none */
  int* nonl;        /* [n_regions_EW][latitudes+n_regions_NS-1] points of it there */
  _bool* ldsplitlat; /* [latitudes] whether bands share a latitude */
  int nprtrns;      /* sets of latitudes for Fourier transforms: nproc */
  int* nultpp;      /* [nprtrns] latitudes of each set */
  int* nptrls;      /* [nprtrns] first latitude; of several sets, each has nultpp/2 from there on and their mirror images */
  int* nnmeng;      /* [latitudes] largest zonal wavenumber on each latitude */
  double* rmu;      /* [latitudes] sine of the latitude */
  double* rgw;      /* [latitudes] quadrature weight; their sum is 1 */
  double* rpnm;     /* Legendre polynomials: not implemented */
  int nlei3, nspolegl; /* the dimensions that rpnm would have */
  int* npms;        /* [nsmax+1] where the polynomials of each m of this task would begin, from 0; -99 */
  double* rlapin;   /* [nsmax+4] inverse of the Laplacian for n = -1..nsmax+2 [m^2] */
  int* ndglu;       /* [nsmax+1] latitudes of a hemisphere that carry each m */

  /* Of a limited area. */
  double pexwn, peywn;
  double* pweight;
  int ndgux, nmsmax;

  int* mvalue;      /* [nspec2] m of each real */
};
/* "latitudes": ndgl, and ndgl + 2 with llatlon 1, where the equator is there twice. */

/* Grid fields to spectra. Order of fields in rgp: u, v (nvordiv each), scalars. */
struct DirTrans_t {
  const double* rgp;  /* [ngpblks][2*nvordiv+nscalar][nproma] */
  double* rspscalar;  /* [nspec2][nscalar] */
  double* rspvor;     /* [nspec2][nvordiv] */
  double* rspdiv;     /* [nspec2][nvordiv] */
  const double *rmeanu, *rmeanv; /* of a limited area: NULL */
  int nproma;         /* length of a block of points; ngptot at first */
  int nscalar, nvordiv;
  int ngpblks;        /* number of blocks; 1 at first */
  _bool lglobal;      /* rgp is global: [fields][ngptotg]; for one task */
  struct Trans_t* trans;
  int count;          /* not 0 once the request was used */
};

/* Adjoint of DirTrans_t: rsp... are read, rgp is written. */
struct DirTransAdj_t {
  double* rgp;
  const double* rspscalar;
  const double* rspvor;
  const double* rspdiv;
  const double *rmeanu, *rmeanv;
  int nproma;
  int nscalar, nvordiv;
  int ngpblks;
  _bool lglobal;
  struct Trans_t* trans;
  int count;
};

/* Spectra to grid fields. Order of fields in rgp: vorticity, divergence (lvordivgp), u, v, scalars, derivatives to the
 * north of scalars (lscalarders), derivatives to the east of u and v (luvder_EW) and of scalars (lscalarders). */
struct InvTrans_t {
  const double* rspscalar; /* [nspec2][nscalar] */
  const double* rspvor;    /* [nspec2][nvordiv] */
  const double* rspdiv;    /* [nspec2][nvordiv] */
  const double *rmeanu, *rmeanv;
  double* rgp;             /* [ngpblks][fields][nproma] */
  int nproma;
  int nscalar, nvordiv;
  _bool lscalarders;
  _bool luvder_EW;
  _bool lvordivgp;
  int ngpblks;
  _bool lglobal;
  struct Trans_t* trans;
  int count;
};

/* Adjoint of InvTrans_t: rgp is read, rsp... are written. */
struct InvTransAdj_t {
  double* rspscalar;
  double* rspvor;
  double* rspdiv;
  double *rmeanu, *rmeanv;
  const double* rgp;
  int nproma;
  int nscalar, nvordiv;
  _bool lscalarders;
  _bool luvder_EW;
  _bool lvordivgp;
  int ngpblks;
  _bool lglobal;
  struct Trans_t* trans;
  int count;
};

/* Global fields to those of the tasks. */
struct DistGrid_t {
  const double* rgpg; /* [fields of this task][ngptotg] */
  double* rgp;        /* [ngpblks][nfld][nproma] */
  const int* nfrom;   /* [nfld] task that has each field, from 1 */
  int nproma, nfld, ngpblks;
  struct Trans_t* trans;
  int count;
};

/* Fields of the tasks to global ones. */
struct GathGrid_t {
  double* rgpg;
  const double* rgp;
  const int* nto;
  int nproma, nfld, ngpblks;
  struct Trans_t* trans;
  int count;
};

/* Global spectra to those of the tasks. */
struct DistSpec_t {
  const double* rspecg; /* [nspec2g][fields of this task] */
  double* rspec;        /* [nspec2][nfld] */
  const int* nfrom;
  int nfld;
  struct Trans_t* trans;
  int count;
};

/* Spectra of the tasks to global ones. */
struct GathSpec_t {
  double* rspecg;
  const double* rspec;
  const int* nto;
  int nfld;
  struct Trans_t* trans;
  int count;
};

/* Vorticity and divergence [1/s] to u cos(latitude) and v cos(latitude) [m/s], all spectra [ncoeff][nfld]; needs no
 * handle. */
struct VorDivToUV_t {
  const double *rspvor, *rspdiv;
  double *rspu, *rspv;
  int nfld;
  int nsmax;  /* truncation T */
  int ncoeff; /* nspec2 for the part of this task, nspec2g = (T+1)(T+2) for whole spectra */
  int count;
};

/* Norms, sqrt(sum over n of rmet(n) (re(n,0)^2 + 2 sum over m > 0 of |(n,m)|^2)). */
struct SpecNorm_t {
  const double* rspec; /* [nspec2][nfld] */
  int nmaster;         /* task that gets the norms, 1 at first */
  const double* rmet;  /* [nsmax+1] weights, or NULL for 1 */
  double* rnorm;       /* [nfld], on that task */
  int nfld;
  struct Trans_t* trans;
  int count;
};

/* What a status means. */
const char* trans_error_msg(int status);

/* The library. Settings hold for what is set up after them. */
int trans_use_mpi(_bool);                /* before trans_init() and trans_setup(); 1 at first */
int trans_set_handles_limit(int limit);  /* 10 at first */
int trans_set_radius(double radius);     /* m */
int trans_set_leq_regions(_bool);        /* regions near squares; else `nprgpew` in every band; 1 at first */
int trans_set_nprgpew(int tasks);        /* regions in a band without leq_regions, a divisor of nproc; 1 at first */
int trans_set_nprtrv(int tasks);         /* only 1 */
int trans_init(void);                    /* finds the other tasks; need not be called */
int trans_finalize(void);                /* forgets all handles and tasks; ends MPI if it was begun here */

/* A resolution. */
int trans_new(struct Trans_t*);
int trans_set_resol(struct Trans_t*, int ndgl, const int* nloen);
int trans_set_resol_lonlat(struct Trans_t*, int nlon, int nlat);
int trans_set_resol_lam(struct Trans_t*, int nx, int ny, double dx, double dy);
int trans_set_trunc(struct Trans_t*, int nsmax);
int trans_set_trunc_lam(struct Trans_t*, int nmsmax, int nsmax);
int trans_set_read(struct Trans_t*, const char* filepath);
int trans_set_write(struct Trans_t*, const char* filepath);
int trans_set_cache(struct Trans_t*, const void*, size_t);
int trans_setup(struct Trans_t*);
/* Makes arrays; one that is not NULL is filled instead, those of latitudes with ndgl values. */
int trans_inquire(struct Trans_t*, const char* comma_separated_names);
int trans_delete(struct Trans_t*);

/* Requests: fill in what new_...() returns and pass it once. */
struct DirTrans_t new_dirtrans(struct Trans_t*);
struct DirTransAdj_t new_dirtrans_adj(struct Trans_t*);
struct InvTrans_t new_invtrans(struct Trans_t*);
struct InvTransAdj_t new_invtrans_adj(struct Trans_t*);
struct DistGrid_t new_distgrid(struct Trans_t*);
struct GathGrid_t new_gathgrid(struct Trans_t*);
struct DistSpec_t new_distspec(struct Trans_t*);
struct GathSpec_t new_gathspec(struct Trans_t*);
struct VorDivToUV_t new_vordiv_to_UV(void);
struct SpecNorm_t new_specnorm(struct Trans_t*);

/* The adjoints are those of products of grid fields, summed, and of products of spectra, summed with weight 1 for m = 0
 * and 2 for m > 0. */
int trans_dirtrans(struct DirTrans_t*);
int trans_dirtrans_adj(struct DirTransAdj_t*);
int trans_invtrans(struct InvTrans_t*);
int trans_invtrans_adj(struct InvTransAdj_t*);
int trans_distgrid(struct DistGrid_t*);
int trans_gathgrid(struct GathGrid_t*);
int trans_distspec(struct DistSpec_t*);
int trans_gathspec(struct GathSpec_t*);
int trans_vordiv_to_UV(struct VorDivToUV_t*);
int trans_specnorm(struct SpecNorm_t*);

#ifdef __cplusplus
}
#endif

/* Programs hold these structs on their stack: no compiler may lay them out in another way. */
#if defined(__LP64__) && defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct Trans_t) == 440, "struct Trans_t");
_Static_assert(offsetof(struct Trans_t, nspec2) == 96, "nspec2");
_Static_assert(offsetof(struct Trans_t, ngptot) == 112, "ngptot");
_Static_assert(offsetof(struct Trans_t, rmu) == 344, "rmu");
_Static_assert(offsetof(struct Trans_t, pexwn) == 400, "pexwn");
_Static_assert(offsetof(struct Trans_t, mvalue) == 432, "mvalue");
_Static_assert(sizeof(struct DirTrans_t) == 88 && sizeof(struct DirTransAdj_t) == 88, "struct DirTrans_t");
_Static_assert(sizeof(struct InvTrans_t) == 96 && sizeof(struct InvTransAdj_t) == 96, "struct InvTrans_t");
_Static_assert(sizeof(struct DistGrid_t) == 56 && sizeof(struct GathGrid_t) == 56, "struct DistGrid_t");
_Static_assert(sizeof(struct DistSpec_t) == 48 && sizeof(struct GathSpec_t) == 48, "struct DistSpec_t");
_Static_assert(sizeof(struct VorDivToUV_t) == 48 && sizeof(struct SpecNorm_t) == 56, "struct VorDivToUV_t");
#endif

#endif
