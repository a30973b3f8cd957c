"""The archives of a study: whom the server may send regions to. For who runs the server."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from imaging.management.refusals import refused
from imaging.models import PeerKind
from imaging.services import peer_set, peers_of
from studies.access import acting_as
from studies.methods.problems import DataProblem
from studies.models import Study


class Command(BaseCommand):
    help = (
        "Name an archive of a study, change or remove it; without --name, list them. "
        "C-STORE: --kind c_store --host --port --title. DICOMweb: --kind stow --url."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--study", required=True, help="name of the study")
        parser.add_argument("--user", required=True, help="who manages the study")
        parser.add_argument("--name", default="", help="what the study calls the archive")
        parser.add_argument("--kind", choices=PeerKind.values, default=PeerKind.C_STORE)
        parser.add_argument("--host", default="")
        parser.add_argument("--port", type=int, default=0)
        parser.add_argument("--title", default="", help="AE title of the archive")
        parser.add_argument("--own-title", default="ISOTHERM", help="AE title of this server")
        parser.add_argument("--url", default="", help="https://host/dicom-web")
        parser.add_argument(
            "--secret-name",
            default="",
            help="environment variable with what goes into Authorization, say 'Bearer …'",
        )
        parser.add_argument("--remove", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(name=options["study"]).first()
        user = get_user_model()._default_manager.filter(username=options["user"]).first()
        if study is None or user is None:
            raise CommandError("No such study, or no such user.")
        fields = {key: options[key] for key in
                  ("kind", "host", "port", "title", "own_title", "url", "secret_name")}  # fmt: skip
        with acting_as(user):
            try:
                if options["remove"]:
                    peers_of(study).filter(name=options["name"]).delete()
                elif options["name"]:
                    peer_set(study, user, options["name"], **fields)
            except DataProblem as problem:
                refused(self, problem, False)
            for peer in peers_of(study):
                where = peer.url or f"{peer.title}@{peer.host}:{peer.port}"
                self.stdout.write(f"{peer.name}: {peer.get_kind_display()}, {where}")
