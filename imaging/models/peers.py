"""Archives to which regions are sent."""

from __future__ import annotations

from django.db import models

from studies.models import StudyRow


class PeerKind(models.TextChoices):
    C_STORE = "c_store", "C-STORE"
    STOW = "stow", "DICOMweb (STOW-RS)"


class DicomPeer(StudyRow):
    """An archive of a study, set by who runs the server: it says whom the server may call.

    ``secret_name`` is the environment variable that holds what the archive's web server asks for
    in ``Authorization``; the secret itself is in no table.
    """

    name = models.CharField(max_length=80)
    kind = models.TextField(choices=PeerKind.choices)
    host = models.CharField(max_length=200, blank=True)
    port = models.PositiveIntegerField(default=0)
    title = models.CharField(max_length=16, blank=True)
    own_title = models.CharField(max_length=16, default="ISOTHERM")
    url = models.CharField(max_length=400, blank=True)
    secret_name = models.CharField(max_length=80, blank=True)

    class Meta:
        default_related_name = "dicom_peers"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="dicom_peer_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=PeerKind.values), name="dicom_peer_kind_known"
            ),
            models.CheckConstraint(
                condition=(models.Q(kind="c_store") & ~models.Q(host="") & ~models.Q(title=""))
                | (models.Q(kind="stow") & ~models.Q(url="")),
                name="dicom_peer_has_an_address",
            ),
        ]

    def __str__(self) -> str:
        return self.name
