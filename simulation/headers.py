"""What DICOM headers say: the subject, the visit to the scanner, the PET and the CT series."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from simulation.images import CT_SPACING_MM, PET_SPACING_MM
from simulation.randomness import stream, uid

PET_CLASS, CT_CLASS = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.2"
HALF_LIFE_S = 6586.2
FRAME_S = 150
CT_INTERCEPT = -1024
# Manufacturer and reconstruction. No word of the patient's name stands in them: de-identification
# takes what repeats a name away, and SIMULATED is one here.
SCANNERS = {
    "Phantom PET/CT 1": ("Imagined A", "PSF+TOF 3i21s"),
    "Phantom PET/CT 2": ("Imagined B", "OSEM 2i24s"),
    "Phantom PET/CT 3": ("Imagined A", "TOF-OSEM 3i33s"),
    "Phantom PET/CT 4": ("Imagined B", "PSF 4i16s"),
}


@dataclass(frozen=True)
class Subject:
    """What a scan's headers say about a patient."""

    seed: int
    patient_id: str
    site: str
    scanner: str
    sex: str
    age_years: int
    scanned_on: dt.date

    def uid(self, *names: str | int) -> str:
        return uid(self.seed, "dicom", self.patient_id, *names)


@dataclass(frozen=True)
class Acquisition:
    """One visit to the scanner."""

    weight_kg: float
    height_m: float
    dose_bq: float
    injected_at: dt.datetime
    scanned_at: dt.datetime
    origin_mm: tuple[float, float, float]  # x, y, z of the field's centre

    @property
    def suv_to_bqml(self) -> float:
        waited = (self.scanned_at - self.injected_at).total_seconds()
        return self.dose_bq * 2 ** (-waited / HALF_LIFE_S) / (self.weight_kg * 1000)


def draw_acquisition(subject: Subject) -> Acquisition:
    rng = stream(subject.seed, "acquisition", subject.patient_id)
    male = subject.sex == "male"
    height = round(float(rng.normal(1.74 if male else 1.63, 0.06)), 2)
    weight = round(float(np.clip(rng.normal(25, 3.2), 18, 38)) * height**2, 1)
    morning = dt.datetime.combine(subject.scanned_on, dt.time(8))
    injected = morning + dt.timedelta(seconds=int(rng.integers(0, 6 * 3600)))
    waited = dt.timedelta(seconds=int(rng.integers(54 * 60, 70 * 60)))
    origin = np.round(rng.uniform((-60, -40, -400), (20, 40, -200)), 1)
    dose = float(np.round(weight * rng.uniform(3.4e6, 4.1e6), -4))
    return Acquisition(weight, height, dose, injected, injected + waited, tuple(origin))


def common_header(subject: Subject, visit: Acquisition) -> Dataset:
    """Patient, study and frame of reference: the same in every file of a patient."""
    dataset = Dataset()
    dataset.PatientName = f"SIMULATED^{subject.patient_id}"
    dataset.PatientID = subject.patient_id
    dataset.PatientBirthDate = ""
    dataset.PatientSex = "M" if subject.sex == "male" else "F"
    dataset.PatientAge = f"{subject.age_years:03d}Y"
    dataset.PatientWeight = f"{visit.weight_kg:.1f}"
    dataset.PatientSize = f"{visit.height_m:.2f}"
    dataset.PatientComments = "SIMULATED"
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "SIMULATED: no person"
    dataset.StudyInstanceUID = subject.uid("study")
    dataset.StudyID = "1"
    dataset.StudyDate = f"{visit.scanned_at:%Y%m%d}"
    dataset.StudyTime = f"{visit.scanned_at:%H%M%S}"
    dataset.StudyDescription = "SIMULATED PET/CT"
    dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""
    dataset.InstitutionName = subject.site
    dataset.FrameOfReferenceUID = subject.uid("frame")
    dataset.PositionReferenceIndicator = ""
    dataset.Manufacturer = SCANNERS[subject.scanner][0]
    dataset.ManufacturerModelName = subject.scanner
    dataset.SoftwareVersions = "SIMULATED"
    return dataset


