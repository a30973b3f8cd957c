"""Write requirements.lock: names and versions only, for Linux and macOS, Python 3.11 and later."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from dev.place import SetupError

HEADER = """\
# Every package with its version, for Linux and macOS. Written by `make lock` (uv pip compile)
# without hashes, addresses or the CUDA packages that torch would ask for: see dev/environment.py.
"""
CUDA = re.compile(r"^(nvidia-|cuda-|triton)")


def write_lock(project: Path) -> None:
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--extra", "dev"),
        *("--universal", "--python-version", "3.11", "--no-header", "--no-annotate", "--quiet"),
        *("--no-emit-index-url", "--no-emit-find-links"),
    ]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=project, check=False)
    if answer.returncode:
        raise SetupError(f"uv could not write the lock: {answer.stderr.strip()}")
    lines = [line for line in answer.stdout.splitlines() if line and not CUDA.match(line)]
    (project / "requirements.lock").write_text(HEADER + "\n".join(lines) + "\n", "utf-8")
