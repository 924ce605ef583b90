/*
 * Terrella's spectral transforms for C, and for everything that calls C.
 *
 *   terrella_grid* grid;
 *   terrella_transform_f64* transform;
 *   uint64_t length, points;
 *   terrella_grid_from_name("O320", &grid);
 *   terrella_transform_create_f64(grid, 319, "cpu", &transform);
 *   terrella_grid_points(grid, &points);
 *   terrella_spectrum_length(319, fields, &length);
 *   terrella_synthesis_f64(transform, fields, spectrum, length, values, fields * points);
 *   terrella_transform_destroy_f64(transform);
 *   terrella_grid_destroy(grid);
 *
 * Arrays
 *   spectra      [coefficient][2][field], field fastest: n = m..T of m = 0, then of m = 1, ...; real, then imaginary part
 *   grid fields  [field][point], rings north to south, each eastward from 0 degrees east
 * Normalisation: 1/2 times the integral of P^2 over sin(latitude) is 1, without the factor (-1)^m; the (0,0) coefficient
 * is the global mean. Lengths are numbers of values; that of the arrays on each side follows them. Arrays of one call may
 * not share memory.
 *
 * Adjoints are transposes with respect to the plain sum of products of arrays as they are stored; imaginary parts of m = 0
 * count as 0 on the way in and are 0 on the way out.
 *
 * Errors: every function returns a terrella_status; what was wrong stands in terrella_last_error_message(). Nothing is
 * written by a call that is refused.
 *
 * Handles: from ..._create...(), terrella_grid_...(); freed by ..._destroy...(), which take NULL for nothing. A handle that
 * was destroyed, or never was one, is refused. A transform keeps its grid. Handles may be used by several threads: calls on
 * one transform wait for each other.
 *
 * Devices: "cpu" (or NULL), "cuda:0", "hip:0", "wgpu:0". Arrays lie in host memory, and on a GPU every call copies them there
 * and back, unless terrella_transform_set_memory says otherwise.
 *
 * Arrays in the memory of a GPU, with TERRELLA_DEVICE_MEMORY, on CUDA and HIP devices:
 *   terrella_transform_create_f64(grid, 319, "cuda:0", &transform);
 *   terrella_transform_set_memory_f64(transform, TERRELLA_DEVICE_MEMORY);
 *   terrella_synthesis_f64(transform, fields, spectrum, length, values, fields * points);
 * All arrays of an operator then lie in the memory of the transform's device, as from cudaMalloc, hipMalloc, OpenACC, OpenMP or
 * the data_ptr() of PyTorch, or in managed memory. They are used where they lie and stay the caller's.
 *   Order     An operator first waits for all work that this process has given to the device so far, on any stream, and
 *             returns when its results are there, so that the caller need wait for nothing, before or after. Other threads may
 *             not give the device work on these arrays meanwhile.
 *   Context   On CUDA the device's primary context, as the CUDA runtime and what is built on it use; memory of another one is
 *             refused. The calling thread's current device or context is the same after a call.
 *   Refused   with TERRELLA_INVALID_VALUE, without following the pointer: arrays that are not aligned to their values, share
 *             memory, or whose first or last value the driver says lies in host memory (pinned memory too), on another device or
 *             in another context. NULL is refused with TERRELLA_NULL_POINTER.
 */
#ifndef TERRELLA_H
#define TERRELLA_H

#include <stdint.h>

#define TERRELLA_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum terrella_status {
  TERRELLA_SUCCESS = 0,
  TERRELLA_NULL_POINTER = 1,    /* a pointer that must not be NULL is */
  TERRELLA_INVALID_VALUE = 2,   /* a number, name, grid or truncation that cannot be */
  TERRELLA_WRONG_LENGTH = 3,    /* an array of another length than the call needs */
  TERRELLA_UNKNOWN_HANDLE = 4,  /* a handle that was destroyed, or never was one */
  TERRELLA_DEVICE_FAILURE = 5,  /* a device that is unknown, absent or failed */
  TERRELLA_OUT_OF_MEMORY = 6,
  TERRELLA_NOT_IMPLEMENTED = 7,
  TERRELLA_INTERNAL_ERROR = 8   /* a defect of this library */
} terrella_status;

