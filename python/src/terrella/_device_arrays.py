"""Callers' arrays in the memory of a GPU, of which only address, shape and dtype are looked at.

DLPack comes before the CUDA array interface: there PyTorch refuses what memory alone does not tell, such as conjugates.
Nothing is asked of streams: the library waits for all work on the device.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import DeviceError, WrongShapeError, WrongTypeError

# Device types of DLPack whose memory has addresses that the library takes: CUDA, ROCm, managed by CUDA.
_KINDS = {2: "cuda", 10: "hip", 13: "cuda"}
_CODES = {0: "i", 1: "u", 2: "f", 5: "c"}


class _Tensor(ctypes.Structure):
    """DLTensor of dlpack.h."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


@dataclass
class DeviceArray:
    """An array on a GPU, C-contiguous."""

    address: int
    shape: "tuple[int, ...]"
    dtype: "np.dtype[Any]"
    read_only: bool
    # What keeps the memory alive.
    owner: Any

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


def device_of(value: Any) -> "str | None":
    """The GPU in whose memory an array lies, as "cuda:0", or "a GPU" where it does not tell; None for all else."""
    if isinstance(value, np.ndarray):
        return None
    if hasattr(value, "__dlpack_device__"):
        kind, index = (int(number) for number in value.__dlpack_device__())
        return f"{_KINDS[kind]}:{index}" if kind in _KINDS else None
    return "a GPU" if hasattr(value, "__cuda_array_interface__") else None


def device_array(name: str, value: Any) -> DeviceArray:
    """The memory of an array for which `device_of` has found a GPU."""
    try:
        array, strides = _from_dlpack(value) if hasattr(value, "__dlpack__") else _from_interface(name, value)
    except (AttributeError, BufferError, KeyError, RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, WrongTypeError):
            raise
        raise WrongTypeError(f"'{name}' does not give access to its memory: {error}") from error
    expected = array.dtype.itemsize
    for size, stride in zip(reversed(array.shape), reversed(strides or ())):
        if size > 1 and stride != expected and array.nbytes > 0:
            raise WrongTypeError(f"'{name}' has strides {strides}: expected a C-contiguous array in memory of a GPU.")
        expected *= size
    return array


def _from_dlpack(value: Any) -> "tuple[DeviceArray, tuple[int, ...] | None]":
    # The capsule stays as it came, so that its own destructor gives the memory back.
    capsule = value.__dlpack__()
    tensor = _Tensor.from_address(_capsule_pointer(capsule, b"dltensor"))
    if tensor.lanes != 1 or tensor.code not in _CODES:
        raise TypeError(f"it has DLPack type {tensor.code} of {tensor.bits} bits, {tensor.lanes} lanes")
    dtype = np.dtype(f"{_CODES[tensor.code]}{tensor.bits // 8}")
    shape = tuple(tensor.shape[: tensor.ndim])
    strides = tuple(stride * dtype.itemsize for stride in tensor.strides[: tensor.ndim]) if tensor.strides else None
    address = (tensor.data or 0) + tensor.byte_offset
    return DeviceArray(address, shape, dtype, False, capsule), strides


def _from_interface(name: str, value: Any) -> "tuple[DeviceArray, tuple[int, ...] | None]":
    interface = value.__cuda_array_interface__
    if interface.get("mask") is not None:
        raise WrongTypeError(f"'{name}' has a mask: expected values at all points.")
    address, read_only = interface["data"]
    shape = tuple(int(size) for size in interface["shape"])
    dtype = np.dtype(interface["typestr"])
    return DeviceArray(int(address or 0), shape, dtype, bool(read_only), value), interface.get("strides")


def expect_dtype(name: str, array: DeviceArray, dtype: "np.dtype[Any]") -> None:
    """Refuses another dtype: nothing is converted on a GPU."""
    if array.dtype != dtype:
        raise WrongTypeError(f"'{name}' has dtype {array.dtype}: expected {dtype} in memory of a GPU.")


def expect_writable(name: str, value: Any, array: DeviceArray, shape: "tuple[int, ...]") -> None:
    """Refuses arrays of another shape, or that may not be written."""
    if array.shape != shape:
        raise WrongShapeError(f"'{name}' has shape {array.shape}: expected {shape}.")
    jax = sys.modules.get("jax")
    if array.read_only or (jax is not None and isinstance(value, jax.Array)):
        raise WrongTypeError(f"'{name}' is read-only: expected an array to write to.")


def empty_like(value: Any, shape: "tuple[int, ...]", dtype: "np.dtype[Any]") -> Any:
    """A new array of the library and on the device of `value`."""
    torch, cupy = sys.modules.get("torch"), sys.modules.get("cupy")
    if torch is not None and isinstance(value, torch.Tensor):
        return torch.empty(shape, dtype=getattr(torch, dtype.name), device=value.device)
    if cupy is not None and isinstance(value, cupy.ndarray):
        with value.device:
            return cupy.empty(shape, dtype)
    raise DeviceError(
        f"No array of shape {shape} and dtype {dtype} can be made like one of type {type(value).__name__}: expected "
        "one of PyTorch or CuPy, or 'out', an array to write to."
    )
