#!/usr/bin/env python
"""Django's command line for Isotherm."""

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

from config import lazily

# Commands that read and write files only. Their settings point nowhere where none are set, so
# that a scan, a matrix or a table can be looked at on a machine without servers.
WITHOUT_SERVERS = {"abundance", "deidentify", "prognosis", "suv"}
NOWHERE = {
    "ISOTHERM_SECRET_KEY": "no server",
    "DATABASE_URL": "postgresql://nobody@localhost:1/none",
    "CELERY_BROKER_URL": "redis://localhost:1/0",
    "STORAGE_URL": "file:///nonexistent",
}

# Where the set-up put the compiled kernels: a command from a plain shell need not compile them.
KERNELS = Path(__file__).resolve().parent / ".isotherm" / "numba"

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if WITHOUT_SERVERS & set(sys.argv[1:2]):
        os.environ.update({key: os.environ.get(key) or value for key, value in NOWHERE.items()})
    if KERNELS.is_dir():
        os.environ.setdefault("NUMBA_CACHE_DIR", str(KERNELS))
    lazily.install()
    execute_from_command_line(sys.argv)
