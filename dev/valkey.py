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

START_SECONDS = 20


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
    options = {
        "dir": str(folder), "unixsocket": str(place.valkey_socket), "unixsocketperm": "600",
        "port": "0", "appendonly": "yes", "appendfsync": "everysec", "save": "",
        "maxmemory-policy": "noeviction", "databases": "2", "pidfile": str(_pid_file(place)),
    }  # fmt: skip
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    log = folder / "server.log"
    with log.open("ab") as output:
        server = subprocess.Popen(
            [str(place.valkey), *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            start_new_session=True,
            env={"PATH": os.defpath, "LC_ALL": "C"},
        )
    until = time.monotonic() + START_SECONDS
    while not is_running(place):
        if server.poll() is not None or time.monotonic() > until:
            tail = log.read_text("utf-8", "replace").splitlines()[-8:]
            raise SetupError("Valkey does not start. Its log ends:\n" + "\n".join(tail))
        time.sleep(0.05)
    _pid_file(place).write_text(f"{server.pid}\n", "utf-8")


def stop(place: Place) -> None:
    """End the server after it has written everything down."""
    if not is_running(place):
        return
    process = int(_pid_file(place).read_text("utf-8"))
    os.kill(process, signal.SIGTERM)
    until = time.monotonic() + START_SECONDS
    while _lives(process):
        if time.monotonic() > until:
            raise SetupError(f"Valkey (process {process}) did not stop.")
        time.sleep(0.05)


def _lives(process: int) -> bool:
    try:
        if os.waitpid(process, os.WNOHANG) != (0, 0):  # when it is our own child
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _pid_file(place: Place) -> Path:
    return place.state / "valkey" / "server.pid"
