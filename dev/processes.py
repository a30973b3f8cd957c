"""The product as processes: services, web server and worker, all of which end with us."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from dev import frontend, services
from dev.place import SetupError, state_folder

FIRST_PORT, LAST_PORT = 8000, 8999
START_SECONDS = 60
STOP_SECONDS = 8
CHILDREN = "children.json"
AS_OWNER = {"migrate", "flush"}
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])


@dataclass
class Product:
    """``with Product(project) as product:`` serves at ``product.base_url`` until the end.

    A second copy of the project beside it has its own servers and finds another port. A second
    product of one copy (a test's, say) needs a folder of its own and, in ``overrides``, a
    database and a queue of its own.
    """

    project: Path
    folder: Path | None = None
    overrides: dict[str, str] = field(default_factory=dict)
    web_workers: int = 2
    concurrency: int = 2
    host: str = "127.0.0.1"
    port: int = 0
    env: dict[str, str] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def state(self) -> Path:
        return self.folder or state_folder(self.project)

    @property
    def logs(self) -> Path:
        return self.state / "log"

    def __enter__(self) -> Product:
        self.logs.mkdir(exist_ok=True, parents=True)
        with ExitStack() as stack:
            stack.enter_context(signals_raise())
            stack.enter_context(_only_one(self.state))
            end_leftovers(self.state)
            embedded = stack.enter_context(services.running(self.project))
            self.env = os.environ | embedded | self.overrides
            stack.callback(self._stop_children)
            self.manage("migrate", "--verbosity", "0")
            self.port = self.port or free_port(self.host, known=self.folder is None)
            self._start_children()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def manage(self, *arguments: str) -> str:
        """Run a management command (migrations as the owner) and return what it printed."""
        environment = dict(self.env)
        if arguments[0] in AS_OWNER:
            environment["DATABASE_URL"] = environment["DATABASE_OWNER_URL"]
        command = [sys.executable, "manage.py", *arguments]
        answer = subprocess.run(
            command, cwd=self.project, env=environment, capture_output=True, text=True, check=False
        )
        if answer.returncode:
            raise SetupError(_refusal(arguments[0], answer.stderr.strip()))
        return answer.stdout

    def check(self) -> None:
        """Raise when one of the processes is gone."""
        for child in self.children:
            if child.process.poll() is not None:
                raise SetupError(
                    f"The {child.name} ended with {child.process.returncode}. Its log "
                    f"({child.log}) ends:\n{child.tail()}"
                )

    def wait(self) -> None:
        """Serve until Ctrl-C, or until a process is gone."""
        while True:
            self.check()
            time.sleep(0.5)

    def _start_children(self) -> None:
        frontend.pack(self.project)
        web = ["gunicorn", "config.wsgi", "--preload", "--bind", f"{self.host}:{self.port}"]
        web += ["--workers", str(self.web_workers), "--threads", "4", "--timeout", "120"]
        web += ["--graceful-timeout", "3", "--no-control-socket", "--access-logfile", "-"]
        for log in ("web-server.log", "worker.log"):
            (self.logs / log).unlink(missing_ok=True)
        self._start("web server", web)
        self.start_worker()
        self._wait_for_web()

    def start_worker(self) -> None:
        """The worker with its beat; again when the one before it was killed."""
        self.children = [child for child in self.children if child.name != "worker"]
        worker = ["celery", "-A", "config", "worker", "--beat", "--loglevel", "INFO"]
        worker += ["--concurrency", str(self.concurrency), "--without-gossip", "--without-mingle"]
        worker += ["--schedule", str(self.state / "beat")]
        self._start("worker", worker)

    def _start(self, name: str, command: list[str]) -> None:
        log = self.logs / f"{name.replace(' ', '-')}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=self.project,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.children.append(Child(name, process, log))
        _note_children(self.state, [child.process.pid for child in self.children])

    def _wait_for_web(self) -> None:
        until = time.monotonic() + START_SECONDS
        while not _answers(self.base_url):
            self.check()
            if time.monotonic() > until:
                web = self.children[0]
                raise SetupError(f"The web server does not answer. Its log ends:\n{web.tail()}")
            time.sleep(0.1)

    def _stop_children(self) -> None:
        end_groups([child.process.pid for child in self.children])
        for child in self.children:
            child.process.wait()
        self.children.clear()
        _note_children(self.state, [])


def _refusal(verb: str, said: str) -> str:
    """A bad setting is a sentence that names it; anything else is shown as it came."""
    kind, _, sentence = said.rpartition("ImproperlyConfigured: ")
    return sentence if kind else f"manage.py {verb} failed:\n{said}"


@contextmanager
def signals_raise() -> Iterator[None]:
    """SIGTERM and SIGHUP unwind like Ctrl-C; while unwinding, a second signal changes nothing."""

    def leave(number: int, frame: object) -> None:
        for ending in ENDING:
            signal.signal(ending, signal.SIG_IGN)
        raise SystemExit(128 + number)

    before = {number: signal.getsignal(number) for number in ENDING}
    for number in ENDING:
        if number != signal.SIGHUP or before[number] != signal.SIG_IGN:  # nohup asked for that
            signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_in_front(command: list[str], environment: dict[str, str], folder: Path) -> int:
    """Run a command on our terminal; what would end us goes to it, and we wait for its end."""
    early: list[int] = []
    process: subprocess.Popen[bytes] | None = None

    def forward(number: int, frame: object) -> None:
        if number == signal.SIGINT:  # Ctrl-C reaches the command by itself
            return
        if process is None:
            early.append(number)
        else:
            process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in ENDING}
    try:
        with subprocess.Popen(command, env=environment, cwd=folder) as process:
            for number in early:
                process.send_signal(number)
            return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def free_port(host: str, known: bool = True) -> int:
    """The first free one of those that people try; any for a second product of one copy."""
    for port in range(FIRST_PORT, LAST_PORT + 1) if known else [0]:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                trial.bind((host, port))
                return trial.getsockname()[1]
    raise SetupError(f"No port between {FIRST_PORT} and {LAST_PORT} is free.")


def end_groups(leaders: list[int], seconds: float = STOP_SECONDS) -> None:
    """Ask each leader to end, then kill whatever is left of its group."""
    for leader in leaders:
        with contextlib.suppress(ProcessLookupError):
            os.kill(leader, signal.SIGTERM)
    until = time.monotonic() + seconds
    while any(_group_lives(leader) for leader in leaders) and time.monotonic() < until:
        time.sleep(0.05)
    for leader in leaders:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGKILL)


def end_leftovers(state: Path) -> None:
    """Processes of a run that was itself killed with kill -9."""
    file = state / CHILDREN
    if not file.exists():
        return
    noted = json.loads(file.read_text("utf-8"))
    end_groups([int(pid) for pid, started in noted.items() if _started(int(pid)) == started])
    file.unlink(missing_ok=True)


def _note_children(state: Path, pids: list[int]) -> None:
    noted = {pid: _started(pid) for pid in pids}
    (state / CHILDREN).write_text(json.dumps(noted), "utf-8")


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    with (state / "product.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SetupError(
                "The product of this copy runs already (make run or make demo). End it first."
            ) from error
        yield


def _started(pid: int) -> str | None:
    """When a process began, so that a number used again is not taken for the old process."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            return stat.read_text("utf-8").rpartition(")")[2].split()[19]
        except OSError:
            return None
    answer = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or None


def _group_lives(leader: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(leader, os.WNOHANG)
    try:
        os.killpg(leader, 0)
    except (ProcessLookupError, PermissionError):  # macOS: a group of zombies may not be asked
        return False
    return True


def _answers(address: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(address, timeout=5).close()
    except urllib.error.HTTPError:
        return True  # it answered, be it with a refusal
    except OSError:
        return False
    return True
