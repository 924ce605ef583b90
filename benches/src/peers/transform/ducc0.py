"""ducc0: the interface for full Gaussian grids field by field, that for any rings with all fields in one call."""


class Work:
    def __init__(self, asked):
        import ducc0
        import numpy as np

        self.name = f"ducc0 {ducc0.__version__}"
        T, fields, points = asked["truncation"], asked["fields"], asked["points"]
        real, complex_ = (np.float32, np.complex64) if asked["precision"] == "f32" else (np.float64, np.complex128)
        spin = 1 if asked["direction"].startswith("wind") else 0
        components = spin + 1
        self.spectra = np.zeros((fields, components, (T + 1) * (T + 2) // 2), complex_)
        self.back = np.zeros_like(self.spectra)
        sht, threads = ducc0.sht, asked["threads"]
        if len(set(points)) == 1:
            maps = np.zeros((fields, components, len(points), points[0]), real)
            common = dict(spin=spin, lmax=T, mmax=T, geometry="GL", nthreads=threads)

            def synthesis():
                for field in range(fields):
                    sht.synthesis_2d(alm=self.spectra[field], map=maps[field], **common)

            def analysis():
                for field in range(fields):
                    sht.analysis_2d(alm=self.back[field], map=maps[field], **common)
        else:
            maps = np.zeros((fields, components, sum(points)), real)
            points = np.array(points, np.uint64)
            rings = dict(
                theta=np.radians(90 - np.array(asked["latitudes"])), nphi=points, phi0=np.zeros(len(points)),
                ringstart=np.concatenate([[0], np.cumsum(points)[:-1]]).astype(np.uint64),
                spin=spin, lmax=T, nthreads=threads)
            # Analysis is the adjoint of synthesis with the quadrature's weights: area of the sphere, by point.
            weights = 4 * np.pi * np.array(asked["weights"]) / points

            def synthesis():
                sht.synthesis(alm=self.spectra, map=maps, **rings)

            def analysis():
                sht.adjoint_synthesis(alm=self.back, map=maps, ringfactor=weights, **rings)

        self.synthesis, self.analysis = synthesis, analysis

    def load(self, component, field, values):
        self.spectra[field, component] = values

    def spectrum(self, component, field):
        return self.back[field, component]

    def restore(self):
        pass