typedef enum terrella_memory {
  TERRELLA_HOST_MEMORY = 0,
  TERRELLA_DEVICE_MEMORY = 1 /* of the transform's device, "cuda:N" or "hip:N" */
} terrella_memory;

typedef struct terrella_grid terrella_grid;
typedef struct terrella_transform_f32 terrella_transform_f32;
typedef struct terrella_transform_f64 terrella_transform_f64;

/* The library's version, "major.minor.patch". */
const char* terrella_version(void);
/* A status in a few words. */
const char* terrella_status_name(int32_t status);
/* The sentence about this thread's last failure, "" before the first; valid until the next one. */
const char* terrella_last_error_message(void);

/* ---- Grids ---- */

/* F<n> full, N<n> classic reduced, O<n> octahedral Gaussian with n rings per hemisphere; r<longitudes>x<latitudes>
 * regular, with poles if the number of latitudes is odd; H<n> HEALPix, with n^2 points on each of its twelve faces. */
int32_t terrella_grid_from_name(const char* name, terrella_grid** grid);
/* Gaussian grid with the same number of points on each of an even number of rings. */
int32_t terrella_grid_full_gaussian(uint64_t rings, uint64_t longitudes, terrella_grid** grid);
/* Gaussian grid with these numbers of points on its rings, north to south, symmetric about the equator. */
int32_t terrella_grid_reduced_gaussian(const uint64_t* points, uint64_t rings, terrella_grid** grid);
/* Regular grid, with rings on the poles (poles != 0) or half a row away from them. */
int32_t terrella_grid_lat_lon(uint64_t longitudes, uint64_t latitudes, int32_t poles, terrella_grid** grid);
int32_t terrella_grid_destroy(terrella_grid* grid);

int32_t terrella_grid_points(const terrella_grid* grid, uint64_t* points);
int32_t terrella_grid_rings(const terrella_grid* grid, uint64_t* rings);
/* The largest truncation that the grid carries. */
int32_t terrella_grid_largest_truncation(const terrella_grid* grid, uint64_t* truncation);
/* Per ring, north to south: points, latitude [degrees north], longitude of its first point [degrees east] (0 but on
 * HEALPix), quadrature weight (their sum is 1). */
int32_t terrella_grid_ring_points(const terrella_grid* grid, uint64_t* points, uint64_t length);
int32_t terrella_grid_latitudes(const terrella_grid* grid, double* latitudes, uint64_t length);
int32_t terrella_grid_first_longitudes(const terrella_grid* grid, double* longitudes, uint64_t length);
int32_t terrella_grid_weights(const terrella_grid* grid, double* weights, uint64_t length);

/* Length of the spectra of some fields at truncation T: (T+1)(T+2) fields. */
int32_t terrella_spectrum_length(uint64_t truncation, uint64_t fields, uint64_t* length);

/* ---- Transforms in float ---- */

int32_t terrella_transform_create_f32(
    const terrella_grid* grid, uint64_t truncation, const char* device, terrella_transform_f32** transform);
int32_t terrella_transform_destroy_f32(terrella_transform_f32* transform);
/* Where the arrays of all further calls lie, a terrella_memory; TERRELLA_HOST_MEMORY at first. */
int32_t terrella_transform_set_memory_f32(terrella_transform_f32* transform, int32_t memory);
/* Radius a of the sphere [m] that winds and gradients refer to; 6371229 at first. */
int32_t terrella_transform_set_radius_f32(terrella_transform_f32* transform, double radius);
int32_t terrella_transform_radius_f32(const terrella_transform_f32* transform, double* radius);
int32_t terrella_transform_truncation_f32(const terrella_transform_f32* transform, uint64_t* truncation);
int32_t terrella_transform_points_f32(const terrella_transform_f32* transform, uint64_t* points);

