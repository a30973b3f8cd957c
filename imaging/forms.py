"""The shape of what people type about slides, and decide on scans."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from imaging.methods.density_profile import IGNORED, ROLES
from imaging.methods.density_table import MARKERS, PER_MM2, PROCEDURES, REGIONS
from imaging.methods.drawn_region import PERCIST
from imaging.methods.region_recipe import BRUSH, GROWING, THRESHOLD
from imaging.models import Roi, Series
from imaging.selectors.targets import Target
from studies.languages import spoken
from studies.models import Lesion

OURS = ["", *MARKERS]
BY_RULE = "rule"
NAMES_OF_ROLES = {
    "patient_id": _("Patient"), "specimen": _("Specimen"), "image": _("Image"),
    "procedure": _("Procedure"), "marker": _("Marker"), "region": _("Region"),
    "density": _("Density"), "count": _("Count of cells"), "area": _("Area"),
}  # fmt: skip


def _choices(values: Any, empty: Any = "–") -> list[tuple[str, str]]:
    return [("", empty), *((value, _(value.replace("_", " "))) for value in values)]


class SlideForm(forms.Form):
    file = forms.FileField(label=_("Slide"), max_length=255)
    patient_id = forms.CharField(
        label=_("Patient"), max_length=64, required=False,
        help_text=_("The pseudonym; not needed where the study knows the specimen."),
    )  # fmt: skip
    specimen = forms.CharField(
        label=_("Specimen"), max_length=120, required=False,
        help_text=_("The block's label, the same for all slides of one piece of tissue."),
    )  # fmt: skip
    procedure = forms.ChoiceField(
        label=_("Procedure"),
        choices=_choices(PROCEDURES, _("as the study knows it")),
        required=False,
    )
    marker = forms.ChoiceField(label=_("Marker"), choices=_choices(MARKERS))
    staining_batch = forms.CharField(
        label=_("Staining batch"), max_length=80, required=False,
        help_text=_("Slides stained together share one threshold."),
    )  # fmt: skip
    um_per_pixel = forms.FloatField(
        label=_("µm per pixel"), required=False, min_value=0.05, max_value=4,
        help_text=_("Only where the file does not say it."),
    )  # fmt: skip


class RegionsForm(forms.Form):
    geojson = forms.CharField(
        label=_("Regions as GeoJSON"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Pixels of the full slide; the class of each polygon is tumor_center or "
        "invasive_margin, or QuPath's name of it."),
    )  # fmt: skip
    file = forms.FileField(
        label=_("or a file of QuPath"), required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".geojson,.json"}),
    )  # fmt: skip
    comment = forms.CharField(label=_("Comment"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("geojson") and not given.get("file"):
            self.add_error("geojson", _("Draw a region, paste GeoJSON or choose a file."))
        return given


class ThresholdForm(forms.Form):
    threshold = forms.FloatField(
        min_value=0.01, max_value=3, label=_("Threshold, optical density of DAB"),
        widget=forms.NumberInput(attrs={"step": "0.01"}),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"),
        max_length=400,
        required=False,
        help_text=_("Needed when an earlier threshold changes."),
    )


class CountForm(forms.Form):
    scale = forms.TypedChoiceField(
        coerce=int, label=_("Resolution"),
        choices=[(1, _("full")), (2, "1/2"), (4, _("1/4, about 20 times as fast"))],
    )  # fmt: skip


class ProfileForm(forms.Form):
    """One choice per role, from the columns of an export that was read; words per region."""

    name = forms.CharField(
        max_length=80, label=_("Laboratory"), help_text=_("Such as North, HALO 3.6.")
    )
    image_pattern = forms.CharField(
        max_length=120, required=False, label=_("How images are named"),
        help_text=_("{specimen}_{marker} takes S12_CD3.svs apart; * is anything."),
    )  # fmt: skip
    marker = forms.ChoiceField(
        choices=_choices(MARKERS, _("told by column or image")), required=False,
        label=_("All lines are of marker"),
    )  # fmt: skip
    unit = forms.ChoiceField(
        choices=_choices(PER_MM2), required=False, label=_("Unit of the density")
    )
    area_unit = forms.ChoiceField(
        choices=_choices(("mm2", "um2")), required=False, label=_("Unit of the area")
    )
    decimal_comma = forms.BooleanField(required=False, label=_("Numbers have a decimal comma"))

    def __init__(self, *args: Any, header: list[str], words: list[str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.words = words
        columns = [("", "–"), *((name, name) for name in header)]
        for role in ROLES:
            label = _("{what}: column").format(what=spoken(NAMES_OF_ROLES[role]))
            self.fields[f"column_{role}"] = forms.ChoiceField(
                choices=columns, required=False, label=label
            )
        regions = [(name, _(name.replace("_", " "))) for name in REGIONS]
        for number, word in enumerate(words):
            self.fields[f"region_{number}"] = forms.ChoiceField(
                choices=[*regions, (IGNORED, _("leave out"))],
                label=_("Region “{word}”").format(word=word),
            )

    def profile(self) -> dict[str, Any]:
        """What was chosen, as the record keeps it."""
        given = self.cleaned_data
        columns = {role: given[f"column_{role}"] for role in ROLES if given[f"column_{role}"]}
        constants = {key: given[key] for key in ("marker", "unit", "area_unit") if given[key]}
        regions = {word: given[f"region_{k}"] for k, word in enumerate(self.words)}
        return {
            "columns": columns, "constants": constants, "regions": regions, "markers": {},
            "image_pattern": given["image_pattern"], "decimal_comma": given["decimal_comma"],
        }  # fmt: skip


class NeededOrNot(forms.TextInput):
    """What another choice decides on: a browser asks for nothing here, the form does."""

    def use_required_attribute(self, initial: Any) -> bool:
        return False


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    patient = forms.CharField(
        max_length=64, label=_("Pseudonym"), widget=NeededOrNot,
        help_text=_("Whose scans these are; not needed where they are thrown away."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("Kept with the decision.")
    )

    def __init__(self, *args: Any, offered: list[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = [(value, _(word)) for value, word in offered]  # type: ignore[attr-defined]
        if "assign" not in dict(offered):
            del self.fields["patient"]
        elif self.is_bound and self.data.get("decision") != "assign":
            self.fields["patient"].required = False


class TargetForm(forms.Form):
    """One region of a baseline scan, or the rule; and why."""

    region = forms.ChoiceField(widget=forms.RadioSelect, label=_("Target lesion"))
    reason = forms.CharField(
        max_length=500, label=_("Why"), help_text=_("Kept with the choice, for good."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args: Any, target: Target, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.rois = {str(one.uptake.roi.uid): one.uptake.roi for one in target.candidates}
        offered = [(uid, roi.name) for uid, roi in self.rois.items()]
        if target.decision is not None:
            offered.append((BY_RULE, BY_RULE))
        self.fields["region"].choices = offered  # type: ignore[attr-defined]

    @property
    def region_chosen(self) -> str:
        """What stands chosen on the page."""
        return str(self["region"].value() or "")

    @property
    def roi(self) -> Roi | None:
        """The region that was chosen; none for the rule."""
        return self.rois.get(self.cleaned_data["region"])


class DrawForm(forms.Form):
    """A region on a PET by coordinates: what a mouse does in the viewer, typed."""

    method = forms.ChoiceField(
        label=_("Method"),
        choices=[
            (THRESHOLD, _("Threshold inside a sphere")),
            (GROWING, _("Growing from a seed")),
            (BRUSH, _("Brush")),
        ],
        initial=THRESHOLD,
    )
    rule = forms.ChoiceField(
        choices=[
            ("41_percent", _("41 % of SUVmax")),
            ("suv_2_5", _("SUV 2.5")),
            ("suv_4_0", _("SUV 4.0")),
            (PERCIST, _("PERCIST: 1.5 × liver mean + 2 SD")),
        ],
        required=False,
        label=_("Threshold"),
    )
    x = forms.FloatField(label=_("x, mm"), required=False)
    y = forms.FloatField(label=_("y, mm"), required=False)
    z = forms.FloatField(label=_("z, mm"), required=False)
    radius_mm = forms.FloatField(label=_("Radius, mm"), min_value=0.1, max_value=200, initial=30)
    level = forms.FloatField(label=_("Lower SUV"), required=False, min_value=0)
    liver_x = forms.FloatField(label=_("Liver x, mm"), required=False)
    liver_y = forms.FloatField(label=_("Liver y, mm"), required=False)
    liver_z = forms.FloatField(label=_("Liver z, mm"), required=False)
    liver_radius = forms.FloatField(
        label=_("Liver radius, mm"), required=False, min_value=0.1, max_value=50, initial=15
    )
    strokes = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 3}), label=_("Brush"),
        help_text=_("One ball per line: x y z radius, in mm; a line that begins with - erases."),
    )  # fmt: skip
    start = forms.ModelChoiceField(
        Roi.objects.none(), required=False, to_field_name="uid", empty_label=_("an empty region"),
        label=_("Brush goes on with"),
    )  # fmt: skip
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    lesion = forms.TypedChoiceField(label=_("Lesion"), coerce=int, empty_value=None, required=False)
    supersedes = forms.ModelChoiceField(
        Roi.objects.none(), required=False, to_field_name="uid", empty_label=_("nothing"),
        label=_("Supersedes"),
    )  # fmt: skip
    comment = forms.CharField(label=_("Comment"), max_length=500, required=False)

    def __init__(self, *args: Any, pet: Series, **kwargs: Any):
        super().__init__(*args, **kwargs)
        rois = Roi.objects.filter(series=pet, superseded_by__isnull=True)
        for name in ("start", "supersedes"):
            self.fields[name].queryset = rois  # type: ignore[attr-defined]
        lesions = Lesion.objects.filter(patient=pet.patient_id).order_by("number")
        numbers = [(row.number, _("lesion {number}").format(number=row.number)) for row in lesions]
        self.fields["lesion"].choices = [("", _("a new lesion")), *numbers]  # type: ignore[attr-defined]

    def recipe(self) -> dict[str, Any]:
        """How to draw it, as ``imaging.methods.region_recipe`` reads it."""
        given = self.cleaned_data
        place = [given["x"], given["y"], given["z"]]
        if given["method"] == BRUSH:
            start = str(given["start"].uid) if given["start"] else None
            return {"method": BRUSH, "strokes": _balls(given["strokes"]), "start": start}
        if given["method"] == GROWING:
            return {"method": GROWING, "seed_mm": place, "level": given["level"],
                    "radius_mm": given["radius_mm"]}  # fmt: skip
        recipe = {"method": THRESHOLD, "rule": given["rule"], "centre_mm": place,
                  "radius_mm": given["radius_mm"], "liver": None}  # fmt: skip
        if given["rule"] == PERCIST and given["liver_x"] is not None:
            liver = [given["liver_x"], given["liver_y"], given["liver_z"]]
            recipe["liver"] = {"centre_mm": liver, "radius_mm": given["liver_radius"]}
        return recipe


def _balls(text: str) -> list[list[str]]:
    """Lines ``x y z radius`` and ``- x y z radius`` as the recipe's strokes."""
    lines = [line.split() for line in text.replace(",", " ").splitlines() if line.strip()]
    return [[*line[1:], "1"] if line[0] == "-" else [*line, "0"] for line in lines]
