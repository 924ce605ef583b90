"""Arrays in the memory of a GPU, on libraries whose GPU is the host (kernels/tests/host_gpu)."""

import copy
import ctypes
import re
import sys
import textwrap
import threading
import types
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

import terrella
from test_fields import random_spectra

OPERATORS = ("synthesis", "analysis", "gradient", "wind_synthesis", "wind_analysis", "wind_zonal_derivative")
README = Path(__file__).resolve().parents[1] / "README.md"


def host_gpu(file_name):
    """The library whose GPU is the host, or None."""
    try:
        library = ctypes.CDLL(file_name)
        library.host_gpu_allocate.restype = ctypes.c_void_p
    except (OSError, AttributeError):
        return None
    library.host_gpu_allocate.argtypes = [ctypes.c_size_t, ctypes.c_int]
    library.host_gpu_free.argtypes = [ctypes.c_void_p]
    library.host_gpu_live.restype = ctypes.c_size_t
    library.host_gpu_copy_later.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    return library


class Interface:
    """An array that only the CUDA array interface gives access to."""

    def __init__(self, library, values, kind=0, **changes):
        values = np.asarray(values)
        self.library = library
        self.address = library.host_gpu_allocate(max(values.nbytes, 1), kind)
        memory = (ctypes.c_char * values.nbytes).from_address(self.address)
        # What the test sees of the memory.
        self.seen = np.frombuffer(memory, values.dtype).reshape(values.shape)
        self.seen[...] = values
        self.__cuda_array_interface__ = {
            "shape": values.shape,
            "typestr": values.dtype.str,
            "data": (self.address, False),
            "strides": None,
            "version": 3,
            "stream": 1,
            **changes,
        }

    def __del__(self):
        if not self.library.host_gpu_free(self.address):
            print("memory of a test was freed by another", file=sys.stderr)


class Capsule:
    """An array that DLPack gives access to, over the memory of another."""

    def __init__(self, other, device, view=None):
        self.other = other
        self.device = device
        self.seen = other.seen if view is None else view

    def __dlpack__(self):
        return self.seen.__dlpack__()

    def __dlpack_device__(self):
        return self.device


