"""`analysis.R`: the same analysis for R's survival and rms, written for one table."""

from __future__ import annotations

from collections.abc import Sequence

from modeling.methods.prognosis_analysis import PrognosisAnalysis

PREAMBLE = """# {title}
# Repeats the analysis in R (packages survival and rms) and writes r_*.csv beside it:
#   Rscript analysis.R TABLE.csv OUT
suppressPackageStartupMessages({{ library(survival); library(rms) }})
given <- commandArgs(trailingOnly = TRUE)
table_file <- if (length(given) > 0) given[1] else {source}
out <- if (length(given) > 1) given[2] else "."
read <- read.table(table_file, header = TRUE, sep = {separator}, quote = "\\"", comment.char = "",
  colClasses = "character", na.strings = character(0), check.names = FALSE,
  strip.white = TRUE, fileEncoding = "UTF-8-BOM")
gap <- function(x) tolower(x) %in% c({missing})
wanted <- c({wanted})
kept <- rowSums(sapply(read[wanted], gap)) == 0
d <- read[kept, wanted]
row <- unname(which(kept))
names(d) <- c("time_", "event_", {short})
as_level <- function(x, levels) {{  # 1, 1.0 and 01 are the same level
  number <- function(v) suppressWarnings(as.numeric(v))
  same <- match(number(x), number(levels), incomparables = NA)
  factor(ifelse(x %in% levels, x, levels[same]), levels = levels)
}}
d$time_ <- as.numeric(d$time_)
d$event_ <- as.integer(tolower(sub("\\\\.0+$", "", d$event_)) %in% c("1", "true", "t"))
"""

MODEL = """
model <- Surv(time_, event_) ~ {terms}
times <- c({times})
fit <- coxph(model, data = d, ties = "efron", x = TRUE)
told <- summary(fit)$coefficients
write.csv(data.frame(term = c({columns}), coef = told[, "coef"], se = told[, "se(coef)"],
  p = told[, "Pr(>|z|)"]), file.path(out, "r_cox.csv"), row.names = FALSE)
write.csv(data.frame(null = fit$loglik[1], model = fit$loglik[2], score = fit$score,
  wald = fit$wald.test, harrell = unname(fit$concordance["concordance"]),
  uno = concordance(fit, timewt = "n/G2")$concordance),
  file.path(out, "r_fit.csv"), row.names = FALSE)
ph <- sapply(c("km", "rank", "identity"), function(g) cox.zph(fit, g)$table[, "chisq"])
write.csv(data.frame(term = c({variables}, "GLOBAL"), ph), file.path(out, "r_ph.csv"),
  row.names = FALSE)
curves <- survfit(fit, newdata = d, conf.type = "log-log")
at <- summary(curves, times = times, extend = TRUE)
survival <- matrix(at$surv, nrow = length(times))
write.csv(data.frame(row = row, survival = t(survival)), file.path(out, "r_survival.csv"),
  row.names = FALSE)
km <- survfit(Surv(time_, event_) ~ 1, data = d, conf.type = "log-log")
write.csv(data.frame(time = km$time, survival = km$surv, lower = km$lower, upper = km$upper),
  file.path(out, "r_km.csv"), row.names = FALSE)
"""

NOMOGRAM = """
dd <- datadist(d); options(datadist = "dd")
exact <- cph({formula}, data = d, x = TRUE, y = TRUE, surv = TRUE, eps = 1e-12, iter.max = 60)
surv <- Survival(exact)
nom <- nomogram(exact, fun = lapply(times, function(t) {{ force(t); function(lp) surv(t, lp) }}),
  funlabel = paste0("S", times), maxscale = 100)
points <- do.call(rbind, lapply(c({short}), function(v) data.frame(variable = v,
  value = as.character(nom[[v]][[v]]), points = nom[[v]]$points)))
write.csv(points, file.path(out, "r_nomogram.csv"), row.names = FALSE)
"""

VALIDATION = """
set.seed({seed}); B <- {resamples}; u <- {horizon}
usual <- cph({formula}, data = d, x = TRUE, y = TRUE, surv = TRUE, time.inc = u)
v <- validate(usual, B = B)
write.csv(data.frame(index = rownames(v), apparent = v[, "index.orig"],
  corrected = v[, "index.corrected"], n = v[, "n"]), file.path(out, "r_validation.csv"),
  row.names = FALSE)
capture.output(k <- calibrate(usual, u = u, cmethod = "KM", m = {size}, B = min(B, 200)))
write.csv(data.frame(predicted = k[, "mean.predicted"], observed = k[, "KM"],
  corrected = k[, "KM.corrected"]), file.path(out, "r_calibration.csv"), row.names = FALSE)
"""


def write_script(
    found: PrognosisAnalysis, source: str, duration: str, event: str, resamples: int
) -> str:
    """R code that reads the same table and does the same, one file per part."""
    terms = found.table.terms
    short = [f"v{k + 1}" for k in range(len(terms))]
    names = [term.name for term in terms]
    parts = [
        PREAMBLE.format(
            title=f"{duration}, {event}: {', '.join(names)}".replace("\n", " "),
            source=_text(source),
            separator=_text(found.table.separator),
            missing=_list(["", "na", "n/a", "nan", "null", "none", "."]),
            wanted=_list([duration, event, *names]),
            short=_list(short),
        ),
        *(_column(name, term.levels) for name, term in zip(short, terms, strict=True)),
        MODEL.format(
            terms=" + ".join(
                f"rcspline.eval({v}, knots = c({_numbers(t.knots)}), inclx = TRUE)"
                if t.knots
                else v
                for v, t in zip(short, terms, strict=True)
            ),
            times=_numbers(found.times),
            columns=_list([c for term in terms for c in term.columns]),
            variables=_list(names),
        ),
    ]
    formula = "Surv(time_, event_) ~ " + " + ".join(
        f"rcs({v}, c({_numbers(t.knots)}))" if t.knots else v
        for v, t in zip(short, terms, strict=True)
    )
    parts.append(NOMOGRAM.format(formula=formula, short=_list(short)))
    groups = found.validation.groups
    size = max(1, found.cox.n // (len(groups.n) if groups else 5))
    parts.append(
        VALIDATION.format(
            formula=formula, seed=found.seed, resamples=resamples, horizon=repr(found.horizon),
            size=size,
        )
    )  # fmt: skip
    return "".join(parts)


def _column(name: str, levels: Sequence[str]) -> str:
    if not levels:
        return f"d${name} <- as.numeric(d${name})\n"
    known = _list(levels)
    return f"d${name} <- as_level(d${name}, c({known}))\n"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _list(values: Sequence[str]) -> str:
    return ", ".join(_text(value) for value in values)


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(repr(float(value)) for value in values)
