"""The heavy packages, imported on first use: a page that counts nothing does not load them.

The web server and the commands install this; the worker, which needs them all, does not. What is
named here waits when it is imported as ``import pandas as pd`` or ``import pyarrow.csv as pa_csv``;
``from pandas import …`` loads it at once.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

HEAVY = frozenset({"altair", "highdicom", "pandas", "pyarrow", "SimpleITK"})


class Lazy(ModuleType):
    """A module that is loaded, once, when something of it is asked for."""

    def __getattr__(self, name: str) -> object:
        vars(self)["__lazy__"].load(self)
        return ModuleType.__getattribute__(self, name)


class LazyLoader(Loader):
    def __init__(self, real: Loader) -> None:
        self.real, self.lock, self.began = real, threading.RLock(), False

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__lazy__"] = self
        module.__class__ = Lazy

    def load(self, module: ModuleType) -> None:
        """Once; others wait, and the thread that loads may ask for what is there already."""
        package = sys.modules.get(module.__name__.rpartition(".")[0])
        if isinstance(package, Lazy):
            vars(package)["__lazy__"].load(package)
        with self.lock:
            if self.began:
                return
            self.began = True
            module.__spec__.loader = module.__loader__ = self.real  # type: ignore[union-attr]
            self.real.exec_module(module)
            module.__class__ = ModuleType


class HeavyOnFirstUse(MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, _ = name.rpartition(".")
        if name.partition(".")[0] not in HEAVY or (package and not _waits(package)):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec and spec.loader:
            spec.loader = LazyLoader(spec.loader)
        return spec


def _waits(package: str) -> bool:
    module = sys.modules.get(package)
    return isinstance(module, Lazy) and not vars(module)["__lazy__"].began


def install() -> None:
    """From now on in this process."""
    if not any(isinstance(finder, HeavyOnFirstUse) for finder in sys.meta_path):
        sys.meta_path.insert(0, HeavyOnFirstUse())
