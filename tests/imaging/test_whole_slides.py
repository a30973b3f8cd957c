"""A slide from its file to a density: opened, regions, threshold, count, Immunoscore's table."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from imaging.models import CellCount, CellDensity, LaboratoryProfile, SlideRegion, WholeSlide
from imaging.selectors.slides import density_table
from imaging.services import (
    count_adopt,
    counting_rule_state,
    regions_state,
    slide_count_start,
    slide_receive,
    threshold_suggested,
)
from imaging.slide_storage import read_cells
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import ImportBatch, Patient, Specimen
from studies.services import batch_job, file_read
from tests.imaging.slides_made import (
    draw_cells,
    spread,
    write_mrxs,
    write_slide,
)
from tests.people import People

SIZE = (1100, 1400)  # rows, columns
TISSUE = (100, 100, 1300, 1000)
CENTRE, MARGIN = (120, 120, 700, 980), (720, 120, 1280, 980)


def region(name: str, box: tuple[int, int, int, int]) -> dict[str, Any]:
    left, top, right, bottom = box
    ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "geometry": geometry, "properties": {"region": name}}


REGIONS = {"features": [region("tumor_center", CENTRE), region("invasive_margin", MARGIN)]}


def inside(cells: np.ndarray, box: tuple[int, int, int, int]) -> int:
    left, top, right, bottom = box
    x, y = cells.T
    return int(((x > left) & (x < right) & (y > top) & (y < bottom)).sum())


@pytest.fixture(scope="module")
def cells() -> np.ndarray:
    drawn = spread(300, SIZE, 24)
    return drawn[(drawn > 130).all(axis=1) & (drawn < [1250, 960]).all(axis=1)]


@pytest.fixture(scope="module")
def slide_file(cells: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    picture = draw_cells(SIZE, cells, tissue=TISSUE)
    return write_slide(tmp_path_factory.mktemp("slides") / "S1_CD3.tif", picture)


@pytest.fixture
def slide(as_coordinator: People, slide_file: Path, settings: Any, tmp_path: Path) -> WholeSlide:
    people = as_coordinator
    settings.LOCAL_COPIES = str(tmp_path / "copies")
    patient = Patient.objects.create(study=people.study, site=people.here, pseudonym="P1")
    Specimen.objects.create(patient=patient, label="S1", procedure="resection")
    job = hand_in(people, slide_file.read_bytes(), "S1_CD3.tif")
    assert job.state == "done", job.problems
    return WholeSlide.objects.get()


def hand_in(people: People, data: bytes, name: str, **options: Any) -> Any:
    batch = slide_receive(people.study, people.coordinator, data, name, **options)
    return run_inline(batch_job(batch))


def counted(people: People, slide: WholeSlide, scale: int = 1) -> dict[str, CellCount]:
    job = run_inline(slide_count_start(slide, people.coordinator, scale))
    assert job.state == "done", job.problems
    rows = CellCount.objects.filter(slide=slide, scale=scale).select_related("region", "cells")
    return {row.region.region: row for row in rows}


def test_from_a_slide_to_its_densities(
    as_coordinator: People, slide: WholeSlide, cells: np.ndarray
) -> None:
    people, user = as_coordinator, as_coordinator.coordinator
    assert (slide.width, slide.height, slide.um_per_pixel) == (1400, 1100, 0.5)
    assert slide.tissue_mm2 == pytest.approx(1200 * 900 * 0.25e-6, rel=0.05)
    suggested = threshold_suggested(people.study, "CD3", "")
    assert suggested is not None
    assert 0.05 < suggested < 0.8
    with pytest.raises(DataProblem, match="no threshold"):
        slide_count_start(slide, user)
    counting_rule_state(people.study, user, "CD3", "", 0.2)
    with pytest.raises(DataProblem, match="no regions"):
        slide_count_start(slide, user)
    regions_state(slide, user, REGIONS)
    found = counted(people, slide)
    for name, box in (("tumor_center", CENTRE), ("invasive_margin", MARGIN)):
        count = found[name]
        area = (box[2] - box[0]) * (box[3] - box[1]) * 0.25e-6
        assert count.n_cells == inside(cells, box)
        assert count.tissue_mm2 == pytest.approx(area, rel=1e-9)
        assert count.per_mm2 == pytest.approx(count.n_cells / area)
        stored = read_cells(file_read(count.cells))
        assert len(stored) == count.n_cells
    density = count_adopt(found["tumor_center"], user)
    assert density_table(people.study).loc[density.specimen_id, "CD3_tumor_center"] == (
        pytest.approx(found["tumor_center"].per_mm2)
    )
    assert count_adopt(found["tumor_center"], user) == density


def test_the_same_again_changes_nothing_and_a_recount_stands_beside(
    as_coordinator: People, slide: WholeSlide, slide_file: Path
) -> None:
    people, user = as_coordinator, as_coordinator.coordinator
    first = counting_rule_state(people.study, user, "CD3", "", 0.2)
    regions_state(slide, user, REGIONS)
    before = {name: row.pk for name, row in counted(people, slide).items()}
    assert regions_state(slide, user, REGIONS) == list(SlideRegion.objects.order_by("id"))
    assert counting_rule_state(people.study, user, "CD3", "", 0.2) == first
    assert {name: row.pk for name, row in counted(people, slide).items()} == before
    assert hand_in(people, slide_file.read_bytes(), "S1_CD3.tif").state == "done"
    assert WholeSlide.objects.count() == 1
    with pytest.raises(DataProblem, match="why the threshold changes"):
        counting_rule_state(people.study, user, "CD3", "", 0.6)
    assert counting_rule_state(people.study, user, "CD3", "", 0.6, "pale batch").number == 2
    run_inline(slide_count_start(slide, user))
    assert CellCount.objects.filter(region__region="tumor_center").count() == 2


def test_a_quarter_of_the_resolution_is_near_and_says_so(
    as_coordinator: People, slide: WholeSlide
) -> None:
    people = as_coordinator
    counting_rule_state(people.study, people.coordinator, "CD3", "", 0.2)
    regions_state(slide, people.coordinator, REGIONS)
    full, quarter = counted(people, slide), counted(people, slide, scale=4)
    for name, count in quarter.items():
        assert count.n_cells == pytest.approx(full[name].n_cells, rel=0.05)
        assert "count_at_scale" in {notice["code"] for notice in count.notices}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("S9_CD3.tif", {}, "S9"),
        ("S1.tif", {"patient_id": "P1"}, "no marker"),
        ("S1_CD3.tif", {"patient_id": "P2"}, "another patient's"),
        ("S1_CD3.tif", {"um_per_pixel": 0.25}, "0.5 µm per pixel in the file, 0.25 stated"),
        ("S1_CD3.tif", {"procedure": "guess"}, "guess"),
    ],
)
def test_a_slide_of_nobody_is_refused(
    as_coordinator: People, slide_file: Path, name: str, options: dict, message: str
) -> None:
    people = as_coordinator
    for pseudonym, label in (("P1", "S1"), ("P2", "S2")):
        patient = Patient.objects.create(study=people.study, site=people.here, pseudonym=pseudonym)
        Specimen.objects.create(patient=patient, label=label)
    try:
        job = hand_in(people, slide_file.read_bytes(), name, **options)
    except DataProblem as refusal:
        found = str(refusal)
    else:
        assert job.state == "failed"
        found = json.dumps(job.problems, ensure_ascii=False)
    assert message in found
    assert not WholeSlide.objects.exists()


def zipped(entries: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no slide at all", "no reader of slides"),
        (b"II*\x00" + bytes(64), "without a picture"),
        (zipped({"../S1.tif": b"x"}), "outside"),
        (zipped({"readme.txt": b"x"}), "slides knows"),
        (zipped({"a.tif": b"x"})[:-30], "slides knows"),
    ],
    ids=["text", "empty-tiff", "outside", "text-in-a-zip", "half-a-zip"],
)
def test_what_is_no_slide_is_refused(
    as_coordinator: People, settings: Any, tmp_path: Path, data: bytes, message: str
) -> None:
    people = as_coordinator
    settings.LOCAL_COPIES = str(tmp_path / "copies")
    Patient.objects.create(study=people.study, site=people.here, pseudonym="P1")
    job = hand_in(people, data, "x.tif", patient_id="P1", marker="CD3")
    assert job.state == "failed"
    assert message in json.dumps(job.problems)


def test_a_slide_in_a_zip_and_one_without_a_resolution(
    as_coordinator: People, slide_file: Path, settings: Any, tmp_path: Path, cells: np.ndarray
) -> None:
    people = as_coordinator
    settings.LOCAL_COPIES = str(tmp_path / "copies")
    Patient.objects.create(study=people.study, site=people.here, pseudonym="P1")
    said = {"patient_id": "P1", "marker": "CD8"}
    packed = zipped({"slide/data.tif": slide_file.read_bytes()})
    assert hand_in(people, packed, "slide.zip", **said).state == "done"
    folder = tmp_path / "mirax"
    folder.mkdir()
    write_mrxs(folder, draw_cells((300, 300), cells[:0]))
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert hand_in(people, zipped(files), "m.zip", **said).state == "done"
    assert WholeSlide.objects.filter(vendor="mirax", um_per_pixel=0.5, width=256).exists()
    two = hand_in(people, zipped(files | {"other.mrxs": b""}), "two.zip", **said)
    assert "2 slides" in json.dumps(two.problems)
    plain = write_slide(tmp_path / "p.tif", draw_cells((300, 300), cells[:0]), um_per_pixel=None)
    refused = hand_in(people, plain.read_bytes(), "p.tif", **said)
    assert "how large a pixel is" in json.dumps(refused.problems)
    stated = hand_in(people, plain.read_bytes(), "q.tif", um_per_pixel=0.4, **said)
    assert stated.state == "done", stated.problems
    assert WholeSlide.objects.filter(resolution_stated=True, um_per_pixel=0.4).exists()


def test_pages_of_a_slide(as_coordinator: People, slide: WholeSlide) -> None:
    people = as_coordinator
    client, colleague = Client(), Client()
    client.force_login(people.coordinator)
    colleague.force_login(people.colleague)  # of another site
    page = reverse("imaging:slide", args=[people.study.uid, slide.uid])
    assert colleague.get(page).status_code == 404

    def post(name: str, **data: Any) -> Any:
        address = reverse(f"imaging:{name}", args=[people.study.uid, slide.uid])
        return client.post(address, data, follow=True)

    assert b"Draw a region" in post("slide_regions", geojson="").content
    outside = region("invasive_margin", (9, 9, 9000, 20))
    assert b"to 9000, 20" in post("slide_regions", geojson=json.dumps(outside)).content
    assert post("slide_regions", geojson=json.dumps(REGIONS)).status_code == 200
    assert SlideRegion.objects.count() == 2
    assert b"optical density" in post("slide_threshold", threshold="9").content
    post("slide_threshold", threshold="0.2")
    counted(people, slide)
    count = CellCount.objects.first()
    assert count is not None
    shown = client.get(page).content.decode()
    assert "Let it speak" in shown
    client.post(reverse("imaging:count_adopt", args=[people.study.uid, count.uid]))
    assert CellDensity.objects.get().count == count
    tile = reverse("imaging:slide_tile", args=[people.study.uid, slide.uid, 11, 1, 1])
    answer = client.get(tile)
    assert Image.open(io.BytesIO(answer.content)).size == (256, 256)
    assert client.get(tile.replace("/11/1_1", "/40/1_1")).status_code == 404
    assert colleague.get(tile).status_code == 404
    overlay = reverse("imaging:count_tile", args=[people.study.uid, count.uid, 11, 2, 1])
    drawn = np.asarray(Image.open(io.BytesIO(client.get(overlay).content)))
    assert drawn.shape[2] == 4
    assert drawn[..., 3].any()
    assert colleague.get(overlay).status_code == 404


def test_the_api_states_regions_and_threshold_counts_and_adopts(
    as_coordinator: People, slide: WholeSlide
) -> None:
    people, base = as_coordinator, f"/api/v1/studies/{as_coordinator.study.uid}"
    coordinator, colleague, reader = Client(), Client(), Client()
    coordinator.force_login(people.coordinator)
    colleague.force_login(people.colleague)  # of another site
    reader.force_login(people.statistician)  # may not enter

    def send(path: str, data: Any, client: Client = coordinator) -> Any:
        return client.post(f"{base}/{path}/", json.dumps(data), content_type="application/json")

    regions, count = f"whole-slides/{slide.uid}/regions", f"whole-slides/{slide.uid}/count"
    threshold = {"marker": "CD3", "threshold": 0.2}
    assert send(regions, {"geojson": REGIONS}, colleague).status_code == 404
    for path, data in ((regions, {"geojson": REGIONS}), ("cell-counting-rules", threshold)):
        assert send(path, data, reader).status_code == 403
    outside = {"geojson": region("invasive_margin", (9, 9, 9000, 20))}
    assert "to 9000, 20" in send(regions, outside).content.decode()
    assert "no threshold" in send(count, {}).content.decode()
    suggested = coordinator.get(f"{base}/cell-counting-rules/suggested/?marker=CD3").json()
    assert 0.05 < suggested["threshold"] < 0.8
    assert send("cell-counting-rules", threshold).json()["number"] == 1
    assert send("cell-counting-rules", threshold | {"threshold": 0.3}).status_code == 422
    assert [row["region"] for row in send(regions, {"geojson": REGIONS}).json()] == [
        "tumor_center", "invasive_margin",
    ]  # fmt: skip
    assert send(count, {"scale": 3}).status_code == 400
    job = send(count, {"scale": 4})
    assert job.status_code == 202
    run_inline(slide_count_start(slide, people.coordinator, 4))
    listed = coordinator.get(f"{base}/cell-counts/?slide__uid={slide.uid}").json()["results"]
    assert len(listed) == 2
    adopt = f"cell-counts/{listed[0]['uid']}/adopt"
    assert send(adopt, {}, colleague).status_code == 404
    assert send(adopt, {}, reader).status_code == 403
    assert send(adopt, {}).json()["per_mm2"] == pytest.approx(listed[0]["per_mm2"])
    cells = f"{base}/cell-counts/{listed[0]['uid']}/cells/"
    found = read_cells(b"".join(coordinator.get(cells).streaming_content))
    assert len(found) == listed[0]["n_cells"]
    assert colleague.get(cells).status_code in (403, 404)


QUPATH = b"Image\tClass\tNum Positive per mm^2\nS1_CD3.svs\tTumor\t810\nS1_CD3.svs\tMargin\t1400\n"


def test_a_laboratorys_export_is_mapped_once_and_handed_in(as_coordinator: People) -> None:
    people = as_coordinator
    patient = Patient.objects.create(study=people.study, site=people.here, pseudonym="P1")
    Specimen.objects.create(patient=patient, label="S1")
    client = Client()
    client.force_login(people.coordinator)
    listed = reverse("imaging:profiles", args=[people.study.uid])
    answer = client.post(listed, {"file": io.BytesIO(QUPATH)}, follow=True)
    form = answer.context["form"]
    assert form.initial["unit"] == "cells/mm2"
    sent = {key: value for key, value in form.initial.items() if value} | {"name": "North"}
    client.post(reverse("imaging:profile_new", args=[people.study.uid]), sent | {"unit": ""})
    assert not LaboratoryProfile.objects.exists()
    client.post(reverse("imaging:profile_new", args=[people.study.uid]), sent)
    profile = LaboratoryProfile.objects.get()
    upload = reverse("imaging:profile_upload", args=[people.study.uid, profile.uid])
    export = io.BytesIO(QUPATH)
    export.name = "export.tsv"
    client.post(upload, {"file": export})
    job = run_inline(batch_job(ImportBatch.objects.get(kind="cell_densities")))
    assert job.state == "done", job.problems
    found = CellDensity.objects.values_list("region", "per_mm2", "patient__pseudonym")
    assert sorted(found) == [("invasive_margin", 1400.0, "P1"), ("tumor_center", 810.0, "P1")]
