"""Transforms of fields whose coefficients, gradients and winds are known."""

import unittest

import numpy as np

import terrella

A = 6371229.0


def angles(grid):
    return np.radians(grid.latitudes), np.radians(grid.longitudes)


def random_spectra(transform, *fields, seed=1):
    random = np.random.default_rng(seed)
    shape = (*fields, transform.coefficients)
    spectra = random.standard_normal(shape) + 1j * random.standard_normal(shape)
    spectra.imag[..., transform.orders == 0] = 0
    return spectra.astype(transform.complex_dtype)


class Analytic(unittest.TestCase):
    def test_coefficients_of_low_harmonics(self):
        for name in ("F16", "O16", "N32", "r40x20", "r40x21"):
            grid = terrella.Grid(name)
            transform = terrella.SphericalTransform(grid, 10)
            latitude, longitude = angles(grid)
            # P_10 = sqrt(3) mu, P_21 = sqrt(15/2) mu cos; cos(m longitude) has f_nm = 1/2 and its conjugate at -m.
            values = 2 + np.sin(latitude) + np.sin(latitude) * np.cos(latitude) * np.sin(longitude)
            expected = np.zeros(transform.coefficients, complex)
            expected[transform.index(0, 0)] = 2
            expected[transform.index(1, 0)] = 1 / np.sqrt(3)
            expected[transform.index(2, 1)] = -0.5j / np.sqrt(15 / 2)
            with self.subTest(name):
                np.testing.assert_allclose(transform.analysis(values), expected, atol=1e-14)
                np.testing.assert_allclose(transform.synthesis(expected), values, atol=1e-13)
                self.assertAlmostEqual(values @ grid.weights, 2, places=12)

    def test_gradient(self):
        transform = terrella.SphericalTransform("O16", 10)
        latitude, longitude = angles(transform.grid)
        spectrum = transform.analysis(np.cos(latitude) * np.cos(longitude))
        eastward, northward = transform.gradient(spectrum)
        np.testing.assert_allclose(A * eastward, -np.sin(longitude), atol=1e-12)
        np.testing.assert_allclose(A * northward, -np.sin(latitude) * np.cos(longitude), atol=1e-12)

    def test_solid_rotation_on_a_sphere_of_another_radius(self):
        radius, speed = 1000.0, 30.0
        transform = terrella.SphericalTransform("F16", 10, radius=radius)
        self.assertEqual(transform.radius, radius)
        latitude, _ = angles(transform.grid)
        u = speed * np.cos(latitude)
        vorticity, divergence = transform.wind_analysis(u, np.zeros_like(u))
        np.testing.assert_allclose(
            transform.synthesis(vorticity), 2 * speed / radius * np.sin(latitude), atol=1e-12
        )
        np.testing.assert_allclose(divergence, 0, atol=1e-14)
        again = transform.wind_synthesis(vorticity, divergence)
        np.testing.assert_allclose(again, [u, 0 * u], atol=1e-11)

    def test_zonal_derivative_of_a_wind(self):
        transform = terrella.SphericalTransform("F16", 10)
        latitude, longitude = angles(transform.grid)
        # psi = a sin cos(longitude) cos: u = -(1/a) dpsi/dlatitude, v = (1/(a cos)) dpsi/dlongitude.
        psi = A * np.sin(latitude) * np.cos(latitude) * np.cos(longitude)
        n = transform.degrees
        vorticity = -n * (n + 1) / A**2 * transform.analysis(psi)
        u_eastward, v_eastward = transform.wind_zonal_derivative(vorticity, 0 * vorticity)
        slope = np.cos(2 * latitude) / np.cos(latitude)
        np.testing.assert_allclose(A * u_eastward, slope * np.sin(longitude), atol=1e-11)
        np.testing.assert_allclose(A * v_eastward, -np.tan(latitude) * np.cos(longitude), atol=1e-11)

    def test_f32_agrees_with_f64(self):
        double = terrella.SphericalTransform("O32", 31)
        single = terrella.SphericalTransform("O32", 31, "float32")
        spectra = random_spectra(single, 3)
        values = single.synthesis(spectra)
        self.assertEqual((values.dtype, single.analysis(values).dtype), (np.float32, np.complex64))
        np.testing.assert_allclose(values, double.synthesis(spectra), atol=2e-4)


