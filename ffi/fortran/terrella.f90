! Terrella's spectral transforms for Fortran 2008, over the C interface of terrella.h.
!
!   use terrella
!   type(terrella_grid) :: grid
!   type(terrella_transform_f64) :: transform
!   real(real64) :: spectrum(fields, 2, coefficients), values(points, fields)
!   call grid%from_name('O320')
!   call transform%create(grid, 319)
!   call transform%synthesis(spectrum, values)
!
! Arrays
!   spectrum(fields, 2, coefficients)  real and imaginary part; n = m..T of m = 0, then of m = 1, ...
!   values(points, fields)             rings north to south, each eastward from 0 degrees east
! Normalisation: 1/2 times the integral of P**2 over sin(latitude) is 1, without the factor (-1)**m; the (0,0) coefficient
! is the global mean. Adjoints are transposes with respect to sum(x * y) of arrays as they are stored.
!
! Arrays in the memory of a CUDA or HIP device, which terrella.h describes: after
!   call transform%create(grid, 319, device='cuda:0')
!   call transform%set_memory(terrella_device_memory)
! all arrays of the transform's procedures lie there. They are passed as such where the compiler knows their device addresses,
!   !$acc host_data use_device(spectrum, values)        or   !$omp target data use_device_addr(spectrum, values)
!   call transform%synthesis(spectrum, values)
! and else by these addresses, type(c_ptr), as from omp_target_alloc or cudaMalloc, behind the number of fields:
!   call transform%synthesis(fields, spectrum_address, values_address)
!
! Errors: every procedure takes status and message, both optional, like iostat and iomsg. Without status, a failure stops
! the program with the message; with it, status is 0 or one of the terrella_... constants, and message is set if it is not
! 0. Functions return -1 if they fail.
!
! Objects are released when they go out of scope, by destroy, or when they are created anew. Assignment makes another name
! for the same object. Copies of one object may not be assigned or released by several threads at a time; calls may come
! from any thread.
module terrella
  use, intrinsic :: iso_c_binding, only: c_associated, c_char, c_double, c_f_pointer, c_float, c_int32_t, c_int64_t, &
    c_null_char, c_null_ptr, c_ptr, c_size_t
  use, intrinsic :: iso_fortran_env, only: error_unit, int32, int64, real32, real64
  implicit none
  private

  integer(int32), parameter, public :: terrella_success = 0
  integer(int32), parameter, public :: terrella_null_pointer = 1
  integer(int32), parameter, public :: terrella_invalid_value = 2
  integer(int32), parameter, public :: terrella_wrong_length = 3
  integer(int32), parameter, public :: terrella_unknown_handle = 4
  integer(int32), parameter, public :: terrella_device_failure = 5
  integer(int32), parameter, public :: terrella_out_of_memory = 6
  integer(int32), parameter, public :: terrella_not_implemented = 7
  integer(int32), parameter, public :: terrella_internal_error = 8

  integer(int32), parameter, public :: terrella_host_memory = 0
  integer(int32), parameter, public :: terrella_device_memory = 1

  public :: terrella_grid, terrella_transform_f32, terrella_transform_f64
  public :: terrella_library_version, terrella_coefficients

  ! A grid.
  type :: terrella_grid
    private
    type(c_ptr) :: handle = c_null_ptr
    integer, pointer :: uses => null()
  contains
    procedure, public :: from_name => grid_from_name
    procedure, public :: full_gaussian => grid_full_gaussian
    procedure, public :: reduced_gaussian => grid_reduced_gaussian
    procedure, public :: lat_lon => grid_lat_lon
    procedure, public :: points => grid_points
    procedure, public :: rings => grid_rings
    procedure, public :: largest_truncation => grid_largest_truncation
    procedure, public :: ring_points => grid_ring_points
    procedure, public :: latitudes => grid_latitudes
    procedure, public :: first_longitudes => grid_first_longitudes
    procedure, public :: weights => grid_weights
    procedure, public :: destroy => grid_destroy
    procedure, private :: assign => grid_assign
    generic, public :: assignment(=) => assign
    final :: grid_finalize
  end type terrella_grid

  ! A transform between a grid and a truncation, over real(real32).
  type :: terrella_transform_f32
    private
    type(c_ptr) :: handle = c_null_ptr
    integer, pointer :: uses => null()
  contains
    procedure, public :: create => create_f32
    procedure, public :: destroy => destroy_f32
    procedure, public :: set_memory => set_memory_f32
    procedure, public :: set_radius => set_radius_f32
    procedure, public :: radius => radius_f32
    procedure, public :: truncation => truncation_f32
    procedure, public :: points => points_f32
    generic, public :: synthesis => synthesis_f32, synthesis_at_f32
    generic, public :: synthesis_adjoint => synthesis_adjoint_f32, synthesis_adjoint_at_f32
    generic, public :: analysis => analysis_f32, analysis_at_f32
    generic, public :: analysis_adjoint => analysis_adjoint_f32, analysis_adjoint_at_f32
    generic, public :: wind_synthesis => wind_synthesis_f32, wind_synthesis_at_f32
    generic, public :: wind_synthesis_adjoint => wind_synthesis_adjoint_f32, wind_synthesis_adjoint_at_f32
    generic, public :: wind_analysis => wind_analysis_f32, wind_analysis_at_f32
    generic, public :: wind_analysis_adjoint => wind_analysis_adjoint_f32, wind_analysis_adjoint_at_f32
    generic, public :: gradient_synthesis => gradient_synthesis_f32, gradient_synthesis_at_f32
    generic, public :: gradient_synthesis_adjoint => gradient_synthesis_adjoint_f32, gradient_synthesis_adjoint_at_f32
    generic, public :: wind_zonal_derivative_synthesis => &
      wind_zonal_derivative_synthesis_f32, wind_zonal_derivative_synthesis_at_f32
    generic, public :: wind_zonal_derivative_synthesis_adjoint => &
      wind_zonal_derivative_synthesis_adjoint_f32, wind_zonal_derivative_synthesis_adjoint_at_f32
    procedure, private :: synthesis_f32, synthesis_at_f32
    procedure, private :: synthesis_adjoint_f32, synthesis_adjoint_at_f32
    procedure, private :: analysis_f32, analysis_at_f32
    procedure, private :: analysis_adjoint_f32, analysis_adjoint_at_f32
    procedure, private :: wind_synthesis_f32, wind_synthesis_at_f32
    procedure, private :: wind_synthesis_adjoint_f32, wind_synthesis_adjoint_at_f32
    procedure, private :: wind_analysis_f32, wind_analysis_at_f32
    procedure, private :: wind_analysis_adjoint_f32, wind_analysis_adjoint_at_f32
    procedure, private :: gradient_synthesis_f32, gradient_synthesis_at_f32
    procedure, private :: gradient_synthesis_adjoint_f32, gradient_synthesis_adjoint_at_f32
    procedure, private :: wind_zonal_derivative_synthesis_f32, wind_zonal_derivative_synthesis_at_f32
    procedure, private :: wind_zonal_derivative_synthesis_adjoint_f32, wind_zonal_derivative_synthesis_adjoint_at_f32
    procedure, private :: assign => assign_f32
    generic, public :: assignment(=) => assign
    final :: finalize_f32
  end type terrella_transform_f32

  ! A transform between a grid and a truncation, over real(real64).
  type :: terrella_transform_f64
    private
    type(c_ptr) :: handle = c_null_ptr
    integer, pointer :: uses => null()
  contains
    procedure, public :: create => create_f64
    procedure, public :: destroy => destroy_f64
    procedure, public :: set_memory => set_memory_f64
    procedure, public :: set_radius => set_radius_f64
    procedure, public :: radius => radius_f64
    procedure, public :: truncation => truncation_f64
    procedure, public :: points => points_f64
    generic, public :: synthesis => synthesis_f64, synthesis_at_f64
    generic, public :: synthesis_adjoint => synthesis_adjoint_f64, synthesis_adjoint_at_f64
    generic, public :: analysis => analysis_f64, analysis_at_f64
    generic, public :: analysis_adjoint => analysis_adjoint_f64, analysis_adjoint_at_f64
    generic, public :: wind_synthesis => wind_synthesis_f64, wind_synthesis_at_f64
    generic, public :: wind_synthesis_adjoint => wind_synthesis_adjoint_f64, wind_synthesis_adjoint_at_f64
    generic, public :: wind_analysis => wind_analysis_f64, wind_analysis_at_f64
    generic, public :: wind_analysis_adjoint => wind_analysis_adjoint_f64, wind_analysis_adjoint_at_f64
    generic, public :: gradient_synthesis => gradient_synthesis_f64, gradient_synthesis_at_f64
    generic, public :: gradient_synthesis_adjoint => gradient_synthesis_adjoint_f64, gradient_synthesis_adjoint_at_f64
    generic, public :: wind_zonal_derivative_synthesis => &
      wind_zonal_derivative_synthesis_f64, wind_zonal_derivative_synthesis_at_f64
    generic, public :: wind_zonal_derivative_synthesis_adjoint => &
      wind_zonal_derivative_synthesis_adjoint_f64, wind_zonal_derivative_synthesis_adjoint_at_f64
    procedure, private :: synthesis_f64, synthesis_at_f64
    procedure, private :: synthesis_adjoint_f64, synthesis_adjoint_at_f64
    procedure, private :: analysis_f64, analysis_at_f64
    procedure, private :: analysis_adjoint_f64, analysis_adjoint_at_f64
    procedure, private :: wind_synthesis_f64, wind_synthesis_at_f64
    procedure, private :: wind_synthesis_adjoint_f64, wind_synthesis_adjoint_at_f64
    procedure, private :: wind_analysis_f64, wind_analysis_at_f64
    procedure, private :: wind_analysis_adjoint_f64, wind_analysis_adjoint_at_f64
    procedure, private :: gradient_synthesis_f64, gradient_synthesis_at_f64
    procedure, private :: gradient_synthesis_adjoint_f64, gradient_synthesis_adjoint_at_f64
    procedure, private :: wind_zonal_derivative_synthesis_f64, wind_zonal_derivative_synthesis_at_f64
    procedure, private :: wind_zonal_derivative_synthesis_adjoint_f64, wind_zonal_derivative_synthesis_adjoint_at_f64
    procedure, private :: assign => assign_f64
    generic, public :: assignment(=) => assign
    final :: finalize_f64
  end type terrella_transform_f64

  interface
    function c_strlen(text) bind(c, name='strlen') result(length)
      import :: c_ptr, c_size_t
      type(c_ptr), value :: text
      integer(c_size_t) :: length
    end function c_strlen

    function c_version() bind(c, name='terrella_version') result(text)
      import :: c_ptr
      type(c_ptr) :: text
    end function c_version

    function c_last_error_message() bind(c, name='terrella_last_error_message') result(text)
      import :: c_ptr
      type(c_ptr) :: text
    end function c_last_error_message

    function c_grid_from_name(name, grid) &
      bind(c, name='terrella_grid_from_name') result(status)
      import :: c_char, c_int32_t, c_ptr
      character(kind=c_char), intent(in) :: name(*)
      type(c_ptr), intent(out) :: grid
      integer(c_int32_t) :: status
    end function c_grid_from_name

    function c_grid_full_gaussian(rings, longitudes, grid) &
      bind(c, name='terrella_grid_full_gaussian') result(status)
      import :: c_int32_t, c_int64_t, c_ptr
      integer(c_int64_t), value :: rings, longitudes
      type(c_ptr), intent(out) :: grid
      integer(c_int32_t) :: status
    end function c_grid_full_gaussian

    function c_grid_reduced_gaussian(points, rings, grid) &
      bind(c, name='terrella_grid_reduced_gaussian') result(status)
      import :: c_int32_t, c_int64_t, c_ptr
      integer(c_int64_t), intent(in) :: points(*)
      integer(c_int64_t), value :: rings
      type(c_ptr), intent(out) :: grid
      integer(c_int32_t) :: status
    end function c_grid_reduced_gaussian

    function c_grid_lat_lon(longitudes, latitudes, poles, grid) &
      bind(c, name='terrella_grid_lat_lon') result(status)
      import :: c_int32_t, c_int64_t, c_ptr
      integer(c_int64_t), value :: longitudes, latitudes
      integer(c_int32_t), value :: poles
      type(c_ptr), intent(out) :: grid
      integer(c_int32_t) :: status
    end function c_grid_lat_lon

    function c_grid_destroy(grid) &
      bind(c, name='terrella_grid_destroy') result(status)
      import :: c_int32_t, c_ptr
      type(c_ptr), value :: grid
      integer(c_int32_t) :: status
    end function c_grid_destroy

    function c_grid_points(grid, number) &
      bind(c, name='terrella_grid_points') result(status)
      import :: c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: grid
      integer(c_int64_t), intent(inout) :: number
      integer(c_int32_t) :: status
    end function c_grid_points

    function c_grid_rings(grid, number) &
      bind(c, name='terrella_grid_rings') result(status)
      import :: c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: grid
      integer(c_int64_t), intent(inout) :: number
      integer(c_int32_t) :: status
    end function c_grid_rings

    function c_grid_largest_truncation(grid, number) &
      bind(c, name='terrella_grid_largest_truncation') result(status)
      import :: c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: grid
      integer(c_int64_t), intent(inout) :: number
      integer(c_int32_t) :: status
    end function c_grid_largest_truncation

    function c_grid_ring_points(grid, points, length) &
      bind(c, name='terrella_grid_ring_points') result(status)
      import :: c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: grid
      integer(c_int64_t), intent(out) :: points(*)
      integer(c_int64_t), value :: length
      integer(c_int32_t) :: status
    end function c_grid_ring_points

    function c_grid_latitudes(grid, latitudes, length) &
      bind(c, name='terrella_grid_latitudes') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: grid
      real(c_double), intent(out) :: latitudes(*)
      integer(c_int64_t), value :: length
      integer(c_int32_t) :: status
    end function c_grid_latitudes

    function c_grid_first_longitudes(grid, longitudes, length) &
      bind(c, name='terrella_grid_first_longitudes') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: grid
      real(c_double), intent(out) :: longitudes(*)
      integer(c_int64_t), value :: length
      integer(c_int32_t) :: status
    end function c_grid_first_longitudes

    function c_grid_weights(grid, weights, length) &
      bind(c, name='terrella_grid_weights') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: grid
      real(c_double), intent(out) :: weights(*)
      integer(c_int64_t), value :: length
      integer(c_int32_t) :: status
    end function c_grid_weights

    function c_create_f32(grid, truncation, device, transform) &
      bind(c, name='terrella_transform_create_f32') result(status)
      import :: c_char, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: grid
      integer(c_int64_t), value :: truncation
      character(kind=c_char), intent(in) :: device(*)
      type(c_ptr), intent(out) :: transform
      integer(c_int32_t) :: status
    end function c_create_f32

    function c_destroy_f32(transform) &
      bind(c, name='terrella_transform_destroy_f32') result(status)
      import :: c_int32_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int32_t) :: status
    end function c_destroy_f32

    function c_set_memory_f32(transform, memory) &
      bind(c, name='terrella_transform_set_memory_f32') result(status)
      import :: c_int32_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int32_t), value :: memory
      integer(c_int32_t) :: status
    end function c_set_memory_f32

    function c_set_radius_f32(transform, radius) &
      bind(c, name='terrella_transform_set_radius_f32') result(status)
      import :: c_double, c_int32_t, c_ptr
      type(c_ptr), value :: transform
      real(c_double), value :: radius
      integer(c_int32_t) :: status
    end function c_set_radius_f32

    function c_radius_f32(transform, radius) &
      bind(c, name='terrella_transform_radius_f32') result(status)
      import :: c_double, c_int32_t, c_ptr
      type(c_ptr), value :: transform
      real(c_double), intent(inout) :: radius
      integer(c_int32_t) :: status
    end function c_radius_f32

    function c_truncation_f32(transform, number) &
      bind(c, name='terrella_transform_truncation_f32') result(status)
      import :: c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), intent(inout) :: number
      integer(c_int32_t) :: status
    end function c_truncation_f32

    function c_points_f32(transform, number) &
      bind(c, name='terrella_transform_points_f32') result(status)
      import :: c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), intent(inout) :: number
      integer(c_int32_t) :: status
    end function c_points_f32

    function c_synthesis_f32(transform, fields, spectrum, spectrum_length, values, values_length) &
      bind(c, name='terrella_synthesis_f32') result(status)
      import :: c_float, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_float), intent(in) :: spectrum(*)
      real(c_float), intent(inout) :: values(*)
      integer(c_int32_t) :: status
    end function c_synthesis_f32

    function c_synthesis_adjoint_f32(transform, fields, values, values_length, spectrum, spectrum_length) &
      bind(c, name='terrella_synthesis_adjoint_f32') result(status)
      import :: c_float, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_float), intent(in) :: values(*)
      real(c_float), intent(inout) :: spectrum(*)
      integer(c_int32_t) :: status
    end function c_synthesis_adjoint_f32

    function c_analysis_f32(transform, fields, values, values_length, spectrum, spectrum_length) &
      bind(c, name='terrella_analysis_f32') result(status)
      import :: c_float, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_float), intent(in) :: values(*)
      real(c_float), intent(inout) :: spectrum(*)
      integer(c_int32_t) :: status
    end function c_analysis_f32

    function c_analysis_adjoint_f32(transform, fields, spectrum, spectrum_length, values, values_length) &
      bind(c, name='terrella_analysis_adjoint_f32') result(status)
      import :: c_float, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_float), intent(in) :: spectrum(*)
      real(c_float), intent(inout) :: values(*)
      integer(c_int32_t) :: status
    end function c_analysis_adjoint_f32

    function c_wind_synthesis_f32(transform, fields, vorticity, divergence, spectrum_length, u, v, values_length) &
      bind(c, name='terrella_wind_synthesis_f32') result(status)
      import :: c_float, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_float), intent(in) :: vorticity(*), divergence(*)
      real(c_float), intent(inout) :: u(*), v(*)
      integer(c_int32_t) :: status
    end function c_wind_synthesis_f32

    function c_wind_synthesis_adjoint_f32( &
      transform, fields, u, v, values_length, vorticity, divergence, spectrum_length) &
      bind(c, name='terrella_wind_synthesis_adjoint_f32') result(status)
      import :: c_float, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_float), intent(in) :: u(*), v(*)
      real(c_float), intent(inout) :: vorticity(*), divergence(*)
      integer(c_int32_t) :: status
    end function c_wind_synthesis_adjoint_f32

    function c_wind_analysis_f32(transform, fields, u, v, values_length, vorticity, divergence, spectrum_length) &
      bind(c, name='terrella_wind_analysis_f32') result(status)
      import :: c_float, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_float), intent(in) :: u(*), v(*)
      real(c_float), intent(inout) :: vorticity(*), divergence(*)
      integer(c_int32_t) :: status
    end function c_wind_analysis_f32

    function c_wind_analysis_adjoint_f32( &
      transform, fields, vorticity, divergence, spectrum_length, u, v, values_length) &
      bind(c, name='terrella_wind_analysis_adjoint_f32') result(status)
      import :: c_float, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_float), intent(in) :: vorticity(*), divergence(*)
      real(c_float), intent(inout) :: u(*), v(*)
      integer(c_int32_t) :: status
    end function c_wind_analysis_adjoint_f32

    function c_gradient_synthesis_f32( &
      transform, fields, spectrum, spectrum_length, eastward, northward, values_length) &
      bind(c, name='terrella_gradient_synthesis_f32') result(status)
      import :: c_float, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_float), intent(in) :: spectrum(*)
      real(c_float), intent(inout) :: eastward(*), northward(*)
      integer(c_int32_t) :: status
    end function c_gradient_synthesis_f32

    function c_gradient_synthesis_adjoint_f32( &
      transform, fields, eastward, northward, values_length, spectrum, spectrum_length) &
      bind(c, name='terrella_gradient_synthesis_adjoint_f32') result(status)
      import :: c_float, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_float), intent(in) :: eastward(*), northward(*)
      real(c_float), intent(inout) :: spectrum(*)
      integer(c_int32_t) :: status
    end function c_gradient_synthesis_adjoint_f32

    function c_wind_zonal_derivative_synthesis_f32( &
      transform, fields, vorticity, divergence, spectrum_length, u_eastward, v_eastward, values_length) &
      bind(c, name='terrella_wind_zonal_derivative_synthesis_f32') result(status)
      import :: c_float, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_float), intent(in) :: vorticity(*), divergence(*)
      real(c_float), intent(inout) :: u_eastward(*), v_eastward(*)
      integer(c_int32_t) :: status
    end function c_wind_zonal_derivative_synthesis_f32

    function c_wind_zonal_derivative_synthesis_adjoint_f32( &
      transform, fields, u_eastward, v_eastward, values_length, vorticity, divergence, spectrum_length) &
      bind(c, name='terrella_wind_zonal_derivative_synthesis_adjoint_f32') result(status)
      import :: c_float, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_float), intent(in) :: u_eastward(*), v_eastward(*)
      real(c_float), intent(inout) :: vorticity(*), divergence(*)
      integer(c_int32_t) :: status
    end function c_wind_zonal_derivative_synthesis_adjoint_f32

    function c_create_f64(grid, truncation, device, transform) &
      bind(c, name='terrella_transform_create_f64') result(status)
      import :: c_char, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: grid
      integer(c_int64_t), value :: truncation
      character(kind=c_char), intent(in) :: device(*)
      type(c_ptr), intent(out) :: transform
      integer(c_int32_t) :: status
    end function c_create_f64

    function c_destroy_f64(transform) &
      bind(c, name='terrella_transform_destroy_f64') result(status)
      import :: c_int32_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int32_t) :: status
    end function c_destroy_f64

    function c_set_memory_f64(transform, memory) &
      bind(c, name='terrella_transform_set_memory_f64') result(status)
      import :: c_int32_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int32_t), value :: memory
      integer(c_int32_t) :: status
    end function c_set_memory_f64

    function c_set_radius_f64(transform, radius) &
      bind(c, name='terrella_transform_set_radius_f64') result(status)
      import :: c_double, c_int32_t, c_ptr
      type(c_ptr), value :: transform
      real(c_double), value :: radius
      integer(c_int32_t) :: status
    end function c_set_radius_f64

    function c_radius_f64(transform, radius) &
      bind(c, name='terrella_transform_radius_f64') result(status)
      import :: c_double, c_int32_t, c_ptr
      type(c_ptr), value :: transform
      real(c_double), intent(inout) :: radius
      integer(c_int32_t) :: status
    end function c_radius_f64

    function c_truncation_f64(transform, number) &
      bind(c, name='terrella_transform_truncation_f64') result(status)
      import :: c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), intent(inout) :: number
      integer(c_int32_t) :: status
    end function c_truncation_f64

    function c_points_f64(transform, number) &
      bind(c, name='terrella_transform_points_f64') result(status)
      import :: c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), intent(inout) :: number
      integer(c_int32_t) :: status
    end function c_points_f64

    function c_synthesis_f64(transform, fields, spectrum, spectrum_length, values, values_length) &
      bind(c, name='terrella_synthesis_f64') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_double), intent(in) :: spectrum(*)
      real(c_double), intent(inout) :: values(*)
      integer(c_int32_t) :: status
    end function c_synthesis_f64

    function c_synthesis_adjoint_f64(transform, fields, values, values_length, spectrum, spectrum_length) &
      bind(c, name='terrella_synthesis_adjoint_f64') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_double), intent(in) :: values(*)
      real(c_double), intent(inout) :: spectrum(*)
      integer(c_int32_t) :: status
    end function c_synthesis_adjoint_f64

    function c_analysis_f64(transform, fields, values, values_length, spectrum, spectrum_length) &
      bind(c, name='terrella_analysis_f64') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_double), intent(in) :: values(*)
      real(c_double), intent(inout) :: spectrum(*)
      integer(c_int32_t) :: status
    end function c_analysis_f64

    function c_analysis_adjoint_f64(transform, fields, spectrum, spectrum_length, values, values_length) &
      bind(c, name='terrella_analysis_adjoint_f64') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_double), intent(in) :: spectrum(*)
      real(c_double), intent(inout) :: values(*)
      integer(c_int32_t) :: status
    end function c_analysis_adjoint_f64

    function c_wind_synthesis_f64(transform, fields, vorticity, divergence, spectrum_length, u, v, values_length) &
      bind(c, name='terrella_wind_synthesis_f64') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_double), intent(in) :: vorticity(*), divergence(*)
      real(c_double), intent(inout) :: u(*), v(*)
      integer(c_int32_t) :: status
    end function c_wind_synthesis_f64

    function c_wind_synthesis_adjoint_f64( &
      transform, fields, u, v, values_length, vorticity, divergence, spectrum_length) &
      bind(c, name='terrella_wind_synthesis_adjoint_f64') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_double), intent(in) :: u(*), v(*)
      real(c_double), intent(inout) :: vorticity(*), divergence(*)
      integer(c_int32_t) :: status
    end function c_wind_synthesis_adjoint_f64

    function c_wind_analysis_f64(transform, fields, u, v, values_length, vorticity, divergence, spectrum_length) &
      bind(c, name='terrella_wind_analysis_f64') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_double), intent(in) :: u(*), v(*)
      real(c_double), intent(inout) :: vorticity(*), divergence(*)
      integer(c_int32_t) :: status
    end function c_wind_analysis_f64

    function c_wind_analysis_adjoint_f64( &
      transform, fields, vorticity, divergence, spectrum_length, u, v, values_length) &
      bind(c, name='terrella_wind_analysis_adjoint_f64') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_double), intent(in) :: vorticity(*), divergence(*)
      real(c_double), intent(inout) :: u(*), v(*)
      integer(c_int32_t) :: status
    end function c_wind_analysis_adjoint_f64

    function c_gradient_synthesis_f64( &
      transform, fields, spectrum, spectrum_length, eastward, northward, values_length) &
      bind(c, name='terrella_gradient_synthesis_f64') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_double), intent(in) :: spectrum(*)
      real(c_double), intent(inout) :: eastward(*), northward(*)
      integer(c_int32_t) :: status
    end function c_gradient_synthesis_f64

    function c_gradient_synthesis_adjoint_f64( &
      transform, fields, eastward, northward, values_length, spectrum, spectrum_length) &
      bind(c, name='terrella_gradient_synthesis_adjoint_f64') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_double), intent(in) :: eastward(*), northward(*)
      real(c_double), intent(inout) :: spectrum(*)
      integer(c_int32_t) :: status
    end function c_gradient_synthesis_adjoint_f64

    function c_wind_zonal_derivative_synthesis_f64( &
      transform, fields, vorticity, divergence, spectrum_length, u_eastward, v_eastward, values_length) &
      bind(c, name='terrella_wind_zonal_derivative_synthesis_f64') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_double), intent(in) :: vorticity(*), divergence(*)
      real(c_double), intent(inout) :: u_eastward(*), v_eastward(*)
      integer(c_int32_t) :: status
    end function c_wind_zonal_derivative_synthesis_f64

    function c_wind_zonal_derivative_synthesis_adjoint_f64( &
      transform, fields, u_eastward, v_eastward, values_length, vorticity, divergence, spectrum_length) &
      bind(c, name='terrella_wind_zonal_derivative_synthesis_adjoint_f64') result(status)
      import :: c_double, c_int32_t, c_int64_t, c_ptr
      type(c_ptr), value :: transform
      integer(c_int64_t), value :: fields, spectrum_length, values_length
      real(c_double), intent(in) :: u_eastward(*), v_eastward(*)
      real(c_double), intent(inout) :: vorticity(*), divergence(*)
      integer(c_int32_t) :: status
    end function c_wind_zonal_derivative_synthesis_adjoint_f64
  end interface