def _image_header(
    subject: Subject, visit: Acquisition, modality: str, shape: tuple[int, ...],
    spacing: tuple[float, ...],
) -> Dataset:  # fmt: skip
    dataset = common_header(subject, visit)
    dataset.Modality = modality
    dataset.SeriesInstanceUID = subject.uid(modality)
    dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = dataset.StudyDate
    dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = dataset.StudyTime
    dataset.AcquisitionNumber = "1"
    dataset.PatientPosition = "HFS"
    dataset.ImageComments = "SIMULATED"
    dataset.Rows, dataset.Columns = shape[1:]
    dataset.PixelSpacing = [f"{spacing[1]:.1f}", f"{spacing[2]:.1f}"]
    dataset.SliceThickness = f"{spacing[0]:.1f}"
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    return dataset


def pet_header(subject: Subject, visit: Acquisition, shape: tuple[int, ...]) -> Dataset:
    dataset = _image_header(subject, visit, "PT", shape, PET_SPACING_MM)
    dataset.SOPClassUID = PET_CLASS
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.SeriesNumber = "2"
    dataset.SeriesDescription = "SIMULATED PET AC"
    dataset.SeriesType = ["STATIC", "IMAGE"]
    dataset.Units = "BQML"
    dataset.CountsSource = "EMISSION"
    dataset.CorrectedImage = ["DECY", "ATTN", "SCAT", "DTIM", "RAN", "NORM"]
    dataset.DecayCorrection = "START"
    dataset.AttenuationCorrectionMethod = "CT"
    dataset.ReconstructionMethod = SCANNERS[subject.scanner][1]
    dataset.CollimatorType = "NONE"
    dataset.NumberOfSlices = shape[0]
    dataset.ActualFrameDuration = str(FRAME_S * 1000)
    dataset.FrameReferenceTime = f"{_mean_decay_time_s() * 1000:.1f}"
    dataset.DecayFactor = f"{_frame_decay_factor():.6f}"
    dataset.PixelRepresentation = 1
    dataset.RescaleIntercept = "0"
    dataset.RescaleType = "BQML"
    dataset.RadiopharmaceuticalInformationSequence = [_tracer(visit)]
    return dataset


def _tracer(visit: Acquisition) -> Dataset:
    item, nuclide, drug = Dataset(), Dataset(), Dataset()
    nuclide.CodeValue, nuclide.CodingSchemeDesignator = "C-111A1", "SRT"
    nuclide.CodeMeaning = "^18^Fluorine"
    drug.CodeValue, drug.CodingSchemeDesignator = "C-B1031", "SRT"
    drug.CodeMeaning = "Fluorodeoxyglucose F^18^"
    item.Radiopharmaceutical = "FDG"
    item.RadionuclideTotalDose = f"{visit.dose_bq:.0f}"
    item.RadionuclideHalfLife = str(HALF_LIFE_S)
    item.RadionuclidePositronFraction = "0.967"
    item.RadiopharmaceuticalStartTime = f"{visit.injected_at:%H%M%S}"
    item.RadiopharmaceuticalStartDateTime = f"{visit.injected_at:%Y%m%d%H%M%S}"
    item.RadionuclideCodeSequence = [nuclide]
    item.RadiopharmaceuticalCodeSequence = [drug]
    return item


def _frame_decay_factor() -> float:
    decay = np.log(2) / HALF_LIFE_S * FRAME_S
    return float(decay / (1 - np.exp(-decay)))


def _mean_decay_time_s() -> float:
    """When, after the frame's start, the activity equals the frame's mean."""
    return float(np.log(_frame_decay_factor()) * HALF_LIFE_S / np.log(2))


def ct_header(subject: Subject, visit: Acquisition, shape: tuple[int, ...]) -> Dataset:
    dataset = _image_header(subject, visit, "CT", shape, CT_SPACING_MM)
    dataset.SOPClassUID = CT_CLASS
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SeriesNumber = "1"
    dataset.SeriesDescription = "SIMULATED CT"
    dataset.KVP = "120"
    dataset.ConvolutionKernel = "SIMULATED"
    dataset.PixelRepresentation = 0
    dataset.RescaleIntercept = str(CT_INTERCEPT)
    dataset.RescaleType = "HU"
    return dataset
