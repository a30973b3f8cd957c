"""The product's processes end with us, however we end. A small stand-in takes its place here."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from dev import processes, valkey
from dev.place import SetupError, find_place
from dev.processes import Product, end_groups, end_leftovers, free_port

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = {
    "manage.py": """
import os, sys
from pathlib import Path
with Path("managed").open("a") as file:
    print(sys.argv[1], os.environ["DATABASE_URL"].split("@")[0], file=file)
""",
    "config/__init__.py": "from config.queue import app as celery_app",
    "config/queue.py": """
import os
from celery import Celery
app = Celery("stand-in", broker=os.environ["CELERY_BROKER_URL"])
app.conf.broker_connection_retry_on_startup = True
""",
    "config/wsgi.py": """
import os
if os.environ.get("BROKEN"):
    raise RuntimeError(os.environ["BROKEN"])

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"here"]
""",
}
SERVE = """
import sys
from pathlib import Path
from dev.processes import Product
with Product(Path(sys.argv[1]), concurrency=1, web_workers=1) as product:
    print(product.base_url, *(child.process.pid for child in product.children), flush=True)
    product.wait()
"""


@pytest.fixture(scope="module")
def project(copy) -> Path:
    folder = copy("stand in")
    for name, text in STAND_IN.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(autouse=True)
def no_django(monkeypatch):
    """The stand-in has no settings of Django's; its worker would die of those of this run."""
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)


def ends_within(seconds: float, *groups: int) -> bool:
    until = time.monotonic() + seconds
    while any(processes._group_lives(group) for group in groups):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def fetch(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return answer.read()


def serve_apart(project: Path) -> tuple[subprocess.Popen, str, list[int]]:
    running = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(project)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    address, *groups = running.stdout.readline().split()
    return running, address, [int(group) for group in groups]


def test_it_migrates_as_the_owner_then_serves_and_ends(project):
    (project / "managed").unlink(missing_ok=True)
    with Product(project, concurrency=1, web_workers=1) as product:
        groups = [child.process.pid for child in product.children]
        assert fetch(product.base_url) == b"here"
        assert (project / "managed").read_text().splitlines() == [
            "migrate postgresql://isotherm_owner",
        ]
        with pytest.raises(SetupError, match="runs already"):
            Product(project).__enter__()
    assert ends_within(0, *groups)
    assert not valkey.is_running(find_place(project))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_process_behind(project, ending):
    running, address, groups = serve_apart(project)
    with running:
        assert fetch(address) == b"here"
        running.send_signal(ending)
        assert running.wait(30) == 128 + ending
    assert ends_within(5, *groups)  # what init has yet to reap is not left behind
    assert not valkey.is_running(find_place(project))


def test_what_a_killed_run_left_is_ended_by_the_next(project):
    running, address, groups = serve_apart(project)
    with running:
        running.kill()
    assert fetch(address) == b"here"
    end_leftovers(project / ".isotherm")
    assert ends_within(5, *groups)


def test_a_process_that_dies_is_reported_with_its_log(project, monkeypatch):
    monkeypatch.setenv("BROKEN", "no such thing")
    with pytest.raises(SetupError, match="no such thing"), Product(project, concurrency=1):
        pass


def test_another_process_under_an_old_number_is_left_alone(tmp_path):
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as innocent:
        note = f'{{"{innocent.pid}": "some other start"}}'
        (tmp_path / processes.CHILDREN).write_text(note)
        end_leftovers(tmp_path)
        assert innocent.poll() is None
        innocent.kill()


def test_a_process_deaf_to_sigterm_is_killed_with_its_group():
    deaf = "trap '' TERM; sleep 60 & wait; wait"
    with subprocess.Popen(["sh", "-c", deaf], start_new_session=True) as process:
        time.sleep(0.2)
        end_groups([process.pid], seconds=0.3)
        assert ends_within(5, process.pid)


def test_ports_in_use_are_passed_over(monkeypatch):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(processes, "FIRST_PORT", port)
        monkeypatch.setattr(processes, "LAST_PORT", port + 50)
        assert free_port("127.0.0.1") > port
        monkeypatch.setattr(processes, "LAST_PORT", port)
        with pytest.raises(SetupError, match="No port"):
            free_port("127.0.0.1")


def test_exec_waits_and_hands_the_signal_on():
    code = (
        "import os, sys; from pathlib import Path; from dev.processes import run_in_front;"
        "sys.exit(run_in_front(['sh', '-c', 'trap \"exit 7\" TERM; echo up; sleep 30 & wait'],"
        " dict(os.environ), Path.cwd()))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout.readline() == "up\n"
        os.kill(running.pid, signal.SIGTERM)
        assert running.wait(10) == 7
