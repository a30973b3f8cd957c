"""``python -m dev <verb>``: the set-up, the embedded servers, and the product around them."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

from dev import services
from dev.place import SetupError

PROJECT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="start the embedded servers and print the environment")
    verbs.add_parser("down", help="stop them")
    shown = verbs.add_parser("env", help="print the environment as KEY=value lines")
    shown.add_argument("--export", action="store_true", help="as lines a shell can evaluate")
    inside = verbs.add_parser("exec", help="run a command with the servers and the environment")
    inside.add_argument("command", nargs=argparse.REMAINDER)
    chosen = parser.parse_args(arguments)
    try:
        return VERBS[chosen.verb](chosen)
    except SetupError as problem:
        print(f"isotherm: {problem}", file=sys.stderr)
        return 1


def _up(chosen: argparse.Namespace) -> int:
    _print(services.up(PROJECT))
    return 0


def _down(chosen: argparse.Namespace) -> int:
    services.down(PROJECT)
    return 0


def _env(chosen: argparse.Namespace) -> int:
    _print(services.environment(PROJECT), chosen.export)
    return 0


def _exec(chosen: argparse.Namespace) -> int:
    command = chosen.command[1:] if chosen.command[:1] == ["--"] else chosen.command
    if not command:
        raise SetupError("exec needs a command: python -m dev exec -- command arguments")
    with services.running(PROJECT) as values:
        return subprocess.run(command, env=os.environ | values, check=False).returncode


def _print(values: dict[str, str], export: bool = False) -> None:
    for name, value in values.items():
        print(f"export {name}={shlex.quote(value)}" if export else f"{name}={value}")


VERBS = {"up": _up, "down": _down, "env": _env, "exec": _exec}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
