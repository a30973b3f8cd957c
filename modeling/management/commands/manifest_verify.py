"""Check a downloaded manifest: its signature, and the records and bytes it speaks of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from modeling.management.named import version_as
from modeling.services.version_manifest import manifest_check, manifest_compare


class Command(BaseCommand):
    help = "Verify the signature of a manifest and, with --user, everything it names."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the manifest as it was downloaded")
        parser.add_argument(
            "--public-key", default="", help="base64; this installation's otherwise"
        )
        parser.add_argument("--user", default="", help="compares with the records as this user")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            document = json.loads(options["file"].read_text())
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        wrong = manifest_check(document, options["public_key"])
        if not wrong and options["user"]:
            with version_as(document["manifest"]["version"]["uid"], options["user"]) as version:
                wrong = manifest_compare(document, version)
        if wrong:
            raise CommandError("\n".join(["The manifest does not hold:", *wrong]))
        said = document["manifest"]
        self.stdout.write(f"{said['version']['name']}, {said['version']['sha256']}")
        self.stdout.write(
            f"signature good; {len(said['chain'])} links from {len(said['raw_files'])} raw files"
            + ("; records and bytes agree" if options["user"] else "")
        )
