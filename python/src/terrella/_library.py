"""The C interface `terrella.h`, through ctypes, which lets other threads run during every call."""

from __future__ import annotations

import ctypes
import operator
import os
import sys
import weakref
from ctypes import POINTER, c_char_p, c_double, c_int32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

from . import errors
from ._version import VERSION

FILE_NAMES = {"darwin": "libterrella.dylib", "win32": "terrella.dll"}

_ADDRESS = POINTER(c_void_p)
_COUNT = POINTER(c_uint64)

# Arguments of every function that this package calls; all of them return a status.
_COMMON: dict[str, list[Any]] = {
    "terrella_grid_from_name": [c_char_p, _ADDRESS],
    "terrella_grid_full_gaussian": [c_uint64, c_uint64, _ADDRESS],
    "terrella_grid_reduced_gaussian": [c_void_p, c_uint64, _ADDRESS],
    "terrella_grid_lat_lon": [c_uint64, c_uint64, c_int32, _ADDRESS],
    "terrella_grid_destroy": [c_void_p],
    "terrella_grid_points": [c_void_p, _COUNT],
    "terrella_grid_rings": [c_void_p, _COUNT],
    "terrella_grid_largest_truncation": [c_void_p, _COUNT],
    "terrella_grid_ring_points": [c_void_p, c_void_p, c_uint64],
    "terrella_grid_latitudes": [c_void_p, c_void_p, c_uint64],
    "terrella_grid_first_longitudes": [c_void_p, c_void_p, c_uint64],
    "terrella_grid_weights": [c_void_p, c_void_p, c_uint64],
    "terrella_spectrum_length": [c_uint64, c_uint64, _COUNT],
}
_TRANSFORMS: dict[str, list[Any]] = {
    "terrella_transform_create": [c_void_p, c_uint64, c_char_p, _ADDRESS],
    "terrella_transform_destroy": [c_void_p],
    "terrella_transform_set_memory": [c_void_p, c_int32],
    "terrella_transform_set_radius": [c_void_p, c_double],
    "terrella_transform_radius": [c_void_p, POINTER(c_double)],
}
# Numbers of arrays that an operator reads and writes.
OPERATORS = {
    "synthesis": (1, 1),
    "analysis": (1, 1),
    "wind_synthesis": (2, 2),
    "wind_analysis": (2, 2),
    "gradient_synthesis": (1, 2),
    "wind_zonal_derivative_synthesis": (2, 2),
}


def _signatures() -> dict[str, list[Any]]:
    signatures: dict[str, list[Any]] = dict(_COMMON)
    for precision in ("f32", "f64"):
        for name, arguments in _TRANSFORMS.items():
            signatures[f"{name}_{precision}"] = arguments
        for name, (inputs, outputs) in OPERATORS.items():
            for method, read, written in ((name, inputs, outputs), (f"{name}_adjoint", outputs, inputs)):
                arrays = [c_void_p] * read + [c_uint64] + [c_void_p] * written + [c_uint64]
                signatures[f"terrella_{method}_{precision}"] = [c_void_p, c_uint64, *arrays]
    return signatures


SIGNATURES = _signatures()


def _path() -> Path:
    chosen = os.environ.get("TERRELLA_LIBRARY")
    if chosen:
        return Path(chosen)
    return Path(__file__).parent / FILE_NAMES.get(sys.platform, "libterrella.so")


def _load() -> ctypes.CDLL:
    path = _path()
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise ImportError(
            f"The library '{path}' cannot be loaded: {error}. "
            "Install the wheel, or name a built library in TERRELLA_LIBRARY."
        ) from error
    try:
        for name in ("terrella_version", "terrella_last_error_message"):
            getattr(library, name).argtypes = []
            getattr(library, name).restype = c_char_p
        version = library.terrella_version().decode()
        if version != VERSION:
            raise ImportError(f"The library '{path}' is of version {version}: expected {VERSION}.")
        for name, arguments in SIGNATURES.items():
            function = getattr(library, name)
            function.argtypes = arguments
            function.restype = c_int32
    except AttributeError as error:
        raise ImportError(f"'{path}' is not the library of this package: {error}.") from error
    return library


_LIBRARY = _load()
_process_with_workers: int | None = None


# terrella_memory of terrella.h.
HOST_MEMORY, DEVICE_MEMORY = 0, 1


def expect_own_process() -> None:
    """Refuses a child of a process that had made a transform."""
    if _process_with_workers not in (None, os.getpid()):
        raise errors.ForkedProcessError(
            "This process was forked from one that had already made a transform, whose threads are not here: "
            "expected a process started anew, as by multiprocessing's method 'spawn'."
        )


def call(name: str, *arguments: object) -> None:
    """Calls a function and raises what its status stands for."""
    expect_own_process()
    status = getattr(_LIBRARY, name)(*arguments)
    if status != 0:
        message = _LIBRARY.terrella_last_error_message().decode("utf-8", "replace")
        raise errors.BY_STATUS.get(status, errors.InternalError)(message)


def number(name: str, *arguments: object) -> int:
    """The unsigned number that a function stores behind its last argument."""
    result = c_uint64()
    call(name, *arguments, ctypes.byref(result))
    return result.value


def create(name: str, *arguments: object) -> int:
    """The handle that a function stores behind its last argument."""
    global _process_with_workers
    handle = c_void_p()
    call(name, *arguments, ctypes.byref(handle))
    if name.startswith("terrella_transform"):
        _process_with_workers = os.getpid()
    if handle.value is None:
        raise errors.InternalError(f"'{name}' gave no handle.")
    return handle.value


def _destroy(name: str, handle: int, process: int) -> None:
    # In a forked child, another thread of the parent may hold the library's locks for ever.
    if os.getpid() == process:
        getattr(_LIBRARY, name)(handle)


def owned(owner: object, destroy: str, handle: int) -> int:
    """Ties a handle to the life of a Python object."""
    weakref.finalize(owner, _destroy, destroy, handle, os.getpid())
    return handle


def text(name: str, value: object) -> bytes:
    """A text as C takes it."""
    if not isinstance(value, str):
        raise errors.WrongTypeError(f"'{name}' is {value!r}: expected a text.")
    if "\0" in value or not value.isascii():
        raise errors.InvalidValueError(f"'{name}' is {value!r}: expected letters and digits.")
    return value.encode()


def count(name: str, value: object) -> int:
    """A whole number from 0 to 2^64 − 1."""
    try:
        result = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise errors.WrongTypeError(f"'{name}' is {value!r}: expected a whole number.") from None
    if not 0 <= result < 1 << 64:
        raise errors.InvalidValueError(f"'{name}' is {result}: expected a number from 0 to 2^64 - 1.")
    return result
