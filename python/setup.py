# SPDX-License-Identifier: 0BSD
"""Builds the module for the Python that runs this: one for each of 3.9 to 3.11, and one with
the stable interface for all from 3.12 on."""
import glob
import os
import platform
import sys
import sysconfig

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

if sysconfig.get_config_var("Py_GIL_DISABLED"):
    sys.exit("teletap: not for free-threaded builds of CPython: build with another one")

STABLE = sys.version_info >= (3, 12)
with open("VERSION") as file:
    VERSION = file.read().strip()


class Build(build_py):
    """Puts teletap.pth beside the package, where installed, site reads it."""

    def run(self):
        super().run()
        self.copy_file("teletap.pth", os.path.join(self.build_lib, "teletap.pth"))

    def get_outputs(self, include_bytecode=True):
        return super().get_outputs(include_bytecode) + [
            os.path.join(self.build_lib, "teletap.pth")]


setup(
    name="teletap",
    version=VERSION,
    description="Markers for calls, collections and imports of Python, switched on and off from outside",
    python_requires=">=3.9",
    packages=["teletap"],
    cmdclass={"build_py": Build},
    ext_modules=[
        Extension(
            "teletap._native",
            sorted(glob.glob("native/*.c")),
            depends=glob.glob("native/*.h"),
            # Debian's pyconfig.h includes another one from there
            include_dirs=[os.path.dirname(sysconfig.get_path("include"))],
            define_macros=[("_GNU_SOURCE", "1"), ("VERSION", '"%s"' % VERSION)]
            + ([("Py_LIMITED_API", "0x030c0000")] if STABLE else []),
            extra_compile_args=["-std=c17", "-fvisibility=hidden", "-Wall", "-Wextra"]
            + (["-mtls-dialect=gnu2"] if platform.machine() == "x86_64" else []),
            extra_link_args=["-Wl,--build-id", "-Wl,-z,separate-code"],
            py_limited_api=STABLE,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp312"}} if STABLE else {},
)
