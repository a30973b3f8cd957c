"""What only the simulation knows. The platform never reads it."""

import pandas as pd

from simulation.study import Study


def tabulate_truth(study: Study) -> pd.DataFrame:
    """Latent values, image parameters and uncensored times, and whose images and RNA were filed."""
    names = study.latent["patient_id"]
    table = study.latent.drop(columns=["site"]).join(study.image_parameters).join(study.survival)
    table["image_source"] = names.iloc[study.image_source].to_numpy()
    table["rna_source"] = ""
    table.loc[study.counts.rows, "rna_source"] = names.iloc[study.rna_source].to_numpy()
    return table
