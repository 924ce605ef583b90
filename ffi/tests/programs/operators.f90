! Every operator of the Fortran module with its adjoint, sum(A x * y) = sum(x * A' y), in both precisions.
program operators
  use, intrinsic :: iso_fortran_env, only: error_unit, real32, real64
  use terrella
  implicit none
  integer, parameter :: truncation = 11, fields = 3
  type(terrella_grid) :: grid

  call grid%lat_lon(24, 13, poles=.true.)
  call test_f32()
  call test_f64()
  write (*, '(a)') 'done'

contains

  subroutine expect(holds, what)
    logical, intent(in) :: holds
    character(len=*), intent(in) :: what
    if (holds) return
    write (error_unit, '(2a)') 'failed: ', what
    error stop 1
  end subroutine expect

  subroutine test_f32()
    integer, parameter :: kind = real32
    type(terrella_transform_f32) :: transform
    real(kind), dimension(:, :, :), allocatable :: s, t, other_s, other_t
    real(kind), dimension(:, :), allocatable :: g, h, other_g, other_h
    call transform%create(grid, truncation)
    call transform%set_radius(2.0_real64)
    allocate (s(fields, 2, terrella_coefficients(truncation)), g(grid%points(), fields))
    allocate (t, other_s, other_t, mold=s)
    allocate (h, other_g, other_h, mold=g)
    call random_number(s)
    call random_number(t)
    call random_number(g)
    call random_number(h)
    call transform%synthesis(s, other_g)
    call transform%synthesis_adjoint(g, other_s)
    call expect(abs(sum(other_g * g) - (sum(s * other_s))) < &
      1e-5_kind * sqrt((sum(other_g**2)) * (sum(g**2))), 'synthesis_f32')
    call transform%analysis(g, other_s)
    call transform%analysis_adjoint(s, other_g)
    call expect(abs(sum(other_s * s) - (sum(g * other_g))) < &
      1e-5_kind * sqrt((sum(other_s**2)) * (sum(s**2))), 'analysis_f32')
    call transform%wind_synthesis(s, t, other_g, other_h)
    call transform%wind_synthesis_adjoint(g, h, other_s, other_t)
    call expect(abs(sum(other_g * g) + sum(other_h * h) - (sum(s * other_s) + sum(t * other_t))) < &
      1e-5_kind * sqrt((sum(other_g**2) + sum(other_h**2)) * (sum(g**2) + sum(h**2))), 'wind_synthesis_f32')
    call transform%wind_analysis(g, h, other_s, other_t)
    call transform%wind_analysis_adjoint(s, t, other_g, other_h)
    call expect(abs(sum(other_s * s) + sum(other_t * t) - (sum(g * other_g) + sum(h * other_h))) < &
      1e-5_kind * sqrt((sum(other_s**2) + sum(other_t**2)) * (sum(s**2) + sum(t**2))), 'wind_analysis_f32')
    call transform%gradient_synthesis(s, other_g, other_h)
    call transform%gradient_synthesis_adjoint(g, h, other_s)
    call expect(abs(sum(other_g * g) + sum(other_h * h) - (sum(s * other_s))) < &
      1e-5_kind * sqrt((sum(other_g**2) + sum(other_h**2)) * (sum(g**2) + sum(h**2))), 'gradient_synthesis_f32')
    call transform%wind_zonal_derivative_synthesis(s, t, other_g, other_h)
    call transform%wind_zonal_derivative_synthesis_adjoint(g, h, other_s, other_t)
    call expect(abs(sum(other_g * g) + sum(other_h * h) - (sum(s * other_s) + sum(t * other_t))) < &
      1e-5_kind * sqrt((sum(other_g**2) + sum(other_h**2)) * (sum(g**2) + sum(h**2))), 'wind_zonal_derivative_synthesis_f32')
  end subroutine test_f32

  subroutine test_f64()
    integer, parameter :: kind = real64
    type(terrella_transform_f64) :: transform
    real(kind), dimension(:, :, :), allocatable :: s, t, other_s, other_t
    real(kind), dimension(:, :), allocatable :: g, h, other_g, other_h
    call transform%create(grid, truncation)
    call transform%set_radius(2.0_real64)
    allocate (s(fields, 2, terrella_coefficients(truncation)), g(grid%points(), fields))
    allocate (t, other_s, other_t, mold=s)
    allocate (h, other_g, other_h, mold=g)
    call random_number(s)
    call random_number(t)
    call random_number(g)
    call random_number(h)
    call transform%synthesis(s, other_g)
    call transform%synthesis_adjoint(g, other_s)
    call expect(abs(sum(other_g * g) - (sum(s * other_s))) < &
      1e-13_kind * sqrt((sum(other_g**2)) * (sum(g**2))), 'synthesis_f64')
    call transform%analysis(g, other_s)
    call transform%analysis_adjoint(s, other_g)
    call expect(abs(sum(other_s * s) - (sum(g * other_g))) < &
      1e-13_kind * sqrt((sum(other_s**2)) * (sum(s**2))), 'analysis_f64')
    call transform%wind_synthesis(s, t, other_g, other_h)
    call transform%wind_synthesis_adjoint(g, h, other_s, other_t)
    call expect(abs(sum(other_g * g) + sum(other_h * h) - (sum(s * other_s) + sum(t * other_t))) < &
      1e-13_kind * sqrt((sum(other_g**2) + sum(other_h**2)) * (sum(g**2) + sum(h**2))), 'wind_synthesis_f64')
    call transform%wind_analysis(g, h, other_s, other_t)
    call transform%wind_analysis_adjoint(s, t, other_g, other_h)
    call expect(abs(sum(other_s * s) + sum(other_t * t) - (sum(g * other_g) + sum(h * other_h))) < &
      1e-13_kind * sqrt((sum(other_s**2) + sum(other_t**2)) * (sum(s**2) + sum(t**2))), 'wind_analysis_f64')
    call transform%gradient_synthesis(s, other_g, other_h)
    call transform%gradient_synthesis_adjoint(g, h, other_s)
    call expect(abs(sum(other_g * g) + sum(other_h * h) - (sum(s * other_s))) < &
      1e-13_kind * sqrt((sum(other_g**2) + sum(other_h**2)) * (sum(g**2) + sum(h**2))), 'gradient_synthesis_f64')
    call transform%wind_zonal_derivative_synthesis(s, t, other_g, other_h)
    call transform%wind_zonal_derivative_synthesis_adjoint(g, h, other_s, other_t)
    call expect(abs(sum(other_g * g) + sum(other_h * h) - (sum(s * other_s) + sum(t * other_t))) < &
      1e-13_kind * sqrt((sum(other_g**2) + sum(other_h**2)) * (sum(g**2) + sum(h**2))), 'wind_zonal_derivative_synthesis_f64')
  end subroutine test_f64

end program operators
