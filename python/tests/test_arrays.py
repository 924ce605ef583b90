"""Which arrays are taken, which are written, and which are refused."""

import unittest

import numpy as np

import terrella
from test_fields import random_spectra


class Exporter:
    """An array of another library: memory that only DLPack gives access to."""

    def __init__(self, array, device=(1, 0)):
        self.array = array
        self.device = device

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.device


def own_layout(spectra):
    """Complex (fields, coefficients) as [coefficient][2][field]."""
    fields, coefficients = spectra.shape
    return np.ascontiguousarray(spectra.view(spectra.real.dtype).T).reshape(coefficients, 2, fields)


class Taking(unittest.TestCase):
    def setUp(self):
        self.transform = terrella.SphericalTransform("F16", 21)
        self.spectra = random_spectra(self.transform, 3)
        self.values = self.transform.synthesis(self.spectra)

    def test_own_layout_gives_the_same_bits(self):
        given = own_layout(self.spectra)
        np.testing.assert_array_equal(self.transform.synthesis(given), self.values)
        out = np.empty_like(given)
        self.assertIs(self.transform.analysis(self.values, out=out), out)
        np.testing.assert_array_equal(out, own_layout(self.transform.analysis(self.values)))

    def test_arrays_that_are_not_contiguous(self):
        strided = np.repeat(self.spectra, 2, axis=1)[:, ::2]
        self.assertFalse(strided.flags.c_contiguous)
        np.testing.assert_array_equal(self.transform.synthesis(strided), self.values)
        wide = np.zeros((3, 2 * self.transform.grid.points))
        self.transform.synthesis(self.spectra, out=wide[:, ::2])
        np.testing.assert_array_equal(wide[:, ::2], self.values)
        np.testing.assert_array_equal(wide[:, 1::2], 0)
        wide = np.zeros((3, 2 * self.transform.coefficients), complex)
        self.transform.analysis(self.values, out=wide[:, 1::2])
        np.testing.assert_array_equal(wide[:, 1::2], self.transform.analysis(self.values))
        swapped = self.spectra.astype(">c16")
        np.testing.assert_array_equal(self.transform.synthesis(swapped), self.values)
        bytes_ = np.zeros(self.values.nbytes + 1, np.uint8)
        misaligned = bytes_[1:].view(np.float64).reshape(self.values.shape)
        self.transform.synthesis(self.spectra, out=misaligned)
        np.testing.assert_array_equal(misaligned, self.values)

    def test_precisions_that_lose_nothing(self):
        single = self.values.astype(np.float32)
        np.testing.assert_array_equal(
            self.transform.analysis(single), self.transform.analysis(single.astype(np.float64))
        )
        ones = np.ones(self.transform.grid.points, np.int32)
        self.assertAlmostEqual(self.transform.analysis(ones.tolist())[0], 1)
        np.testing.assert_array_equal(self.transform.analysis(ones), self.transform.analysis(ones.tolist()))

    def test_out_is_written_in_place_and_returned(self):
        values = np.empty_like(self.values)
        self.assertIs(self.transform.synthesis(self.spectra, out=values), values)
        np.testing.assert_array_equal(values, self.values)
        one = np.empty(self.transform.coefficients, complex)
        self.assertIs(self.transform.analysis(self.values[0], out=one), one)
        np.testing.assert_array_equal(one, self.transform.analysis(self.values[0]))
        pair = (np.empty_like(values), np.empty_like(values))
        results = self.transform.gradient(self.spectra, out=pair)
        self.assertTrue(all(result is array for result, array in zip(results, pair)))
        np.testing.assert_array_equal(pair, self.transform.gradient(self.spectra))

    def test_no_fields(self):
        self.assertEqual(self.transform.synthesis(self.spectra[:0]).shape, (0, self.transform.grid.points))
        self.assertEqual(self.transform.analysis(self.values[:0]).shape, (0, self.transform.coefficients))

    def test_nan_spreads_over_its_own_field_alone(self):
        self.spectra[1, 5] = np.nan
        values = self.transform.synthesis(self.spectra)
        self.assertTrue(np.isnan(values[1]).all())
        np.testing.assert_array_equal(values[[0, 2]], self.values[[0, 2]])

    def test_dlpack(self):
        values = self.transform.synthesis(Exporter(self.spectra))
        np.testing.assert_array_equal(values, self.values)
        np.testing.assert_array_equal(np.from_dlpack(values), self.values)
        memory = np.empty_like(self.values)
        out = Exporter(memory)
        if not np.from_dlpack(memory).flags.writeable:  # as in NumPy 1.24
            with self.assertRaisesRegex(terrella.WrongTypeError, "read-only"):
                self.transform.synthesis(self.spectra, out=out)
            return
        self.assertIs(self.transform.synthesis(self.spectra, out=out), out)
        np.testing.assert_array_equal(memory, self.values)

    def test_pinned_memory_is_read(self):
        pinned = Exporter(self.values, device=(3, 0))
        np.testing.assert_array_equal(self.transform.analysis(pinned), self.transform.analysis(self.values))


