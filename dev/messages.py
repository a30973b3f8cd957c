"""Other languages at set-up: what translators wrote is compiled (``config/messages.py``)."""

from __future__ import annotations

import subprocess
from pathlib import Path

MODULE = "config.messages"
MERGE = "config.catalogue_merge"


def gather(project: Path, python: Path) -> None:
    """Write what the code says now into the catalogues below ``locale``."""
    subprocess.run([str(python), "-m", MODULE], cwd=project, check=True)


def set_up(project: Path, python: Path) -> None:
    """Compile the catalogues that changed; nothing when all are current."""
    _name_merge_driver(project)
    for path in (project / "locale").glob("*/LC_MESSAGES/*.po"):
        compiled = path.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < path.stat().st_mtime:
            subprocess.run([str(python), "-m", MODULE, "compile"], cwd=project, check=True)
            return


def _name_merge_driver(project: Path) -> None:
    """In this clone catalogues are merged by message (``.gitattributes``), not by line."""
    if (project / ".git").exists():
        command = f".venv/bin/python -m {MERGE} %O %A %B %P"
        settings = ["git", "config", "merge.catalogue.driver", command]
        subprocess.run(settings, cwd=project, check=False, capture_output=True)
