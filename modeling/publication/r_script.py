"""``analysis.R`` of a report: its nomograms again in R, from the numbers in the zip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modeling.methods.nomogram import nomogram_from_dict

TOTALS = 21  # total points at which survival is compared
HEAD = """# The nomograms of this report in R.
#   Rscript analysis.R                      survival of total points from the stored models,
#                                           compared with what the report's program told
#   Rscript analysis.R fit_ENDPOINT.csv ... also fits each Cox model again (package survival) to
#                                           the rows it was fitted to, and compares
#                                           (not one that was fitted by Firth's likelihood);
#                                           a fit_ENDPOINT.csv that lies here is read unasked
# The rows are patients': the zip of a frozen table brings them, the zip of a report does not. Who
# holds the rights "rows" and "download" takes them away on the page of the snapshot that is named
# at each model below (Models, Frozen tables); over the API: POST exports/ with content
# frozen_table and filters {"snapshot": uid}. They come as fit_ENDPOINT.csv.
# Written files: r_survival_ENDPOINT.csv, r_cox_ENDPOINT.csv
given <- commandArgs(trailingOnly = TRUE)
if (!length(given)) given <- list.files(pattern = "^fit_.*[.]csv$")
bent <- function(x, k) {  # a restricted cubic spline's columns, as Hmisc::rcspline.eval has them
  n <- length(k); cube <- function(v) pmax(v, 0)^3 / (k[n] - k[1])^2
  cbind(x, sapply(seq_len(n - 2), function(j) cube(x - k[j]) + ((k[n - 1] - k[j]) * cube(x - k[n]) -
    (k[n] - k[j]) * cube(x - k[n - 1])) / (k[n] - k[n - 1])))
}
"""

MODEL = """
# ---- {name}, fitted to {table} (sha256 {snapshot}): {file}
{landmark}model <- list(
  endpoint = {endpoint},
  columns = c({columns}),
  coef = c({coefficients}),
  center = c({center}),
  times = c({times}),
  hazard = c({hazard}))
axes <- list(
{axes})
totals <- seq(0, {largest}, length.out = {totals})
survival <- sapply(model$hazard, function(h) exp(-h * exp(totals / {scale} + {intercept})))
told <- data.frame(total_points = totals, survival)
names(told) <- c("total_points", paste0("survival_", model$times))
write.csv(told, paste0("r_survival_", model$endpoint, ".csv"), row.names = FALSE)
ours <- c({survival})
gap <- max(abs(as.vector(survival) - ours))
cat(model$endpoint, ": largest difference of", length(ours), "survival probabilities",
  signif(gap, 3), "\n")
stopifnot(gap < 1e-8)
file <- given[basename(given) == {file_name}]
if (length(file) == 1 && {plain}) {{
  suppressPackageStartupMessages(library(survival))
  d <- read.csv(file, check.names = FALSE, stringsAsFactors = FALSE, fileEncoding = "UTF-8-BOM")
  d$event <- as.integer(d$event %in% c(1, "1", "True", "TRUE", "true"))
{factors}  fit <- coxph(Surv(duration_months, event) ~ {terms}, data = d, ties = "efron")
  found <- data.frame(column = model$columns, stored = model$coef, refitted = unname(coef(fit)),
    se = sqrt(diag(vcov(fit))))
  write.csv(found, paste0("r_cox_", model$endpoint, ".csv"), row.names = FALSE)
  gap <- max(abs(found$stored - found$refitted))
  cat(model$endpoint, ": largest difference of a coefficient", signif(gap, 3), "\\n")
  if (nrow(d) == {n}) stopifnot(gap < 1e-6) else cat(model$endpoint, ": the file has", nrow(d),
    "rows, the model was fitted to {n}: who may not be shared is left out, so they differ\\n")
}}
"""


def write_report_script(models: Sequence[Mapping[str, Any]]) -> str:
    """R code for each stored nomogram; it names nobody and holds no patient's value."""
    return HEAD + "".join(_model(model) for model in models)


def fit_file(endpoint: str) -> str:
    """How the rows that a nomogram was fitted to are called as a file, without its ending."""
    return f"fit_{endpoint}"


def _model(model: Mapping[str, Any]) -> str:
    nomogram = model["nomogram"]
    largest = float(sum(max(axis["points"]) for axis in nomogram["axes"]))
    told = nomogram_from_dict(nomogram).survival(np.linspace(0, largest, TOTALS))
    return MODEL.format(
        name=model["name"],
        snapshot=model["snapshot_sha256"][:12],
        table=model.get("snapshot", "a frozen table"),
        file=f"{fit_file(model['endpoint'])}.csv",
        file_name=_text(f"{fit_file(model['endpoint'])}.csv"),
        n=model["n"],
        endpoint=_text(model["endpoint"]),
        landmark=_landmark(model.get("landmark_days", 0)),
        columns=", ".join(map(_text, model["columns"])),
        coefficients=_numbers(model["coefficients"]),
        center=_numbers(model["center"]),
        times=_numbers(nomogram["times"]),
        hazard=_numbers(nomogram["baseline"]),
        axes=",\n".join(_axis(axis) for axis in nomogram["axes"]),
        largest=repr(largest),
        totals=TOTALS,
        survival=_numbers(told.T.ravel()),
        scale=repr(float(nomogram["points_per_unit"])),
        intercept=f"({float(nomogram['intercept'])!r})",
        factors="".join(_factor(term, model["joined_levels"]) for term in model["terms"]),
        terms=" + ".join(map(_term, model["terms"])),
        plain="FALSE" if model.get("penalty") == "firth" else "TRUE",
    )


def _landmark(days: int) -> str:
    if not days:
        return ""
    return (
        f"# Landmark: day {days} after the start of treatment. Time (times, duration_months of\n"
        "# the rows) counts from it, in patients followed without event beyond it.\n"
    )


def _term(term: Mapping[str, Any]) -> str:
    if not term.get("knots"):
        return f"`{term['name']}`"
    return f"bent(`{term['name']}`, c({_numbers(term['knots'])}))"


def _axis(axis: Mapping[str, Any]) -> str:
    values = ", ".join(_text(str(value)) for value in axis["values"])
    return (
        f"  {_name(axis['name'])} = data.frame(value = c({values}), "
        f"points = c({_numbers(axis['points'])}))"
    )


def _factor(term: Mapping[str, Any], joined: Mapping[str, Mapping[str, str]]) -> str:
    if not term["levels"]:
        return ""
    name = f"d[[{_text(term['name'])}]]"
    lines = [
        f"  {name}[{name} == {_text(rare)}] <- {_text(reference)}\n"
        for rare, reference in joined.get(term["name"], {}).items()
    ]
    levels = ", ".join(map(_text, term["levels"]))
    return "".join(lines) + f"  {name} <- factor({name}, levels = c({levels}))\n"


def _name(text: str) -> str:
    return f"`{text}`"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(repr(float(value)) for value in values)
