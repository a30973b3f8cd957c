"""Copies of the project that have nothing but a path: enough for the embedded servers."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev import services
from dev.place import find_place

URLS = ("DATABASE_URL", "DATABASE_OWNER_URL", "CELERY_BROKER_URL", "STORAGE_URL")


@pytest.fixture(scope="module")
def plain_environment() -> Iterator[None]:
    """As at a desk where nothing is set: the embedded parts are taken."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*URLS, "NUMBA_CACHE_DIR", "ISOTHERM_SECRET_KEY"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="module")
def copy(
    plain_environment: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Path]]:
    """Makes folders that stand for clones; whatever they started is stopped at the end."""
    made: list[Path] = []

    def make(name: str) -> Path:
        folder = tmp_path_factory.mktemp("copies") / name
        folder.mkdir(parents=True)
        made.append(folder)
        return folder

    yield make
    for folder in made:
        services.down(folder)
        for outside in outside_folders(folder):
            shutil.rmtree(outside, ignore_errors=True)  # one may lie in the other


def outside_folders(project: Path) -> set[Path]:
    """What lies elsewhere because the folder is too deep or closed to the server's user."""
    place = find_place(project)
    folders = {place.sockets, place.cluster.parent}
    return {folder for folder in folders if not folder.is_relative_to(project)}
