"""Grids on the sphere: rings of points, north to south, each eastward from its first longitude."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Sequence

import numpy as np
from numpy.typing import NDArray

from . import _library
from .errors import WrongShapeError, WrongTypeError


class Grid:
    """Points on the sphere with a quadrature.

    `Grid("F128")` full, `Grid("N320")` classic reduced and `Grid("O640")` octahedral Gaussian with so many rings per
    hemisphere; `Grid("r360x181")` regular longitudes x latitudes, with rings on the poles if the number of latitudes is
    odd; `Grid("H64")` HEALPix. `Grid(pl)` takes the numbers of points on all rings of a Gaussian grid, north to south,
    symmetric about the equator.

    A field is an array of shape (points,): ring after ring, north to south, each eastward. A grid never changes and may
    be used by several threads.
    """

    def __init__(self, name_or_pl: "str | Sequence[int] | NDArray[np.integer[Any]]") -> None:
        if isinstance(name_or_pl, str):
            self._made_by(("terrella_grid_from_name", _library.text("name", name_or_pl)), repr(name_or_pl))
        else:
            pl = np.asarray(name_or_pl)
            if pl.ndim != 1 or pl.dtype.kind not in "iu":
                raise WrongTypeError(
                    f"'name_or_pl' is {name_or_pl!r}: expected a name or a list of whole numbers, one per ring."
                )
            counts = tuple(_library.count("pl", count) for count in pl.tolist())
            self._made_by(("terrella_grid_reduced_gaussian", counts), f"<pl of {len(counts)} rings>")

    @classmethod
    def full_gaussian(cls, rings: int, longitudes: int) -> "Grid":
        """Gaussian grid with the same number of points on each of an even number of rings."""
        sizes = (_library.count("rings", rings), _library.count("longitudes", longitudes))
        return cls.__new__(cls)._made_by(("terrella_grid_full_gaussian", *sizes), f"<Gaussian {sizes[1]}x{sizes[0]}>")

    @classmethod
    def regular(cls, longitudes: int, latitudes: int, poles: bool) -> "Grid":
        """Regular grid, with rings on the poles or half a row away from them."""
        sizes = (_library.count("longitudes", longitudes), _library.count("latitudes", latitudes))
        description = f"<regular {sizes[0]}x{sizes[1]}, {'with' if poles else 'without'} poles>"
        return cls.__new__(cls)._made_by(("terrella_grid_lat_lon", *sizes, int(bool(poles))), description)

    def _made_by(self, recipe: "tuple[Any, ...]", description: str) -> "Grid":
        function, *arguments = recipe
        if function == "terrella_grid_reduced_gaussian":
            counts = np.array(arguments[0], dtype=np.uint64)
            arguments = [counts.ctypes.data, counts.size]
        handle = _library.create(function, *arguments)
        self._handle = _library.owned(self, "terrella_grid_destroy", handle)
        self._recipe = recipe
        self._description = description
        self._points = _library.number("terrella_grid_points", handle)
        self._rings = _library.number("terrella_grid_rings", handle)
        return self

    def __reduce__(self) -> "tuple[Any, ...]":
        return _remade, (type(self), self._recipe, self._description)

    def __repr__(self) -> str:
        return f"terrella.Grid({self._description}, points={self.points})"

    @property
    def points(self) -> int:
        """Number of points."""
        return self._points

    @property
    def rings(self) -> int:
        """Number of rings."""
        return self._rings

    @property
    def largest_truncation(self) -> int:
        """The largest truncation that the grid carries."""
        return _library.number("terrella_grid_largest_truncation", self._handle)

    def _per_ring(self, quantity: str, dtype: type) -> "NDArray[Any]":
        result: NDArray[Any] = np.empty(self.rings, dtype)
        _library.call(f"terrella_grid_{quantity}", self._handle, result.ctypes.data, result.size)
        return result

    def _per_point(self, of_rings: "NDArray[np.float64]") -> "NDArray[np.float64]":
        return _constant(np.repeat(of_rings, self.pl))

    @cached_property
    def pl(self) -> "NDArray[np.int64]":
        """Number of points on every ring, shape (rings,)."""
        return _constant(self._per_ring("ring_points", np.uint64).astype(np.int64))

    @cached_property
    def ring_latitudes(self) -> "NDArray[np.float64]":
        """Latitude of every ring [degrees north], shape (rings,)."""
        return _constant(self._per_ring("latitudes", np.float64))

    @cached_property
    def ring_weights(self) -> "NDArray[np.float64]":
        """Quadrature weight of every ring, shape (rings,); their sum is 1."""
        return _constant(self._per_ring("weights", np.float64))

    @cached_property
    def latitudes(self) -> "NDArray[np.float64]":
        """Latitude of every point [degrees north], shape (points,)."""
        return self._per_point(self.ring_latitudes)

    @cached_property
    def longitudes(self) -> "NDArray[np.float64]":
        """Longitude of every point [degrees east], from 0 to below 360, shape (points,)."""
        first = self._per_point(self._per_ring("first_longitudes", np.float64))
        on_ring = np.arange(self.points) - np.repeat(np.cumsum(self.pl) - self.pl, self.pl)
        return _constant(first + 360.0 * on_ring / np.repeat(self.pl, self.pl))

    @cached_property
    def weights(self) -> "NDArray[np.float64]":
        """Quadrature weight of every point, shape (points,): `values @ grid.weights` is the global mean."""
        return self._per_point(self.ring_weights / self.pl)

    @property
    def shape(self) -> "tuple[int, int] | None":
        """(rings, longitudes), or None where rings differ in their number of points."""
        longitudes = self.points // self.rings
        return (self.rings, longitudes) if np.all(self.pl == longitudes) else None

    def unflatten(self, values: "NDArray[Any]") -> "NDArray[Any]":
        """Fields (..., points) as (..., rings, longitudes), a view where NumPy can make one."""
        shape = self._full_shape()
        values = np.asarray(values)
        if values.ndim == 0 or values.shape[-1] != self.points:
            raise WrongShapeError(f"'values' has shape {values.shape}: expected (..., {self.points}).")
        return values.reshape(values.shape[:-1] + shape)

    def flatten(self, values: "NDArray[Any]") -> "NDArray[Any]":
        """Fields (..., rings, longitudes) as (..., points), a view where NumPy can make one."""
        shape = self._full_shape()
        values = np.asarray(values)
        if values.shape[-2:] != shape:
            raise WrongShapeError(f"'values' has shape {values.shape}: expected (..., {shape[0]}, {shape[1]}).")
        return values.reshape(values.shape[:-2] + (self.points,))

    def _full_shape(self) -> "tuple[int, int]":
        shape = self.shape
        if shape is None:
            raise WrongShapeError(
                f"The rings of {self!r} have {self.pl.min()} to {self.pl.max()} points: "
                "expected a grid with as many points on every ring."
            )
        return shape


def _constant(values: "NDArray[Any]") -> "NDArray[Any]":
    values.flags.writeable = False
    return values


def _remade(kind: "type[Grid]", recipe: "tuple[Any, ...]", description: str) -> Grid:
    return kind.__new__(kind)._made_by(recipe, description)
