"""A report's PDF and zip: made once, when it is built, and kept with their digests."""

from __future__ import annotations

from modeling.models import Report
from modeling.publication.bundle import write_bundle
from modeling.publication.paper import write_paper
from studies.models import StoredFile
from studies.services import file_store

PDF, ZIP = "report_pdf", "report_zip"


def report_files_write(report: Report) -> None:
    """Set the paper and pack the zip; nothing when both are there."""
    if report_file(report, PDF) and report_file(report, ZIP):
        return
    what = (report.content, report.number, report.sha256, report.created_at)
    paper = write_paper(*what)
    file_store(report.study, paper, PDF, f"report-{report.number}.pdf", used_by=report)
    packed = write_bundle(*what, paper)
    file_store(report.study, packed, ZIP, f"report-{report.number}.zip", used_by=report)


def report_file(report: Report, kind: str) -> StoredFile | None:
    """The kept file of a report; none for one built before there were files."""
    uses = {"uses__table": Report._meta.db_table, "uses__row_id": report.pk}
    kept = StoredFile.objects.filter(
        study=report.study, kind=kind, bytes_dropped_at__isnull=True, **uses
    )
    return kept.first()
