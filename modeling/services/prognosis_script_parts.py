"""Pieces of `analysis.R`: each a format string, filled by :mod:`prognosis_script`."""

from __future__ import annotations

PREAMBLE = """# {title}
# Repeats the analysis in R ({packages}), writes r_*.csv and compares:
#   Rscript analysis.R TABLE.csv OUT
# r_comparison.csv holds the largest difference per part and whether it is within what is allowed;
# {compared_beside} are compared when they lie beside this script.
if (!l10n_info()[["UTF-8"]]) invisible(Sys.setlocale("LC_CTYPE", "C.UTF-8"))  # names of columns
suppressPackageStartupMessages({{ {libraries} }})
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
names(d) <- c({outcomes}, {short})
as_level <- function(x, levels) {{  # 1, 1.0 and 01 are the same level
  number <- function(v) suppressWarnings(as.numeric(v))
  same <- match(number(x), number(levels), incomparables = NA)
  factor(ifelse(x %in% levels, x, levels[same]), levels = levels)
}}
happened <- function(x) as.integer(tolower(sub("\\\\.0+$", "", x)) %in% c("1", "true", "t"))
d$event_ <- happened(d$event_)
"""

MODEL = """d$time_ <- as.numeric(d$time_)
model <- Surv(time_, event_) ~ {terms}
times <- c({times})
columns <- c({columns})
"""

PLAIN = """
fit <- coxph(model, data = d, ties = "efron", x = TRUE)
told <- summary(fit)$coefficients
write.csv(data.frame(term = columns, coef = told[, "coef"], se = told[, "se(coef)"],
  p = told[, "Pr(>|z|)"]), file.path(out, "r_cox.csv"), row.names = FALSE)
ph <- sapply(c("km", "rank", "identity"), function(g) tryCatch(cox.zph(fit, g)$table[, "chisq"],
  error = function(e) rep(NA, {tested})))  # R finds some tables singular here: not compared
write.csv(data.frame(term = c({variables}, "GLOBAL"), ph), file.path(out, "r_ph.csv"),
  row.names = FALSE)
"""

FIRTH = """
# Firth's penalised likelihood: survival's likelihood, score and information at given
# coefficients, the slope of the penalty by differences, Newton's steps until they rest.
at <- function(b, rows) coxph(model, data = rows, ties = "efron", init = b, x = TRUE,
  control = coxph.control(iter.max = 0))
penalty <- function(b, rows) -as.numeric(determinant(vcov(at(b, rows)))$modulus) / 2
firth <- function(rows) {{
  b <- rep(0, length(columns))
  for (turn in 1:200) {{
    here <- at(b, rows)
    spread <- sqrt(diag(vcov(here)))
    slope <- sapply(seq_along(b), function(j) {{
      e <- replace(0 * b, j, 1e-4 * spread[j])
      (penalty(b + e, rows) - penalty(b - e, rows)) / (2 * e[j])
    }})
    score <- colSums(as.matrix(residuals(here, type = "score")))
    step <- drop(vcov(here) %*% (score + slope))
    step <- step * min(1, 2 / max(abs(step) / spread))
    before <- here$loglik[2] + penalty(b, rows)
    while (max(abs(step) / spread) > 1e-9 &&
           !isTRUE(at(b + step, rows)$loglik[2] + penalty(b + step, rows) >= before - 1e-9)) {{
      step <- step / 2
    }}
    b <- b + step
    if (max(abs(step) / spread) < 1e-8) break
  }}
  b
}}
best <- firth(d)
fit <- at(best, d)
write.csv(data.frame(term = columns, coef = best, se = sqrt(diag(vcov(fit)))),
  file.path(out, "r_cox.csv"), row.names = FALSE)
"""

PREDICTED = """
none <- sum(coxph(Surv(time_, event_) ~ 1, data = d, ties = "efron")$loglik)
score <- round(fit$linear.predictors, {tied})  # like rows are tied
c_by <- function(weights) {{
  concordance(Surv(time_, event_) ~ score, data = d, reverse = TRUE, timewt = weights)$concordance
}}
write.csv(data.frame(null = none, model = fit$loglik[2], harrell = c_by("n"), uno = c_by("n/G2")),
  file.path(out, "r_fit.csv"), row.names = FALSE)
curves <- survfit(fit, newdata = d, conf.type = "log-log")
at_times <- summary(curves, times = times, extend = TRUE)
survival <- matrix(at_times$surv, nrow = length(times))
write.csv(data.frame(row = row, survival = t(survival)), file.path(out, "r_survival.csv"),
  row.names = FALSE)
followed <- read[rowSums(sapply(read[wanted[1:2]], gap)) == 0, wanted[1:2]]  # covariates or not
km <- survfit(Surv(as.numeric(followed[[1]]), happened(followed[[2]])) ~ 1, conf.type = "log-log")
write.csv(data.frame(time = km$time, survival = km$surv, lower = km$lower, upper = km$upper),
  file.path(out, "r_km.csv"), row.names = FALSE)
"""

