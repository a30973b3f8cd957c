"""Kernels that numba compiles at their first call, so that importing them costs nothing.

A kernel calls kernels of its own module only: numba's cache looks at one file, and would keep a
caller whose callee in another file has changed.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
_one_at_a_time = threading.Lock()


def compiled_on_first_use(function: Kernel) -> Kernel:
    """A kernel of numba's; the first call of any of a module makes compiled ones of them all.

    Parameters
    ----------
    function : callable
        A function of a module; it may call the module's other kernels by their names, and none of
        another module.
    """
    names = function.__globals__
    written = names.setdefault("__kernels__", {})
    written[function.__name__] = function

    @functools.wraps(function)
    def kernel(*given: Any) -> Any:
        if names[function.__name__] is kernel:
            _compile(names, written)
        return names[function.__name__](*given)

    return kernel  # type: ignore[return-value]


def _compile(names: dict[str, Any], written: dict[str, Callable[..., Any]]) -> None:
    """Put numba's dispatchers where the module's functions stood: they find each other there."""
    with _one_at_a_time:
        if "__compiled__" in names:
            return
        from numba import njit

        fast = njit(cache=True, nogil=True, error_model="numpy")
        names.update({name: fast(function) for name, function in written.items()})
        names["__compiled__"] = True
