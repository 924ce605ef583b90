! Arrays in the memory of a GPU through the Fortran module, on a library whose GPU is the host.
program device_memory
  use, intrinsic :: iso_c_binding, only: c_f_pointer, c_int, c_loc, c_null_ptr, c_ptr, c_size_t
  use, intrinsic :: iso_fortran_env, only: error_unit, int32, real32, real64
  use terrella
  implicit none
  integer, parameter :: truncation = 5, fields = 3

  interface
    function host_gpu_allocate(bytes, kind) bind(c) result(memory)
      import :: c_int, c_ptr, c_size_t
      integer(c_size_t), value :: bytes
      integer(c_int), value :: kind
      type(c_ptr) :: memory
    end function host_gpu_allocate

    function host_gpu_free(memory) bind(c) result(found)
      import :: c_int, c_ptr
      type(c_ptr), value :: memory
      integer(c_int) :: found
    end function host_gpu_free
  end interface

  type(terrella_grid) :: grid
  character(len=16) :: device

  call get_command_argument(1, device)
  call grid%from_name('F4')
  call test_f32()
  call test_f64()
  call test_refusals()
  write (*, '(a)') 'done'

contains

  subroutine expect(holds, what)
    logical, intent(in) :: holds
    character(len=*), intent(in) :: what
    if (holds) return
    write (error_unit, '(2a)') 'failed: ', what
    error stop 1
  end subroutine expect

  function on_device(count, bytes) result(address)
    integer, intent(in) :: count, bytes
    type(c_ptr) :: address
    address = host_gpu_allocate(int(count * bytes, c_size_t), 0_c_int)
  end function on_device

  ! Every operator gives the same bits for arrays of the host, for arrays on the device and for their addresses.
  subroutine test_f32()
    type(terrella_transform_f32) :: transform
    real(real32), dimension(fields, 2, 21) :: s, t
    real(real32), dimension(128, fields) :: g, h
    real(real32), pointer, contiguous, dimension(:, :, :) :: there_s, there_t
    real(real32), pointer, contiguous, dimension(:, :) :: there_g, there_h
    type(c_ptr) :: at_s, at_t, at_g, at_h
    call transform%create(grid, truncation, device)
    at_s = on_device(size(s), 4)
    at_t = on_device(size(t), 4)
    at_g = on_device(size(g), 4)
    at_h = on_device(size(h), 4)
    call c_f_pointer(at_s, there_s, shape(s))
    call c_f_pointer(at_t, there_t, shape(t))
    call c_f_pointer(at_g, there_g, shape(g))
    call c_f_pointer(at_h, there_h, shape(h))
    call prepare_f32(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%synthesis(s, g)
    call transform%set_memory(terrella_device_memory)
    call transform%synthesis(there_s, there_g)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'synthesis_f32')
    there_g = 0
    call transform%synthesis(fields, at_s, at_g)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'synthesis_f32 of addresses')
    call prepare_f32(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%synthesis_adjoint(g, s)
    call transform%set_memory(terrella_device_memory)
    call transform%synthesis_adjoint(there_g, there_s)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'synthesis_adjoint_f32')
    there_s = 0
    call transform%synthesis_adjoint(fields, at_g, at_s)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'synthesis_adjoint_f32 of addresses')
    call prepare_f32(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%analysis(g, s)
    call transform%set_memory(terrella_device_memory)
    call transform%analysis(there_g, there_s)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'analysis_f32')
    there_s = 0
    call transform%analysis(fields, at_g, at_s)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'analysis_f32 of addresses')
    call prepare_f32(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%analysis_adjoint(s, g)
    call transform%set_memory(terrella_device_memory)
    call transform%analysis_adjoint(there_s, there_g)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'analysis_adjoint_f32')
    there_g = 0
    call transform%analysis_adjoint(fields, at_s, at_g)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'analysis_adjoint_f32 of addresses')
    call prepare_f32(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%wind_synthesis(s, t, g, h)
    call transform%set_memory(terrella_device_memory)
    call transform%wind_synthesis(there_s, there_t, there_g, there_h)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_synthesis_f32')
    there_g = 0
    there_h = 0
    call transform%wind_synthesis(fields, at_s, at_t, at_g, at_h)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_synthesis_f32 of addresses')
    call prepare_f32(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%wind_synthesis_adjoint(g, h, s, t)
    call transform%set_memory(terrella_device_memory)
    call transform%wind_synthesis_adjoint(there_g, there_h, there_s, there_t)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_synthesis_adjoint_f32')
    there_s = 0
    there_t = 0
    call transform%wind_synthesis_adjoint(fields, at_g, at_h, at_s, at_t)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_synthesis_adjoint_f32 of addresses')
    call prepare_f32(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%wind_analysis(g, h, s, t)
    call transform%set_memory(terrella_device_memory)
    call transform%wind_analysis(there_g, there_h, there_s, there_t)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_analysis_f32')
    there_s = 0
    there_t = 0
    call transform%wind_analysis(fields, at_g, at_h, at_s, at_t)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_analysis_f32 of addresses')
    call prepare_f32(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%wind_analysis_adjoint(s, t, g, h)
    call transform%set_memory(terrella_device_memory)
    call transform%wind_analysis_adjoint(there_s, there_t, there_g, there_h)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_analysis_adjoint_f32')
    there_g = 0
    there_h = 0
    call transform%wind_analysis_adjoint(fields, at_s, at_t, at_g, at_h)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_analysis_adjoint_f32 of addresses')
    call prepare_f32(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%gradient_synthesis(s, g, h)
    call transform%set_memory(terrella_device_memory)
    call transform%gradient_synthesis(there_s, there_g, there_h)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'gradient_synthesis_f32')
    there_g = 0
    there_h = 0
    call transform%gradient_synthesis(fields, at_s, at_g, at_h)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'gradient_synthesis_f32 of addresses')
    call prepare_f32(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%gradient_synthesis_adjoint(g, h, s)
    call transform%set_memory(terrella_device_memory)
    call transform%gradient_synthesis_adjoint(there_g, there_h, there_s)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'gradient_synthesis_adjoint_f32')
    there_s = 0
    call transform%gradient_synthesis_adjoint(fields, at_g, at_h, at_s)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'gradient_synthesis_adjoint_f32 of addresses')
    call prepare_f32(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%wind_zonal_derivative_synthesis(s, t, g, h)
    call transform%set_memory(terrella_device_memory)
    call transform%wind_zonal_derivative_synthesis(there_s, there_t, there_g, there_h)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_zonal_derivative_synthesis_f32')
    there_g = 0
    there_h = 0
    call transform%wind_zonal_derivative_synthesis(fields, at_s, at_t, at_g, at_h)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_zonal_derivative_synthesis_f32 of addresses')
    call prepare_f32(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%wind_zonal_derivative_synthesis_adjoint(g, h, s, t)
    call transform%set_memory(terrella_device_memory)
    call transform%wind_zonal_derivative_synthesis_adjoint(there_g, there_h, there_s, there_t)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_zonal_derivative_synthesis_adjoint_f32')
    there_s = 0
    there_t = 0
    call transform%wind_zonal_derivative_synthesis_adjoint(fields, at_g, at_h, at_s, at_t)
    call expect(same_f32(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_zonal_derivative_synthesis_adjoint_f32 of addresses')
    call expect(host_gpu_free(at_s) * host_gpu_free(at_t) * host_gpu_free(at_g) * host_gpu_free(at_h) /= 0, 'own memory')
  end subroutine test_f32

  subroutine prepare_f32(s, t, g, h, there_s, there_t, there_g, there_h)
    real(real32), intent(out) :: s(:, :, :), t(:, :, :), g(:, :), h(:, :)
    real(real32), intent(out) :: there_s(:, :, :), there_t(:, :, :), there_g(:, :), there_h(:, :)
    call random_number(s)
    call random_number(t)
    call random_number(g)
    call random_number(h)
    there_s = s
    there_t = t
    there_g = g
    there_h = h
  end subroutine prepare_f32

  function same_f32(s, t, g, h, there_s, there_t, there_g, there_h) result(same)
    real(real32), intent(in) :: s(:, :, :), t(:, :, :), g(:, :), h(:, :)
    real(real32), intent(in) :: there_s(:, :, :), there_t(:, :, :), there_g(:, :), there_h(:, :)
    logical :: same
    same = all(s == there_s) .and. all(t == there_t) .and. all(g == there_g) .and. all(h == there_h)
  end function same_f32

  ! Every operator gives the same bits for arrays of the host, for arrays on the device and for their addresses.
  subroutine test_f64()
    type(terrella_transform_f64) :: transform
    real(real64), dimension(fields, 2, 21) :: s, t
    real(real64), dimension(128, fields) :: g, h
    real(real64), pointer, contiguous, dimension(:, :, :) :: there_s, there_t
    real(real64), pointer, contiguous, dimension(:, :) :: there_g, there_h
    type(c_ptr) :: at_s, at_t, at_g, at_h
    call transform%create(grid, truncation, device)
    at_s = on_device(size(s), 8)
    at_t = on_device(size(t), 8)
    at_g = on_device(size(g), 8)
    at_h = on_device(size(h), 8)
    call c_f_pointer(at_s, there_s, shape(s))
    call c_f_pointer(at_t, there_t, shape(t))
    call c_f_pointer(at_g, there_g, shape(g))
    call c_f_pointer(at_h, there_h, shape(h))
    call prepare_f64(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%synthesis(s, g)
    call transform%set_memory(terrella_device_memory)
    call transform%synthesis(there_s, there_g)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'synthesis_f64')
    there_g = 0
    call transform%synthesis(fields, at_s, at_g)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'synthesis_f64 of addresses')
    call prepare_f64(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%synthesis_adjoint(g, s)
    call transform%set_memory(terrella_device_memory)
    call transform%synthesis_adjoint(there_g, there_s)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'synthesis_adjoint_f64')
    there_s = 0
    call transform%synthesis_adjoint(fields, at_g, at_s)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'synthesis_adjoint_f64 of addresses')
    call prepare_f64(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%analysis(g, s)
    call transform%set_memory(terrella_device_memory)
    call transform%analysis(there_g, there_s)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'analysis_f64')
    there_s = 0
    call transform%analysis(fields, at_g, at_s)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'analysis_f64 of addresses')
    call prepare_f64(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%analysis_adjoint(s, g)
    call transform%set_memory(terrella_device_memory)
    call transform%analysis_adjoint(there_s, there_g)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'analysis_adjoint_f64')
    there_g = 0
    call transform%analysis_adjoint(fields, at_s, at_g)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'analysis_adjoint_f64 of addresses')
    call prepare_f64(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%wind_synthesis(s, t, g, h)
    call transform%set_memory(terrella_device_memory)
    call transform%wind_synthesis(there_s, there_t, there_g, there_h)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_synthesis_f64')
    there_g = 0
    there_h = 0
    call transform%wind_synthesis(fields, at_s, at_t, at_g, at_h)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_synthesis_f64 of addresses')
    call prepare_f64(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%wind_synthesis_adjoint(g, h, s, t)
    call transform%set_memory(terrella_device_memory)
    call transform%wind_synthesis_adjoint(there_g, there_h, there_s, there_t)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_synthesis_adjoint_f64')
    there_s = 0
    there_t = 0
    call transform%wind_synthesis_adjoint(fields, at_g, at_h, at_s, at_t)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_synthesis_adjoint_f64 of addresses')
    call prepare_f64(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%wind_analysis(g, h, s, t)
    call transform%set_memory(terrella_device_memory)
    call transform%wind_analysis(there_g, there_h, there_s, there_t)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_analysis_f64')
    there_s = 0
    there_t = 0
    call transform%wind_analysis(fields, at_g, at_h, at_s, at_t)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_analysis_f64 of addresses')
    call prepare_f64(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%wind_analysis_adjoint(s, t, g, h)
    call transform%set_memory(terrella_device_memory)
    call transform%wind_analysis_adjoint(there_s, there_t, there_g, there_h)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_analysis_adjoint_f64')
    there_g = 0
    there_h = 0
    call transform%wind_analysis_adjoint(fields, at_s, at_t, at_g, at_h)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_analysis_adjoint_f64 of addresses')
    call prepare_f64(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%gradient_synthesis(s, g, h)
    call transform%set_memory(terrella_device_memory)
    call transform%gradient_synthesis(there_s, there_g, there_h)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'gradient_synthesis_f64')
    there_g = 0
    there_h = 0
    call transform%gradient_synthesis(fields, at_s, at_g, at_h)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'gradient_synthesis_f64 of addresses')
    call prepare_f64(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%gradient_synthesis_adjoint(g, h, s)
    call transform%set_memory(terrella_device_memory)
    call transform%gradient_synthesis_adjoint(there_g, there_h, there_s)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'gradient_synthesis_adjoint_f64')
    there_s = 0
    call transform%gradient_synthesis_adjoint(fields, at_g, at_h, at_s)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'gradient_synthesis_adjoint_f64 of addresses')
    call prepare_f64(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%wind_zonal_derivative_synthesis(s, t, g, h)
    call transform%set_memory(terrella_device_memory)
    call transform%wind_zonal_derivative_synthesis(there_s, there_t, there_g, there_h)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_zonal_derivative_synthesis_f64')
    there_g = 0
    there_h = 0
    call transform%wind_zonal_derivative_synthesis(fields, at_s, at_t, at_g, at_h)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_zonal_derivative_synthesis_f64 of addresses')
    call prepare_f64(s, t, g, h, there_s, there_t, there_g, there_h)
    call transform%set_memory(terrella_host_memory)
    call transform%wind_zonal_derivative_synthesis_adjoint(g, h, s, t)
    call transform%set_memory(terrella_device_memory)
    call transform%wind_zonal_derivative_synthesis_adjoint(there_g, there_h, there_s, there_t)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_zonal_derivative_synthesis_adjoint_f64')
    there_s = 0
    there_t = 0
    call transform%wind_zonal_derivative_synthesis_adjoint(fields, at_g, at_h, at_s, at_t)
    call expect(same_f64(s, t, g, h, there_s, there_t, there_g, there_h), &
      'wind_zonal_derivative_synthesis_adjoint_f64 of addresses')
    call expect(host_gpu_free(at_s) * host_gpu_free(at_t) * host_gpu_free(at_g) * host_gpu_free(at_h) /= 0, 'own memory')
  end subroutine test_f64

  subroutine prepare_f64(s, t, g, h, there_s, there_t, there_g, there_h)
    real(real64), intent(out) :: s(:, :, :), t(:, :, :), g(:, :), h(:, :)
    real(real64), intent(out) :: there_s(:, :, :), there_t(:, :, :), there_g(:, :), there_h(:, :)
    call random_number(s)
    call random_number(t)
    call random_number(g)
    call random_number(h)
    there_s = s
    there_t = t
    there_g = g
    there_h = h
  end subroutine prepare_f64

  function same_f64(s, t, g, h, there_s, there_t, there_g, there_h) result(same)
    real(real64), intent(in) :: s(:, :, :), t(:, :, :), g(:, :), h(:, :)
    real(real64), intent(in) :: there_s(:, :, :), there_t(:, :, :), there_g(:, :), there_h(:, :)
    logical :: same
    same = all(s == there_s) .and. all(t == there_t) .and. all(g == there_g) .and. all(h == there_h)
  end function same_f64

  subroutine test_refusals()
    type(terrella_transform_f64) :: transform, none
    real(real64), target :: spectrum(fields, 2, 21), values(128, fields)
    type(c_ptr) :: there
    integer(int32) :: status
    character(len=200) :: message
    spectrum = 0
    there = on_device(size(values), 8)
    call transform%create(grid, truncation)
    call transform%set_memory(terrella_device_memory, status, message)
    call expect(status == terrella_invalid_value .and. index(message, 'cpu') > 0, 'device memory on the CPU')
    ! Addresses of host memory.
    call transform%synthesis(fields, c_loc(spectrum), c_loc(values))
    call expect(all(abs(values) <= 0), 'synthesis of addresses in host memory')
    call transform%create(grid, truncation, device)
    call transform%set_memory(terrella_device_memory)
    call transform%synthesis(fields, c_loc(spectrum), there, status, message)
    call expect(status == terrella_invalid_value .and. index(message, 'host memory') > 0, 'host memory')
    call transform%synthesis(spectrum, values, status, message)
    call expect(status == terrella_invalid_value .and. index(message, 'host memory') > 0, 'arrays in host memory')
    call transform%synthesis(fields, c_null_ptr, there, status, message)
    call expect(status == terrella_null_pointer .and. index(message, 'NULL') > 0, 'a null address')
    call transform%synthesis(-1, there, there, status, message)
    call expect(status == terrella_invalid_value .and. index(message, 'negative') > 0, 'a negative number of fields')
    call none%synthesis(fields, there, there, status, message)
    call expect(status == terrella_null_pointer, 'a transform that was not created')
    call expect(host_gpu_free(there) /= 0, 'memory that is still there')
  end subroutine test_refusals

end program device_memory