/* Spectra to grid fields: f = sum of f_nm P_nm(sin latitude) exp(i m longitude). */
int32_t terrella_synthesis_f32(
    terrella_transform_f32* transform, uint64_t fields, const float* spectrum, uint64_t spectrum_length, float*
    values, uint64_t values_length);
int32_t terrella_synthesis_adjoint_f32(
    terrella_transform_f32* transform, uint64_t fields, const float* values, uint64_t values_length, float*
    spectrum, uint64_t spectrum_length);
/* Grid fields to spectra by the grid's quadrature, the inverse of synthesis on the fields that it makes. */
int32_t terrella_analysis_f32(
    terrella_transform_f32* transform, uint64_t fields, const float* values, uint64_t values_length, float*
    spectrum, uint64_t spectrum_length);
int32_t terrella_analysis_adjoint_f32(
    terrella_transform_f32* transform, uint64_t fields, const float* spectrum, uint64_t spectrum_length, float*
    values, uint64_t values_length);
/* Vorticity and divergence [1/s] to eastward and northward wind [m/s]; the (0,0) coefficients count as 0. */
int32_t terrella_wind_synthesis_f32(
    terrella_transform_f32* transform, uint64_t fields, const float* vorticity, const float* divergence, uint64_t
    spectrum_length, float* u, float* v, uint64_t values_length);
int32_t terrella_wind_synthesis_adjoint_f32(
    terrella_transform_f32* transform, uint64_t fields, const float* u, const float* v, uint64_t values_length,
    float* vorticity, float* divergence, uint64_t spectrum_length);
/* Eastward and northward wind [m/s] to vorticity and divergence [1/s], whose (0,0) coefficients are 0. */
int32_t terrella_wind_analysis_f32(
    terrella_transform_f32* transform, uint64_t fields, const float* u, const float* v, uint64_t values_length,
    float* vorticity, float* divergence, uint64_t spectrum_length);
int32_t terrella_wind_analysis_adjoint_f32(
    terrella_transform_f32* transform, uint64_t fields, const float* vorticity, const float* divergence, uint64_t
    spectrum_length, float* u, float* v, uint64_t values_length);
/* Spectra to their gradients on the grid, (1/(a cos latitude)) df/dlongitude and (1/a) df/dlatitude [per m]. */
int32_t terrella_gradient_synthesis_f32(
    terrella_transform_f32* transform, uint64_t fields, const float* spectrum, uint64_t spectrum_length, float*
    eastward, float* northward, uint64_t values_length);
int32_t terrella_gradient_synthesis_adjoint_f32(
    terrella_transform_f32* transform, uint64_t fields, const float* eastward, const float* northward, uint64_t
    values_length, float* spectrum, uint64_t spectrum_length);
/* Vorticity and divergence [1/s] to (1/(a cos latitude)) du/dlongitude and dv/dlongitude [1/s]; 0 on a pole. */
int32_t terrella_wind_zonal_derivative_synthesis_f32(
    terrella_transform_f32* transform, uint64_t fields, const float* vorticity, const float* divergence, uint64_t
    spectrum_length, float* u_eastward, float* v_eastward, uint64_t values_length);
int32_t terrella_wind_zonal_derivative_synthesis_adjoint_f32(
    terrella_transform_f32* transform, uint64_t fields, const float* u_eastward, const float* v_eastward, uint64_t
    values_length, float* vorticity, float* divergence, uint64_t spectrum_length);

/* ---- Transforms in double ---- */

int32_t terrella_transform_create_f64(
    const terrella_grid* grid, uint64_t truncation, const char* device, terrella_transform_f64** transform);
