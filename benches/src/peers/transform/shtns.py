"""SHTns: its C interface, through which all fields go in one call, with the settings that make it fastest.

Points of a meridian lie together (its own layout), transforms of several fields are batched, functions that the f64
result does not need near the poles are left out (1e-10, its default), and FFTW measures its plans, at most 3 s for each:
its quick set-up takes plans that make a whole transform up to five times slower where the rings' number is a power of 2
(T127, T255, T511). It computes in f64 only and on full grids only; an analysis overwrites its input.
"""
import ctypes
import glob
import os


class Work:
    def __init__(self, asked):
        import numpy as np
        import shtns
        from importlib.metadata import version

        f64_only = "" if asked["precision"] == "f64" else " in f64"
        self.name = f"shtns {version('shtns')}{f64_only}"
        points = asked["points"]
        if len(set(points)) != 1:
            raise ValueError("full grids only")
        T, fields, rings = asked["truncation"], asked["fields"], len(points)
        library = glob.glob(os.path.join(os.path.dirname(shtns.__file__), "_shtns*.so"))[0]
        self.library = library = ctypes.CDLL(library)
        pointer, integer = ctypes.c_void_p, ctypes.c_int
        library.shtns_create.restype = pointer
        library.shtns_malloc.restype, library.shtns_malloc.argtypes = pointer, [ctypes.c_size_t]
        library.shtns_set_many.argtypes = [pointer, integer, ctypes.c_long]
        library.shtns_set_grid.argtypes = [pointer, integer, ctypes.c_double, integer, integer]
        wind = asked["direction"].startswith("wind")
        components = 2 if wind else 1
        library.shtns_use_threads(asked["threads"])
        plan = library.shtns_create(T, T, 1, shtns.sht_orthonormal)
        if fields > 1 and library.shtns_set_many(plan, fields, 0) != fields:
            raise ValueError(f"no batches of {fields} fields")
        flags = shtns.sht_gauss | shtns.SHT_THETA_CONTIGUOUS | (0 if wind else shtns.SHT_SCALAR_ONLY)
        # Without a limit it can measure for minutes; where FFTW is inside SHTns's own library, there is no such function.
        if hasattr(library, "fftw_set_timelimit"):
            library.fftw_set_timelimit(ctypes.c_double(3))
        library.shtns_set_grid(plan, flags, 1e-10, rings, points[0])
        # The first members of its public struct: nlm, then lmax and mmax, mres and nlat/2, nlat, nphi, nspat.
        header = ctypes.cast(plan, ctypes.POINTER(ctypes.c_uint))
        coefficients, values = header[0], header[5]
        expected = ((T + 1) * (T + 2) // 2, rings, points[0])
        if (coefficients, header[3], header[4]) != expected or values < fields * rings * points[0]:
            raise ValueError(f"it set up {coefficients, header[3], header[4]} instead of {expected}")

        def array(count, kind):
            size = count * np.dtype(kind).itemsize
            memory = (ctypes.c_char * size).from_address(library.shtns_malloc(size))
            result = np.frombuffer(memory, kind)
            result[:] = 0
            return result

        def spectrum():
            return array(fields * coefficients, np.complex128).reshape(fields, coefficients)

        self.spectra = [spectrum() for _ in range(components)]
        self.back = [spectrum() for _ in range(components)]
        self.maps = [array(values, np.float64) for _ in range(components)]

        def call(name, *arrays):
            function = getattr(library, name)
            function.restype, function.argtypes = None, [pointer] * (1 + len(arrays))
            addresses = [array.ctypes.data for array in arrays]
            return lambda: function(plan, *addresses)

        kind = "sphtor" if wind else ""
        self.synthesis = call(f"SH{kind or '_'}_to_spat".replace("__", "_"), *self.spectra, *self.maps)
        self.analysis = call(f"spat_to_SH{kind}", *self.maps, *self.back)

    def load(self, component, field, values):
        self.spectra[component][field] = values

    def spectrum(self, component, field):
        return self.back[component][field]

    def restore(self):
        self.synthesis()
