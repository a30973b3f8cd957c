"""``python -m dev <verb>``: the set-up, the embedded servers, and the product around them."""

from __future__ import annotations

import argparse
import importlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

from dev import backup, check, kernels, lock, messages, services
from dev.place import SetupError
from dev.processes import Product, run_in_front

PROJECT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    sys.stdout.reconfigure(line_buffering=True)  # a log sees each line at once
    chosen = _parser().parse_args(arguments)
    try:
        return VERBS[chosen.verb](chosen) or 0
    except SetupError as problem:
        print(f"isotherm: {problem}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="start the embedded servers and print the environment")
    verbs.add_parser("down", help="stop them")
    shown = verbs.add_parser("env", help="print the environment as KEY=value lines")
    shown.add_argument("--export", action="store_true", help="as lines a shell can evaluate")
    inside = verbs.add_parser("exec", help="run a command with the servers and the environment")
    inside.add_argument("command", nargs=argparse.REMAINDER)
    demo = verbs.add_parser("demo", help="a whole simulated study, driven over HTTP")
    demo.add_argument("--patients", type=int, default=306)
    demo.add_argument("--no-serve", action="store_true", help="end after the table")
    verbs.add_parser("run", help="web server and worker until Ctrl-C")
    tested = verbs.add_parser("test", help="every check, or only the named tests")
    tested.add_argument("tests", nargs="*")
    saved = verbs.add_parser("backup", help="database and files into a new folder")
    saved.add_argument("--to", type=Path)
    restored = verbs.add_parser("restore", help="a backup into an empty database and storage")
    restored.add_argument("--from", dest="source", type=Path, required=True)
    verbs.add_parser("warm", help="compile the numerical kernels into their cache")
    said = verbs.add_parser("messages", help="gather what the product says, for translators")
    said.add_argument("--compile", action="store_true", help="compile what is translated instead")
    verbs.add_parser("screenshots", help="each page of the small demo, as pictures")
    verbs.add_parser("lock", help="write requirements.lock anew")
    verbs.add_parser("hadolint", help="check the Dockerfile")
    return parser


def _up(chosen: argparse.Namespace) -> None:
    _print(services.up(PROJECT))


def _down(chosen: argparse.Namespace) -> None:
    services.down(PROJECT)


def _env(chosen: argparse.Namespace) -> None:
    _print(services.environment(PROJECT), chosen.export)


def _exec(chosen: argparse.Namespace) -> int:
    command = chosen.command[1:] if chosen.command[:1] == ["--"] else chosen.command
    if not command:
        raise SetupError("exec needs a command: python -m dev exec -- command arguments")
    with services.running(PROJECT) as values:
        return run_in_front(command, os.environ | values, Path.cwd())


def _demo(chosen: argparse.Namespace) -> int:
    demo = importlib.import_module("dev.demo")
    return demo.run_demo(PROJECT, patients=chosen.patients, serve=not chosen.no_serve)


def _run(chosen: argparse.Namespace) -> None:
    with Product(PROJECT) as product:
        print(f"Isotherm serves at {product.base_url} (logs in {product.logs}). Ctrl-C ends it.")
        product.wait()


def _test(chosen: argparse.Namespace) -> int:
    return check.run_checks(PROJECT, chosen.tests)


def _backup(chosen: argparse.Namespace) -> None:
    print(f"Backup written to {backup.write_backup(PROJECT, chosen.to)}")


def _restore(chosen: argparse.Namespace) -> None:
    backup.restore_backup(PROJECT, chosen.source)
    print("Restored; every row count and digest is that of the backup.")


def _warm(chosen: argparse.Namespace) -> None:
    kernels.warm(PROJECT, Path(sys.executable))


def _screenshots(chosen: argparse.Namespace) -> int:
    return int(importlib.import_module("dev.screenshots").take(PROJECT))


def _messages(chosen: argparse.Namespace) -> None:
    work = messages.set_up if chosen.compile else messages.gather
    work(PROJECT, Path(sys.executable))


def _lock(chosen: argparse.Namespace) -> None:
    lock.write_lock(PROJECT)


def _hadolint(chosen: argparse.Namespace) -> int:
    program = Path(sys.prefix) / "bin" / "hadolint"
    if not program.exists():
        raise SetupError("hadolint is not installed here: run `make setup`.")
    return subprocess.run([program, "Dockerfile"], cwd=PROJECT, check=False).returncode


def _print(values: dict[str, str], export: bool = False) -> None:
    for name, value in values.items():
        print(f"export {name}={shlex.quote(value)}" if export else f"{name}={value}")


VERBS = {
    "up": _up,
    "down": _down,
    "env": _env,
    "exec": _exec,
    "demo": _demo,
    "run": _run,
    "test": _test,
    "backup": _backup,
    "restore": _restore,
    "warm": _warm,
    "screenshots": _screenshots,
    "messages": _messages,
    "lock": _lock,
    "hadolint": _hadolint,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
