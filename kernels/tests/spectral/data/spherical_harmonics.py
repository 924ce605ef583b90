#!/usr/bin/env python3
"""Writes spherical_harmonics.txt: a scalar and a wind by ducc0 (pip install ducc0), an independent implementation.

Coefficients follow a formula that the test repeats. Lines: truncation, rings per hemisphere of the full Gaussian grid, ring,
point, scalar, u, v; streamfunction and velocity potential refer to a sphere of radius 1.
"""
import ducc0
import numpy as np


def coefficients(total, seed):
    """f_nm = cos(seed + 3n + 5m²) / (n+1) + i sin(2·seed + n·m) / (n+1), real for m = 0, GRIB's normalisation."""
    values = []
    for m in range(total + 1):
        for n in range(m, total + 1):
            re = np.cos(seed + 3.0 * n + 5.0 * m * m) / (n + 1)
            im = np.sin(2.0 * seed + n * m) / (n + 1) if m > 0 else 0.0
            values.append((-1.0) ** m * np.sqrt(4 * np.pi) * (re + 1j * im))  # to orthonormal, Condon-Shortley
    return np.array(values)[None, :]


with open("spherical_harmonics.txt", "w") as output:
    for total, half, step in [(42, 32, 2), (85, 64, 5)]:
        x, _ = np.polynomial.legendre.leggauss(2 * half)
        rings = np.arange(0, 2 * half, step)
        # Gauss-Legendre colatitudes as ducc0 itself defines them would do as well; these are numpy's.
        theta = np.arccos(x[::-1])[rings]
        nphi = np.full(len(rings), 4 * half, np.uint64)
        geometry = dict(
            theta=theta, nphi=nphi, phi0=np.zeros(len(rings)), ringstart=(np.arange(len(rings)) * 4 * half).astype(np.uint64),
            lmax=total, mmax=total, nthreads=1,
        )
        shape = (len(rings), 4 * half)
        scalar = ducc0.sht.synthesis(alm=coefficients(total, 1.0), spin=0, **geometry).reshape(shape)

        def gradient(seed):
            # ∂/∂θ and 1/sin θ ∂/∂λ
            return ducc0.sht.synthesis(alm=coefficients(total, seed), spin=1, mode="DERIV1", **geometry).reshape(2, *shape)

        psi, chi = gradient(2.0), gradient(3.0)
        u = chi[1] + psi[0]  # u = ∂χ/(cos φ ∂λ) − ∂ψ/∂φ, ∂/∂φ = −∂/∂θ
        v = psi[1] - chi[0]
        for i, ring in enumerate(rings):
            for point in (0, 1, 37):
                output.write(f"{total} {half} {ring} {point} {scalar[i, point]:.17e} {u[i, point]:.17e} {v[i, point]:.17e}\n")
