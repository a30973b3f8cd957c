"""What a peer sends by C-STORE goes through the same door as an upload."""

import shutil
import socket
import subprocess
import time

import pytest
from scans_made import enrolled, scan_files

from imaging.management.commands.dicom_receive import node
from imaging.models import Series
from imaging.services import Inbox, received_hand_in
from studies.jobs import run_inline
from studies.services import batch_job

STORESCU = shutil.which("storescu")


def taken(inbox):
    """The files, once the node has heard that the sender is done."""
    for _ in range(600):
        if files := inbox.take():
            return files
        time.sleep(0.05)
    return []


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_an_upload_is_what_came_until_all_is_quiet():
    now = [0.0]
    inbox = Inbox(5, lambda: now[0])
    inbox.put("a", b"1")
    inbox.put("b", b"2")
    inbox.released("a")
    now[0] = 60
    assert inbox.take() == [], "b still sends"
    assert inbox.aborted("b") == 1
    inbox.put("c", b"3")
    inbox.released("c")
    assert inbox.take() == [], "not quiet yet"
    now[0] = 66
    taken = inbox.take()
    assert [path.read_bytes() for path in taken] == [b"1", b"3"], "what broke off is not among it"
    assert inbox.take() == []
    inbox.close()
    assert not taken[0].exists()


@pytest.mark.skipif(STORESCU is None, reason="dcmtk's storescu is not installed")
def test_storescu_sends_a_pet_ct(as_coordinator, tmp_path):
    people = as_coordinator
    enrolled(people, "P001")
    for number, data in enumerate(scan_files("P001").values()):
        (tmp_path / f"{number}.dcm").write_bytes(data)
    inbox, port = Inbox(0), free_port()
    server = node(inbox, "ISOTHERM", "127.0.0.1", port, ["PEER"])
    send = [STORESCU, "-aec", "ISOTHERM", "127.0.0.1", str(port), "+sd", str(tmp_path)]
    try:
        stranger = subprocess.run([*send, "-aet", "STRANGER"], capture_output=True, check=False)
        assert stranger.returncode != 0
        subprocess.run([*send, "-aet", "PEER"], check=True, capture_output=True)
        files = taken(inbox)
    finally:
        server.shutdown()
    assert len(files) == len(scan_files("P001"))
    batch = received_hand_in(people.study, people.coordinator, files, "PEER")
    run_inline(batch_job(batch))
    batch.refresh_from_db()
    assert batch.state == "ready", batch.problems
    assert Series.objects.count() == 2
    inbox.close()
