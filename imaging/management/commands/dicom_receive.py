"""A DICOM node that takes in PET/CT by C-STORE; needs the extra ``network``."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from imaging.services import Inbox, received_hand_in
from studies.access import acting_as, require
from studies.methods.problems import DataProblem
from studies.models import Study

try:
    from pynetdicom import AE, evt
    from pynetdicom.sop_class import (
        CTImageStorage,
        PositronEmissionTomographyImageStorage,
        RTStructureSetStorage,
        SegmentationStorage,
        Verification,
    )
except ImportError:  # the extra is not installed
    AE = None

SUCCESS, OUT_OF_RESOURCES = 0x0000, 0xA700


def node(inbox: Inbox, title: str, host: str, port: int, senders: list[str]) -> Any:
    """A running server that puts what it gets into ``inbox``; end it by ``shutdown()``."""
    entity = AE(ae_title=title)
    entity.require_called_aet = True
    if senders:
        entity.require_calling_aet = senders
    entity.add_supported_context(Verification)
    for kind in (
        PositronEmissionTomographyImageStorage,
        CTImageStorage,
        RTStructureSetStorage,
        SegmentationStorage,
    ):
        entity.add_supported_context(kind)

    def stored(event: Any) -> int:
        try:
            inbox.put(event.assoc, event.encoded_dataset())
        except OSError:
            return OUT_OF_RESOURCES
        return SUCCESS

    handlers = [
        (evt.EVT_C_STORE, stored),
        (evt.EVT_RELEASED, lambda event: inbox.released(event.assoc)),
        (evt.EVT_ABORTED, lambda event: inbox.aborted(event.assoc)),
        (evt.EVT_CONN_CLOSE, lambda event: inbox.aborted(event.assoc)),
    ]
    return entity.start_server((host, port), block=False, evt_handlers=handlers)


class Command(BaseCommand):
    help = "Receive PET, CT, RTSTRUCT and SEG by C-STORE, as an upload of a user into a study."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--study", required=True, help="name of the study")
        parser.add_argument("--user", required=True, help="whose uploads these are")
        parser.add_argument("--title", default="ISOTHERM", help="AE title of this node")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=11112)
        parser.add_argument("--from", dest="senders", action="append", default=[],
                            help="AE title that may send; several times for several")  # fmt: skip
        parser.add_argument("--quiet-seconds", type=float, default=10.0,
                            help="an upload is what came until so long nothing did")  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if AE is None:
            raise CommandError("pynetdicom is not installed: install Isotherm's extra 'network'.")
        study = Study.objects.filter(name=options["study"]).first()
        users = get_user_model()._default_manager
        user = users.filter(username=options["user"]).first()
        if study is None or user is None:
            raise CommandError("No such study, or no such user.")
        with acting_as(user):
            require(user, study, "enter")
        inbox = Inbox(options["quiet_seconds"])
        where = options["title"], options["host"], options["port"]
        server = node(inbox, *where, options["senders"])
        self.stdout.write(f"{options['title']} listens on {options['host']}:{options['port']}")
        try:
            while True:
                self._hand_in(study, user, inbox, options["title"])
                time.sleep(0.5)
        except KeyboardInterrupt:
            self.stdout.write("Ended; what had not been handed in is to be sent again.")
        finally:
            server.shutdown()
            inbox.close()

    def _hand_in(self, study: Study, user: Any, inbox: Inbox, title: str) -> None:
        files = inbox.take()
        if not files:
            return
        try:
            batch = received_hand_in(study, user, files, title)
            self.stdout.write(f"{len(files)} files handed in: upload {batch.uid}")
        except DataProblem as refusal:
            self.stderr.write(str(refusal))
