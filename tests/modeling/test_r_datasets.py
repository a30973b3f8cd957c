"""Tables that R ships, written and fitted by R itself where it is installed: Cox, S(t|x), zph."""

from __future__ import annotations

import subprocess

import numpy as np
import pandas as pd
import pytest

from modeling.methods.analysis_table import read_analysis_table
from modeling.methods.cox import fit_cox
from modeling.methods.design_matrix import apply_design
from modeling.methods.proportional_hazards import check_proportional_hazards

SCRIPT = """
suppressPackageStartupMessages(library(survival))
v <- veteran; v$note <- paste0('id "', seq_len(nrow(v)), '", x')
write.csv(v, "veteran.csv", row.names = TRUE)
p <- pbc[!is.na(pbc$trt), ]; p$dead <- p$status == 2; write.csv(p, "pbc.csv", row.names = TRUE)
r <- rotterdam; r$size <- as.character(r$size); write.csv(r, "rotterdam.csv", row.names = TRUE)
tell <- function(name, f, d, times) {
  d <<- d; fit <- coxph(f, data = d, ties = "efron", eps = 1e-12)
  s <- summary(survfit(fit, newdata = head(d, 40)), times = times, extend = TRUE)$surv
  write.csv(data.frame(coef = unname(coef(fit)), se = sqrt(diag(vcov(fit)))),
    paste0(name, "_cox.csv"), row.names = FALSE)
  write.csv(t(s), paste0(name, "_survival.csv"), row.names = FALSE)
  write.csv(cox.zph(fit, "km")$table, paste0(name, "_zph.csv"), row.names = FALSE)
}
v$celltype <- factor(v$celltype, levels = c("squamous", "smallcell", "adeno", "large"))
tell("veteran", Surv(time, status) ~ factor(trt) + celltype + karno + age, v, c(30, 90))
tell("pbc", Surv(time, dead) ~ age + bili + albumin + protime + sex,
  p[!is.na(p$protime), ], c(365, 1825))
r$size <- factor(r$size, levels = c("<=20", "20-50", ">50"))
tell("rotterdam", Surv(dtime, death) ~ age + size + nodes, r, c(1825, 3650))
"""
ASKED = {
    "veteran": ("time", "status", ["trt", "celltype", "karno", "age"],
                {"trt": ["1", "2"], "celltype": ["squamous", "smallcell", "adeno", "large"]},
                [30, 90]),
    "pbc": ("time", "dead", ["age", "bili", "albumin", "protime", "sex"], {"sex": ["m", "f"]},
            [365, 1825]),
    "rotterdam": ("dtime", "death", ["age", "size", "nodes"],
                  {"size": ["<=20", "20-50", ">50"]}, [1825, 3650]),
}  # fmt: skip


@pytest.fixture(scope="module")
def told(rscript, tmp_path_factory):
    folder = tmp_path_factory.mktemp("r")
    answer = subprocess.run([rscript, "-e", SCRIPT], cwd=folder, capture_output=True, text=True,
                            check=False)  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    return folder


@pytest.mark.parametrize("name", ASKED)
def test_a_table_written_by_r_is_read_and_fitted_as_by_r(told, name):
    duration, event, covariates, factors, times = ASKED[name]
    content = (told / f"{name}.csv").read_bytes()
    table = read_analysis_table(content, duration, event, covariates, factors)
    design = apply_design(table.covariates, table.terms)
    fit = fit_cox(table.duration, table.event, design.matrix, design.names)
    cox = pd.read_csv(told / f"{name}_cox.csv")
    np.testing.assert_allclose(fit.coefficients, cox["coef"], atol=1e-8)
    np.testing.assert_allclose(fit.std_error, cox["se"], atol=1e-8)
    survival = pd.read_csv(told / f"{name}_survival.csv").to_numpy()
    np.testing.assert_allclose(fit.survival(design.matrix[:40], times), survival, atol=1e-8)
    zph = check_proportional_hazards(
        fit, table.duration, table.event, design.matrix, "km", design.groups
    )
    np.testing.assert_allclose(zph.p_value, pd.read_csv(told / f"{name}_zph.csv")["p"], atol=1e-6)
