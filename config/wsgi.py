"""The web server's door."""

import gc
import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

from config import lazily

lazily.install()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
import_module("config.urls")  # all of it before the workers are forked, which then share it
gc.collect()
gc.freeze()
# What is frozen no longer counts as old, so that a full collection would come every few pages, and
# take longer than a page; now it comes some fifty times more rarely, and the memory is the same.
gc.set_threshold(10_000, 20, 20)
