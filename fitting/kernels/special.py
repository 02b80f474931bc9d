"""SciPy's special functions inside compiled kernels.

SciPy exports its special functions as C symbols. Declared as external functions, they can be called from numba
code that is cached on disk, which function pointers cannot. The symbols must be known before such code is
loaded, so this module registers them when it is imported.
"""

from __future__ import annotations

import ctypes
from typing import Any

import llvmlite.binding as llvm
import scipy.special.cython_special as exported
from numba import njit
from numba.core import types


def _external(name: str, arguments: int) -> Any:
    """Register a double-valued function of ``scipy.special.cython_special`` and declare it for numba."""
    capsule = exported.__pyx_capi__[name]
    naming = ctypes.pythonapi.PyCapsule_GetName
    naming.restype, naming.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    address = pointer(capsule, naming(capsule))
    if address is None:
        raise ImportError(f"SciPy exports no address for {name}")
    symbol = f"evodose_{name}"
    llvm.add_symbol(symbol, address)
    # the last argument of the exported functions is a flag of Cython's dispatch, always zero
    return types.ExternalFunction(symbol, types.float64(*[types.float64] * arguments, types.intc))


_gammainc = _external("gammainc", 2)
_gammaincc = _external("gammaincc", 2)
_betainc = _external("__pyx_fuse_0betainc", 3)
_erfcx = _external("__pyx_fuse_1erfcx", 1)
_log_ndtr = _external("__pyx_fuse_1log_ndtr", 1)
_psi = _external("__pyx_fuse_1psi", 1)


@njit(cache=True)
def gammainc(a, x):
    """Regularised lower incomplete gamma function."""
    return _gammainc(a, x, 0)


@njit(cache=True)
def gammaincc(a, x):
    """Regularised upper incomplete gamma function."""
    return _gammaincc(a, x, 0)


@njit(cache=True)
def betainc(a, b, x):
    """Regularised incomplete beta function."""
    return _betainc(a, b, x, 0)


@njit(cache=True)
def erfcx(x):
    """Scaled complementary error function, exp(x**2) erfc(x)."""
    return _erfcx(x, 0)


@njit(cache=True)
def log_ndtr(x):
    """Logarithm of the standard normal distribution function."""
    return _log_ndtr(x, 0)


@njit(cache=True)
def digamma(x):
    """Logarithmic derivative of the gamma function."""
    return _psi(x, 0)


@njit(cache=True, error_model="numpy")
def trigamma(x):
    """Second derivative of log gamma at x > 0 (Abramowitz and Stegun, 6.4.6 and 6.4.12); not in SciPy's exports."""
    total = 0.0
    while x < 12.0:
        total += 1.0 / (x * x)
        x += 1.0
    i = 1.0 / (x * x)
    tail = i * (
        1 / 6 - i * (1 / 30 - i * (1 / 42 - i * (1 / 30 - i * (5 / 66 - i * (691 / 2730 - i * 7 / 6)))))
    )
    return total + 1.0 / x + 0.5 * i + tail / x
