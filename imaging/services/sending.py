"""Regions go to an archive as a DICOM segmentation: by C-STORE or by STOW-RS."""

from __future__ import annotations

import json
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.db.models import QuerySet
from pydicom import dcmread

from imaging.methods.multipart_related import write_parts
from imaging.models import DicomPeer, PeerKind, Roi, Series
from studies.access import require
from studies.consents import SHARING, usable
from studies.jobs import enqueue
from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say
from studies.models import Job, Study
from studies.services import read_record

from .regions import regions_export

SEND = "imaging.regions_send"
WAIT_SECONDS = 30
SUCCESS = 0x0000
FAILED_SOP, REFERENCED_SOP = "00081198", "00081199"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
FIELDS = ("kind", "host", "port", "title", "own_title", "url", "secret_name")


def peers_of(study: Study) -> QuerySet[DicomPeer]:
    return DicomPeer.objects.filter(study=study)


def peer_set(study: Study, user: Any, name: str, **fields: Any) -> DicomPeer:
    """Name an archive of the study, or change where it is. For who runs the server.

    Raises
    ------
    DataProblem
        No name, an unknown kind, or an address that its kind cannot do without.
    PermissionDenied
        The user lacks the right ``manage``.
    """
    require(user, study, "manage")
    given = {key: fields.get(key) or "" for key in FIELDS} | {"port": int(fields.get("port") or 0)}
    given["own_title"] = given["own_title"] or "ISOTHERM"
    needed = {PeerKind.C_STORE: ("host", "port", "title"), PeerKind.STOW: ("url",)}
    if given["kind"] not in PeerKind.values:
        raise refuse("kind", given["kind"], " or ".join(PeerKind.values), "Choose one of them.")
    lacking = [key for key in needed[PeerKind(given["kind"])] if not given[key]]
    if not name.strip() or lacking:
        raise refuse("archive", "no " + ", no ".join(lacking or ["name"]),
                     "a name and an address", "Say where the archive is.")  # fmt: skip
    if given["url"] and not given["url"].startswith(("https://", "http://")):
        raise refuse("url", given["url"], "an address of the web", "Begin it with https://.")
    peer, _ = DicomPeer.objects.update_or_create(study=study, name=name.strip(), defaults=given)
    return peer


def regions_send_start(
    study: Study, user: Any, series: Series, peer: DicomPeer, given_uids: bool = False
) -> Job:
    """A job that sends every region in force on a scan, as one segmentation.

    ``given_uids``: refer to the scan by the UIDs it came with, so that it meets its scan there.

    Raises
    ------
    PermissionDenied
        The user lacks ``download``, or ``identifiers`` for the given UIDs.
    """
    require(user, study, "download")
    if given_uids:
        require(user, study, "identifiers")
    _regions(study, series.uid)
    read_record(study, user, "download", "regions_send", f"{peer.name} {series.uid}", [], 1)
    params = {"series": str(series.uid), "peer": str(peer.uid), "given_uids": given_uids}
    return enqueue(SEND, study, user, params=params)


def regions_send(study: Study, params: dict[str, Any]) -> dict[str, Any]:
    """Send them; the archive has said that it stored them, or the job has failed.

    Raises
    ------
    DataProblem
        No region of a patient who shares data; an archive that does not answer, or refuses.
    """
    peer = DicomPeer.objects.filter(study=study, uid=params["peer"]).first()
    if peer is None:
        raise refuse(
            "archive", say("one that is no longer set"), "an archive of the study", "Choose."
        )
    rois = _regions(study, params["series"])
    data = regions_export(rois, "seg", bool(params.get("given_uids")))
    SENDERS[PeerKind(peer.kind)](peer, data)
    uid = str(dcmread(BytesIO(data), stop_before_pixels=True).SOPInstanceUID)
    return {"archive": peer.name, "regions": len(rois), "sop_instance_uid": uid}


def _regions(study: Study, series_uid: Any) -> list[Roi]:
    rows = Roi.objects.filter(study=study, series__uid=series_uid, superseded_by__isnull=True)
    rows = usable(rows, study, SHARING).select_related(
        "series__dicom_study", "series__patient", "mask__study"
    )
    found = list(rows.order_by("id"))
    if not found:
        raise refuse(
            "regions",
            say("none that may be shared"),
            "a region in force on the scan, of a patient who shares data",
            "Draw one, or record the consent.",
        )
    return found


def _by_c_store(peer: DicomPeer, data: bytes) -> None:
    try:
        from pynetdicom import AE
    except ImportError as error:
        raise refuse("C-STORE", say("pynetdicom is not installed"), "the extra 'network'",
                     "Install it, or use DICOMweb.") from error  # fmt: skip
    entity = AE(ae_title=peer.own_title)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = WAIT_SECONDS
    entity.connection_timeout = WAIT_SECONDS
    entity.add_requested_context(SEGMENTATION)
    link = entity.associate(peer.host, peer.port, ae_title=peer.title)
    if not link.is_established:
        raise _unwilling(peer, say("no association"))
    try:
        answer = link.send_c_store(dcmread(BytesIO(data)))
    finally:
        link.release()
    status = answer.get("Status")
    if status != SUCCESS:
        raise _unwilling(
            peer,
            say("no answer") if status is None else say("status 0x{status:04X}", status=status),
        )


def _by_stow(peer: DicomPeer, data: bytes) -> None:
    boundary = secrets.token_hex(16)
    headers = {
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
        "Accept": "application/dicom+json",
    }
    if peer.secret_name:
        headers["Authorization"] = os.environ.get(peer.secret_name, "")
    body = b"".join(write_parts(iter([data]), boundary, "application/dicom"))
    address = f"{peer.url.rstrip('/')}/studies"
    request = urllib.request.Request(address, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
            said = json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        raise _unwilling(peer, f"HTTP {error.code}") from error
    except (OSError, ValueError) as error:
        raise _unwilling(peer, say("no answer in DICOM's JSON")) from error
    failed, stored = (said.get(tag, {}).get("Value") for tag in (FAILED_SOP, REFERENCED_SOP))
    if failed or not stored:
        raise _unwilling(peer, say("an object that it could not store"))


def _unwilling(peer: DicomPeer, found: str) -> DataProblem:
    return refuse(
        say("archive {name}", name=peer.name),
        found,
        "an archive that stores the segmentation",
        "Ask who runs it; try again when it is mended.",
    )


SENDERS: dict[PeerKind, Callable[[DicomPeer, bytes], None]] = {
    PeerKind.C_STORE: _by_c_store,
    PeerKind.STOW: _by_stow,
}
