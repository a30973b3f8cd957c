"""What imaging offers: doors, steps, stages, facts, and what it keeps below a patient."""

from imaging import glance, patient_panels, slides_stage, stages, withdrawal
from imaging.selectors import (
    cd3_high_of,
    cd8_high_of,
    immunoscore_digest_of,
    immunoscore_of,
    immunoscore_rule_of,
    marker_densities_of,
    uptake_of,
)
from imaging.services import MEASURE, SEND, SETTLE
from studies.methods.wording import say as _
from studies.registry import (
    Action,
    CompletenessColumn,
    JobCourse,
    PatientPanel,
    Stage,
    Tab,
    UploadKind,
    register_action,
    register_completeness,
    register_fact,
    register_glance,
    register_job_course,
    register_job_title,
    register_patient_panel,
    register_stage,
    register_tab,
    register_traces,
    register_upload,
    register_uses,
)

register_upload(
    UploadKind(
        name="dicom_zip",
        title=_("PET/CT scans"),
        job_kind="imaging.scans_import",
        accept=".zip",
        help=_(
            "A zip or a folder of DICOM files, any number of patients: the PET and CT series "
            "and the lesions as RTSTRUCT or SEG. PatientID is the patient's pseudonym in the "
            "cohort table. Each visit goes in whole or waits with its reason; other files "
            "are named and left out."
        ),
        takes_folders=True,
        details_url="imaging:batch_files",
        order=20,
        stage="imaging",
        keeps_bytes=False,
    )
)
register_upload(
    UploadKind(
        name="nifti_zip",
        title=_("PET/CT as NIfTI, and masks"),
        job_kind="imaging.nifti_import",
        accept=".zip",
        help=_(
            "A zip with a folder per patient, named by the pseudonym. A volume (.nii, .nii.gz, "
            ".nrrd) has a .json beside it with DICOM's keywords: Modality, AcquisitionDate, Units "
            "(BQML, GML or HU) and what the SUV needs. A mask stands on the grid of a scan of that "
            "patient; a .json with Labels may name its regions."
        ),
        order=22,
        stage="imaging",
        keeps_bytes=False,
    )
)
register_upload(
    UploadKind(
        name="cell_densities",
        title=_("Cell densities"),
        job_kind="imaging.densities_import",
        accept=".csv,.tsv,.txt",
        help=_(
            "CSV, one line per specimen, marker and region: patient_id, specimen, marker (CD3, "
            "CD8), region (tumor_center, invasive_margin), density, unit (cells/mm2 or cells/um2); "
            "procedure (biopsy, resection) if known. Empty is not measured, never 0."
        ),
        order=50,
        stage="slides",
    )
)
register_upload(
    UploadKind(
        name="whole_slide",
        title=_("Scanned slides"),
        job_kind="imaging.slide_import",
        accept=".svs,.ndpi,.scn,.tif,.tiff,.zip",
        help=_(
            "SVS, NDPI, SCN, tiled TIFF or OME-TIFF, or a zip of the files of an MRXS or "
            "DICOM slide, named specimen_marker (S12_CD3.svs) where the study knows the "
            "specimen; otherwise add it under Slides."
        ),
        order=55,
        stage="slides",
    )
)
register_action(
    Action(
        kind="imaging.deidentify",
        title=_("De-identify stored scans"),
        stage="imaging",
        description=_(
            "Bring scans taken in under earlier rules under those of today: new UIDs, "
            "moved dates, a report for each."
        ),
        right="identifiers",
        order=5,
    )
)
register_action(
    Action(
        kind="imaging.extractor_fit",
        title=_("Fit the feature extractor"),
        stage="features",
        description=_("Two label-free encoders, PET and CT, on the development cohort only."),
        order=10,
        params={"preset": "demo", "seed": 1},
    )
)
register_action(
    Action(
        kind="imaging.features_extract",
        title=_("Extract features"),
        stage="features",
        description=_(
            "Features of every patient's target lesion by the newest extractor; who failed "
            "before is tried again. control: beside (features, and those of the same networks on "
            "voxels shuffled inside the region), shuffled (these alone), or empty."
        ),
        order=20,
        params={"preset": "", "extractor": "", "control": "beside"},
    )
)
register_action(
    Action(
        kind="imaging.extractor_seed",
        title=_("Add a random network"),
        stage="features",
        description=_("A 3D ResNet drawn by a seed and never trained: a random baseline."),
        order=30,
        params={"architecture": "resnet10", "seed": 1},
    )
)
register_upload(
    UploadKind(
        name="extractor_weights",
        title=_("Weights of a 3D ResNet"),
        job_kind="imaging.weights_import",
        accept=".safetensors,.pth,.pt",
        help=_(
            "Weights of a 3D ResNet-10, 18 or 50 of one channel, as safetensors or as a .pth "
            "of tensors; nothing else in the file is read. They are used for PET and for CT, "
            "from then on in place of the fitted encoder."
        ),
        right="run",
        order=90,
        stage="features",
    )
)
register_action(
    Action(
        kind="imaging.immunoscore",
        title=_("Compute the Immunoscore"),
        stage="slides",
        description=_(
            "Cuts frozen on the development cohort, then 0-4 for every specimen with four "
            "densities; a missing region or a biopsy gives no score."
        ),
        order=10,
        params={"kind": "reference_percentile", "parameter": None, "cuts": None},
    )
)
register_job_title(SETTLE, _("Take in scans that waited"))
register_job_course(
    JobCourse(
        SETTLE,
        result_key="batch",
        result_page="imaging:batch_files",
        result_word=_("Files and what became of each"),
    )
)
register_job_title(MEASURE, _("Measure uptake again"))
register_job_title("imaging.slide_count", _("Count cells on a slide"))
register_job_title(SEND, _("Send regions to an archive"))
register_stage(Stage("imaging", _("PET/CT"), 20, stages.imaging_stage))
register_stage(Stage("features", _("Features"), 25, stages.features_stage))
register_stage(Stage("slides", _("Slides and Immunoscore"), 35, slides_stage.slides_stage))
register_tab(Tab(_("Scans"), "imaging:scans", 20))
register_tab(Tab(_("Slides"), "imaging:slides", 35, also=("imaging:profiles",)))
register_patient_panel(
    PatientPanel(_("PET/CT"), "imaging/_patient_panel.html", patient_panels.scans_panel, 10, True)
)
register_patient_panel(
    PatientPanel(_("Slides"), "imaging/_slides_panel.html", patient_panels.slides_panel, 30, True)
)
register_fact("uptake", uptake_of)
register_fact("cd3_high", cd3_high_of)
register_fact("cd8_high", cd8_high_of)
register_fact("marker_densities", marker_densities_of)
register_fact("immunoscore", immunoscore_of)
register_fact("immunoscore_rule", immunoscore_rule_of)
register_fact("immunoscore_digest", immunoscore_digest_of)
register_glance(*glance.COLUMNS)
register_uses("imaging", withdrawal.uses_of, withdrawal.purge, withdrawal.TABLES)
register_completeness(
    CompletenessColumn(
        "pet",
        _("PET"),
        "imaging_series",
        "t.modality = 'PT' AND t.state = 'ready'",
        20,
        "dicom_zip",
    ),
    CompletenessColumn(
        "ct", _("CT"), "imaging_series", "t.modality = 'CT' AND t.state = 'ready'", 21, "dicom_zip"
    ),
    CompletenessColumn(
        "baseline_petct",
        _("Baseline PET/CT"),
        "imaging_petctpair",
        "t.timing = 'baseline'",
        22,
        "dicom_zip",
    ),
    CompletenessColumn("roi", _("ROI"), "imaging_roi", "true", 25, "dicom_zip"),
    *(
        CompletenessColumn(
            f"{marker.lower()}_{region}",
            title,
            "imaging_celldensity",
            f"t.marker = '{marker}' AND t.region = '{region}' AND t.per_mm2 IS NOT NULL",
            order,
            "cell_densities",
        )
        for order, (marker, region, title) in enumerate(
            (
                ("CD3", "tumor_center", _("CD3 centre")),
                ("CD3", "invasive_margin", _("CD3 margin")),
                ("CD8", "tumor_center", _("CD8 centre")),
                ("CD8", "invasive_margin", _("CD8 margin")),
            ),
            start=50,
        )
    ),
)
register_traces("imaging", withdrawal.traces)