class RoundTrip(unittest.TestCase):
    def test_fields_on_leading_axes(self):
        for name, truncation in (("F64", 127), ("O64", 63), ("r192x95", 93), ([20, 24, 24, 24, 24, 20], 4)):
            transform = terrella.SphericalTransform(name, truncation)
            for fields in ((), (1,), (5,), (2, 3)):
                spectra = random_spectra(transform, *fields)
                values = transform.synthesis(spectra)
                with self.subTest(name=name, fields=fields):
                    self.assertEqual(values.shape, (*fields, transform.grid.points))
                    np.testing.assert_allclose(transform.analysis(values), spectra, atol=2e-11)

    def test_winds(self):
        transform = terrella.SphericalTransform("F32", 42)
        vorticity, divergence = (random_spectra(transform, 4, seed=seed) for seed in (1, 2))
        vorticity[:, 0] = divergence[:, 0] = 0
        again = transform.wind_analysis(*transform.wind_synthesis(vorticity, divergence))
        np.testing.assert_allclose(again, [vorticity, divergence], atol=1e-11)

    def test_healpix_by_iteration(self):
        transform = terrella.SphericalTransform("H16", 16)
        expected = random_spectra(transform)
        values = transform.synthesis(expected)
        spectrum = np.zeros_like(expected)
        for _ in range(20):
            spectrum += transform.analysis(values - transform.synthesis(spectrum))
        np.testing.assert_allclose(spectrum, expected, atol=1e-10)


class Adjoints(unittest.TestCase):
    # Operator, whether it reads spectra, numbers of arrays that it reads and writes.
    OPERATORS = (
        ("synthesis", True, 1, 1),
        ("analysis", False, 1, 1),
        ("gradient", True, 1, 2),
        ("wind_synthesis", True, 2, 2),
        ("wind_analysis", False, 2, 2),
        ("wind_zonal_derivative", True, 2, 2),
    )

    def test_dot_products(self):
        for dtype, limit in ((np.float64, 1e-13), (np.float32, 2e-5)):
            for name, truncation in (("O24", 23), ("F24", 31), ("r48x25", 20)):
                transform = terrella.SphericalTransform(name, truncation, dtype, radius=1.0)
                for operator, from_spectra, read, written in self.OPERATORS:
                    with self.subTest(grid=name, operator=operator, dtype=dtype):
                        self.check(transform, operator, from_spectra, read, written, limit)

    def check(self, transform, operator, from_spectra, read, written, limit):
        random = np.random.default_rng(7)

        def arrays(spectral, count):
            if spectral:
                return [random_spectra(transform, 3, seed=10 * count + index) for index in range(count)]
            shape = (3, transform.grid.points)
            return [random.standard_normal(shape).astype(transform.dtype) for _ in range(count)]

        x, y = arrays(from_spectra, read), arrays(not from_spectra, written)
        forward = getattr(transform, operator)(*x)
        backward = getattr(transform, operator + "_adjoint")(*y)
        forward = forward if written > 1 else (forward,)
        backward = backward if read > 1 else (backward,)

        def dot(a, b):
            return sum(np.vdot(p.astype(complex), q.astype(complex)).real for p, q in zip(a, b))

        left, right = dot(forward, y), dot(x, backward)
        scale = np.sqrt(dot(forward, forward) * dot(y, y))
        self.assertGreater(scale, 0)
        self.assertLess(abs(left - right) / scale, limit)


if __name__ == "__main__":
    unittest.main()
