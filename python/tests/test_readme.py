"""The README's programs run and mean what they say."""

import re
import textwrap
import unittest
from pathlib import Path

import numpy as np

README = Path(__file__).resolve().parents[1] / "README.md"


class Readme(unittest.TestCase):
    def test_programs(self):
        text = README.read_text(encoding="utf-8")
        # The second is run where the host is a GPU: test_device_arrays.py.
        first, _, second = (textwrap.dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```", text, re.S | re.M))
        names = {}
        exec(first, names)
        transform, laplacian = names["transform"], names["laplacian"]
        # Divergence of a gradient is the Laplacian, its vorticity 0.
        scale = abs(laplacian).max()
        np.testing.assert_allclose(transform.synthesis(names["divergence"]), laplacian, atol=1e-9 * scale)
        np.testing.assert_allclose(transform.synthesis(names["vorticity"]), 0, atol=1e-9 * scale)

        names["fields"] = 3
        names["values"] = values = np.stack([transform.synthesis(names["spectrum"])] * 3)
        before = values.copy()
        exec(second, names)
        np.testing.assert_allclose(values, before, atol=1e-12)
        spectra = transform.analysis(before)
        inner = spectra.view(float).T.reshape(transform.coefficients, 2, 3)
        np.testing.assert_array_equal(inner, names["inner"])


if __name__ == "__main__":
    unittest.main()
