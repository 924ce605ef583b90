"""The border to the library: its declarations, the life of handles, threads and processes."""

import copy
import ctypes
import gc
import os
import pickle
import re
import subprocess
import sys
import threading
import unittest
import weakref
from pathlib import Path

import numpy as np

import terrella
from terrella import _library
from test_fields import random_spectra

HEADER = Path(__file__).resolve().parents[2] / "ffi" / "include" / "terrella.h"


class Declarations(unittest.TestCase):
    @staticmethod
    def kind(declaration):
        """What ctypes calls the type of one of the header's parameters."""
        if "**" in declaration:
            return "address"
        if "*" in declaration:
            return "text" if "char" in declaration else "pointer"
        return {"uint64_t": "c_ulong", "int32_t": "c_int", "double": "c_double"}[declaration.split()[0]]

    @staticmethod
    def python_kind(kind):
        """The same of an argument in this package; one number behind a pointer counts as a pointer."""
        names = {
            ctypes.c_void_p: "pointer",
            ctypes.c_char_p: "text",
            ctypes.POINTER(ctypes.c_void_p): "address",
            ctypes.POINTER(ctypes.c_uint64): "pointer",
            ctypes.POINTER(ctypes.c_double): "pointer",
            ctypes.c_uint64: "c_ulong",
            ctypes.c_int32: "c_int",
            ctypes.c_double: "c_double",
        }
        return names[kind]

    def test_signatures_are_those_of_the_header(self):
        text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
        declared = {
            name: [self.kind(parameter.strip().removeprefix("const ")) for parameter in parameters.split(",")]
            for name, parameters in re.findall(r"int32_t (terrella_\w+)\(([^)]*)\);", text)
        }
        self.assertGreater(len(declared), 40)
        for name, arguments in _library.SIGNATURES.items():
            self.assertEqual(declared[name], [self.python_kind(kind) for kind in arguments], name)

    def test_version(self):
        self.assertIn(f'#define TERRELLA_VERSION "{terrella.__version__}"', HEADER.read_text())


class Loading(unittest.TestCase):
    def fails_to_import(self, library):
        environment = dict(os.environ, TERRELLA_LIBRARY=library)
        result = subprocess.run(
            [sys.executable, "-c", "import terrella"], env=environment, capture_output=True, text=True
        )
        self.assertNotEqual(result.returncode, 0)
        return result.stderr

    def test_a_library_that_is_absent_or_another(self):
        self.assertIn("TERRELLA_LIBRARY", self.fails_to_import("/nowhere/libterrella.so"))
        if sys.platform == "linux":
            self.assertIn("is not the library of this package", self.fails_to_import("libm.so.6"))


class Life(unittest.TestCase):
    @staticmethod
    def resident():
        """Memory of this process [bytes]."""
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def test_a_thousand_transforms_leave_nothing_behind(self):
        def cycles(count):
            for index in range(count):
                dtype = (np.float32, np.float64)[index % 2]
                transform = terrella.SphericalTransform("F16", 21, dtype, radius=1.0 + index)
                transform.synthesis(np.zeros((2, 253), transform.complex_dtype))
            gc.collect()

        cycles(100)
        if not Path("/proc/self/statm").exists():
            cycles(1000)
            return
        before = self.resident()
        cycles(1000)
        # A handle that stayed would keep at least its Legendre start values and workspace, 40 kB here.
        self.assertLess(self.resident() - before, 8 << 20)

    def test_handles_go_with_their_objects(self):
        grid = terrella.Grid("F8")
        transform = terrella.SphericalTransform(grid, 10)
        gone, handle = weakref.ref(grid), grid._handle
        del grid
        self.assertIsNotNone(gone())
        transform_handle = transform._handle
        del transform
        gc.collect()
        self.assertIsNone(gone())
        with self.assertRaises(terrella.InternalError):
            _library.number("terrella_grid_points", handle)
        with self.assertRaises(terrella.InternalError):
            _library.call("terrella_transform_set_radius_f64", transform_handle, 1.0)

    def test_copies_and_pickles_are_objects_of_their_own(self):
        for grid in (
            terrella.Grid("H8"),
            terrella.Grid([20, 24, 24, 20]),
            terrella.Grid.full_gaussian(8, 20),
            terrella.Grid.regular(20, 10, poles=False),
        ):
            transform = terrella.SphericalTransform(grid, 2, np.float32, radius=3.0)
            for other in (copy.copy(transform), pickle.loads(pickle.dumps(transform))):
                self.assertNotEqual(other._handle, transform._handle)
                self.assertEqual((other.radius, other.dtype, repr(other)), (3.0, np.float32, repr(transform)))
                self.assertEqual(other.grid.longitudes.tolist(), grid.longitudes.tolist())

    def test_failures_leave_no_half_made_object(self):
        for _ in range(3):
            with self.assertRaises(ValueError):
                terrella.SphericalTransform("F16", 21, radius=-1.0)


class Grids(unittest.TestCase):
    def test_places_of_points(self):
        grid = terrella.Grid("O8")
        self.assertEqual((grid.rings, grid.pl.tolist()[:3], grid.points), (16, [20, 24, 28], int(grid.pl.sum())))
        self.assertEqual(grid.latitudes.shape, (grid.points,))
        self.assertEqual(grid.longitudes[20:23].tolist(), [0.0, 15.0, 30.0])
        self.assertTrue((np.diff(grid.ring_latitudes) < 0).all())
        self.assertAlmostEqual(grid.weights.sum(), 1)
        self.assertAlmostEqual(grid.weights @ np.sin(np.radians(grid.latitudes)) ** 2, 1 / 3)
        with self.assertRaises(ValueError):
            grid.latitudes[0] = 0

    def test_healpix_rings_begin_where_they_do(self):
        grid = terrella.Grid("H2")
        self.assertEqual(grid.longitudes[:4].tolist(), [45.0, 135.0, 225.0, 315.0])
        self.assertEqual(grid.longitudes[12], 0.0)


class Threads(unittest.TestCase):
    def test_one_transform_used_by_several(self):
        transform = terrella.SphericalTransform("F32", 42)
        spectra = random_spectra(transform, 8)
        expected = transform.synthesis(spectra)
        results = [None] * 8

        def work(index):
            for _ in range(20):
                results[index] = transform.synthesis(spectra[index])

        threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        np.testing.assert_allclose(results, expected, atol=1e-12)

    def test_messages_belong_to_their_thread(self):
        messages = {}

        def fail(name):
            for _ in range(100):
                with self.assertRaises(ValueError) as caught:
                    terrella.Grid(name)
                messages.setdefault(name, set()).add(str(caught.exception).split("'")[1])

        threads = [threading.Thread(target=fail, args=(f"Z{index}",)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(messages, {f"Z{index}": {f"Z{index}"} for index in range(4)})

    @unittest.skipUnless(hasattr(os, "fork"), "not run: this system has no fork")
    def test_a_forked_child_is_told_so(self):
        program = (
            "import os, sys, terrella\n"
            "transform = terrella.SphericalTransform('F16', 21)\n"
            "child = os.fork()\n"
            "if child == 0:\n"
            "    try:\n"
            "        transform.synthesis([0j] * 253)\n"
            "    except terrella.ForkedProcessError:\n"
            "        del transform\n"
            "        sys.exit(7)\n"
            "sys.exit(0 if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7 else 1)\n"
        )
        self.assertEqual(subprocess.run([sys.executable, "-c", program], timeout=60).returncode, 0)


if __name__ == "__main__":
    unittest.main()
