#!/usr/bin/env python
"""Django's command line for Isotherm."""

import os
import sys

from django.core.management import execute_from_command_line

# Commands that read and write files only. Their settings point nowhere where none are set, so
# that a scan or a matrix can be looked at on a machine without servers.
WITHOUT_SERVERS = {"abundance", "deidentify", "suv"}
NOWHERE = {
    "ISOTHERM_SECRET_KEY": "no server",
    "DATABASE_URL": "postgresql://nobody@localhost:1/none",
    "CELERY_BROKER_URL": "redis://localhost:1/0",
    "STORAGE_URL": "file:///nonexistent",
}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if WITHOUT_SERVERS & set(sys.argv[1:2]):
        os.environ.update({key: os.environ.get(key) or value for key, value in NOWHERE.items()})
    execute_from_command_line(sys.argv)