contains

  ! The version of the library, "major.minor.patch".
  function terrella_library_version() result(version)
    character(len=:), allocatable :: version
    version = text_of(c_version())
  end function terrella_library_version

  ! Complex coefficients of one field at truncation T: (T+1)(T+2)/2.
  pure function terrella_coefficients(truncation) result(coefficients)
    integer, intent(in) :: truncation
    integer :: coefficients
    coefficients = (truncation + 1) * (truncation + 2) / 2
  end function terrella_coefficients

  function text_of(pointer) result(text)
    type(c_ptr), intent(in) :: pointer
    character(len=:), allocatable :: text
    character(kind=c_char), pointer :: characters(:)
    integer :: i
    call c_f_pointer(pointer, characters, [c_strlen(pointer)])
    allocate (character(len=size(characters)) :: text)
    do i = 1, size(characters)
      text(i:i) = characters(i)
    end do
  end function text_of

  ! Hands the library's status to the caller, with its message.
  subroutine report(code, status, message)
    integer(int32), intent(in) :: code
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    if (code /= terrella_success) then
      call refuse(code, text_of(c_last_error_message()), status, message)
      return
    end if
    if (present(status)) status = code
  end subroutine report

  ! Hands a status other than success to the caller; stops the program where the caller takes none.
  subroutine refuse(code, text, status, message)
    integer(int32), intent(in) :: code
    character(len=*), intent(in) :: text
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    if (present(message)) message = text
    if (present(status)) then
      status = code
    else
      write (error_unit, '(2a)') 'terrella: ', text
      error stop 1
    end if
  end subroutine refuse

  ! Counts one more name for an object.
  subroutine share(uses, other)
    integer, pointer, intent(inout) :: uses
    integer, pointer, intent(in) :: other
    uses => other
    if (associated(uses)) uses = uses + 1
  end subroutine share

  ! Counts one name less; whether it was the last.
  function was_last(uses) result(last)
    integer, pointer, intent(inout) :: uses
    logical :: last
    last = .false.
    if (.not. associated(uses)) return
    uses = uses - 1
    last = uses == 0
    if (last) deallocate (uses)
    nullify (uses)
  end function was_last

  ! Gives a new handle to an object.
  subroutine adopt(code, new, handle, uses)
    integer(int32), intent(in) :: code
    type(c_ptr), intent(in) :: new
    type(c_ptr), intent(inout) :: handle
    integer, pointer, intent(inout) :: uses
    if (code /= terrella_success) return
    handle = new
    allocate (uses)
    uses = 1
  end subroutine adopt

  ! F<n>, N<n>, O<n> Gaussian with n rings per hemisphere; r<longitudes>x<latitudes> regular.
  subroutine grid_from_name(self, name, status, message)
    class(terrella_grid), intent(inout) :: self
    character(len=*), intent(in) :: name
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    type(c_ptr) :: handle
    integer(int32) :: code
    call self%destroy()
    code = c_grid_from_name(trim(name) // c_null_char, handle)
    call adopt(code, handle, self%handle, self%uses)
    call report(code, status, message)
  end subroutine grid_from_name

  ! Gaussian grid with the same number of points on each ring.
  subroutine grid_full_gaussian(self, rings, longitudes, status, message)
    class(terrella_grid), intent(inout) :: self
    integer, intent(in) :: rings, longitudes
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    type(c_ptr) :: handle
    integer(int32) :: code
    call self%destroy()
    code = c_grid_full_gaussian(int(rings, c_int64_t), int(longitudes, c_int64_t), handle)
    call adopt(code, handle, self%handle, self%uses)
    call report(code, status, message)
  end subroutine grid_full_gaussian

  ! Gaussian grid with these numbers of points on its rings, north to south.
  subroutine grid_reduced_gaussian(self, points, status, message)
    class(terrella_grid), intent(inout) :: self
    integer, intent(in) :: points(:)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    type(c_ptr) :: handle
    integer(int32) :: code
    call self%destroy()
    code = c_grid_reduced_gaussian(int(points, c_int64_t), size(points, kind=c_int64_t), handle)
    call adopt(code, handle, self%handle, self%uses)
    call report(code, status, message)
  end subroutine grid_reduced_gaussian

  ! Regular grid, with rings on the poles or half a row away from them.
  subroutine grid_lat_lon(self, longitudes, latitudes, poles, status, message)
    class(terrella_grid), intent(inout) :: self
    integer, intent(in) :: longitudes, latitudes
    logical, intent(in) :: poles
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    type(c_ptr) :: handle
    integer(int32) :: code
    call self%destroy()
    code = c_grid_lat_lon(int(longitudes, c_int64_t), int(latitudes, c_int64_t), merge(1_c_int32_t, 0_c_int32_t, poles), &
      handle)
    call adopt(code, handle, self%handle, self%uses)
    call report(code, status, message)
  end subroutine grid_lat_lon

  ! Number of points.
  function grid_points(self, status, message) result(number)
    class(terrella_grid), intent(in) :: self
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int64) :: number
    integer(int32) :: code
    number = -1
    code = c_grid_points(self%handle, number)
    call report(code, status, message)
  end function grid_points

  ! Number of rings.
  function grid_rings(self, status, message) result(number)
    class(terrella_grid), intent(in) :: self
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int64) :: number
    integer(int32) :: code
    number = -1
    code = c_grid_rings(self%handle, number)
    call report(code, status, message)
  end function grid_rings

  ! The largest truncation that the grid carries.
  function grid_largest_truncation(self, status, message) result(number)
    class(terrella_grid), intent(in) :: self
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int64) :: number
    integer(int32) :: code
    number = -1
    code = c_grid_largest_truncation(self%handle, number)
    call report(code, status, message)
  end function grid_largest_truncation

  ! Points on every ring.
  subroutine grid_ring_points(self, points, status, message)
    class(terrella_grid), intent(in) :: self
    integer(int64), contiguous, intent(out) :: points(:)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    code = c_grid_ring_points(self%handle, points, size(points, kind=c_int64_t))
    call report(code, status, message)
  end subroutine grid_ring_points

  ! Latitude of every ring [degrees north].
  subroutine grid_latitudes(self, latitudes, status, message)
    class(terrella_grid), intent(in) :: self
    real(real64), contiguous, intent(out) :: latitudes(:)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    code = c_grid_latitudes(self%handle, latitudes, size(latitudes, kind=c_int64_t))
    call report(code, status, message)
  end subroutine grid_latitudes

  ! Longitude of the first point of every ring [degrees east]; 0 on all grids but HEALPix.
  subroutine grid_first_longitudes(self, longitudes, status, message)
    class(terrella_grid), intent(in) :: self
    real(real64), contiguous, intent(out) :: longitudes(:)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    code = c_grid_first_longitudes(self%handle, longitudes, size(longitudes, kind=c_int64_t))
    call report(code, status, message)
  end subroutine grid_first_longitudes

  ! Quadrature weight of every ring; their sum is 1.
  subroutine grid_weights(self, weights, status, message)
    class(terrella_grid), intent(in) :: self
    real(real64), contiguous, intent(out) :: weights(:)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    code = c_grid_weights(self%handle, weights, size(weights, kind=c_int64_t))
    call report(code, status, message)
  end subroutine grid_weights

  ! Forgets the object; it lives on under its other names.
  subroutine grid_destroy(self)
    class(terrella_grid), intent(inout) :: self
    integer(int32) :: code
    if (was_last(self%uses)) then
      code = c_grid_destroy(self%handle)
      call report(code)
    end if
    self%handle = c_null_ptr
  end subroutine grid_destroy

  subroutine grid_assign(self, other)
    class(terrella_grid), intent(inout) :: self
    class(terrella_grid), intent(in) :: other
    if (c_associated(self%handle, other%handle)) return
    call self%destroy()
    self%handle = other%handle
    call share(self%uses, other%uses)
  end subroutine grid_assign

  impure elemental subroutine grid_finalize(self)
    type(terrella_grid), intent(inout) :: self
    call self%destroy()
  end subroutine grid_finalize

  ! A transform on a device: "cpu" (as without one), "cuda:0", "hip:0", "wgpu:0".
  subroutine create_f32(self, grid, truncation, device, status, message)
    class(terrella_transform_f32), intent(inout) :: self
    type(terrella_grid), intent(in) :: grid
    integer, intent(in) :: truncation
    character(len=*), intent(in), optional :: device
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    character(len=:), allocatable :: device_name
    type(c_ptr) :: handle
    integer(int32) :: code
    call self%destroy()
    device_name = 'cpu'
    if (present(device)) device_name = trim(device)
    code = c_create_f32(grid%handle, int(truncation, c_int64_t), device_name // c_null_char, handle)
    call adopt(code, handle, self%handle, self%uses)
    call report(code, status, message)
  end subroutine create_f32

  ! Forgets the object; it lives on under its other names.
  subroutine destroy_f32(self)
    class(terrella_transform_f32), intent(inout) :: self
    integer(int32) :: code
    if (was_last(self%uses)) then
      code = c_destroy_f32(self%handle)
      call report(code)
    end if
    self%handle = c_null_ptr
  end subroutine destroy_f32

  subroutine assign_f32(self, other)
    class(terrella_transform_f32), intent(inout) :: self
    class(terrella_transform_f32), intent(in) :: other
    if (c_associated(self%handle, other%handle)) return
    call self%destroy()
    self%handle = other%handle
    call share(self%uses, other%uses)
  end subroutine assign_f32

  impure elemental subroutine finalize_f32(self)
    type(terrella_transform_f32), intent(inout) :: self
    call self%destroy()
  end subroutine finalize_f32

  ! Where the arrays of all further calls lie: terrella_host_memory at first, or terrella_device_memory.
  subroutine set_memory_f32(self, memory, status, message)
    class(terrella_transform_f32), intent(in) :: self
    integer(int32), intent(in) :: memory
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    code = c_set_memory_f32(self%handle, memory)
    call report(code, status, message)
  end subroutine set_memory_f32

  ! Sets the radius of the sphere [m] that winds and gradients refer to; 6371229 at first.
  subroutine set_radius_f32(self, radius, status, message)
    class(terrella_transform_f32), intent(in) :: self
    real(real64), intent(in) :: radius
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    code = c_set_radius_f32(self%handle, radius)
    call report(code, status, message)
  end subroutine set_radius_f32

  ! The radius of the sphere [m].
  function radius_f32(self, status, message) result(radius)
    class(terrella_transform_f32), intent(in) :: self
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64) :: radius
    integer(int32) :: code
    radius = -1
    code = c_radius_f32(self%handle, radius)
    call report(code, status, message)
  end function radius_f32

  ! The truncation T.
  function truncation_f32(self, status, message) result(number)
    class(terrella_transform_f32), intent(in) :: self
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int64) :: number
    integer(int32) :: code
    number = -1
    code = c_truncation_f32(self%handle, number)
    call report(code, status, message)
  end function truncation_f32

  ! Number of points of the grid.
  function points_f32(self, status, message) result(number)
    class(terrella_transform_f32), intent(in) :: self
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int64) :: number
    integer(int32) :: code
    number = -1
    code = c_points_f32(self%handle, number)
    call report(code, status, message)
  end function points_f32

  ! Spectra to grid fields: f = sum of f_nm P_nm(sin latitude) exp(i m longitude).
  subroutine synthesis_f32(self, spectrum, values, status, message)
    class(terrella_transform_f32), intent(in) :: self
    real(real32), contiguous, intent(in) :: spectrum(:, :, :)
    real(real32), contiguous, intent(inout) :: values(:, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(values, 2) /= size(spectrum, 1)) then
      call refuse(terrella_wrong_length, &
        '''values'' holds another number of fields than ''spectrum''.', status, message)
      return
    end if
    code = c_synthesis_f32(self%handle, size(spectrum, 1, c_int64_t), &
      spectrum, size(spectrum, kind=c_int64_t), &
      values, size(values, kind=c_int64_t))
    call report(code, status, message)
  end subroutine synthesis_f32

  ! The adjoint of synthesis.
  subroutine synthesis_adjoint_f32(self, values, spectrum, status, message)
    class(terrella_transform_f32), intent(in) :: self
    real(real32), contiguous, intent(in) :: values(:, :)
    real(real32), contiguous, intent(inout) :: spectrum(:, :, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(spectrum, 1) /= size(values, 2)) then
      call refuse(terrella_wrong_length, &
        '''spectrum'' holds another number of fields than ''values''.', status, message)
      return
    end if
    code = c_synthesis_adjoint_f32(self%handle, size(values, 2, c_int64_t), &
      values, size(values, kind=c_int64_t), &
      spectrum, size(spectrum, kind=c_int64_t))
    call report(code, status, message)
  end subroutine synthesis_adjoint_f32

  ! Grid fields to spectra by the grid's quadrature.
  subroutine analysis_f32(self, values, spectrum, status, message)
    class(terrella_transform_f32), intent(in) :: self
    real(real32), contiguous, intent(in) :: values(:, :)
    real(real32), contiguous, intent(inout) :: spectrum(:, :, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(spectrum, 1) /= size(values, 2)) then
      call refuse(terrella_wrong_length, &
        '''spectrum'' holds another number of fields than ''values''.', status, message)
      return
    end if
    code = c_analysis_f32(self%handle, size(values, 2, c_int64_t), &
      values, size(values, kind=c_int64_t), &
      spectrum, size(spectrum, kind=c_int64_t))
    call report(code, status, message)
  end subroutine analysis_f32

  ! The adjoint of analysis.
  subroutine analysis_adjoint_f32(self, spectrum, values, status, message)
    class(terrella_transform_f32), intent(in) :: self
    real(real32), contiguous, intent(in) :: spectrum(:, :, :)
    real(real32), contiguous, intent(inout) :: values(:, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(values, 2) /= size(spectrum, 1)) then
      call refuse(terrella_wrong_length, &
        '''values'' holds another number of fields than ''spectrum''.', status, message)
      return
    end if
    code = c_analysis_adjoint_f32(self%handle, size(spectrum, 1, c_int64_t), &
      spectrum, size(spectrum, kind=c_int64_t), &
      values, size(values, kind=c_int64_t))
    call report(code, status, message)
  end subroutine analysis_adjoint_f32

  ! Vorticity and divergence [1/s] to eastward and northward wind [m/s].
  subroutine wind_synthesis_f32(self, vorticity, divergence, u, v, status, message)
    class(terrella_transform_f32), intent(in) :: self
    real(real32), contiguous, intent(in) :: vorticity(:, :, :), divergence(:, :, :)
    real(real32), contiguous, intent(inout) :: u(:, :), v(:, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(divergence, 1) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(u, 2) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''u'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(v, 2) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''v'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(divergence) /= size(vorticity)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' is of another size than ''vorticity''.', status, message)
      return
    else if (size(v) /= size(u)) then
      call refuse(terrella_wrong_length, &
        '''v'' is of another size than ''u''.', status, message)
      return
    end if
    code = c_wind_synthesis_f32(self%handle, size(vorticity, 1, c_int64_t), &
      vorticity, divergence, size(vorticity, kind=c_int64_t), &
      u, v, size(u, kind=c_int64_t))
    call report(code, status, message)
  end subroutine wind_synthesis_f32

  ! The adjoint of wind_synthesis.
  subroutine wind_synthesis_adjoint_f32(self, u, v, vorticity, divergence, status, message)
    class(terrella_transform_f32), intent(in) :: self
    real(real32), contiguous, intent(in) :: u(:, :), v(:, :)
    real(real32), contiguous, intent(inout) :: vorticity(:, :, :), divergence(:, :, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(v, 2) /= size(u, 2)) then
      call refuse(terrella_wrong_length, &
        '''v'' holds another number of fields than ''u''.', status, message)
      return
    else if (size(vorticity, 1) /= size(u, 2)) then
      call refuse(terrella_wrong_length, &
        '''vorticity'' holds another number of fields than ''u''.', status, message)
      return
    else if (size(divergence, 1) /= size(u, 2)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' holds another number of fields than ''u''.', status, message)
      return
    else if (size(v) /= size(u)) then
      call refuse(terrella_wrong_length, &
        '''v'' is of another size than ''u''.', status, message)
      return
    else if (size(divergence) /= size(vorticity)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' is of another size than ''vorticity''.', status, message)
      return
    end if
    code = c_wind_synthesis_adjoint_f32(self%handle, size(u, 2, c_int64_t), &
      u, v, size(u, kind=c_int64_t), &
      vorticity, divergence, size(vorticity, kind=c_int64_t))
    call report(code, status, message)
  end subroutine wind_synthesis_adjoint_f32

  ! Eastward and northward wind [m/s] to vorticity and divergence [1/s].
  subroutine wind_analysis_f32(self, u, v, vorticity, divergence, status, message)
    class(terrella_transform_f32), intent(in) :: self
    real(real32), contiguous, intent(in) :: u(:, :), v(:, :)
    real(real32), contiguous, intent(inout) :: vorticity(:, :, :), divergence(:, :, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(v, 2) /= size(u, 2)) then
      call refuse(terrella_wrong_length, &
        '''v'' holds another number of fields than ''u''.', status, message)
      return
    else if (size(vorticity, 1) /= size(u, 2)) then
      call refuse(terrella_wrong_length, &
        '''vorticity'' holds another number of fields than ''u''.', status, message)
      return
    else if (size(divergence, 1) /= size(u, 2)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' holds another number of fields than ''u''.', status, message)
      return
    else if (size(v) /= size(u)) then
      call refuse(terrella_wrong_length, &
        '''v'' is of another size than ''u''.', status, message)
      return
    else if (size(divergence) /= size(vorticity)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' is of another size than ''vorticity''.', status, message)
      return
    end if
    code = c_wind_analysis_f32(self%handle, size(u, 2, c_int64_t), &
      u, v, size(u, kind=c_int64_t), &
      vorticity, divergence, size(vorticity, kind=c_int64_t))
    call report(code, status, message)
  end subroutine wind_analysis_f32

  ! The adjoint of wind_analysis.
  subroutine wind_analysis_adjoint_f32(self, vorticity, divergence, u, v, status, message)
    class(terrella_transform_f32), intent(in) :: self
    real(real32), contiguous, intent(in) :: vorticity(:, :, :), divergence(:, :, :)
    real(real32), contiguous, intent(inout) :: u(:, :), v(:, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(divergence, 1) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(u, 2) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''u'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(v, 2) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''v'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(divergence) /= size(vorticity)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' is of another size than ''vorticity''.', status, message)
      return
    else if (size(v) /= size(u)) then
      call refuse(terrella_wrong_length, &
        '''v'' is of another size than ''u''.', status, message)
      return
    end if
    code = c_wind_analysis_adjoint_f32(self%handle, size(vorticity, 1, c_int64_t), &
      vorticity, divergence, size(vorticity, kind=c_int64_t), &
      u, v, size(u, kind=c_int64_t))
    call report(code, status, message)
  end subroutine wind_analysis_adjoint_f32

  ! Spectra to (1/(a cos latitude)) df/dlongitude and (1/a) df/dlatitude [per m].
  subroutine gradient_synthesis_f32(self, spectrum, eastward, northward, status, message)
    class(terrella_transform_f32), intent(in) :: self
    real(real32), contiguous, intent(in) :: spectrum(:, :, :)
    real(real32), contiguous, intent(inout) :: eastward(:, :), northward(:, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(eastward, 2) /= size(spectrum, 1)) then
      call refuse(terrella_wrong_length, &
        '''eastward'' holds another number of fields than ''spectrum''.', status, message)
      return
    else if (size(northward, 2) /= size(spectrum, 1)) then
      call refuse(terrella_wrong_length, &
        '''northward'' holds another number of fields than ''spectrum''.', status, message)
      return
    else if (size(northward) /= size(eastward)) then
      call refuse(terrella_wrong_length, &
        '''northward'' is of another size than ''eastward''.', status, message)
      return
    end if
    code = c_gradient_synthesis_f32(self%handle, size(spectrum, 1, c_int64_t), &
      spectrum, size(spectrum, kind=c_int64_t), &
      eastward, northward, size(eastward, kind=c_int64_t))
    call report(code, status, message)
  end subroutine gradient_synthesis_f32

  ! The adjoint of gradient_synthesis.
  subroutine gradient_synthesis_adjoint_f32(self, eastward, northward, spectrum, status, message)
    class(terrella_transform_f32), intent(in) :: self
    real(real32), contiguous, intent(in) :: eastward(:, :), northward(:, :)
    real(real32), contiguous, intent(inout) :: spectrum(:, :, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(northward, 2) /= size(eastward, 2)) then
      call refuse(terrella_wrong_length, &
        '''northward'' holds another number of fields than ''eastward''.', status, message)
      return
    else if (size(spectrum, 1) /= size(eastward, 2)) then
      call refuse(terrella_wrong_length, &
        '''spectrum'' holds another number of fields than ''eastward''.', status, message)
      return
    else if (size(northward) /= size(eastward)) then
      call refuse(terrella_wrong_length, &
        '''northward'' is of another size than ''eastward''.', status, message)
      return
    end if
    code = c_gradient_synthesis_adjoint_f32(self%handle, size(eastward, 2, c_int64_t), &
      eastward, northward, size(eastward, kind=c_int64_t), &
      spectrum, size(spectrum, kind=c_int64_t))
    call report(code, status, message)
  end subroutine gradient_synthesis_adjoint_f32

  ! Vorticity and divergence [1/s] to (1/(a cos latitude)) du/dlongitude and dv/dlongitude [1/s].
  subroutine wind_zonal_derivative_synthesis_f32(self, vorticity, divergence, u_eastward, v_eastward, status, message)
    class(terrella_transform_f32), intent(in) :: self
    real(real32), contiguous, intent(in) :: vorticity(:, :, :), divergence(:, :, :)
    real(real32), contiguous, intent(inout) :: u_eastward(:, :), v_eastward(:, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(divergence, 1) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(u_eastward, 2) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''u_eastward'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(v_eastward, 2) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''v_eastward'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(divergence) /= size(vorticity)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' is of another size than ''vorticity''.', status, message)
      return
    else if (size(v_eastward) /= size(u_eastward)) then
      call refuse(terrella_wrong_length, &
        '''v_eastward'' is of another size than ''u_eastward''.', status, message)
      return
    end if
    code = c_wind_zonal_derivative_synthesis_f32(self%handle, size(vorticity, 1, c_int64_t), &
      vorticity, divergence, size(vorticity, kind=c_int64_t), &
      u_eastward, v_eastward, size(u_eastward, kind=c_int64_t))
    call report(code, status, message)
  end subroutine wind_zonal_derivative_synthesis_f32

  ! The adjoint of wind_zonal_derivative_synthesis.
  subroutine wind_zonal_derivative_synthesis_adjoint_f32(self, u_eastward, v_eastward, vorticity, divergence, status, message)
    class(terrella_transform_f32), intent(in) :: self
    real(real32), contiguous, intent(in) :: u_eastward(:, :), v_eastward(:, :)
    real(real32), contiguous, intent(inout) :: vorticity(:, :, :), divergence(:, :, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(v_eastward, 2) /= size(u_eastward, 2)) then
      call refuse(terrella_wrong_length, &
        '''v_eastward'' holds another number of fields than ''u_eastward''.', status, message)
      return
    else if (size(vorticity, 1) /= size(u_eastward, 2)) then
      call refuse(terrella_wrong_length, &
        '''vorticity'' holds another number of fields than ''u_eastward''.', status, message)
      return
    else if (size(divergence, 1) /= size(u_eastward, 2)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' holds another number of fields than ''u_eastward''.', status, message)
      return
    else if (size(v_eastward) /= size(u_eastward)) then
      call refuse(terrella_wrong_length, &
        '''v_eastward'' is of another size than ''u_eastward''.', status, message)
      return
    else if (size(divergence) /= size(vorticity)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' is of another size than ''vorticity''.', status, message)
      return
    end if
    code = c_wind_zonal_derivative_synthesis_adjoint_f32(self%handle, size(u_eastward, 2, c_int64_t), &
      u_eastward, v_eastward, size(u_eastward, kind=c_int64_t), &
      vorticity, divergence, size(vorticity, kind=c_int64_t))
    call report(code, status, message)
  end subroutine wind_zonal_derivative_synthesis_adjoint_f32

  ! Shapes of arrays that are given by their addresses; false where they cannot be used, which is reported.
  function shaped_f32(self, fields, addresses, spectral, gridded, status, message) result(usable)
    class(terrella_transform_f32), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: addresses(:)
    integer(c_int64_t), intent(out) :: spectral(3), gridded(2)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    logical :: usable
    integer(c_int64_t) :: truncation, points
    integer(int32) :: code
    integer :: place
    truncation = 0
    points = 0
    code = c_truncation_f32(self%handle, truncation)
    if (code == terrella_success) code = c_points_f32(self%handle, points)
    spectral = [int(fields, c_int64_t), 2_c_int64_t, (truncation + 1) * (truncation + 2) / 2]
    gridded = [points, int(fields, c_int64_t)]
    usable = .false.
    if (code /= terrella_success) then
      call report(code, status, message)
      return
    else if (fields < 0) then
      call refuse(terrella_invalid_value, '''fields'' is negative.', status, message)
      return
    end if
    do place = 1, size(addresses)
      if (c_associated(addresses(place))) cycle
      call refuse(terrella_null_pointer, 'An address is NULL: expected that of an array.', status, message)
      return
    end do
    usable = .true.
  end function shaped_f32

  ! The same on arrays at these addresses.
  subroutine synthesis_at_f32(self, fields, spectrum, values, status, message)
    class(terrella_transform_f32), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: spectrum, values
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real32), pointer, contiguous :: spectra_1(:, :, :), values_1(:, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f32(self, fields, [spectrum, values], spectral, gridded, status, message)) return
    call c_f_pointer(spectrum, spectra_1, spectral)
    call c_f_pointer(values, values_1, gridded)
    call self%synthesis(spectra_1, values_1, status, message)
  end subroutine synthesis_at_f32

  ! The same on arrays at these addresses.
  subroutine synthesis_adjoint_at_f32(self, fields, values, spectrum, status, message)
    class(terrella_transform_f32), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: values, spectrum
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real32), pointer, contiguous :: values_1(:, :), spectra_1(:, :, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f32(self, fields, [values, spectrum], spectral, gridded, status, message)) return
    call c_f_pointer(values, values_1, gridded)
    call c_f_pointer(spectrum, spectra_1, spectral)
    call self%synthesis_adjoint(values_1, spectra_1, status, message)
  end subroutine synthesis_adjoint_at_f32

  ! The same on arrays at these addresses.
  subroutine analysis_at_f32(self, fields, values, spectrum, status, message)
    class(terrella_transform_f32), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: values, spectrum
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real32), pointer, contiguous :: values_1(:, :), spectra_1(:, :, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f32(self, fields, [values, spectrum], spectral, gridded, status, message)) return
    call c_f_pointer(values, values_1, gridded)
    call c_f_pointer(spectrum, spectra_1, spectral)
    call self%analysis(values_1, spectra_1, status, message)
  end subroutine analysis_at_f32

  ! The same on arrays at these addresses.
  subroutine analysis_adjoint_at_f32(self, fields, spectrum, values, status, message)
    class(terrella_transform_f32), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: spectrum, values
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real32), pointer, contiguous :: spectra_1(:, :, :), values_1(:, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f32(self, fields, [spectrum, values], spectral, gridded, status, message)) return
    call c_f_pointer(spectrum, spectra_1, spectral)
    call c_f_pointer(values, values_1, gridded)
    call self%analysis_adjoint(spectra_1, values_1, status, message)
  end subroutine analysis_adjoint_at_f32

  ! The same on arrays at these addresses.
  subroutine wind_synthesis_at_f32(self, fields, vorticity, divergence, u, v, status, message)
    class(terrella_transform_f32), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: vorticity, divergence, u, v
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real32), pointer, contiguous :: spectra_1(:, :, :), spectra_2(:, :, :), values_1(:, :), values_2(:, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f32(self, fields, [vorticity, divergence, u, v], spectral, gridded, status, message)) return
    call c_f_pointer(vorticity, spectra_1, spectral)
    call c_f_pointer(divergence, spectra_2, spectral)
    call c_f_pointer(u, values_1, gridded)
    call c_f_pointer(v, values_2, gridded)
    call self%wind_synthesis(spectra_1, spectra_2, values_1, values_2, status, message)
  end subroutine wind_synthesis_at_f32

  ! The same on arrays at these addresses.
  subroutine wind_synthesis_adjoint_at_f32(self, fields, u, v, vorticity, divergence, status, message)
    class(terrella_transform_f32), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: u, v, vorticity, divergence
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real32), pointer, contiguous :: values_1(:, :), values_2(:, :), spectra_1(:, :, :), spectra_2(:, :, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f32(self, fields, [u, v, vorticity, divergence], spectral, gridded, status, message)) return
    call c_f_pointer(u, values_1, gridded)
    call c_f_pointer(v, values_2, gridded)
    call c_f_pointer(vorticity, spectra_1, spectral)
    call c_f_pointer(divergence, spectra_2, spectral)
    call self%wind_synthesis_adjoint(values_1, values_2, spectra_1, spectra_2, status, message)
  end subroutine wind_synthesis_adjoint_at_f32

  ! The same on arrays at these addresses.
  subroutine wind_analysis_at_f32(self, fields, u, v, vorticity, divergence, status, message)
    class(terrella_transform_f32), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: u, v, vorticity, divergence
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real32), pointer, contiguous :: values_1(:, :), values_2(:, :), spectra_1(:, :, :), spectra_2(:, :, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f32(self, fields, [u, v, vorticity, divergence], spectral, gridded, status, message)) return
    call c_f_pointer(u, values_1, gridded)
    call c_f_pointer(v, values_2, gridded)
    call c_f_pointer(vorticity, spectra_1, spectral)
    call c_f_pointer(divergence, spectra_2, spectral)
    call self%wind_analysis(values_1, values_2, spectra_1, spectra_2, status, message)
  end subroutine wind_analysis_at_f32

  ! The same on arrays at these addresses.
  subroutine wind_analysis_adjoint_at_f32(self, fields, vorticity, divergence, u, v, status, message)
    class(terrella_transform_f32), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: vorticity, divergence, u, v
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real32), pointer, contiguous :: spectra_1(:, :, :), spectra_2(:, :, :), values_1(:, :), values_2(:, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f32(self, fields, [vorticity, divergence, u, v], spectral, gridded, status, message)) return
    call c_f_pointer(vorticity, spectra_1, spectral)
    call c_f_pointer(divergence, spectra_2, spectral)
    call c_f_pointer(u, values_1, gridded)
    call c_f_pointer(v, values_2, gridded)
    call self%wind_analysis_adjoint(spectra_1, spectra_2, values_1, values_2, status, message)
  end subroutine wind_analysis_adjoint_at_f32

  ! The same on arrays at these addresses.
  subroutine gradient_synthesis_at_f32(self, fields, spectrum, eastward, northward, status, message)
    class(terrella_transform_f32), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: spectrum, eastward, northward
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real32), pointer, contiguous :: spectra_1(:, :, :), values_1(:, :), values_2(:, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f32(self, fields, [spectrum, eastward, northward], spectral, gridded, status, message)) return
    call c_f_pointer(spectrum, spectra_1, spectral)
    call c_f_pointer(eastward, values_1, gridded)
    call c_f_pointer(northward, values_2, gridded)
    call self%gradient_synthesis(spectra_1, values_1, values_2, status, message)
  end subroutine gradient_synthesis_at_f32

  ! The same on arrays at these addresses.
  subroutine gradient_synthesis_adjoint_at_f32(self, fields, eastward, northward, spectrum, status, message)
    class(terrella_transform_f32), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: eastward, northward, spectrum
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real32), pointer, contiguous :: values_1(:, :), values_2(:, :), spectra_1(:, :, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f32(self, fields, [eastward, northward, spectrum], spectral, gridded, status, message)) return
    call c_f_pointer(eastward, values_1, gridded)
    call c_f_pointer(northward, values_2, gridded)
    call c_f_pointer(spectrum, spectra_1, spectral)
    call self%gradient_synthesis_adjoint(values_1, values_2, spectra_1, status, message)
  end subroutine gradient_synthesis_adjoint_at_f32

  ! The same on arrays at these addresses.
  subroutine wind_zonal_derivative_synthesis_at_f32( &
    self, fields, vorticity, divergence, u_eastward, v_eastward, status, message)
    class(terrella_transform_f32), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: vorticity, divergence, u_eastward, v_eastward
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real32), pointer, contiguous :: spectra_1(:, :, :), spectra_2(:, :, :), values_1(:, :), values_2(:, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f32(self, fields, [vorticity, divergence, u_eastward, v_eastward], spectral, gridded, status, message)) return
    call c_f_pointer(vorticity, spectra_1, spectral)
    call c_f_pointer(divergence, spectra_2, spectral)
    call c_f_pointer(u_eastward, values_1, gridded)
    call c_f_pointer(v_eastward, values_2, gridded)
    call self%wind_zonal_derivative_synthesis(spectra_1, spectra_2, values_1, values_2, status, message)
  end subroutine wind_zonal_derivative_synthesis_at_f32

  ! The same on arrays at these addresses.
  subroutine wind_zonal_derivative_synthesis_adjoint_at_f32( &
    self, fields, u_eastward, v_eastward, vorticity, divergence, status, message)
    class(terrella_transform_f32), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: u_eastward, v_eastward, vorticity, divergence
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real32), pointer, contiguous :: values_1(:, :), values_2(:, :), spectra_1(:, :, :), spectra_2(:, :, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f32(self, fields, [u_eastward, v_eastward, vorticity, divergence], spectral, gridded, status, message)) return
    call c_f_pointer(u_eastward, values_1, gridded)
    call c_f_pointer(v_eastward, values_2, gridded)
    call c_f_pointer(vorticity, spectra_1, spectral)
    call c_f_pointer(divergence, spectra_2, spectral)
    call self%wind_zonal_derivative_synthesis_adjoint(values_1, values_2, spectra_1, spectra_2, status, message)
  end subroutine wind_zonal_derivative_synthesis_adjoint_at_f32

  ! A transform on a device: "cpu" (as without one), "cuda:0", "hip:0", "wgpu:0".
  subroutine create_f64(self, grid, truncation, device, status, message)
    class(terrella_transform_f64), intent(inout) :: self
    type(terrella_grid), intent(in) :: grid
    integer, intent(in) :: truncation
    character(len=*), intent(in), optional :: device
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    character(len=:), allocatable :: device_name
    type(c_ptr) :: handle
    integer(int32) :: code
    call self%destroy()
    device_name = 'cpu'
    if (present(device)) device_name = trim(device)
    code = c_create_f64(grid%handle, int(truncation, c_int64_t), device_name // c_null_char, handle)
    call adopt(code, handle, self%handle, self%uses)
    call report(code, status, message)
  end subroutine create_f64

  ! Forgets the object; it lives on under its other names.
  subroutine destroy_f64(self)
    class(terrella_transform_f64), intent(inout) :: self
    integer(int32) :: code
    if (was_last(self%uses)) then
      code = c_destroy_f64(self%handle)
      call report(code)
    end if
    self%handle = c_null_ptr
  end subroutine destroy_f64

  subroutine assign_f64(self, other)
    class(terrella_transform_f64), intent(inout) :: self
    class(terrella_transform_f64), intent(in) :: other
    if (c_associated(self%handle, other%handle)) return
    call self%destroy()
    self%handle = other%handle
    call share(self%uses, other%uses)
  end subroutine assign_f64

  impure elemental subroutine finalize_f64(self)
    type(terrella_transform_f64), intent(inout) :: self
    call self%destroy()
  end subroutine finalize_f64

  ! Where the arrays of all further calls lie: terrella_host_memory at first, or terrella_device_memory.
  subroutine set_memory_f64(self, memory, status, message)
    class(terrella_transform_f64), intent(in) :: self
    integer(int32), intent(in) :: memory
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    code = c_set_memory_f64(self%handle, memory)
    call report(code, status, message)
  end subroutine set_memory_f64

  ! Sets the radius of the sphere [m] that winds and gradients refer to; 6371229 at first.
  subroutine set_radius_f64(self, radius, status, message)
    class(terrella_transform_f64), intent(in) :: self
    real(real64), intent(in) :: radius
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    code = c_set_radius_f64(self%handle, radius)
    call report(code, status, message)
  end subroutine set_radius_f64

  ! The radius of the sphere [m].
  function radius_f64(self, status, message) result(radius)
    class(terrella_transform_f64), intent(in) :: self
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64) :: radius
    integer(int32) :: code
    radius = -1
    code = c_radius_f64(self%handle, radius)
    call report(code, status, message)
  end function radius_f64

  ! The truncation T.
  function truncation_f64(self, status, message) result(number)
    class(terrella_transform_f64), intent(in) :: self
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int64) :: number
    integer(int32) :: code
    number = -1
    code = c_truncation_f64(self%handle, number)
    call report(code, status, message)
  end function truncation_f64

  ! Number of points of the grid.
  function points_f64(self, status, message) result(number)
    class(terrella_transform_f64), intent(in) :: self
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int64) :: number
    integer(int32) :: code
    number = -1
    code = c_points_f64(self%handle, number)
    call report(code, status, message)
  end function points_f64

  ! Spectra to grid fields: f = sum of f_nm P_nm(sin latitude) exp(i m longitude).
  subroutine synthesis_f64(self, spectrum, values, status, message)
    class(terrella_transform_f64), intent(in) :: self
    real(real64), contiguous, intent(in) :: spectrum(:, :, :)
    real(real64), contiguous, intent(inout) :: values(:, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(values, 2) /= size(spectrum, 1)) then
      call refuse(terrella_wrong_length, &
        '''values'' holds another number of fields than ''spectrum''.', status, message)
      return
    end if
    code = c_synthesis_f64(self%handle, size(spectrum, 1, c_int64_t), &
      spectrum, size(spectrum, kind=c_int64_t), &
      values, size(values, kind=c_int64_t))
    call report(code, status, message)
  end subroutine synthesis_f64

  ! The adjoint of synthesis.
  subroutine synthesis_adjoint_f64(self, values, spectrum, status, message)
    class(terrella_transform_f64), intent(in) :: self
    real(real64), contiguous, intent(in) :: values(:, :)
    real(real64), contiguous, intent(inout) :: spectrum(:, :, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(spectrum, 1) /= size(values, 2)) then
      call refuse(terrella_wrong_length, &
        '''spectrum'' holds another number of fields than ''values''.', status, message)
      return
    end if
    code = c_synthesis_adjoint_f64(self%handle, size(values, 2, c_int64_t), &
      values, size(values, kind=c_int64_t), &
      spectrum, size(spectrum, kind=c_int64_t))
    call report(code, status, message)
  end subroutine synthesis_adjoint_f64

  ! Grid fields to spectra by the grid's quadrature.
  subroutine analysis_f64(self, values, spectrum, status, message)
    class(terrella_transform_f64), intent(in) :: self
    real(real64), contiguous, intent(in) :: values(:, :)
    real(real64), contiguous, intent(inout) :: spectrum(:, :, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(spectrum, 1) /= size(values, 2)) then
      call refuse(terrella_wrong_length, &
        '''spectrum'' holds another number of fields than ''values''.', status, message)
      return
    end if
    code = c_analysis_f64(self%handle, size(values, 2, c_int64_t), &
      values, size(values, kind=c_int64_t), &
      spectrum, size(spectrum, kind=c_int64_t))
    call report(code, status, message)
  end subroutine analysis_f64

  ! The adjoint of analysis.
  subroutine analysis_adjoint_f64(self, spectrum, values, status, message)
    class(terrella_transform_f64), intent(in) :: self
    real(real64), contiguous, intent(in) :: spectrum(:, :, :)
    real(real64), contiguous, intent(inout) :: values(:, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(values, 2) /= size(spectrum, 1)) then
      call refuse(terrella_wrong_length, &
        '''values'' holds another number of fields than ''spectrum''.', status, message)
      return
    end if
    code = c_analysis_adjoint_f64(self%handle, size(spectrum, 1, c_int64_t), &
      spectrum, size(spectrum, kind=c_int64_t), &
      values, size(values, kind=c_int64_t))
    call report(code, status, message)
  end subroutine analysis_adjoint_f64

  ! Vorticity and divergence [1/s] to eastward and northward wind [m/s].
  subroutine wind_synthesis_f64(self, vorticity, divergence, u, v, status, message)
    class(terrella_transform_f64), intent(in) :: self
    real(real64), contiguous, intent(in) :: vorticity(:, :, :), divergence(:, :, :)
    real(real64), contiguous, intent(inout) :: u(:, :), v(:, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(divergence, 1) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(u, 2) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''u'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(v, 2) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''v'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(divergence) /= size(vorticity)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' is of another size than ''vorticity''.', status, message)
      return
    else if (size(v) /= size(u)) then
      call refuse(terrella_wrong_length, &
        '''v'' is of another size than ''u''.', status, message)
      return
    end if
    code = c_wind_synthesis_f64(self%handle, size(vorticity, 1, c_int64_t), &
      vorticity, divergence, size(vorticity, kind=c_int64_t), &
      u, v, size(u, kind=c_int64_t))
    call report(code, status, message)
  end subroutine wind_synthesis_f64

  ! The adjoint of wind_synthesis.
  subroutine wind_synthesis_adjoint_f64(self, u, v, vorticity, divergence, status, message)
    class(terrella_transform_f64), intent(in) :: self
    real(real64), contiguous, intent(in) :: u(:, :), v(:, :)
    real(real64), contiguous, intent(inout) :: vorticity(:, :, :), divergence(:, :, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(v, 2) /= size(u, 2)) then
      call refuse(terrella_wrong_length, &
        '''v'' holds another number of fields than ''u''.', status, message)
      return
    else if (size(vorticity, 1) /= size(u, 2)) then
      call refuse(terrella_wrong_length, &
        '''vorticity'' holds another number of fields than ''u''.', status, message)
      return
    else if (size(divergence, 1) /= size(u, 2)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' holds another number of fields than ''u''.', status, message)
      return
    else if (size(v) /= size(u)) then
      call refuse(terrella_wrong_length, &
        '''v'' is of another size than ''u''.', status, message)
      return
    else if (size(divergence) /= size(vorticity)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' is of another size than ''vorticity''.', status, message)
      return
    end if
    code = c_wind_synthesis_adjoint_f64(self%handle, size(u, 2, c_int64_t), &
      u, v, size(u, kind=c_int64_t), &
      vorticity, divergence, size(vorticity, kind=c_int64_t))
    call report(code, status, message)
  end subroutine wind_synthesis_adjoint_f64

  ! Eastward and northward wind [m/s] to vorticity and divergence [1/s].
  subroutine wind_analysis_f64(self, u, v, vorticity, divergence, status, message)
    class(terrella_transform_f64), intent(in) :: self
    real(real64), contiguous, intent(in) :: u(:, :), v(:, :)
    real(real64), contiguous, intent(inout) :: vorticity(:, :, :), divergence(:, :, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(v, 2) /= size(u, 2)) then
      call refuse(terrella_wrong_length, &
        '''v'' holds another number of fields than ''u''.', status, message)
      return
    else if (size(vorticity, 1) /= size(u, 2)) then
      call refuse(terrella_wrong_length, &
        '''vorticity'' holds another number of fields than ''u''.', status, message)
      return
    else if (size(divergence, 1) /= size(u, 2)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' holds another number of fields than ''u''.', status, message)
      return
    else if (size(v) /= size(u)) then
      call refuse(terrella_wrong_length, &
        '''v'' is of another size than ''u''.', status, message)
      return
    else if (size(divergence) /= size(vorticity)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' is of another size than ''vorticity''.', status, message)
      return
    end if
    code = c_wind_analysis_f64(self%handle, size(u, 2, c_int64_t), &
      u, v, size(u, kind=c_int64_t), &
      vorticity, divergence, size(vorticity, kind=c_int64_t))
    call report(code, status, message)
  end subroutine wind_analysis_f64

  ! The adjoint of wind_analysis.
  subroutine wind_analysis_adjoint_f64(self, vorticity, divergence, u, v, status, message)
    class(terrella_transform_f64), intent(in) :: self
    real(real64), contiguous, intent(in) :: vorticity(:, :, :), divergence(:, :, :)
    real(real64), contiguous, intent(inout) :: u(:, :), v(:, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(divergence, 1) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(u, 2) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''u'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(v, 2) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''v'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(divergence) /= size(vorticity)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' is of another size than ''vorticity''.', status, message)
      return
    else if (size(v) /= size(u)) then
      call refuse(terrella_wrong_length, &
        '''v'' is of another size than ''u''.', status, message)
      return
    end if
    code = c_wind_analysis_adjoint_f64(self%handle, size(vorticity, 1, c_int64_t), &
      vorticity, divergence, size(vorticity, kind=c_int64_t), &
      u, v, size(u, kind=c_int64_t))
    call report(code, status, message)
  end subroutine wind_analysis_adjoint_f64

  ! Spectra to (1/(a cos latitude)) df/dlongitude and (1/a) df/dlatitude [per m].
  subroutine gradient_synthesis_f64(self, spectrum, eastward, northward, status, message)
    class(terrella_transform_f64), intent(in) :: self
    real(real64), contiguous, intent(in) :: spectrum(:, :, :)
    real(real64), contiguous, intent(inout) :: eastward(:, :), northward(:, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(eastward, 2) /= size(spectrum, 1)) then
      call refuse(terrella_wrong_length, &
        '''eastward'' holds another number of fields than ''spectrum''.', status, message)
      return
    else if (size(northward, 2) /= size(spectrum, 1)) then
      call refuse(terrella_wrong_length, &
        '''northward'' holds another number of fields than ''spectrum''.', status, message)
      return
    else if (size(northward) /= size(eastward)) then
      call refuse(terrella_wrong_length, &
        '''northward'' is of another size than ''eastward''.', status, message)
      return
    end if
    code = c_gradient_synthesis_f64(self%handle, size(spectrum, 1, c_int64_t), &
      spectrum, size(spectrum, kind=c_int64_t), &
      eastward, northward, size(eastward, kind=c_int64_t))
    call report(code, status, message)
  end subroutine gradient_synthesis_f64

  ! The adjoint of gradient_synthesis.
  subroutine gradient_synthesis_adjoint_f64(self, eastward, northward, spectrum, status, message)
    class(terrella_transform_f64), intent(in) :: self
    real(real64), contiguous, intent(in) :: eastward(:, :), northward(:, :)
    real(real64), contiguous, intent(inout) :: spectrum(:, :, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(northward, 2) /= size(eastward, 2)) then
      call refuse(terrella_wrong_length, &
        '''northward'' holds another number of fields than ''eastward''.', status, message)
      return
    else if (size(spectrum, 1) /= size(eastward, 2)) then
      call refuse(terrella_wrong_length, &
        '''spectrum'' holds another number of fields than ''eastward''.', status, message)
      return
    else if (size(northward) /= size(eastward)) then
      call refuse(terrella_wrong_length, &
        '''northward'' is of another size than ''eastward''.', status, message)
      return
    end if
    code = c_gradient_synthesis_adjoint_f64(self%handle, size(eastward, 2, c_int64_t), &
      eastward, northward, size(eastward, kind=c_int64_t), &
      spectrum, size(spectrum, kind=c_int64_t))
    call report(code, status, message)
  end subroutine gradient_synthesis_adjoint_f64

  ! Vorticity and divergence [1/s] to (1/(a cos latitude)) du/dlongitude and dv/dlongitude [1/s].
  subroutine wind_zonal_derivative_synthesis_f64(self, vorticity, divergence, u_eastward, v_eastward, status, message)
    class(terrella_transform_f64), intent(in) :: self
    real(real64), contiguous, intent(in) :: vorticity(:, :, :), divergence(:, :, :)
    real(real64), contiguous, intent(inout) :: u_eastward(:, :), v_eastward(:, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(divergence, 1) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(u_eastward, 2) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''u_eastward'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(v_eastward, 2) /= size(vorticity, 1)) then
      call refuse(terrella_wrong_length, &
        '''v_eastward'' holds another number of fields than ''vorticity''.', status, message)
      return
    else if (size(divergence) /= size(vorticity)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' is of another size than ''vorticity''.', status, message)
      return
    else if (size(v_eastward) /= size(u_eastward)) then
      call refuse(terrella_wrong_length, &
        '''v_eastward'' is of another size than ''u_eastward''.', status, message)
      return
    end if
    code = c_wind_zonal_derivative_synthesis_f64(self%handle, size(vorticity, 1, c_int64_t), &
      vorticity, divergence, size(vorticity, kind=c_int64_t), &
      u_eastward, v_eastward, size(u_eastward, kind=c_int64_t))
    call report(code, status, message)
  end subroutine wind_zonal_derivative_synthesis_f64

  ! The adjoint of wind_zonal_derivative_synthesis.
  subroutine wind_zonal_derivative_synthesis_adjoint_f64(self, u_eastward, v_eastward, vorticity, divergence, status, message)
    class(terrella_transform_f64), intent(in) :: self
    real(real64), contiguous, intent(in) :: u_eastward(:, :), v_eastward(:, :)
    real(real64), contiguous, intent(inout) :: vorticity(:, :, :), divergence(:, :, :)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    integer(int32) :: code
    if (size(v_eastward, 2) /= size(u_eastward, 2)) then
      call refuse(terrella_wrong_length, &
        '''v_eastward'' holds another number of fields than ''u_eastward''.', status, message)
      return
    else if (size(vorticity, 1) /= size(u_eastward, 2)) then
      call refuse(terrella_wrong_length, &
        '''vorticity'' holds another number of fields than ''u_eastward''.', status, message)
      return
    else if (size(divergence, 1) /= size(u_eastward, 2)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' holds another number of fields than ''u_eastward''.', status, message)
      return
    else if (size(v_eastward) /= size(u_eastward)) then
      call refuse(terrella_wrong_length, &
        '''v_eastward'' is of another size than ''u_eastward''.', status, message)
      return
    else if (size(divergence) /= size(vorticity)) then
      call refuse(terrella_wrong_length, &
        '''divergence'' is of another size than ''vorticity''.', status, message)
      return
    end if
    code = c_wind_zonal_derivative_synthesis_adjoint_f64(self%handle, size(u_eastward, 2, c_int64_t), &
      u_eastward, v_eastward, size(u_eastward, kind=c_int64_t), &
      vorticity, divergence, size(vorticity, kind=c_int64_t))
    call report(code, status, message)
  end subroutine wind_zonal_derivative_synthesis_adjoint_f64

  ! Shapes of arrays that are given by their addresses; false where they cannot be used, which is reported.
  function shaped_f64(self, fields, addresses, spectral, gridded, status, message) result(usable)
    class(terrella_transform_f64), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: addresses(:)
    integer(c_int64_t), intent(out) :: spectral(3), gridded(2)
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    logical :: usable
    integer(c_int64_t) :: truncation, points
    integer(int32) :: code
    integer :: place
    truncation = 0
    points = 0
    code = c_truncation_f64(self%handle, truncation)
    if (code == terrella_success) code = c_points_f64(self%handle, points)
    spectral = [int(fields, c_int64_t), 2_c_int64_t, (truncation + 1) * (truncation + 2) / 2]
    gridded = [points, int(fields, c_int64_t)]
    usable = .false.
    if (code /= terrella_success) then
      call report(code, status, message)
      return
    else if (fields < 0) then
      call refuse(terrella_invalid_value, '''fields'' is negative.', status, message)
      return
    end if
    do place = 1, size(addresses)
      if (c_associated(addresses(place))) cycle
      call refuse(terrella_null_pointer, 'An address is NULL: expected that of an array.', status, message)
      return
    end do
    usable = .true.
  end function shaped_f64

  ! The same on arrays at these addresses.
  subroutine synthesis_at_f64(self, fields, spectrum, values, status, message)
    class(terrella_transform_f64), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: spectrum, values
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64), pointer, contiguous :: spectra_1(:, :, :), values_1(:, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f64(self, fields, [spectrum, values], spectral, gridded, status, message)) return
    call c_f_pointer(spectrum, spectra_1, spectral)
    call c_f_pointer(values, values_1, gridded)
    call self%synthesis(spectra_1, values_1, status, message)
  end subroutine synthesis_at_f64

  ! The same on arrays at these addresses.
  subroutine synthesis_adjoint_at_f64(self, fields, values, spectrum, status, message)
    class(terrella_transform_f64), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: values, spectrum
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64), pointer, contiguous :: values_1(:, :), spectra_1(:, :, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f64(self, fields, [values, spectrum], spectral, gridded, status, message)) return
    call c_f_pointer(values, values_1, gridded)
    call c_f_pointer(spectrum, spectra_1, spectral)
    call self%synthesis_adjoint(values_1, spectra_1, status, message)
  end subroutine synthesis_adjoint_at_f64

  ! The same on arrays at these addresses.
  subroutine analysis_at_f64(self, fields, values, spectrum, status, message)
    class(terrella_transform_f64), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: values, spectrum
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64), pointer, contiguous :: values_1(:, :), spectra_1(:, :, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f64(self, fields, [values, spectrum], spectral, gridded, status, message)) return
    call c_f_pointer(values, values_1, gridded)
    call c_f_pointer(spectrum, spectra_1, spectral)
    call self%analysis(values_1, spectra_1, status, message)
  end subroutine analysis_at_f64

  ! The same on arrays at these addresses.
  subroutine analysis_adjoint_at_f64(self, fields, spectrum, values, status, message)
    class(terrella_transform_f64), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: spectrum, values
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64), pointer, contiguous :: spectra_1(:, :, :), values_1(:, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f64(self, fields, [spectrum, values], spectral, gridded, status, message)) return
    call c_f_pointer(spectrum, spectra_1, spectral)
    call c_f_pointer(values, values_1, gridded)
    call self%analysis_adjoint(spectra_1, values_1, status, message)
  end subroutine analysis_adjoint_at_f64

  ! The same on arrays at these addresses.
  subroutine wind_synthesis_at_f64(self, fields, vorticity, divergence, u, v, status, message)
    class(terrella_transform_f64), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: vorticity, divergence, u, v
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64), pointer, contiguous :: spectra_1(:, :, :), spectra_2(:, :, :), values_1(:, :), values_2(:, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f64(self, fields, [vorticity, divergence, u, v], spectral, gridded, status, message)) return
    call c_f_pointer(vorticity, spectra_1, spectral)
    call c_f_pointer(divergence, spectra_2, spectral)
    call c_f_pointer(u, values_1, gridded)
    call c_f_pointer(v, values_2, gridded)
    call self%wind_synthesis(spectra_1, spectra_2, values_1, values_2, status, message)
  end subroutine wind_synthesis_at_f64

  ! The same on arrays at these addresses.
  subroutine wind_synthesis_adjoint_at_f64(self, fields, u, v, vorticity, divergence, status, message)
    class(terrella_transform_f64), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: u, v, vorticity, divergence
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64), pointer, contiguous :: values_1(:, :), values_2(:, :), spectra_1(:, :, :), spectra_2(:, :, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f64(self, fields, [u, v, vorticity, divergence], spectral, gridded, status, message)) return
    call c_f_pointer(u, values_1, gridded)
    call c_f_pointer(v, values_2, gridded)
    call c_f_pointer(vorticity, spectra_1, spectral)
    call c_f_pointer(divergence, spectra_2, spectral)
    call self%wind_synthesis_adjoint(values_1, values_2, spectra_1, spectra_2, status, message)
  end subroutine wind_synthesis_adjoint_at_f64

  ! The same on arrays at these addresses.
  subroutine wind_analysis_at_f64(self, fields, u, v, vorticity, divergence, status, message)
    class(terrella_transform_f64), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: u, v, vorticity, divergence
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64), pointer, contiguous :: values_1(:, :), values_2(:, :), spectra_1(:, :, :), spectra_2(:, :, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f64(self, fields, [u, v, vorticity, divergence], spectral, gridded, status, message)) return
    call c_f_pointer(u, values_1, gridded)
    call c_f_pointer(v, values_2, gridded)
    call c_f_pointer(vorticity, spectra_1, spectral)
    call c_f_pointer(divergence, spectra_2, spectral)
    call self%wind_analysis(values_1, values_2, spectra_1, spectra_2, status, message)
  end subroutine wind_analysis_at_f64

  ! The same on arrays at these addresses.
  subroutine wind_analysis_adjoint_at_f64(self, fields, vorticity, divergence, u, v, status, message)
    class(terrella_transform_f64), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: vorticity, divergence, u, v
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64), pointer, contiguous :: spectra_1(:, :, :), spectra_2(:, :, :), values_1(:, :), values_2(:, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f64(self, fields, [vorticity, divergence, u, v], spectral, gridded, status, message)) return
    call c_f_pointer(vorticity, spectra_1, spectral)
    call c_f_pointer(divergence, spectra_2, spectral)
    call c_f_pointer(u, values_1, gridded)
    call c_f_pointer(v, values_2, gridded)
    call self%wind_analysis_adjoint(spectra_1, spectra_2, values_1, values_2, status, message)
  end subroutine wind_analysis_adjoint_at_f64

  ! The same on arrays at these addresses.
  subroutine gradient_synthesis_at_f64(self, fields, spectrum, eastward, northward, status, message)
    class(terrella_transform_f64), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: spectrum, eastward, northward
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64), pointer, contiguous :: spectra_1(:, :, :), values_1(:, :), values_2(:, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f64(self, fields, [spectrum, eastward, northward], spectral, gridded, status, message)) return
    call c_f_pointer(spectrum, spectra_1, spectral)
    call c_f_pointer(eastward, values_1, gridded)
    call c_f_pointer(northward, values_2, gridded)
    call self%gradient_synthesis(spectra_1, values_1, values_2, status, message)
  end subroutine gradient_synthesis_at_f64

  ! The same on arrays at these addresses.
  subroutine gradient_synthesis_adjoint_at_f64(self, fields, eastward, northward, spectrum, status, message)
    class(terrella_transform_f64), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: eastward, northward, spectrum
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64), pointer, contiguous :: values_1(:, :), values_2(:, :), spectra_1(:, :, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f64(self, fields, [eastward, northward, spectrum], spectral, gridded, status, message)) return
    call c_f_pointer(eastward, values_1, gridded)
    call c_f_pointer(northward, values_2, gridded)
    call c_f_pointer(spectrum, spectra_1, spectral)
    call self%gradient_synthesis_adjoint(values_1, values_2, spectra_1, status, message)
  end subroutine gradient_synthesis_adjoint_at_f64

  ! The same on arrays at these addresses.
  subroutine wind_zonal_derivative_synthesis_at_f64( &
    self, fields, vorticity, divergence, u_eastward, v_eastward, status, message)
    class(terrella_transform_f64), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: vorticity, divergence, u_eastward, v_eastward
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64), pointer, contiguous :: spectra_1(:, :, :), spectra_2(:, :, :), values_1(:, :), values_2(:, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f64(self, fields, [vorticity, divergence, u_eastward, v_eastward], spectral, gridded, status, message)) return
    call c_f_pointer(vorticity, spectra_1, spectral)
    call c_f_pointer(divergence, spectra_2, spectral)
    call c_f_pointer(u_eastward, values_1, gridded)
    call c_f_pointer(v_eastward, values_2, gridded)
    call self%wind_zonal_derivative_synthesis(spectra_1, spectra_2, values_1, values_2, status, message)
  end subroutine wind_zonal_derivative_synthesis_at_f64

  ! The same on arrays at these addresses.
  subroutine wind_zonal_derivative_synthesis_adjoint_at_f64( &
    self, fields, u_eastward, v_eastward, vorticity, divergence, status, message)
    class(terrella_transform_f64), intent(in) :: self
    integer, intent(in) :: fields
    type(c_ptr), intent(in) :: u_eastward, v_eastward, vorticity, divergence
    integer(int32), intent(out), optional :: status
    character(len=*), intent(inout), optional :: message
    real(real64), pointer, contiguous :: values_1(:, :), values_2(:, :), spectra_1(:, :, :), spectra_2(:, :, :)
    integer(c_int64_t) :: spectral(3), gridded(2)
    if (.not. shaped_f64(self, fields, [u_eastward, v_eastward, vorticity, divergence], spectral, gridded, status, message)) return
    call c_f_pointer(u_eastward, values_1, gridded)
    call c_f_pointer(v_eastward, values_2, gridded)
    call c_f_pointer(vorticity, spectra_1, spectral)
    call c_f_pointer(divergence, spectra_2, spectral)
    call self%wind_zonal_derivative_synthesis_adjoint(values_1, values_2, spectra_1, spectra_2, status, message)
  end subroutine wind_zonal_derivative_synthesis_adjoint_at_f64

end module terrella