NOMOGRAM = """
dd <- datadist(d); options(datadist = "dd")
exact <- cph({formula}, data = d, x = TRUE, y = TRUE, surv = TRUE, eps = 1e-12, tol = 1e-13,
  iter.max = 60)
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

FIRTH_VALIDATION = """
# A plain loop: a resample that holds one value only of a column is not usable.
set.seed({seed}); B <- min({resamples}, 50)
c_of <- function(b, rows) {{
  lp <- drop(fit$x[rows, , drop = FALSE] %*% b)
  concordance(Surv(d$time_[rows], d$event_[rows]) ~ lp, reverse = TRUE)$concordance
}}
everybody <- seq_len(nrow(d))
optimism <- replicate(B, {{
  drawn <- sample(nrow(d), replace = TRUE)
  own <- apply(fit$x[drawn, , drop = FALSE], 2, function(v) diff(range(v)))
  if (min(own) == 0) NA else {{
    b <- firth(d[drawn, ])
    c_of(b, drawn) - c_of(b, everybody)
  }}
}})
apparent <- c_of(best, everybody)
write.csv(data.frame(index = "C", apparent = apparent,
  corrected = apparent - mean(optimism, na.rm = TRUE), n = sum(!is.na(optimism))),
  file.path(out, "r_validation.csv"), row.names = FALSE)
"""

COMPARE = """
# Ours against R's. What is drawn at random (the corrected indexes) agrees only nearly.
compared <- NULL
compare <- function(part, ours, theirs, allowed) {{
  same_size <- length(ours) == length(theirs)
  gap <- if (same_size) abs(ours - theirs)[!(is.na(ours) & is.na(theirs))] else NA
  largest <- if (anyNA(gap)) Inf else max(c(0, gap))
  compared <<- rbind(compared, data.frame(part = part, values = length(ours),
    largest_difference = largest, allowed = allowed, agrees = largest <= allowed))
}}
here <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
beside <- function(name) file.path(if (length(here)) dirname(here[1]) else ".", name)
"""

COMPARISON = """compare("coefficients", c({coef}), unname(coef(fit)), 1e-6)
compare("standard errors", c({se}), unname(sqrt(diag(vcov(fit)))), 1e-6)
compare("log likelihoods", c({likelihoods}), c(none, fit$loglik[2]), 1e-6)
compare("Harrell's C", {harrell}, c_by("n"), 1e-8)
compare("Uno's C", {uno}, c_by("n/G2"), 1e-8)
{more}if (file.exists(beside("survival.csv"))) {{
  ours <- read.csv(beside("survival.csv"), check.names = FALSE)
  compare("predicted survival", unlist(ours[match(row, ours$row), 1 + seq_along(times)],
    use.names = FALSE), as.vector(t(survival)), 1e-7)
}}
if (file.exists(beside("km.csv"))) {{
  ours <- read.csv(beside("km.csv"))
  ours <- ours[ours$variable == "overall", ]
  compare("Kaplan-Meier", c(ours$survival, ours$lower, ours$upper),
    c(km$surv, km$lower, km$upper), 1e-9)
}}
"""

FINISH = """write.csv(compared, file.path(out, "r_comparison.csv"), row.names = FALSE)
print(compared, row.names = FALSE)
if (!all(compared$agrees)) stop("R differs from what is written here: see r_comparison.csv")
"""

POINTS = """compare("nomogram points", c({points}), points$points, 1e-6)
"""

GROUPS_COMPARED = """compare("calibration groups", c({groups}),
  c(k[, "mean.predicted"], k[, "KM"]), 1e-8)
"""

PLAIN_COMPARED = """told_ph <- !is.na(as.vector(ph))
compare("proportional hazards, chi-squared", c({ph})[told_ph], as.vector(ph)[told_ph], 1e-5)
{points_compared}{groups_compared}compare("apparent Dxy, R2, D, g", c({apparent}),
  unname(v[c("Dxy", "R2", "D", "g"), "index.orig"]), 1e-8)
"""
