"""What went wrong in a tab: on its console, among its answers, against the content policy."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

REPORTS = "/policy-report/"
# A request that is broken off is no fault: whoever left the page, or asked anew before the answer
# was there, does not wait for it. The bell, the lines of a job and the calculator ask like that.
# htmx writes an error all the same, and the same one where the server could not be reached: that
# is told by the request itself, which then failed in another way.
BROKEN_OFF = "net::ERR_ABORTED"
SAID_OF_IT = re.compile(r"htmx:(afterRequest|sendAbort|sendError)")


class Watch:
    """Looks at every tab of a context from its first request to its end."""

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._meant: list[re.Pattern[str]] = []

    def over(self, context: BrowserContext) -> None:
        context.on("console", self._said)
        context.on("weberror", self._thrown)
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("requestfailed", self._failed)

    def meant(self, pattern: str) -> None:
        """What the test provokes is none of its faults."""
        self._meant.append(re.compile(pattern))

    def faults(self) -> list[str]:
        return [seen for seen in self._seen if not any(one.search(seen) for one in self._meant)]

    def _said(self, line: ConsoleMessage) -> None:
        if not SAID_OF_IT.search(line.text):
            self._seen.append(f"console, {line.type}: {line.text}")

    def _thrown(self, error: WebError) -> None:
        self._seen.append(f"thrown: {error.error}")

    def _asked(self, request: Request) -> None:
        if REPORTS in request.url:
            self._seen.append(f"policy: {(request.post_data or '')[:300]}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._seen.append(f"answer: {response.status} {response.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != BROKEN_OFF:
            self._seen.append(f"failed: {request.failure} {request.url}")
