"""What a page may load, and the list of what tried otherwise: counts without a person or an id."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache

REPORT_PATH = "/policy-report/"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "worker-src 'self' blob:; connect-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    f"form-action 'self'; frame-ancestors 'none'; report-uri {REPORT_PATH}"
)
LARGEST_BYTES = 8192
MOST_KINDS = 50
KEPT_SECONDS = 7 * 24 * 3600

_KEY = "policy-reports"
_UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIRECTIVE = re.compile(r"[a-z-]{1,40}")


def keep_report(body: bytes) -> bool:
    """Count a browser's report; false when it is none. No address of a person, no uid is kept."""
    try:
        said = json.loads(body[: LARGEST_BYTES + 1]).get("csp-report", {})
        directive = str(said.get("effective-directive") or said.get("violated-directive", ""))
        page, blocked = str(said.get("document-uri", "")), str(said.get("blocked-uri", ""))
    except (ValueError, AttributeError):
        return False
    if len(body) > LARGEST_BYTES or not _DIRECTIVE.match(directive):
        return False
    where = _UID.sub("uid", urlsplit(page).path)[:120]
    line = f"{directive.split()[0][:40]} {_origin(blocked)} at {where}"
    found: dict[str, int] = cache.get(_KEY, {})
    if line in found or len(found) < MOST_KINDS:
        cache.set(_KEY, found | {line: found.get(line, 0) + 1}, KEPT_SECONDS)
    return True


def reports() -> dict[str, Any]:
    """How often each thing was reported in the last days."""
    return dict(cache.get(_KEY, {}))


def _origin(blocked: str) -> str:
    """``inline``, ``eval``, a scheme or a host; never a path."""
    parts = urlsplit(blocked)
    return (parts.hostname or parts.scheme or blocked)[:80]
