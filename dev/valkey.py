"""The embedded Valkey: an append-only queue on a private socket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from dev.place import Place, SetupError

START_SECONDS = STOP_SECONDS = 20


def url(place: Place) -> str:
    return f"redis+socket://{quote(str(place.valkey_socket))}?virtual_host=0"


def ask(place: Place, *words: str) -> str | None:
    """Send one command and return the first line of the answer; None when nobody listens."""
    request = "".join([f"*{len(words)}\r\n", *(f"${len(word)}\r\n{word}\r\n" for word in words)])
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(place.valkey_socket))
            connection.sendall(request.encode())
            return connection.recv(4096).decode().split("\r\n")[0]
        except OSError:
            return None


def is_running(place: Place) -> bool:
    return ask(place, "PING") == "+PONG"


def start(place: Place) -> None:
    if is_running(place):
        return
    folder = place.state / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    log = folder / "server.log"
    options = {
        "dir": folder,
        "unixsocket": place.valkey_socket,
        "unixsocketperm": "600",
        "port": "0",
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "yes",
        "pidfile": _pid_file(place),
        "logfile": log,
    }
    words = [str(word) for key, value in options.items() for word in (f"--{key}", value)]
    answer = subprocess.run(
        [place.valkey, *words], capture_output=True, text=True, cwd=folder, check=False
    )
    until = time.monotonic() + START_SECONDS
    while not is_running(place):
        if answer.returncode or time.monotonic() > until:
            tail = log.read_text("utf-8", "replace").splitlines()[-8:] if log.exists() else []
            said = [answer.stdout.strip(), *tail]
            raise SetupError("Valkey does not start. Its log ends:\n" + "\n".join(said))
        time.sleep(0.05)


def stop(place: Place) -> None:
    """End the server after it has written everything down; it takes its socket away last."""
    if not is_running(place):
        return
    os.kill(int(_pid_file(place).read_text("utf-8")), signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while place.valkey_socket.exists():
        if time.monotonic() > until:
            raise SetupError(f"Valkey did not stop; its log is {place.state / 'valkey'}.")
        time.sleep(0.02)


def _pid_file(place: Place) -> Path:
    return place.state / "valkey" / "server.pid"
