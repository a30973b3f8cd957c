"""PET and CT series, which two belong together, what was drawn on them and how much it took up."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from imaging.methods.geometry import LOW_DICE
from studies.methods.wording import say
from studies.models import DerivedMixin, ImportBatch, Lesion, PatientRow, StoredFile


class Modality(models.TextChoices):
    PT = "PT", "PET"
    CT = "CT", "CT"


class SeriesState(models.TextChoices):
    RECEIVED = "received"
    READY = "ready"
    FAILED = "failed"


class DicomStudy(PatientRow):
    """One visit to the scanner: DICOM's study, not the research study."""

    dicom_study_uid = models.CharField(max_length=64)
    scanned_on = models.DateField()

    class Meta:
        default_related_name = "dicom_studies"
        verbose_name_plural = "DICOM studies"
        constraints = [
            models.UniqueConstraint(fields=["study", "dicom_study_uid"], name="dicom_study_once"),
        ]


class Series(PatientRow, DerivedMixin):
    """A PET in SUV or a CT in HU as one volume; the DICOM files themselves are not kept.

    ``content_digest`` is the digest of the files as they came in: the same again changes nothing,
    others under the same UID wait for a person, who may let them replace it. UIDs are the ones
    given at de-identification. ``volume_head_sha256`` is the digest of the volume's head, by which
    parts of it are checked; empty for volumes stored as one block.
    """

    dicom_study = models.ForeignKey(DicomStudy, on_delete=models.PROTECT, related_name="series")
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="series")
    series_uid = models.CharField(max_length=64)
    frame_of_reference_uid = models.CharField(max_length=64, blank=True)
    modality = models.CharField(max_length=2, choices=Modality.choices)
    manufacturer = models.CharField(max_length=80, blank=True)
    model = models.CharField(max_length=80, blank=True)
    reconstruction = models.CharField(max_length=120, blank=True)
    content_digest = models.CharField(max_length=64)
    volume = models.ForeignKey(
        StoredFile, null=True, on_delete=models.PROTECT, related_name="volume_of"
    )
    volume_head_sha256 = models.CharField(max_length=64, blank=True)
    size = models.JSONField(default=list)
    spacing_mm = models.JSONField(default=list)
    header = models.JSONField(default=dict)
    suv_working = models.JSONField(default=list)
    notices = models.JSONField(default=list)
    state = models.TextField(choices=SeriesState.choices, default=SeriesState.RECEIVED)
    problems = models.JSONField(default=list)
    instance_uids = models.JSONField(default=list)
    quality = models.JSONField(default=list)
    deidentification = models.JSONField(default=dict)
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_related_name = "series"
        verbose_name_plural = "series"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "series_uid"],
                condition=models.Q(replaced_at__isnull=True),
                name="series_uid_once",
            ),
            models.CheckConstraint(
                condition=models.Q(modality__in=Modality.values), name="series_modality_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=SeriesState.values), name="series_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="ready") | models.Q(volume__isnull=False),
                name="series_ready_has_volume",
            ),
        ]
        indexes = [models.Index(fields=["study", "modality", "id"], name="series_list")]

    def __str__(self) -> str:
        return say(
            "{modality} of {patient}", modality=self.get_modality_display(), patient=self.patient
        )

    @property
    def stored(self) -> StoredFile:
        """The volume of a ready series."""
        if self.volume is None:
            raise LookupError(f"series {self.uid} is {self.state}: it has no volume")
        return self.volume


class Timing(models.TextChoices):
    """Where a scan stands to the treatment; only a baseline feeds a prediction."""

    BASELINE = "baseline"
    EARLIER = "earlier"
    FOLLOWUP = "followup"
    UNKNOWN = "unknown"


class PetCtPair(PatientRow):
    pet = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="pairs_as_pet")
    ct = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="pairs_as_ct")
    acquired_on = models.DateField()
    timing = models.TextField(choices=Timing.choices)
    days_before_treatment = models.IntegerField(null=True)
    quality = models.JSONField(default=list)

    class Meta:
        default_related_name = "pet_ct_pairs"
        constraints = [
            models.UniqueConstraint(fields=["pet"], name="pet_ct_pair_once"),
            models.CheckConstraint(
                condition=models.Q(timing__in=Timing.values), name="pet_ct_pair_timing_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(timing="baseline") | models.Q(days_before_treatment__gte=0),
                name="pet_ct_pair_baseline_is_before",
            ),
        ]


