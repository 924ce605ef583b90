! Two fields to the grid and back, and a dot-product test, with the Fortran module of Terrella.
!
!   gfortran terrella.f90 example.f90 $(pkg-config --libs terrella)      (the module's source first)
!
! Prints the bits of every grid value, which the tests compare with the same call from Rust.
program example
  use, intrinsic :: iso_fortran_env, only: error_unit, int32, int64, output_unit, real32, real64
  use terrella
  implicit none
  integer, parameter :: truncation = 21, fields = 2
  type(terrella_grid) :: grid
  type(terrella_transform_f64) :: transform, same
  type(terrella_transform_f32) :: single
  real(real64), allocatable :: spectrum(:, :, :), back(:, :, :), values(:, :), eastward(:, :), northward(:, :)
  real(real32), allocatable :: values_single(:, :)
  integer(int32) :: status
  character(len=200) :: message
  integer :: coefficient, field, points
  real(real64) :: error, left, right

  call grid%from_name('F16')
  call transform%create(grid, truncation)
  call single%create(grid, truncation, device='cpu')
  points = int(grid%points())
  call grid%destroy() ! transforms keep it

  ! Coefficient c of field f is (1, 1/2) / (1 + c + f), counted from 0; the imaginary part of m = 0 is nothing.
  allocate (spectrum(fields, 2, terrella_coefficients(truncation)), source=0.0_real64)
  do coefficient = 0, size(spectrum, 3) - 1
    do field = 0, fields - 1
      spectrum(field + 1, 1, coefficient + 1) = 1.0_real64 / (1 + coefficient + field)
      if (coefficient > truncation) spectrum(field + 1, 2, coefficient + 1) = 0.5_real64 / (1 + coefficient + field)
    end do
  end do

  allocate (values(points, fields), eastward(points, fields), northward(points, fields), values_single(points, fields))
  allocate (back, mold=spectrum)
  call transform%synthesis(spectrum, values)
  call transform%analysis(values, back)
  error = maxval(abs(back - spectrum))
  if (.not. error < 1e-14_real64) call fail('analysis after synthesis')

  call single%synthesis(real(spectrum, real32), values_single)
  error = maxval(abs(values_single - values))
  if (.not. error < 2e-5_real64) call fail('synthesis in single precision')

  ! sum(gradient(s) * g) = sum(s * adjoint(g)), with g = the values
  call transform%gradient_synthesis(spectrum, eastward, northward)
  left = sum(eastward * values) + sum(northward * values)
  call transform%gradient_synthesis_adjoint(values, values + 0.0_real64, back)
  right = sum(spectrum * back)
  if (.not. abs(left - right) < 1e-13_real64 * sqrt(sum(eastward**2) + sum(northward**2)) * sqrt(2 * sum(values**2))) then
    call fail('adjoint of the gradient')
  end if

  ! Another name keeps the transform alive; a refused call says why.
  same = transform
  call transform%destroy()
  call same%synthesis(spectrum, values)
  call same%synthesis(spectrum(:, :, 2:), values, status, message)
  write (error_unit, "(a)") trim(message)
  if (status /= terrella_wrong_length) call fail('a spectrum of the wrong length')
  call transform%synthesis(spectrum, values, status, message)
  if (status /= terrella_null_pointer) call fail('a transform that was destroyed')
  call same%synthesis(spectrum(1:1, :, :), values, status, message)
  if (status /= terrella_wrong_length .or. index(message, 'number of fields') == 0) call fail('different fields')
  call transform%create(grid, truncation, status=status)
  if (status /= terrella_null_pointer) call fail('a grid that was destroyed')
  call grid%from_name('X1', status, message)
  if (status /= terrella_invalid_value) call fail('a grid that is none')

  do field = 1, fields
    write (output_unit, '(z16.16)') transfer(values(:, field), 0_int64, points)
  end do

contains

  subroutine fail(what)
    character(len=*), intent(in) :: what
    write (error_unit, '(2a)') 'failed: ', what
    error stop 1
  end subroutine fail

end program example
