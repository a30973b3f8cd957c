"""One zip of a report: the PDF, every figure and table, what they came from, RO-Crate metadata."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from datetime import datetime
from typing import Any

from django.conf import settings

from modeling.publication.r_script import write_report_script
from modeling.publication.row_names import row_names
from modeling.publication.words import cell_parts
from studies.figures.figure import Figure
from studies.figures.letters import with_letters
from studies.figures.render import figure_csv, render_svg
from studies.patient_figures import drawing_without_rows
from studies.tables import harmless

CRATE = "ro-crate-metadata.json"
EPOCH = (1980, 1, 1, 0, 0, 0)  # so that the same report gives the same zip
TYPES = {
    "pdf": "application/pdf", "svg": "image/svg+xml", "csv": "text/csv", "json": "application/json",
    "R": "text/x-r-source",
}  # fmt: skip
TABLE_COLUMNS = (
    "row",
    "column",
    "value",
    "lower",
    "upper",
    "n",
    "model_version",
    "snapshot_sha256",
)
LICENCE = "For the study's members; what may be shared is said in the study's consents."


def write_bundle(
    content: dict[str, Any], number: int, sha256: str, built_at: datetime, paper: bytes
) -> bytes:
    """A zip whose ``ro-crate-metadata.json`` names every file with its digest."""
    files = {"report.pdf": paper, "report.json": _content_bytes(content)}
    for key, stored in content["figures"].items():
        names = Figure.__dataclass_fields__
        figure = Figure.from_dict({name: part for name, part in stored.items() if name in names})
        files[f"figures/{key}.svg"] = with_letters(render_svg(figure)).encode()
        files[f"figures/{key}.csv"] = figure_csv(figure).encode()
        files[f"figures/{key}.vl.json"] = _json(figure.spec)
    for section in content["sections"]:
        for table in section["tables"]:
            files[f"tables/{table['key']}.csv"] = table_csv(table).encode()
    for model in content.get("models", []):
        files[f"models/nomogram_{model['endpoint']}.json"] = _json(model)
    if content.get("models"):
        files["analysis.R"] = write_report_script(content["models"]).encode()
    files[CRATE] = _json(_crate(content, number, sha256, built_at, files))
    return _packed(files)


def _packed(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def bundle_part(whole: bytes, part: dict[str, Any]) -> bytes:
    """The zip without rows of patients: its files say that it is a part, and of what.

    ``part`` is what is left of the report (``report_part``); the other files stay byte for byte.
    """
    left_out = part["left_out"]
    gone = {f"figures/{key}.{form}" for key in left_out["figures"] for form in ("csv", "vl.json")}
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name not in gone}
    crate = json.loads(files.pop(CRATE))
    for key in left_out["figures"]:
        drawing = f"figures/{key}.svg"
        files[drawing] = drawing_without_rows(key, files[drawing].decode()).encode()
        if rows := part["content"]["figures"][key]["rows"]:
            files[f"figures/{key}.csv"] = _csv_of(part["content"]["figures"][key], rows)
    files["report.json"] = _content_bytes(part["content"])
    files["PART.json"] = _json({"is_whole": False, "left_out": left_out})
    return _packed({**files, CRATE: _json(_crate_of_part(crate, files, left_out))})


def _csv_of(figure: dict[str, Any], rows: list[list[Any]]) -> bytes:
    names = Figure.__dataclass_fields__
    kept = {name: part for name, part in figure.items() if name in names} | {"rows": rows}
    return figure_csv(Figure.from_dict(kept)).encode()


def _crate_of_part(
    crate: dict[str, Any], files: dict[str, bytes], left_out: dict[str, Any]
) -> dict[str, Any]:
    """The metadata of the whole, with the files that are there and a word on those that are not."""
    graph = [entry for entry in crate["@graph"] if entry["@type"] != "File"]
    about = next(entry for entry in graph if entry["@id"] == "./")
    about["hasPart"] = [{"@id": name} for name in files]
    about["name"] += " (a part)"
    about["description"] += (
        f" A part: {len(left_out['figures'])} of {left_out['of']} figures are without their rows. "
        f"{left_out['why']}"
    )
    return {**crate, "@graph": [*graph, *_file_entries(files)]}


def table_csv(table: dict[str, Any]) -> str:
    """A table of the report: value, interval, n, version and snapshot in columns of their own.

    A row's name with a column is met once, unless the table itself says two rows in the same words.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(TABLE_COLUMNS)
    for name, row in zip(row_names(table["rows"]), table["rows"], strict=True):
        for column, value in zip(table["columns"][1:], row[1:], strict=True):
            writer.writerow(map(harmless, [name, column, *cell_parts(value)]))
    return stream.getvalue()


def _content_bytes(content: dict[str, Any]) -> bytes:
    """The content without the drawings, which lie beside it."""
    figures = {
        key: {name: part for name, part in figure.items() if name not in ("svg", "spec")}
        for key, figure in content["figures"].items()
    }
    return _json({**content, "figures": figures})


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _crate(
    content: dict[str, Any], number: int, sha256: str, built_at: datetime, files: dict[str, bytes]
) -> dict[str, Any]:
    """RO-Crate 1.1: the report as a data set made by a run of the software."""
    study = content["study"]["name"]
    software = "#isotherm"
    graph: list[dict[str, Any]] = [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"{study}: report {number}",
            "description": "Numbers and figures of a study, each with the model version and the "
            "frozen table it comes from.",
            "datePublished": built_at.isoformat(),
            "identifier": f"sha256:{sha256}",
            "license": LICENCE,
            "hasPart": [{"@id": name} for name in files],
        },
        {
            "@id": "#build",
            "@type": "CreateAction",
            "name": "Build the report",
            "endTime": built_at.isoformat(),
            "instrument": {"@id": software},
            "object": [{"@id": f"#source-{source['number']}"} for source in content["sources"]],
            "result": {"@id": "./"},
        },
        {
            "@id": software,
            "@type": "SoftwareApplication",
            "name": "Isotherm",
            "softwareVersion": settings.VERSION,
        },
    ]
    graph += [_source(source) for source in content["sources"]]
    graph += _file_entries(files)
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}


def _file_entries(files: dict[str, bytes]) -> list[dict[str, Any]]:
    return [
        {
            "@id": name,
            "@type": "File",
            "encodingFormat": TYPES[name.rsplit(".", 1)[-1]],
            "contentSize": str(len(data)),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        for name, data in files.items()
    ]


def _source(source: dict[str, Any]) -> dict[str, Any]:
    return {
        "@id": f"#source-{source['number']}",
        "@type": "Dataset",
        "name": f"{source['model_version']}, {source['snapshot']}",
        "description": source["purpose"],
        "identifier": [
            f"sha256:{digest}"
            for digest in (source["version_sha256"], source["snapshot_sha256"])
            if digest
        ],
    }