class RoiMethod(models.TextChoices):
    MANUAL = "manual"
    SEMI_AUTOMATIC = "semi_automatic"
    AUTOMATIC = "automatic"
    UNKNOWN = "unknown"


class Roi(PatientRow, DerivedMixin):
    """A region drawn on a series: many per lesion, by one reader or several.

    Read from a file of a ``batch``, or ``drawn_by`` a user here; ``recipe`` draws it again.
    """

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="rois")
    lesion = models.ForeignKey(Lesion, on_delete=models.PROTECT, related_name="rois")
    batch = models.ForeignKey(
        ImportBatch, null=True, blank=True, on_delete=models.PROTECT, related_name="rois"
    )
    name = models.CharField(max_length=120)
    reader = models.CharField(max_length=120, blank=True)
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    recipe = models.JSONField(default=dict, blank=True)
    comment = models.TextField(blank=True)
    tool = models.CharField(max_length=120, blank=True)
    method = models.TextField(choices=RoiMethod.choices, default=RoiMethod.UNKNOWN)
    supersedes = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    mask = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="mask_of")
    source_digest = models.CharField(max_length=64)
    voxels = models.PositiveIntegerField()
    volume_ml = models.FloatField()
    notices = models.JSONField(default=list)
    quality = models.JSONField(default=list)

    class Meta:
        default_related_name = "rois"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "name", "source_digest"], name="roi_once_per_source"
            ),
            models.CheckConstraint(condition=models.Q(voxels__gt=0), name="roi_not_empty"),
            models.CheckConstraint(
                condition=models.Q(batch__isnull=False) | models.Q(drawn_by__isnull=False),
                name="roi_has_a_source",
            ),
            models.CheckConstraint(
                condition=models.Q(method__in=RoiMethod.values), name="roi_method_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RoiAgreement(PatientRow, DerivedMixin):
    """Two drawings of one lesion compared: two readers' on a scan, or PET's with CT's."""

    first = models.ForeignKey(Roi, on_delete=models.PROTECT, related_name="agreements")
    second = models.ForeignKey(Roi, on_delete=models.PROTECT, related_name="+")
    dice = models.FloatField()
    hausdorff_mm = models.FloatField()
    hausdorff_95_mm = models.FloatField()
    mean_surface_mm = models.FloatField()
    shift_mm = models.FloatField()

    class Meta:
        default_related_name = "roi_agreements"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="roi_agreement_once"),
            models.CheckConstraint(
                condition=models.Q(dice__gte=0, dice__lte=1), name="roi_agreement_dice_is_share"
            ),
        ]

    @property
    def of_readers(self) -> bool:
        return self.first.series_id == self.second.series_id

    @property
    def is_low(self) -> bool:
        return self.dice < LOW_DICE


class Uptake(PatientRow, DerivedMixin):
    """SUV in g/mL, volumes in mL, TLG in g; thresholds 41 % of SUVmax, SUV 2.5, SUV 4.0."""

    roi = models.ForeignKey(Roi, on_delete=models.PROTECT, related_name="uptakes")
    suv_max = models.FloatField()
    suv_mean = models.FloatField()
    suv_peak = models.FloatField()
    volume_ml = models.FloatField()
    mtv_41_percent_ml = models.FloatField()
    mtv_suv_2_5_ml = models.FloatField()
    mtv_suv_4_0_ml = models.FloatField()
    tlg_41_percent = models.FloatField()
    tlg_suv_2_5 = models.FloatField()
    tlg_suv_4_0 = models.FloatField()
    notices = models.JSONField(default=list)

    class Meta:
        default_related_name = "uptakes"
        constraints = [
            models.UniqueConstraint(fields=["roi", "inputs_digest"], name="uptake_once"),
            models.CheckConstraint(
                condition=models.Q(suv_max__gte=models.F("suv_mean")),
                name="uptake_max_not_below_mean",
            ),
        ]
