"""Any library with ecTrans's C interface (transi): all fields in one call. It computes in f64 only."""
import ctypes

Int, Pointer = ctypes.c_int, ctypes.c_void_p


def struct(name, *members):
    """A struct from pairs of a type and the names of the members of that type that follow each other."""
    fields = [(member, kind) for kind, names in members for member in names.split()]
    return type(name, (ctypes.Structure,), {"_fields_": fields})


Trans = struct(
    "Trans", (Int, "ndgl"), (Pointer, "nloen"), (Int, "nlon nsmax llam lsplit llatlon flt fft"),
    (Pointer, "readfp writefp cache"), (ctypes.c_size_t, "cachesize"),
    (Int, "myproc nproc handle nspec nspec2 nspec2g nspec2mx nump ngptot ngptotg ngptotmx"),
    # The arrays and numbers behind these are not read here, but the library writes to them.
    (Pointer, "ngptotl nmyms nasm0"), (Int, "nprtrw"), (Pointer, "numpp npossp nptrms nallms ndim0g nvalue"),
    (Int, "n_regions_NS n_regions_EW my_region_NS my_region_EW"), (Pointer, "n_regions nfrstlat nlstlat"),
    (Int, "nfrstloff"), (Pointer, "nptrlat nptrfrstlat nptrlstlat"), (Int, "nptrfloff"),
    (Pointer, "nsta nonl ldsplitlat"), (Int, "nprtrns"), (Pointer, "nultpp nptrls nnmeng rmu rgw rpnm"),
    (Int, "nlei3 nspolegl"), (Pointer, "npms rlapin ndglu"), (ctypes.c_double, "pexwn peywn"), (Pointer, "pweight"),
    (Int, "ndgux nmsmax"), (Pointer, "mvalue"))
Direct = struct(
    "Direct", (Pointer, "rgp rspscalar rspvor rspdiv rmeanu rmeanv"), (Int, "nproma nscalar nvordiv ngpblks lglobal"),
    (Pointer, "trans"), (Int, "count"))
Inverse = struct(
    "Inverse", (Pointer, "rspscalar rspvor rspdiv rmeanu rmeanv rgp"),
    (Int, "nproma nscalar nvordiv lscalarders luvder_EW lvordivgp ngpblks lglobal"), (Pointer, "trans"), (Int, "count"))
assert [ctypes.sizeof(kind) for kind in (Trans, Direct, Inverse)] == [440, 88, 96]


class Work:
    def __init__(self, asked):
        import numpy as np

        library = ctypes.CDLL(asked["library"], mode=ctypes.RTLD_GLOBAL)
        library.new_dirtrans.restype, library.new_invtrans.restype = Direct, Inverse
        library.ectrans_version.restype = library.trans_error_msg.restype = ctypes.c_char_p

        def check(status):
            if status != 0:
                raise RuntimeError((library.trans_error_msg(status) or b"").decode() or f"status {status}")

        f64_only = "" if asked["precision"] == "f64" else " in f64"
        self.name = f"transi {library.ectrans_version().decode()}{f64_only}"
        T, fields, points = asked["truncation"], asked["fields"], asked["points"]
        check(library.trans_use_mpi(0))
        self.trans = trans = Trans()
        check(library.trans_new(ctypes.byref(trans)))
        check(library.trans_set_resol(ctypes.byref(trans), len(points), (Int * len(points))(*points)))
        check(library.trans_set_trunc(ctypes.byref(trans), T))
        check(library.trans_setup(ctypes.byref(trans)))
        wind = asked["direction"].startswith("wind")
        components = 2 if wind else 1
        self.spectra = np.zeros((components, trans.nspec2, fields))
        self.back = np.zeros_like(self.spectra)
        maps = np.zeros((components, fields, trans.ngptot))
        # Ours lacks the factor (-1)^m of orthonormal coefficients, as this interface does.
        orders = np.concatenate([np.full(T + 1 - m, m) for m in range(T + 1)])
        self.factor = (-1.0) ** orders / np.sqrt(4 * np.pi)

        def prepared(request, spectra):
            request.rgp = maps.ctypes.data
            if wind:
                request.nvordiv = fields
                request.rspvor, request.rspdiv = spectra[0].ctypes.data, spectra[1].ctypes.data
            else:
                request.nscalar, request.rspscalar = fields, spectra[0].ctypes.data
            return ctypes.byref(request)

        # A request serves once.
        def synthesis():
            check(library.trans_invtrans(prepared(library.new_invtrans(ctypes.byref(trans)), self.spectra)))

        def analysis():
            check(library.trans_dirtrans(prepared(library.new_dirtrans(ctypes.byref(trans)), self.back)))

        self.synthesis, self.analysis = synthesis, analysis

    def load(self, component, field, values):
        values = values * self.factor
        self.spectra[component, 0::2, field], self.spectra[component, 1::2, field] = values.real, values.imag

    def spectrum(self, component, field):
        back = self.back[component, :, field]
        return (back[0::2] + 1j * back[1::2]) / self.factor

    def restore(self):
        pass
