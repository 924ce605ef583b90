"""Callers' arrays as the library takes them, copied only where they must be.

Spectra of one field as complex numbers have the bytes of the library's [coefficient][2][field]; those of several are
transposed on the way in and out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._device_arrays import DeviceArray, expect_dtype
from .errors import DeviceError, WrongShapeError, WrongTypeError

Array = NDArray[Any]

# Device types of DLPack whose memory the CPU reads: its own, and that pinned for CUDA and ROCm.
_READABLE_DEVICES = (1, 3, 11)


def as_array(name: str, value: Any) -> Array:
    """A NumPy array over the memory of `value` where it is an array, or made from nested lists."""
    if isinstance(value, np.ma.MaskedArray):
        raise WrongTypeError(f"'{name}' has a mask: expected values at all points.")
    if isinstance(value, np.ndarray):
        return value
    if not hasattr(value, "__dlpack__"):
        return np.asarray(value)
    device = int(value.__dlpack_device__()[0])
    if device not in _READABLE_DEVICES:
        raise DeviceError(
            f"'{name}' lies in memory of DLPack device type {device}: expected memory of the CPU. Copy it there first."
        )
    return np.from_dlpack(value)


def _converted(name: str, array: Array, dtype: "np.dtype[Any]") -> Array:
    if not np.can_cast(array.dtype, dtype, "safe"):
        raise WrongTypeError(f"'{name}' has dtype {array.dtype}: expected {dtype}, or what becomes it without loss.")
    return np.require(array, dtype, ["C", "A"])


@dataclass
class Taken:
    """An array that an operator reads."""

    data: Array
    fields: "tuple[int, ...]"


@dataclass
class Given:
    """An array that an operator writes: `data` by the library, `result` for the caller."""

    data: Array
    result: Any
    target: Array

    def finish(self) -> Any:
        """Copies what was written to where the caller wants it."""
        if self.data is not self.target:
            self.target[...] = self.data
        return self.result


def _target(name: str, out: Any, shape: "tuple[int, ...]", dtype: "np.dtype[Any]") -> Array:
    target = as_array(name, out)
    if target is not out and not hasattr(out, "__dlpack__"):
        raise WrongTypeError(f"'{name}' is of type {type(out).__name__}: expected an array to write to.")
    if target.dtype != dtype:
        raise WrongTypeError(f"'{name}' has dtype {target.dtype}: expected {dtype}.")
    if target.shape != shape:
        raise WrongShapeError(f"'{name}' has shape {target.shape}: expected {shape}.")
    if not target.flags.writeable:
        raise WrongTypeError(f"'{name}' is read-only: expected an array to write to.")
    return target


def _direct(array: Array) -> bool:
    return bool(array.flags.c_contiguous and array.flags.aligned)


class GridSide:
    """Real arrays (..., points)."""

    def __init__(self, points: int, real: "np.dtype[Any]") -> None:
        self.length = points
        self.real = real

    def take(self, name: str, value: Any) -> Taken:
        array = as_array(name, value)
        if array.ndim == 0 or array.shape[-1] != self.length:
            raise WrongShapeError(f"'{name}' has shape {array.shape}: expected (..., {self.length}).")
        return Taken(_converted(name, array, self.real), array.shape[:-1])

    def fields_there(self, name: str, array: DeviceArray) -> "tuple[int, ...]":
        """Leading axes of an array on a GPU."""
        if not array.shape or array.shape[-1] != self.length:
            raise WrongShapeError(f"'{name}' has shape {array.shape}: expected (..., {self.length}).")
        expect_dtype(name, array, self.real)
        return array.shape[:-1]

    def result_there(self, fields: "tuple[int, ...]") -> "tuple[tuple[int, ...], np.dtype[Any]]":
        """Shape and dtype of a new result on a GPU."""
        return (*fields, self.length), self.real

    def give(self, name: str, out: Any, fields: "tuple[int, ...]") -> Given:
        shape = (*fields, self.length)
        if out is None:
            result = np.empty(shape, self.real)
            return Given(result, result, result)
        target = _target(name, out, shape, self.real)
        return Given(target if _direct(target) else np.empty(shape, self.real), out, target)


class SpectralSide:
    """Complex arrays (..., coefficients), or real ones (coefficients, 2, fields)."""

    def __init__(self, coefficients: int, real: "np.dtype[Any]") -> None:
        self.coefficients = coefficients
        self.length = 2 * coefficients
        self.real = real
        self.complex = np.result_type(real, np.complex64)

    def take(self, name: str, value: Any) -> Taken:
        array = as_array(name, value)
        if array.dtype.kind != "c":
            return self._take_own_layout(name, array)
        if array.ndim == 0 or array.shape[-1] != self.coefficients:
            raise WrongShapeError(f"'{name}' has shape {array.shape}: expected (..., {self.coefficients}).")
        rows = _converted(name, array, self.complex).view(self.real)
        fields = array.shape[:-1]
        return Taken(np.ascontiguousarray(rows.reshape(_product(fields), self.length).T), fields)

    def _take_own_layout(self, name: str, array: Array) -> Taken:
        if array.ndim != 3 or array.shape[:2] != (self.coefficients, 2):
            raise self._neither(name, array.shape, array.dtype)
        return Taken(_converted(name, array, self.real), array.shape[2:])

    def fields_there(self, name: str, array: DeviceArray) -> "tuple[int, ...]":
        """Leading axes of an array on a GPU."""
        if array.dtype.kind == "c":
            if not array.shape or array.shape[-1] != self.coefficients:
                raise WrongShapeError(f"'{name}' has shape {array.shape}: expected (..., {self.coefficients}).")
            expect_dtype(name, array, self.complex)
            return array.shape[:-1]
        if len(array.shape) != 3 or array.shape[:2] != (self.coefficients, 2):
            raise self._neither(name, array.shape, array.dtype)
        expect_dtype(name, array, self.real)
        return array.shape[2:]

    def result_there(self, fields: "tuple[int, ...]") -> "tuple[tuple[int, ...], np.dtype[Any]]":
        """Shape and dtype of a new result on a GPU."""
        return (*fields, self.coefficients), self.complex

    def _neither(self, name: str, shape: "tuple[int, ...]", dtype: "np.dtype[Any]") -> WrongShapeError:
        return WrongShapeError(
            f"'{name}' has shape {shape} and dtype {dtype}: expected (..., {self.coefficients}) of complex, or "
            f"({self.coefficients}, 2, fields) of real numbers."
        )

    def give(self, name: str, out: Any, fields: "tuple[int, ...]") -> Given:
        own_shape = (self.coefficients, 2, _product(fields))
        if out is None:
            out = np.empty((*fields, self.coefficients), self.complex)
        elif as_array(name, out).dtype.kind != "c":
            target = _target(name, out, own_shape, self.real)
            return Given(target if _direct(target) else np.empty(own_shape, self.real), out, target)
        target = _target(name, out, (*fields, self.coefficients), self.complex)
        if own_shape[2] == 1 and _direct(target):
            return Given(target, out, target)
        return _Transposed(np.empty((self.length, own_shape[2]), self.real), out, target)


class _Transposed(Given):
    """Spectra of several fields, in the library's layout until they are finished."""

    def finish(self) -> Any:
        if _direct(self.target):
            self.target.view(self.data.dtype).reshape(self.data.shape[::-1])[...] = self.data.T
        else:
            rows = np.ascontiguousarray(self.data.T).view(self.target.dtype)
            self.target[...] = rows.reshape(self.target.shape)
        return self.result


def _product(shape: "tuple[int, ...]") -> int:
    product = 1
    for size in shape:
        product *= size
    return product
