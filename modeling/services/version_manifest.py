"""The signed manifest of a version: every digest from the raw files to the metrics."""

from __future__ import annotations

import hashlib
from typing import Any

from modeling.lineage_edges import chain_above
from modeling.models import Evaluation, ModelVersion, VersionKind
from modeling.selectors import state_of
from modeling.services.environment import library_versions
from modeling.services.version_life import ancestry_of
from modeling.signing import is_signed, public_key, sign
from modeling.storage import canonical_json, json_digest
from studies.models import StoredFile
from studies.services import file_read

FORMAT = "isotherm manifest 1"


def manifest_write(version: ModelVersion) -> dict[str, Any]:
    """The manifest, signed over its canonical JSON."""
    content = _content(version)
    return {
        "manifest": content,
        "signature": {
            "algorithm": "Ed25519",
            "over": "the canonical JSON of manifest: sorted keys, no spaces",
            "public_key": public_key(),
            "value": sign(canonical_json(content)),
        },
    }


def _content(version: ModelVersion) -> dict[str, Any]:
    edges = sorted(chain_above(version.study, version.fitting_snapshot.sha256))
    run = version.run
    return {
        "format": FORMAT,
        "study": str(version.study.uid),
        "version": {
            "uid": str(version.uid),
            "name": str(version),
            "method": version.method,
            "endpoint": version.endpoint,
            "sha256": version.sha256,
            "state": state_of(version),
            "threshold": version.threshold,
            "content_sha256": json_digest(version.content),
        },
        "ancestry": [{"uid": str(v.uid), "sha256": v.sha256} for v in ancestry_of(version)[1:]],
        "run": {
            "uid": str(run.uid),
            "recipe_sha256": json_digest(run.recipe),
            "seed": run.seed,
            "results_sha256": run.results_sha256,
            "library_versions": run.library_versions,
            "commit": run.commit,
            "predictions_sha256": run.predictions.sha256 if run.predictions else None,
        },
        "snapshot": {
            "uid": str(version.fitting_snapshot.uid),
            "sha256": version.fitting_snapshot.sha256,
        },
        "evaluations": [
            {
                "uid": str(e.uid),
                "cohort": e.cohort.name,
                "target": e.target,
                "basis": e.basis,
                "snapshot": e.snapshot.sha256,
                "metrics_sha256": e.metrics_sha256,
            }
            for e in _evaluations(version)
        ],
        "chain": [list(edge) for edge in edges],
        "raw_files": _raw_files(version, edges),
    }


def _evaluations(version: ModelVersion) -> list[Evaluation]:
    return list(version.evaluations.select_related("cohort", "snapshot").order_by("id"))


def _raw_files(version: ModelVersion, edges: list[tuple[str, str]]) -> list[dict[str, Any]]:
    digests = {digest for edge in edges for digest in edge}
    files = StoredFile.objects.filter(
        study=version.study, kind__startswith="upload:", sha256__in=digests
    )
    return [
        {"sha256": file.sha256, "kind": file.kind, "size": file.size}
        for file in files.order_by("sha256")
    ]


def manifest_check(document: Any, trusted_key: str = "") -> list[str]:
    """What is wrong with a manifest by itself: its shape, its signature, who signed it."""
    try:
        content, signature = document["manifest"], document["signature"]
        signed_by, value = signature["public_key"], signature["value"]
        known = content["format"] == FORMAT
    except (KeyError, TypeError):
        return ["This is no manifest of a model version."]
    if not known:
        return [f"Unknown format: {content['format']}."]
    if not is_signed(canonical_json(content), value, signed_by):
        return ["The signature does not fit: the manifest was changed after it was signed."]
    if signed_by != (trusted_key or public_key()):
        return ["Signed by another key than the one trusted here."]
    return []


def manifest_compare(document: dict[str, Any], version: ModelVersion) -> list[str]:
    """Where a manifest and the records and bytes of this installation say different things."""
    told, now = document["manifest"], _content(version)
    wrong = [
        f"{name}: not what the manifest says"
        for name in ("version", "ancestry", "run", "snapshot", "chain", "raw_files")
        if _without_state(told[name]) != _without_state(now[name])
    ]
    evaluations = {row["uid"]: row for row in now["evaluations"]}
    wrong += [
        f"evaluation in {row['cohort']} ({row['target']}): not what the manifest says"
        for row in told["evaluations"]
        if evaluations.get(row["uid"]) != row
    ]
    return wrong + digests_check(version)


def _without_state(part: Any) -> Any:
    """A version may have been released or retired since: that is no change of it."""
    return {k: v for k, v in part.items() if k != "state"} if isinstance(part, dict) else part


def digests_check(version: ModelVersion) -> list[str]:
    """Every stored number and byte of a version against its own digest."""
    run = version.run
    wrong = []
    if json_digest(run.results) != run.results_sha256:
        wrong.append("run: the results are not those of their digest")
    wrong += [
        f"evaluation in {e.cohort.name} ({e.target}): the metrics are not those of their digest"
        for e in _evaluations(version)
        if json_digest(e.metrics) != e.metrics_sha256 or e.n != e.metrics["n"]
    ]
    if version.kind != VersionKind.RAD_SCORE and json_digest(version.content) != version.sha256:
        wrong.append(f"{version}: the coefficients are not those of their digest")
    files = {
        "estimator": version.file,
        "frozen table": version.fitting_snapshot.table,
        "predictions": run.predictions,
    }
    wrong += [f"{name}: {told}" for name, file in files.items() if file and (told := _bytes(file))]
    if version.file is not None and "recalibration" not in version.content:
        wrong += ["estimator: not the file of its version"] * (
            version.file.sha256 != version.sha256
        )
    return wrong


def _bytes(file: StoredFile) -> str:
    if file.bytes_dropped_at is not None:
        return ""
    try:
        found = hashlib.sha256(file_read(file)).hexdigest()
    except (OSError, ValueError) as error:
        return f"cannot be read ({error})"[:200]
    return "" if found == file.sha256 else "the bytes are not those of their digest"


def libraries_changed(stored: dict[str, str]) -> dict[str, list[str]]:
    """Libraries of other versions than those recorded: name, then, now."""
    now = library_versions()
    return {
        name: [was, now.get(name, "absent")] for name, was in stored.items() if now.get(name) != was
    }