int32_t terrella_transform_destroy_f64(terrella_transform_f64* transform);
/* Where the arrays of all further calls lie, a terrella_memory; TERRELLA_HOST_MEMORY at first. */
int32_t terrella_transform_set_memory_f64(terrella_transform_f64* transform, int32_t memory);
/* Radius a of the sphere [m] that winds and gradients refer to; 6371229 at first. */
int32_t terrella_transform_set_radius_f64(terrella_transform_f64* transform, double radius);
int32_t terrella_transform_radius_f64(const terrella_transform_f64* transform, double* radius);
int32_t terrella_transform_truncation_f64(const terrella_transform_f64* transform, uint64_t* truncation);
int32_t terrella_transform_points_f64(const terrella_transform_f64* transform, uint64_t* points);

/* Spectra to grid fields: f = sum of f_nm P_nm(sin latitude) exp(i m longitude). */
int32_t terrella_synthesis_f64(
    terrella_transform_f64* transform, uint64_t fields, const double* spectrum, uint64_t spectrum_length, double*
    values, uint64_t values_length);
int32_t terrella_synthesis_adjoint_f64(
    terrella_transform_f64* transform, uint64_t fields, const double* values, uint64_t values_length, double*
    spectrum, uint64_t spectrum_length);
/* Grid fields to spectra by the grid's quadrature, the inverse of synthesis on the fields that it makes. */
int32_t terrella_analysis_f64(
    terrella_transform_f64* transform, uint64_t fields, const double* values, uint64_t values_length, double*
    spectrum, uint64_t spectrum_length);
int32_t terrella_analysis_adjoint_f64(
    terrella_transform_f64* transform, uint64_t fields, const double* spectrum, uint64_t spectrum_length, double*
    values, uint64_t values_length);
/* Vorticity and divergence [1/s] to eastward and northward wind [m/s]; the (0,0) coefficients count as 0. */
int32_t terrella_wind_synthesis_f64(
    terrella_transform_f64* transform, uint64_t fields, const double* vorticity, const double* divergence,
    uint64_t spectrum_length, double* u, double* v, uint64_t values_length);
int32_t terrella_wind_synthesis_adjoint_f64(
    terrella_transform_f64* transform, uint64_t fields, const double* u, const double* v, uint64_t values_length,
    double* vorticity, double* divergence, uint64_t spectrum_length);
/* Eastward and northward wind [m/s] to vorticity and divergence [1/s], whose (0,0) coefficients are 0. */
int32_t terrella_wind_analysis_f64(
    terrella_transform_f64* transform, uint64_t fields, const double* u, const double* v, uint64_t values_length,
    double* vorticity, double* divergence, uint64_t spectrum_length);
int32_t terrella_wind_analysis_adjoint_f64(
    terrella_transform_f64* transform, uint64_t fields, const double* vorticity, const double* divergence,
    uint64_t spectrum_length, double* u, double* v, uint64_t values_length);
/* Spectra to their gradients on the grid, (1/(a cos latitude)) df/dlongitude and (1/a) df/dlatitude [per m]. */
int32_t terrella_gradient_synthesis_f64(
    terrella_transform_f64* transform, uint64_t fields, const double* spectrum, uint64_t spectrum_length, double*
    eastward, double* northward, uint64_t values_length);
int32_t terrella_gradient_synthesis_adjoint_f64(
    terrella_transform_f64* transform, uint64_t fields, const double* eastward, const double* northward, uint64_t
    values_length, double* spectrum, uint64_t spectrum_length);
/* Vorticity and divergence [1/s] to (1/(a cos latitude)) du/dlongitude and dv/dlongitude [1/s]; 0 on a pole. */
int32_t terrella_wind_zonal_derivative_synthesis_f64(
    terrella_transform_f64* transform, uint64_t fields, const double* vorticity, const double* divergence,
    uint64_t spectrum_length, double* u_eastward, double* v_eastward, uint64_t values_length);
int32_t terrella_wind_zonal_derivative_synthesis_adjoint_f64(
    terrella_transform_f64* transform, uint64_t fields, const double* u_eastward, const double* v_eastward,
    uint64_t values_length, double* vorticity, double* divergence, uint64_t spectrum_length);

#ifdef __cplusplus
}
#endif

#endif
