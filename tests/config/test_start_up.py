"""What a process of the web server has loaded before anybody asked for a number."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import lazily
from tests.conftest import REPO

# Something of each that is there only once it is loaded.
HEAVY = (
    "altair.vegalite",
    "highdicom.seg",
    "numba",
    "onnxruntime",
    "pandas.core",
    "pyarrow.lib",
    "SimpleITK.SimpleITK",
    "sklearn",
    "statsmodels",
    "torch",
)


def test_a_web_process_loads_no_heavy_package() -> None:
    asked = f"""
import sys, config.wsgi
print(*(name for name in {HEAVY} if name in sys.modules))
"""
    answer = subprocess.run(
        [sys.executable, "-c", asked], cwd=REPO, check=True, capture_output=True, text=True
    )
    assert answer.stdout.split() == []


@pytest.fixture
def heavy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package that takes a moment to load, imported on first use."""
    package = tmp_path / "heavy_one"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import time\nloaded = []\nloaded.append(1)\ntime.sleep(0.2)\n"
        "from heavy_one.inner import weight\n",
        "utf-8",
    )
    (package / "inner.py").write_text("import heavy_one\nweight = 7\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(lazily, "HEAVY", {"heavy_one"})
    monkeypatch.setattr(sys, "meta_path", [lazily.HeavyOnFirstUse(), *sys.meta_path])
    yield "heavy_one"
    for name in [name for name in sys.modules if name.partition(".")[0] == "heavy_one"]:
        del sys.modules[name]


def test_it_is_loaded_once_when_threads_ask_together(heavy: str) -> None:
    module = __import__(heavy)
    assert "loaded" not in vars(module)
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(module.weight)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [7] * 4
    assert module.loaded == [1]
    assert "heavy_one.inner" in sys.modules
    with pytest.raises(AttributeError, match="nothing_such"):
        module.nothing_such  # noqa: B018


def test_a_module_of_it_waits_with_it(heavy: str) -> None:
    inner = importlib.import_module(f"{heavy}.inner")
    package = sys.modules[heavy]
    assert "loaded" not in vars(package)
    assert inner.weight == 7
    assert package.loaded == [1]
    assert package.inner is inner


def test_what_is_taken_from_it_loads_it(heavy: str) -> None:
    taken: dict[str, object] = {}
    exec(f"from {heavy}.inner import weight", taken)
    assert taken["weight"] == 7
    assert sys.modules[heavy].loaded == [1]
