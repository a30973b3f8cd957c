"""The Python environment: made by uv when it is there, else by pip, and left alone when current.

Runs before anything is installed (``python3 -m dev.environment``): standard library only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from dev import frontend, kernels, messages
from dev.place import SetupError, locked, state_folder
from dev.progress import run_with_progress

PROJECT = Path(__file__).resolve().parent.parent
INPUTS = ("requirements.lock", "pyproject.toml", "package.json", "package-lock.json")
TORCH = "torch"
CPU_REMEDY = (
    "The CPU build of torch was not found. Where the PyTorch site cannot be reached, put its CPU "
    "wheel into a folder and name that folder in PIP_FIND_LINKS."
)


def set_up(project: Path = PROJECT) -> None:
    """Install what the lock names; nothing when the stamp says that it is all there."""
    state = state_folder(project)
    stamp = project / ".venv" / "isotherm-setup"
    with locked(state / "setup.lock"):
        wanted = _digest(project)
        if not (stamp.exists() and stamp.read_text("utf-8") == wanted):
            python = _virtual_environment(project)
            _install(python, project, state / "log" / "setup.log")
            frontend.set_up(project, python, state / "log" / "setup.log")
            stamp.write_text(wanted, "utf-8")
        elif not frontend.is_there(project):
            frontend.set_up(project, _python(project), state / "log" / "setup.log")
        (project / "staticfiles").mkdir(exist_ok=True)  # whitenoise warns when it is missing
        kernels.warm(project, _python(project))
        messages.set_up(project, _python(project))


def _python(project: Path) -> Path:
    return project / ".venv" / "bin" / "python"


def _digest(project: Path) -> str:
    parts = [(project / name).read_bytes() for name in INPUTS]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _virtual_environment(project: Path) -> Path:
    folder = project / ".venv"
    python = _python(project)
    if _works(python):
        return python
    uv = shutil.which("uv")
    command = (
        [uv, "venv", "--quiet", "--clear", "--seed", "--python", sys.executable, str(folder)]
        if uv
        else [sys.executable, "-m", "venv", "--clear", str(folder)]
    )
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode or not _works(python):
        raise SetupError(
            "No virtual environment could be made. On Debian and Ubuntu install python3-venv, or "
            f"install uv.\n{answer.stdout}{answer.stderr}"
        )
    return python


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    trial = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-c", trial], capture_output=True, check=False).returncode == 0


def _install(python: Path, project: Path, log: Path) -> None:
    """torch first and as the CPU build, then the rest without asking for its dependencies.

    The lock is complete, so nothing else is needed; asking would bring gigabytes of CUDA.
    """
    lock = project / "requirements.lock"
    if sys.platform == "linux":
        _install_torch_for_cpu(python, _locked_torch(lock), log)
    pip = [str(python), "-m", "pip"]
    uv = shutil.which("uv")
    installer = pip if not uv or _pip_is_configured(pip) else [uv, "pip"]
    target = ["--no-compile", "--progress-bar", "off"]  # as uv does it: on first import
    if installer != pip:
        target = ["--python", str(python)]
    run_with_progress(
        "Install the packages of requirements.lock",
        [*installer, "install", *target, "--no-deps", "-r", str(lock)],
        log,
    )


def _locked_torch(lock: Path) -> str:
    lines = lock.read_text("utf-8").splitlines()
    return next(line.split(";")[0].strip() for line in lines if line.startswith(f"{TORCH}=="))


def _install_torch_for_cpu(python: Path, torch: str, log: Path) -> None:
    pip = [str(python), "-m", "pip"]
    version = torch.split("==")[1]
    if _installed(python).startswith(version):
        return
    local = subprocess.run(
        [*pip, "install", "--quiet", "--no-index", "--no-deps", torch],
        capture_output=True,
        check=False,
    )
    if local.returncode == 0:
        return
    uv = shutil.which("uv")
    if uv is None:
        run_with_progress("Fetch uv", [*pip, "install", "uv"], log)
        uv = str(python.parent / "uv")
    command = [uv, "pip", "install", "--python", str(python), "--torch-backend", "cpu", "--no-deps"]
    environment = os.environ | {"UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "true")}
    run_with_progress(
        "Install torch for the CPU", [*command, torch], log, CPU_REMEDY, env=environment
    )


def _installed(python: Path) -> str:
    code = f"from importlib.metadata import version; print(version('{TORCH}'))"
    answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def _pip_is_configured(pip: list[str]) -> bool:
    """Whether this machine tells pip where packages come from; uv would not hear of it."""
    answer = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False)
    names = ("index-url=", "find-links=", "no-index=")
    return any(name in line for line in answer.stdout.splitlines() for name in names)


if __name__ == "__main__":
    try:
        set_up()
    except SetupError as problem:
        print(f"isotherm: {problem}", file=sys.stderr)
        sys.exit(1)
