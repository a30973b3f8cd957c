"""Headers of a PET slice as a test needs them: valid unless a tag is changed."""

from pydicom.dataset import Dataset

DEFAULTS = {
    "Units": "BQML",
    "SUVType": "",
    "DecayCorrection": "ADMIN",
    "CorrectedImage": ["DECY", "ATTN", "SCAT"],
    "PatientWeight": 70.0,
    "PatientSize": 1.75,
    "PatientSex": "M",
    "SeriesDate": "20250101",
    "SeriesTime": "110000",
    "AcquisitionDate": "20250101",
    "AcquisitionTime": "110000",
    "FrameReferenceTime": 150000.0,
    "ActualFrameDuration": "300000",
    "RescaleSlope": 1.0,
    "RescaleIntercept": 0.0,
}
NUCLIDE = {
    "RadionuclideTotalDose": 350e6,
    "RadionuclideHalfLife": 6586.2,
    "RadiopharmaceuticalStartDateTime": "20250101100000",
    "RadiopharmaceuticalStartTime": "100000",
}


def dataset(values: dict) -> Dataset:
    made = Dataset()
    for key, value in values.items():
        if value is not None:
            setattr(made, key, value)
    return made


def pet_slice(nuclide: dict | None = None, **changes) -> Dataset:
    """One header; a tag set to None is left out."""
    made = dataset(DEFAULTS | changes)
    made.RadiopharmaceuticalInformationSequence = [dataset(NUCLIDE | (nuclide or {}))]
    return made
