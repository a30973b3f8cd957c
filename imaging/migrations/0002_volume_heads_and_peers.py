"""Digests of volumes' heads, by which parts are checked; archives to which regions are sent."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import studies.identifiers
from studies.db import study_table_operations


class Migration(migrations.Migration):
    dependencies = [
        ("imaging", "0001_squashed"),
        ("studies", "0001_squashed"),
    ]

    operations = [
        migrations.AddField(
            model_name="series",
            name="volume_head_sha256",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.CreateModel(
            name="DicomPeer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "uid",
                    models.UUIDField(
                        default=studies.identifiers.uuid7, editable=False, unique=True
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("name", models.CharField(max_length=80)),
                (
                    "kind",
                    models.TextField(
                        choices=[("c_store", "C-STORE"), ("stow", "DICOMweb (STOW-RS)")]
                    ),
                ),
                ("host", models.CharField(blank=True, max_length=200)),
                ("port", models.PositiveIntegerField(default=0)),
                ("title", models.CharField(blank=True, max_length=16)),
                ("own_title", models.CharField(default="ISOTHERM", max_length=16)),
                ("url", models.CharField(blank=True, max_length=400)),
                ("secret_name", models.CharField(blank=True, max_length=80)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.study",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "default_related_name": "dicom_peers",
                "constraints": [
                    models.UniqueConstraint(fields=("study", "name"), name="dicom_peer_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["c_store", "stow"])),
                        name="dicom_peer_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "c_store"),
                                models.Q(("host", ""), _negated=True),
                                models.Q(("title", ""), _negated=True),
                            ),
                            models.Q(("kind", "stow"), models.Q(("url", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="dicom_peer_has_an_address",
                    ),
                ],
            },
        ),
        *study_table_operations("imaging_dicompeer"),
    ]
