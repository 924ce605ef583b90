"""Spherical-harmonic transforms on any Gaussian, regular or HEALPix grid, with every adjoint.

    import numpy as np, terrella

    transform = terrella.SphericalTransform("O320", 319)
    values = np.sin(np.radians(transform.grid.latitudes))
    spectrum = transform.analysis(values)              # complex, (coefficients,)
    eastward, northward = transform.gradient(spectrum) # each (points,), per metre
"""

from ._version import VERSION as __version__
from .errors import (
    DeviceError,
    Error,
    ForkedProcessError,
    InternalError,
    InvalidValueError,
    OutOfMemoryError,
    UnsupportedError,
    WrongShapeError,
    WrongTypeError,
)
from .grid import Grid
from .transform import SphericalTransform

__all__ = [
    "DeviceError",
    "Error",
    "ForkedProcessError",
    "Grid",
    "InternalError",
    "InvalidValueError",
    "OutOfMemoryError",
    "SphericalTransform",
    "UnsupportedError",
    "WrongShapeError",
    "WrongTypeError",
    "__version__",
]
