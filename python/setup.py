"""Tags the wheel for this platform and any Python 3: the library in it uses nothing of Python."""

from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel


class PlatformWheel(bdist_wheel):
    def run(self):
        if not list(Path(__file__).parent.glob("src/terrella/*terrella.[sd][oyl]*")):
            raise SystemExit("The library is not beside the package: build the wheel with `make wheel`.")
        super().run()

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class WithLibrary(Distribution):
    def has_ext_modules(self):
        return True


setup(cmdclass={"bdist_wheel": PlatformWheel}, distclass=WithLibrary)
