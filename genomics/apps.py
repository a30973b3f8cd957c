from django.apps import AppConfig


class GenomicsConfig(AppConfig):
    name = "genomics"
