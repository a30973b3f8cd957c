"""What imaging tests share: the published reference objects, read from their archives."""

import tarfile

import pytest
from scans_made import scanned_both

from imaging.methods.dicom_file import read_dicom
from imaging.methods.dicom_series import read_series
from imaging.methods.rtstruct import read_rtstruct
from imaging.methods.suv import apply_suv, estimate_suv_factors
from imaging.methods.volume import Volume
from tests.begun import begun_by


def _members(archive):
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(".dcm"):
                yield member.name, tar.extractfile(member).read()


@pytest.fixture(scope="session")
def reference_object(shared):
    """A function of an object's number: its PET slices and its structure set."""

    def read(number):
        archive = shared / "data/imaging/suv_reference_objects" / f"DRO_{number}.tar.xz"
        if not archive.exists():
            pytest.skip(f"no {archive.name}")
        instances = [read_dicom(data, name) for name, data in _members(archive)]
        pet = [dataset for dataset in instances if dataset.Modality == "PT"]
        [structures] = [dataset for dataset in instances if dataset.Modality == "RTSTRUCT"]
        return pet, structures

    return read


@pytest.fixture(scope="session")
def sarcoma(shared):
    """A function of patient and modality: slices and structure set of a real sarcoma."""

    def read(patient, modality):
        folder = shared / "data/imaging/soft_tissue_sarcoma_petct/dicom" / patient / modality
        if not folder.exists():
            pytest.skip(f"no {folder.name} of {patient}")
        slices = [
            read_dicom(path.read_bytes(), path.name)
            for path in sorted((folder / "image").iterdir())
        ]
        [structures] = [
            read_dicom(path.read_bytes(), path.name) for path in (folder / "mask").iterdir()
        ]
        return slices, structures

    return read


@pytest.fixture(scope="session")
def sarcoma_suv(sarcoma):
    """A function of a patient: SUV and lesion mask of a real sarcoma, both on the PET's grid."""

    def read(patient):
        slices, structures = sarcoma(patient, "PET")
        series = read_series(slices, patient)
        suv = apply_suv(series.volume.array, estimate_suv_factors(series.slices))
        [roi] = read_rtstruct(structures, series.volume.grid, patient)
        return Volume(suv, series.volume.grid), roi.mask

    return read


@pytest.fixture
@begun_by(scanned_both)
def study_with_scans(as_coordinator):
    return as_coordinator