class Refusing(unittest.TestCase):
    def setUp(self):
        self.transform = terrella.SphericalTransform("F16", 21)
        self.values = np.ones(self.transform.grid.points)
        self.spectrum = np.ones(self.transform.coefficients, complex)

    def refuses(self, kind, text, function, *arguments, **options):
        with self.assertRaises(kind) as caught:
            function(*arguments, **options)
        self.assertIsInstance(caught.exception, terrella.Error)
        self.assertIn(text, str(caught.exception))

    def test_memory_of_a_gpu(self):
        array = Exporter(self.values, device=(2, 0))
        self.refuses(terrella.DeviceError, "'values' lies in memory of 'cuda:0'", self.transform.analysis, array)
        self.refuses(terrella.DeviceError, "as 'out' does", self.transform.synthesis, self.spectrum, out=array)
        metal = Exporter(self.values, device=(8, 0))
        self.refuses(terrella.DeviceError, "DLPack device type 8", self.transform.analysis, metal)

    def test_shapes(self):
        analysis, synthesis = self.transform.analysis, self.transform.synthesis
        self.refuses(ValueError, "(2047,): expected (..., 2048)", analysis, self.values[1:])
        self.refuses(ValueError, "()", analysis, 1.0)
        self.refuses(ValueError, "(..., 253)", synthesis, self.spectrum[1:])
        self.refuses(ValueError, "(253, 2, fields)", synthesis, self.spectrum.real)
        self.refuses(ValueError, "expected ()", self.transform.wind_analysis, self.values, [self.values])
        self.refuses(ValueError, "expected (2048,)", synthesis, self.spectrum, out=self.values[1:])
        self.refuses(ValueError, "expected (253,)", analysis, self.values, out=self.spectrum[None])

    def test_types(self):
        analysis, synthesis = self.transform.analysis, self.transform.synthesis
        self.refuses(TypeError, "complex128", analysis, self.values.astype(complex))
        self.refuses(TypeError, "dtype", analysis, [object()] * 2048)
        self.refuses(TypeError, "mask", analysis, np.ma.masked_array(self.values))
        single = terrella.SphericalTransform("F16", 21, np.float32)
        self.refuses(TypeError, "float64: expected float32", single.analysis, self.values)
        self.refuses(TypeError, "complex128: expected complex64", single.synthesis, self.spectrum)
        self.refuses(TypeError, "float32: expected float64", synthesis, self.spectrum, out=np.empty(2048, "f4"))
        self.refuses(TypeError, "list", synthesis, self.spectrum, out=self.values.tolist())
        self.refuses(TypeError, "pair", self.transform.gradient, self.spectrum, out=self.values)
        constant = self.values.copy()
        constant.flags.writeable = False
        self.refuses(TypeError, "read-only", synthesis, self.spectrum, out=constant)

    def test_shared_memory(self):
        memory = np.ones(3000)
        spectrum, values = memory[:506].reshape(253, 2, 1), memory[505 : 505 + 2048].reshape(1, 2048)
        self.refuses(ValueError, "share memory", self.transform.synthesis, spectrum, out=values)
        self.assertTrue((memory == 1).all())
        values = memory[506 : 506 + 2048].reshape(1, 2048)
        self.transform.synthesis(spectrum, out=values)
        same = np.empty((2, 253), complex)
        winds = np.ones((2, 2048))
        self.refuses(ValueError, "share memory", self.transform.wind_analysis, winds, winds, out=(same, same))
        turns = np.empty((2, 253, 2), complex)
        self.transform.wind_analysis(winds, winds, out=(turns[..., 0], turns[..., 1]))
        np.testing.assert_array_equal(np.moveaxis(turns, -1, 0), self.transform.wind_analysis(winds, winds))

    def test_grids_and_truncations(self):
        self.refuses(ValueError, "F16x", terrella.Grid, "F16x")
        self.refuses(ValueError, "F16\\x00", terrella.Grid, "F16\0")
        self.refuses(ValueError, "\u00e9", terrella.Grid, "\u00e9")
        self.refuses(TypeError, "expected a name", terrella.Grid, 16)
        self.refuses(TypeError, "expected a name", terrella.Grid, [8.0, 8.0])
        self.refuses(ValueError, "-8", terrella.Grid, [8, -8])
        self.refuses(terrella.InvalidValueError, "", terrella.Grid, [8, 12, 16])
        self.refuses(terrella.InvalidValueError, "", terrella.Grid, np.array([], int))
        self.refuses(ValueError, "", terrella.Grid.full_gaussian, 7, 8)
        self.refuses(TypeError, "'rings'", terrella.Grid.full_gaussian, 8.0, 8)
        self.refuses(ValueError, "", terrella.Grid.regular, 0, 8, True)
        make = terrella.SphericalTransform
        self.refuses(ValueError, "32", make, "F16", 32)
        self.refuses(ValueError, "-1", make, "F16", -1)
        self.refuses(ValueError, "", make, "F16", 2**63)
        self.refuses(TypeError, "21.0", make, "F16", 21.0)
        self.refuses(TypeError, "float16", make, "F16", 21, np.float16)
        self.refuses(terrella.DeviceError, "abacus", make, "F16", 21, device="abacus")
        self.refuses(TypeError, "'device'", make, "F16", 21, device=0)
        for radius in (0.0, -1.0, np.inf, np.nan):
            self.refuses(ValueError, "", make, "F16", 21, radius=radius)
        self.refuses(TypeError, "'radius'", make, "F16", 21, radius="6371 km")
        self.refuses(ValueError, "'degree' is 3 and 'order' 4", self.transform.index, 3, 4)

    def test_reshaping(self):
        grid = terrella.Grid("F16")
        self.assertEqual(grid.shape, (32, 64))
        values = np.arange(3.0 * grid.points).reshape(3, -1)
        rows = grid.unflatten(values)
        self.assertEqual(rows.shape, (3, 32, 64))
        self.assertTrue(np.shares_memory(rows, values))
        np.testing.assert_array_equal(grid.flatten(rows), values)
        self.refuses(ValueError, "(..., 2048)", grid.unflatten, values[:, 1:])
        self.refuses(ValueError, "(..., 32, 64)", grid.flatten, values)
        reduced = terrella.Grid("O16")
        self.assertIsNone(reduced.shape)
        self.refuses(ValueError, "20 to 80 points", reduced.unflatten, np.zeros(reduced.points))


if __name__ == "__main__":
    unittest.main()
