"""The cache of compiled kernels, filled at set-up: numba takes many seconds the first time."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from dev.place import state_folder
from dev.progress import run_with_progress

MODULE = "modeling.methods.warm"
USED = b"compiled_on_first_use"  # as modules of kernels import it


def cache_folder(project: Path) -> Path:
    return Path(os.environ.get("NUMBA_CACHE_DIR") or state_folder(project) / "numba")


def warm(project: Path, python: Path) -> None:
    """Compile what changed since the last time; nothing when it is all there."""
    if not (project / f"{MODULE.replace('.', '/')}.py").exists():
        return  # an image is built in layers, this one first
    cache = cache_folder(project)
    stamp, wanted = cache / "warm", _digest(project)
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    cache.mkdir(parents=True, exist_ok=True)
    run_with_progress(
        "Compile the numerical kernels",
        [str(python), "-m", MODULE],
        state_folder(project) / "log" / "setup.log",
        cwd=project,
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)},
    )
    stamp.write_text(wanted, "utf-8")


def _digest(project: Path) -> str:
    texts = (file.read_bytes() for file in sorted(project.glob("*/methods/*.py")))
    return hashlib.sha256(
        b"\0".join(text for text in texts if b"numba" in text or USED in text)
    ).hexdigest()
