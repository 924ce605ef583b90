"""Spherical-harmonic transforms of many fields, and their adjoints."""

from __future__ import annotations

import ctypes
import threading
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Iterator, Sequence, Tuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from . import _library
from ._arrays import GridSide, SpectralSide
from ._device_arrays import DeviceArray, device_array, device_of, empty_like, expect_writable
from .errors import DeviceError, InvalidValueError, WrongShapeError, WrongTypeError
from .grid import Grid

Array = NDArray[Any]
Pair = Tuple[Any, Any]
_SUFFIXES = {np.dtype(np.float32): "f32", np.dtype(np.float64): "f64"}


class SphericalTransform:
    """The transform between a grid and a triangular truncation T.

        f(latitude, longitude) = sum over |m| <= n <= T of  f_nm P_nm(sin latitude) exp(i m longitude)

    with 1/2 times the integral of P_nm^2 over sin(latitude) equal to 1 and no factor (-1)^m, as in GRIB and the IFS: the
    (0, 0) coefficient is the global mean. Fields are real, so that only m >= 0 is stored.

    Arguments
        grid        a `Grid`, or what makes one: a name such as "O320", or a list of points per ring
        truncation  T, at most `grid.largest_truncation`
        dtype       float64 or float32, the precision of arrays and arithmetic (Legendre functions are always exact to
                    float64)
        device      "cpu", "cuda:0", "hip:0" or "wgpu:0". A GPU's calls copy arrays of the CPU there and back; arrays in its
                    own memory are used where they lie
        radius      of the sphere, a [m], to which winds and gradients refer; 6371229 if None

    Arrays
        grid values  real, shape (..., points): leading axes are fields, ring after ring, north to south, each eastward
        spectra      complex, shape (..., coefficients): m-major, n = m..T of m = 0, then of m = 1, ...; `degrees` and
                     `orders` hold n and m. All leading axes of a call's arrays are the same.

    NumPy arrays, arrays with `__dlpack__` in memory of the CPU (PyTorch, JAX, ...) and nested lists are taken. An array of
    the transform's precision whose last axis is contiguous in memory as a whole (`flags.c_contiguous`) is read where it is;
    any other is copied once. Precisions that would lose digits are refused.

    Cost: spectra of one field and grid values are never copied. The library keeps spectra of several fields as
    [coefficient][2][field], so that complex ones are transposed on the way in and out. Where that matters, give spectra
    as real arrays of shape (coefficients, 2, fields), which are taken as they are, and ask for them by an `out` of that
    shape; grid values are then (fields, points).

    On "cuda:N" and "hip:N", all arrays of a call may lie in that device's memory instead: PyTorch's, CuPy's, JAX's and others
    with `__dlpack__` or `__cuda_array_interface__`, C-contiguous and of exactly the transform's dtype. Nothing is copied.
    Results are new arrays of PyTorch or CuPy, as the first input is; with other libraries, `out` is needed. A call waits for
    all work that the process has given to the device before, on any stream, and returns when its results are there. Complex
    spectra of several fields are transformed one after another, real ones (coefficients, 2, fields) at once.

    `out` is an array, or for two results a pair, of exactly the shape and dtype of the result; it is written in place and
    returned. It may not share memory with what is read. On an error nothing has been written.

    Adjoints are transposes with respect to the sum of products of stored numbers, real and imaginary parts each once,
    `numpy.vdot(x, y).real`; imaginary parts of m = 0 count as 0 on the way in and are 0 on the way out.

    Several threads may use one transform; their calls wait for each other. One per thread runs at the same time, and other
    Python threads run during every call. The CPU's threads are as many as it has, or RAYON_NUM_THREADS; the results are
    the same bits for any number.
    """

    def __init__(
        self,
        grid: "Grid | str | Sequence[int] | NDArray[np.integer[Any]]",
        truncation: int,
        dtype: DTypeLike = np.float64,
        device: str = "cpu",
        radius: "float | None" = None,
    ) -> None:
        self._grid = grid if isinstance(grid, Grid) else Grid(grid)
        self._truncation = _library.count("truncation", truncation)
        self._dtype = np.dtype(dtype)
        if self._dtype not in _SUFFIXES:
            raise WrongTypeError(f"'dtype' is {self._dtype}: expected float32 or float64.")
        self._suffix = _SUFFIXES[self._dtype]
        self._device = device
        device_name = _library.text("device", device)
        create, destroy = (f"terrella_transform_{verb}_{self._suffix}" for verb in ("create", "destroy"))
        handle = _library.create(create, self._grid._handle, self._truncation, device_name)
        self._handle = _library.owned(self, destroy, handle)
        if radius is not None:
            if isinstance(radius, (str, bytes, complex)):
                raise WrongTypeError(f"'radius' is {radius!r}: expected a number of metres.")
            _library.call(f"terrella_transform_set_radius_{self._suffix}", handle, float(radius))
        # Where the library expects arrays, which calls from several threads may change.
        self._memory = _library.HOST_MEMORY
        self._memory_lock = threading.Lock()
        self._spectral = SpectralSide(_coefficients(self._truncation), self._dtype)
        self._on_grid = GridSide(self._grid.points, self._dtype)

    def __reduce__(self) -> "tuple[Any, ...]":
        return type(self), (self.grid, self.truncation, self.dtype, self.device, self.radius)

    def __repr__(self) -> str:
        return f"terrella.SphericalTransform({self.grid!r}, {self.truncation}, {self.dtype}, {self.device!r})"

    @property
    def grid(self) -> Grid:
        """The grid."""
        return self._grid

    @property
    def truncation(self) -> int:
        """T, the largest degree and order."""
        return self._truncation

    @property
    def dtype(self) -> "np.dtype[Any]":
        """Precision: dtype of grid values."""
        return self._dtype

    @property
    def complex_dtype(self) -> "np.dtype[Any]":
        """Dtype of spectra, complex numbers of the same precision."""
        return self._spectral.complex

    @property
    def device(self) -> str:
        """Where the transform runs."""
        return self._device

    @property
    def radius(self) -> float:
        """Radius a of the sphere [m]."""
        result = ctypes.c_double()
        _library.call(f"terrella_transform_radius_{self._suffix}", self._handle, ctypes.byref(result))
        return result.value

    @property
    def coefficients(self) -> int:
        """Number of complex coefficients of one field, (T+1)(T+2)/2."""
        return self._spectral.coefficients

    @cached_property
    def degrees(self) -> "NDArray[np.int64]":
        """Degree n of every coefficient, shape (coefficients,)."""
        return _constant([np.arange(m, self.truncation + 1) for m in range(self.truncation + 1)])

    @cached_property
    def orders(self) -> "NDArray[np.int64]":
        """Order m of every coefficient, shape (coefficients,)."""
        return _constant([np.full(self.truncation + 1 - m, m) for m in range(self.truncation + 1)])

    def index(self, degree: int, order: int) -> int:
        """Place of the coefficient of degree n and order m, 0 <= m <= n <= T."""
        n, m = _library.count("degree", degree), _library.count("order", order)
        if not m <= n <= self.truncation:
            raise InvalidValueError(
                f"'degree' is {n} and 'order' {m}: expected 0 <= order <= degree <= {self.truncation}."
            )
        return m * (2 * self.truncation + 3 - m) // 2 + n - m

    # ---- Scalars ----

    def synthesis(self, spectrum: ArrayLike, out: Any = None) -> Any:
        """Grid values (..., points) of spectra (..., coefficients): f = sum of f_nm P_nm exp(i m longitude).

        The result has the spectra's unit. Imaginary parts of m = 0 count as 0.
        """
        return self._to_grid("synthesis", {"spectrum": spectrum}, ("out",), out)

    def synthesis_adjoint(self, values: ArrayLike, out: Any = None) -> Any:
        """Transpose of `synthesis`: (..., points) to (..., coefficients)."""
        return self._to_spectra("synthesis_adjoint", {"values": values}, ("out",), out)

    def analysis(self, values: ArrayLike, out: Any = None) -> Any:
        """Spectra (..., coefficients) of grid values (..., points), by the grid's quadrature w.

            f_nm = sum over rings of w P_nm(sin latitude) (mean over the ring of f exp(-i m longitude))

        The inverse of `synthesis` on the fields that it makes, to rounding. The quadrature of HEALPix is not exact: there,
        repeat `spectrum += analysis(values - synthesis(spectrum))`.
        """
        return self._to_spectra("analysis", {"values": values}, ("out",), out)

    def analysis_adjoint(self, spectrum: ArrayLike, out: Any = None) -> Any:
        """Transpose of `analysis`: (..., coefficients) to (..., points)."""
        return self._to_grid("analysis_adjoint", {"spectrum": spectrum}, ("out",), out)

    def gradient(self, spectrum: ArrayLike, out: Pair | None = None) -> Pair:
        """Gradient on the grid of scalars given by spectra: eastward and northward part, each (..., points).

            (1 / (a cos latitude)) df/dlongitude,   (1 / a) df/dlatitude        [unit of the spectra per m]
        """
        return self._to_grid("gradient_synthesis", {"spectrum": spectrum}, ("eastward", "northward"), out)

    def gradient_adjoint(self, eastward: ArrayLike, northward: ArrayLike, out: Any = None) -> Any:
        """Transpose of `gradient`: two arrays (..., points) to (..., coefficients)."""
        inputs = {"eastward": eastward, "northward": northward}
        return self._to_spectra("gradient_synthesis_adjoint", inputs, ("out",), out)

    # ---- Winds ----

    def wind_synthesis(self, vorticity: ArrayLike, divergence: ArrayLike, out: Pair | None = None) -> Pair:
        """Eastward and northward wind u, v [m/s], (..., points), of spectra of vorticity and divergence [1/s].

            u = (1/a) (d chi/dlongitude / cos latitude - d psi/dlatitude)
            v = (1/a) (d chi/dlatitude + d psi/dlongitude / cos latitude)

        with the stream function psi and the velocity potential chi, whose Laplacians are vorticity and divergence. The
        (0, 0) coefficients count as 0.
        """
        inputs = {"vorticity": vorticity, "divergence": divergence}
        return self._to_grid("wind_synthesis", inputs, ("u", "v"), out)

    def wind_synthesis_adjoint(self, u: ArrayLike, v: ArrayLike, out: Pair | None = None) -> Pair:
        """Transpose of `wind_synthesis`: two arrays (..., points) to two (..., coefficients)."""
        return self._to_spectra("wind_synthesis_adjoint", {"u": u, "v": v}, ("vorticity", "divergence"), out)

    def wind_analysis(self, u: ArrayLike, v: ArrayLike, out: Pair | None = None) -> Pair:
        """Spectra of vorticity and divergence [1/s], (..., coefficients), of a wind u, v [m/s], (..., points).

            vorticity  = (1 / (a cos latitude)) (dv/dlongitude - d(u cos latitude)/dlatitude)
            divergence = (1 / (a cos latitude)) (du/dlongitude + d(v cos latitude)/dlatitude)

        The (0, 0) coefficients are 0.
        """
        return self._to_spectra("wind_analysis", {"u": u, "v": v}, ("vorticity", "divergence"), out)

    def wind_analysis_adjoint(self, vorticity: ArrayLike, divergence: ArrayLike, out: Pair | None = None) -> Pair:
        """Transpose of `wind_analysis`: two arrays (..., coefficients) to two (..., points)."""
        inputs = {"vorticity": vorticity, "divergence": divergence}
        return self._to_grid("wind_analysis_adjoint", inputs, ("u", "v"), out)

    def wind_zonal_derivative(self, vorticity: ArrayLike, divergence: ArrayLike, out: Pair | None = None) -> Pair:
        """Eastward derivatives [1/s], (..., points), of the wind of spectra of vorticity and divergence [1/s].

            (1 / (a cos latitude)) du/dlongitude,   (1 / (a cos latitude)) dv/dlongitude;   0 on a pole
        """
        inputs = {"vorticity": vorticity, "divergence": divergence}
        return self._to_grid("wind_zonal_derivative_synthesis", inputs, ("u_eastward", "v_eastward"), out)

    def wind_zonal_derivative_adjoint(
        self, u_eastward: ArrayLike, v_eastward: ArrayLike, out: Pair | None = None
    ) -> Pair:
        """Transpose of `wind_zonal_derivative`: two arrays (..., points) to two (..., coefficients)."""
        inputs = {"u_eastward": u_eastward, "v_eastward": v_eastward}
        names = ("vorticity", "divergence")
        return self._to_spectra("wind_zonal_derivative_synthesis_adjoint", inputs, names, out)

    # ---- The call ----

    def _to_grid(self, operator: str, inputs: "dict[str, Any]", names: "tuple[str, ...]", out: Any) -> Any:
        return self._apply(operator, self._spectral, inputs, self._on_grid, names, out)

    def _to_spectra(self, operator: str, inputs: "dict[str, Any]", names: "tuple[str, ...]", out: Any) -> Any:
        return self._apply(operator, self._on_grid, inputs, self._spectral, names, out)

    def _apply(
        self,
        operator: str,
        source: "GridSide | SpectralSide",
        inputs: "dict[str, Any]",
        sink: "GridSide | SpectralSide",
        names: "tuple[str, ...]",
        out: Any,
    ) -> Any:
        outputs = self._outputs(names, out)
        arrays = {**inputs, **{name: array for name, array in zip(names, outputs) if array is not None}}
        places = {name: device_of(value) for name, value in arrays.items()}
        if any(places.values()):
            self._expect_places(places)
            return self._apply_there(operator, source, inputs, sink, names, outputs)
        taken = {name: source.take(name, value) for name, value in inputs.items()}
        fields = next(iter(taken.values())).fields
        for name, array in taken.items():
            if array.fields != fields:
                raise WrongShapeError(f"'{name}' has leading axes {array.fields}: expected {fields}, as of the first.")
        given = [sink.give(name, array, fields) for name, array in zip(names, outputs)]
        if len(given) == 2 and np.shares_memory(given[0].target, given[1].target):
            raise InvalidValueError(f"'out' for '{names[0]}' and '{names[1]}' share memory: expected arrays apart.")
        count = int(np.prod(fields, dtype=np.int64))
        with self._arrays_in(_library.HOST_MEMORY):
            _library.call(
                f"terrella_{operator}_{self._suffix}",
                self._handle,
                count,
                *(array.data.ctypes.data for array in taken.values()),
                count * source.length,
                *(array.data.ctypes.data for array in given),
                count * sink.length,
            )
        results = tuple(array.finish() for array in given)
        return results if len(results) > 1 else results[0]

    @staticmethod
    def _outputs(names: "tuple[str, ...]", out: Any) -> "tuple[Any, ...]":
        if out is None:
            return (None,) * len(names)
        if len(names) == 1:
            return (out,)
        if not isinstance(out, (tuple, list)) or len(out) != len(names):
            raise WrongTypeError(f"'out' is of type {type(out).__name__}: expected a pair {names} of arrays.")
        return tuple(out)

    @contextmanager
    def _arrays_in(self, memory: int) -> "Iterator[None]":
        """Calls whose arrays lie in the host's memory or in the device's."""
        if not self._takes_device_arrays:
            yield
            return
        # In a forked child another thread of the parent may hold the lock for ever.
        _library.expect_own_process()
        with self._memory_lock:
            if memory != self._memory:
                _library.call(f"terrella_transform_set_memory_{self._suffix}", self._handle, memory)
                self._memory = memory
            yield

    # ---- Arrays on a GPU ----

    @property
    def _takes_device_arrays(self) -> bool:
        return self._device.startswith(("cuda", "hip"))

    def _expect_places(self, places: "dict[str, str | None]") -> None:
        """Refuses arrays that do not all lie on this transform's device."""
        kind, _, index = self._device.partition(":")
        own = f"{kind}:{int(index or 0)}"
        for name, place in places.items():
            if place is None:
                other = next(other for other, place in places.items() if place)
                raise DeviceError(f"'{name}' lies in memory of the CPU: expected memory of a GPU, as '{other}' does.")
            if not self._takes_device_arrays:
                raise DeviceError(
                    f"'{name}' lies in memory of '{place}': expected memory of the CPU, from which a transform on "
                    f"'{self._device}' takes its arrays. Copy it there first."
                )
            if place not in (own, "a GPU"):
                raise DeviceError(f"'{name}' lies in memory of '{place}': expected '{own}', where this transform runs.")

    def _apply_there(
        self,
        operator: str,
        source: "GridSide | SpectralSide",
        inputs: "dict[str, Any]",
        sink: "GridSide | SpectralSide",
        names: "tuple[str, ...]",
        outputs: "tuple[Any, ...]",
    ) -> Any:
        taken = {name: device_array(name, value) for name, value in inputs.items()}
        leading = {name: source.fields_there(name, array) for name, array in taken.items()}
        fields = next(iter(leading.values()))
        for name, axes in leading.items():
            if axes != fields:
                raise WrongShapeError(f"'{name}' has leading axes {axes}: expected {fields}, as of the first.")
        count = int(np.prod(fields, dtype=np.int64))
        shape, dtype = sink.result_there(fields)
        first = next(iter(inputs.values()))
        outputs = tuple(empty_like(first, shape, dtype) if out is None else out for out in outputs)
        given = {name: device_array(name, value) for name, value in zip(names, outputs)}
        for (name, array), value in zip(given.items(), outputs):
            own_layout = isinstance(sink, SpectralSide) and array.dtype.kind != "c"
            expect_writable(name, value, array, (sink.length // 2, 2, count) if own_layout else shape)
            sink.fields_there(name, array)
        _expect_apart(taken, given)
        spectra = (taken if isinstance(source, SpectralSide) else given).values()
        if len({array.dtype for array in spectra}) > 1:
            raise WrongTypeError("Spectra on a GPU are complex and real: expected the same layout of all of a call.")
        # Complex spectra have the library's layout field by field.
        calls = count if next(iter(spectra)).dtype.kind == "c" and count > 1 else 1
        with self._arrays_in(_library.DEVICE_MEMORY):
            for place in range(calls):
                _library.call(
                    f"terrella_{operator}_{self._suffix}",
                    self._handle,
                    count // calls,
                    *(array.address + place * (array.nbytes // calls) for array in taken.values()),
                    count // calls * source.length,
                    *(array.address + place * (array.nbytes // calls) for array in given.values()),
                    count // calls * sink.length,
                )
        return outputs if len(outputs) > 1 else outputs[0]


def _expect_apart(taken: "dict[str, DeviceArray]", given: "dict[str, DeviceArray]") -> None:
    arrays = list(taken.items())
    for name, output in given.items():
        for other, array in arrays:
            if output.address < array.address + array.nbytes and array.address < output.address + output.nbytes:
                raise InvalidValueError(f"'{other}' and '{name}' share memory: expected arrays apart.")
        arrays.append((name, output))


def _coefficients(truncation: int) -> int:
    return (truncation + 1) * (truncation + 2) // 2


def _constant(parts: "list[NDArray[np.int64]]") -> "NDArray[np.int64]":
    result = np.concatenate(parts).astype(np.int64)
    result.flags.writeable = False
    return result