class Tests:
    """What holds for CUDA and HIP alike."""

    @classmethod
    def setUpClass(cls):
        cls.library = host_gpu(cls.FILE_NAME)
        if cls.library is None:
            raise unittest.SkipTest(f"not run: no {cls.FILE_NAME} whose GPU is the host")

    def setUp(self):
        self.transform = terrella.SphericalTransform("F4", 5, device=self.DEVICE)

    def array(self, values, **options):
        return Interface(self.library, values, **options)

    def inputs(self, operator, fields):
        """Arrays of the host for an operator."""
        count = 1 if operator in ("synthesis", "analysis", "gradient") else 2
        if "analysis" in operator:
            random = np.random.default_rng(3)
            return [random.standard_normal((*fields, self.transform.grid.points)) for _ in range(count)]
        return [random_spectra(self.transform, *fields, seed=seed) for seed in range(count)]

    def test_results_are_those_for_arrays_of_the_host(self):
        for operator in OPERATORS:
            for fields in ((), (3,), (2, 2)):
                with self.subTest(operator=operator, fields=fields):
                    inputs = self.inputs(operator, fields)
                    expected = getattr(self.transform, operator)(*inputs)
                    expected = expected if isinstance(expected, tuple) else (expected,)
                    for wrap in (lambda array: array, lambda array: Capsule(array, (self.DLPACK, 0))):
                        there = [wrap(self.array(values)) for values in inputs]
                        out = tuple(wrap(self.array(np.full_like(values, 7))) for values in expected)
                        argument = out if len(out) > 1 else out[0]
                        result = getattr(self.transform, operator)(*there, out=argument)
                        results = result if isinstance(result, tuple) else (result,)
                        for given, got, values in zip(out, results, expected):
                            self.assertIs(got, given)
                            np.testing.assert_allclose(got.seen, values, rtol=1e-13, atol=1e-13 * abs(values).max())

    def test_own_layout_and_mixed_calls(self):
        spectra = random_spectra(self.transform, 3)
        values = self.transform.synthesis(spectra)
        own = np.ascontiguousarray(spectra.view(float).T).reshape(self.transform.coefficients, 2, 3)
        out = self.array(np.zeros_like(values))
        self.transform.synthesis(self.array(own), out=out)
        np.testing.assert_array_equal(out.seen, values)
        back = self.array(np.zeros_like(own))
        self.transform.analysis(out, out=back)
        np.testing.assert_allclose(back.seen, own, atol=1e-13)
        # Arrays of the host in between.
        np.testing.assert_array_equal(self.transform.synthesis(spectra), values)
        empty = self.array(np.zeros((0, self.transform.grid.points)))
        self.transform.synthesis(self.array(spectra[:0]), out=empty)

    def test_work_of_other_libraries_is_waited_for(self):
        spectrum = random_spectra(self.transform)
        expected = self.transform.synthesis(spectrum)
        there, out = self.array(np.zeros_like(spectrum)), self.array(np.zeros_like(expected))
        self.library.host_gpu_copy_later(there.address, spectrum.ctypes.data, spectrum.nbytes)
        self.transform.synthesis(there, out=out)
        np.testing.assert_array_equal(out.seen, expected)

    def test_new_results_are_the_inputs_librarys(self):
        made = []

        class Tensor(Interface):
            device = "there"

        def empty(shape, dtype, device):
            made.append((shape, dtype, device))
            return Tensor(self.library, np.zeros(shape, dtype))

        names = {name: np.dtype(name) for name in ("float32", "float64", "complex64", "complex128")}
        torch = types.SimpleNamespace(Tensor=Tensor, empty=empty, **names)
        values = self.inputs("analysis", (2,))[0]
        with mock.patch.dict(sys.modules, torch=torch):
            spectra = self.transform.analysis(Tensor(self.library, values))
            self.assertEqual(made, [((2, self.transform.coefficients), np.complex128, "there")])
            np.testing.assert_allclose(spectra.seen, self.transform.analysis(values), atol=1e-14)
            eastward, northward = self.transform.gradient(spectra)
            self.assertEqual(len(made), 3)
            np.testing.assert_allclose(
                [eastward.seen, northward.seen], self.transform.gradient(spectra.seen), rtol=1e-9
            )

        class Ndarray(Interface):
            device = mock.MagicMock()

        cupy = types.SimpleNamespace(
            ndarray=Ndarray, empty=lambda shape, dtype: Ndarray(self.library, np.zeros(shape, dtype))
        )
        with mock.patch.dict(sys.modules, cupy=cupy):
            spectra = self.transform.analysis(Ndarray(self.library, values))
        Ndarray.device.__enter__.assert_called_once()
        np.testing.assert_allclose(spectra.seen, self.transform.analysis(values), atol=1e-14)

    def test_the_readmes_program(self):
        blocks = re.findall(r"^ *```python\n(.*?)^ *```", README.read_text(encoding="utf-8"), re.S | re.M)
        program = textwrap.dedent(blocks[1]).replace('"O320", 319', '"F4", 5').replace("cuda:0", self.DEVICE)

        class Tensor(Interface):
            device = None

        torch = types.SimpleNamespace(
            Tensor=Tensor,
            complex64=np.complex64,
            float32=np.float32,
            rand=lambda *shape, device: Tensor(self.library, np.random.default_rng(1).random(shape, np.float32)),
            empty=lambda shape, dtype, device: Tensor(self.library, np.zeros(shape, dtype)),
            empty_like=lambda other: Tensor(self.library, np.zeros_like(other.seen)),
        )
        names = {"np": np, "terrella": terrella}
        with mock.patch.dict(sys.modules, torch=torch):
            exec(program, names)
        transform = terrella.SphericalTransform("F4", 5, np.float32)
        spectra = transform.analysis(names["values"].seen)
        np.testing.assert_allclose(names["spectra"].seen, spectra, atol=1e-6)
        np.testing.assert_allclose(names["smooth"].seen, transform.synthesis(spectra), atol=1e-5)

    def test_threads_with_arrays_of_both_kinds(self):
        spectrum = random_spectra(self.transform)
        expected = self.transform.synthesis(spectrum)
        there, out = self.array(spectrum), self.array(np.zeros_like(expected))
        failures = []

        def work(on_device):
            try:
                for _ in range(20):
                    if on_device:
                        result = self.transform.synthesis(there, out=out).seen
                    else:
                        result = self.transform.synthesis(spectrum)
                    np.testing.assert_array_equal(result, expected)
            except Exception as error:  # noqa: BLE001
                failures.append(error)

        threads = [threading.Thread(target=work, args=(on_device,)) for on_device in (True, False)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(copy.copy(self.transform).device, self.DEVICE)

    def refuses(self, kind, text, function, *arguments, **options):
        with self.assertRaises(kind) as caught:
            function(*arguments, **options)
        self.assertIsInstance(caught.exception, terrella.Error)
        self.assertIn(text, str(caught.exception))

    def test_refusals(self):
        synthesis, analysis = self.transform.synthesis, self.transform.analysis
        spectrum, values = random_spectra(self.transform), np.zeros(self.transform.grid.points)
        there, out = self.array(spectrum), self.array(values)
        self.refuses(terrella.DeviceError, "'out', an array to write to", synthesis, there)
        self.refuses(terrella.DeviceError, "'out' lies in memory of the CPU", synthesis, there, out=values)
        self.refuses(terrella.DeviceError, "'spectrum' lies in memory of the CPU", synthesis, spectrum, out=out)
        cpu = terrella.SphericalTransform("F4", 5)
        self.refuses(terrella.DeviceError, "expected memory of the CPU", cpu.synthesis, there, out=out)
        elsewhere = Capsule(there, (self.DLPACK, 1))
        self.refuses(terrella.DeviceError, f"expected '{self.DEVICE}'", synthesis, elsewhere, out=out)
        wrong_kind = Capsule(there, (12 - self.DLPACK, 0))
        self.refuses(terrella.DeviceError, f"expected '{self.DEVICE}'", synthesis, wrong_kind, out=out)
        # An array that says it lies there, and does not.
        liar = Capsule(there, (self.DLPACK, 0), view=spectrum)
        self.refuses(terrella.InvalidValueError, "it lies in host memory", synthesis, liar, out=out)
        for kind in (2, 3):
            outside = self.array(spectrum, kind=kind)
            self.refuses(terrella.InvalidValueError, "'spectrum' at 0x", synthesis, outside, out=out)
        self.refuses(ValueError, "(..., 21)", synthesis, self.array(spectrum[1:]), out=out)
        self.refuses(ValueError, "(21, 2, fields)", synthesis, self.array(spectrum.real), out=out)
        self.refuses(ValueError, "expected (128,)", synthesis, there, out=self.array(values[1:]))
        self.refuses(TypeError, "complex64: expected complex128", synthesis, self.array(spectrum.astype("c8")), out=out)
        self.refuses(TypeError, "float32: expected float64", synthesis, there, out=self.array(values.astype("f4")))
        self.refuses(TypeError, "strides", synthesis, self.array(spectrum, strides=(32,)), out=out)
        half = np.zeros((2, 256))[:, ::2]
        strided = Capsule(there, (self.DLPACK, 0), view=half)
        self.refuses(TypeError, "strides", analysis, strided, out=there)
        constant = self.array(values, data=(out.address, True))
        self.refuses(TypeError, "read-only", synthesis, there, out=constant)
        self.refuses(TypeError, "mask", synthesis, self.array(spectrum, mask=out), out=out)
        jax = types.SimpleNamespace(Array=Interface)
        with mock.patch.dict(sys.modules, jax=jax):
            self.refuses(TypeError, "read-only", synthesis, there, out=out)
        pair = (self.array(values), self.array(values))
        self.refuses(ValueError, "share memory", self.transform.gradient, there, out=(pair[0], pair[0]))
        self.refuses(ValueError, "share memory", analysis, pair[0], out=self.array(spectrum, data=(pair[0].address, False)))
        winds = random_spectra(self.transform, 1)
        own = np.ascontiguousarray(winds.view(float).T).reshape(21, 2, 1)
        two = (self.array(values[None]), self.array(values[None]))
        function = self.transform.wind_synthesis
        self.refuses(TypeError, "same layout", function, self.array(winds), self.array(own), out=two)
        self.refuses(ValueError, "leading axes", function, self.array(winds), there, out=two)

        class Closed:
            def __dlpack_device__(this):
                return (self.DLPACK, 0)

            def __dlpack__(this):
                raise BufferError("it requires a gradient")

        self.refuses(TypeError, "'spectrum' does not give access to its memory: it requires", synthesis, Closed(), out=out)
        for array in (out, *pair, *two):
            self.assertTrue((array.seen == 0).all())

    def test_a_thousand_transforms_leave_nothing_behind(self):
        spectrum, out = self.array(random_spectra(self.transform)), self.array(np.zeros(self.transform.grid.points))

        def cycles(count):
            for _ in range(count):
                terrella.SphericalTransform("F4", 5, device=self.DEVICE).synthesis(spectrum, out=out)
            return self.library.host_gpu_live()

        self.assertEqual(cycles(20), cycles(1000))


class Cuda(Tests, unittest.TestCase):
    FILE_NAME, DEVICE, DLPACK = "libcuda.so.1", "cuda:0", 2


class Hip(Tests, unittest.TestCase):
    FILE_NAME, DEVICE, DLPACK = "libamdhip64.so", "hip:0", 10


if __name__ == "__main__":
    unittest.main()
