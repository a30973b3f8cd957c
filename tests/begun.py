"""What many tests begin from is built once: their transactions nest in those that built it.

``begins_with(one, more)``, a mark, has ``one`` build upon the fixed people, ``more`` upon what
``one`` made; ``begun_by`` says the same of a fixture. A test asks for ``begun``: a copy of what
the last one made, with its rows in the database and its files in the test's folder; what the test
writes is rolled back to there. The steps that the next test begins from too stay, the others are
rolled back before it.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.db import transaction
from django.test import override_settings

# From what was made before it; the monkeypatch holds for as long as what it makes is there.
Build = Callable[[Any, pytest.MonkeyPatch], Any]


Fixture = TypeVar("Fixture", bound=Callable[..., Any])


def begins_with(*builds: Build) -> pytest.MarkDecorator:
    return pytest.mark.begins_with.with_args(*builds)


def begun_by(*builds: Build) -> Callable[[Fixture], Fixture]:
    """Below ``pytest.fixture``: whoever asks for that fixture begins with ``builds``."""

    def noted(function: Fixture) -> Fixture:
        function.__dict__["begun_by"] = builds
        return function

    return noted


def builds_of(item: pytest.Item) -> tuple[Build, ...]:
    """What its mark says; else the longest that one of its fixtures says."""
    marker = item.get_closest_marker("begins_with")
    if marker:
        return marker.args
    told = getattr(item, "_fixtureinfo").name2fixturedefs.values()  # noqa: B009
    return max((vars(d[-1].func).get("begun_by", ()) for d in told), key=len, default=())


@dataclass(frozen=True)
class Step:
    build: Build
    made: Any
    files: Path
    kept: ExitStack


class Ground:
    """The steps that are built at the moment, in this process."""

    def __init__(self, blocker: Any, folder: Callable[[], Path]) -> None:
        self._blocker, self._folder = blocker, folder
        self._steps: list[Step] = []

    def stand_on(self, builds: Sequence[Build]) -> None:
        """Have what ``builds`` make in the database, and nothing else."""
        same = 0
        for step, build in zip(self._steps, builds, strict=False):
            if step.build is not build:
                break
            same += 1
        while len(self._steps) > same:
            with self._blocker.unblock():
                self._steps.pop().kept.close()
        for build in builds[same:]:
            with self._blocker.unblock():
                self._steps.append(self._built(build))

    def lay_out(self, files: Path) -> Any:
        """What the last step made, for one test: its own copy of it and of the files."""
        if not self._steps:
            return None
        shutil.copytree(self._steps[-1].files, files, dirs_exist_ok=True)
        return copy.deepcopy(self._steps[-1].made)

    def _built(self, build: Build) -> Step:
        files = self._folder()
        before = self.lay_out(files)
        with ExitStack() as kept:
            patch = kept.enter_context(pytest.MonkeyPatch.context())
            whole = transaction.atomic()
            whole._from_testcase = True  # what is durable is so in a test, too
            kept.enter_context(whole)
            kept.callback(transaction.set_rollback, True)
            with override_settings(STORAGE_URL=f"file://{files}"):
                made = build(before, patch)
            return Step(build, made, files, kept.pop_all())
