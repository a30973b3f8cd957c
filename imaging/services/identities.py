"""Names under which a patient's scans go on: successors of UIDs, days by which dates move."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from imaging.methods.deidentification import Identity, mapped_uid
from imaging.models import Series, UidMap, UidSecret
from studies.models import DeidentificationKey, Patient, Study

FEWEST_DAYS, MOST_DAYS = 365, 3650
UID_ROOT = "2.25"


@dataclass
class NewUids:
    """Successors of UIDs, and which they are the successors of."""

    secret: bytes
    originals: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)

    def __call__(self, uid: str) -> str:
        if uid not in self.known:
            self.known[uid] = mapped_uid(self.secret, uid)
            self.originals[self.known[uid]] = uid
        return self.known[uid]

    def original(self, uid: str) -> str:
        """The UID that came in; empty for one that did not."""
        return self.originals.get(uid, "")


def new_uids(study: Study) -> NewUids:
    """The study's way from UIDs to successors, made at its first use."""
    row, _ = UidSecret.objects.get_or_create(
        study=study, defaults={"secret": secrets.token_hex(32)}
    )
    return NewUids(bytes.fromhex(row.secret))


def identity_of(patient: Patient, uids: NewUids) -> Identity:
    """The patient's pseudonym and days, drawn once."""
    days = -(FEWEST_DAYS + secrets.randbelow(MOST_DAYS - FEWEST_DAYS))
    key, _ = DeidentificationKey.objects.get_or_create(
        patient=patient,
        defaults={
            "study_id": patient.study_id,
            "site_id": patient.site_id,
            "date_offset_days": days,
            "uid_root": UID_ROOT,
        },
    )
    return Identity(patient.pseudonym, key.date_offset_days, uids)


def uid_map_write(series: Series, originals: dict[str, object]) -> UidMap:
    """Keep under which UIDs a series came; only who may see identifiers reads it."""
    row, _ = UidMap.objects.get_or_create(
        series=series, defaults={"patient": series.patient, **originals}
    )
    return row
