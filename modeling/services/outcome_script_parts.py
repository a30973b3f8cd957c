"""Pieces of a binary outcome's `analysis.R`, filled by :mod:`outcome_script`."""

from __future__ import annotations

MODEL = """
model <- event_ ~ {terms}
columns <- c("(Intercept)", {columns})
x <- unname(model.matrix(model, data = d))
y <- d$event_
"""

PLAIN = """
fit <- glm(model, family = binomial, data = d, control = glm.control(epsilon = 1e-14, maxit = 60))
told <- unname(summary(fit)$coefficients)
beta <- told[, 1]; error <- told[, 2]; p_values <- told[, 4]
"""

FIRTH = """
# Firth's penalised likelihood by Newton's steps on its modified score; the coefficients that are
# not free stay at zero, the penalty is always that of the whole model.
value_at <- function(b, x, y) {{
  eta <- drop(x %*% b); w <- plogis(eta) * plogis(-eta)
  sum(y * eta - log1p(exp(eta))) + as.numeric(determinant(t(x) %*% (x * w))$modulus) / 2
}}
firth <- function(x, y, free = seq_len(ncol(x))) {{
  b <- rep(0, ncol(x))
  for (turn in 1:500) {{
    p <- plogis(drop(x %*% b)); w <- p * (1 - p)
    information <- t(x) %*% (x * w)
    leverage <- w * rowSums((x %*% solve(information)) * x)
    score <- drop(t(x) %*% (y - p + leverage * (0.5 - p)))[free]
    step <- solve(information[free, free, drop = FALSE], score)
    now <- value_at(b, x, y)
    repeat {{
      tried <- replace(b, free, b[free] + step)
      if (max(abs(step)) < 1e-9 || isTRUE(value_at(tried, x, y) >= now - 1e-10)) break
      step <- step / 2
    }}
    nearer <- replace(b, free, b[free] + step / 2)  # where one patient is alone at a level
    if (isTRUE(value_at(nearer, x, y) > value_at(tried, x, y))) tried <- nearer
    b <- tried
    if (max(abs(step)) < 1e-10) break
  }}
  b
}}
beta <- firth(x, y)
weight <- plogis(drop(x %*% beta)) * plogis(-drop(x %*% beta))
error <- sqrt(diag(solve(t(x) %*% (x * weight))))
best <- value_at(beta, x, y)
p_values <- sapply(seq_along(beta), function(j) {{
  without <- firth(x, y, setdiff(seq_along(beta), j))
  pchisq(2 * (best - value_at(without, x, y)), 1, lower.tail = FALSE)
}})
"""

PREDICTED = """
write.csv(data.frame(term = columns, coef = beta, se = error, p = p_values),
  file.path(out, "r_logistic.csv"), row.names = FALSE)
lp <- drop(x %*% beta); p <- plogis(lp)
write.csv(data.frame(row = row, probability = p), file.path(out, "r_probability.csv"),
  row.names = FALSE)
likelihood <- function(eta) sum(y * eta - log1p(exp(eta)))
likelihoods <- c(likelihood(qlogis(mean(y))), likelihood(lp))
# The AUC and DeLong's variance, by their definition.
score <- round(lp, 10)
before <- outer(score[y == 1], score[y == 0], ">") + outer(score[y == 1], score[y == 0], "==") / 2
auc <- mean(before)
auc_error <- sqrt(var(rowMeans(before)) / nrow(before) + var(colMeans(before)) / ncol(before))
write.csv(data.frame(auc = auc, se = auc_error), file.path(out, "r_auc.csv"), row.names = FALSE)
threshold <- (1:99) / 100
benefit <- sapply(threshold, function(t) {{
  mean(ifelse(round(p, 10) >= t, ifelse(y == 1, 1, -t / (1 - t)), 0))
}})
write.csv(data.frame(threshold = threshold, net_benefit = benefit),
  file.path(out, "r_decision_curve.csv"), row.names = FALSE)
brier <- mean((p - y)^2)
"""

SMOOTH = """
curve <- fitted(suppressWarnings(glm(
  y ~ rcspline.eval(lp, knots = c({smooth_knots}), inclx = TRUE),
  family = binomial, control = glm.control(epsilon = 1e-14, maxit = 60))))
distance <- function(e) unname(c(mean(e), quantile(e, 0.9), max(e)))
rough <- val.prob(p, y, pl = FALSE)[c("Eavg", "E90", "Emax")]
write.csv(data.frame(index = c("ICI", "E90", "Emax"), spline = distance(abs(curve - p)),
  lowess = unname(rough)), file.path(out, "r_calibration.csv"), row.names = FALSE)
"""

NOMOGRAM = """
dd <- datadist(d); options(datadist = "dd")
exact <- lrm({formula}, data = d, x = TRUE, y = TRUE, eps = 1e-12, maxit = 60)
nom <- nomogram(exact, fun = plogis, funlabel = "P", maxscale = 100)
points <- do.call(rbind, lapply(c({short}), function(v) data.frame(variable = v,
  value = as.character(nom[[v]][[v]]), points = nom[[v]]$points)))
write.csv(points, file.path(out, "r_nomogram.csv"), row.names = FALSE)
"""

VALIDATION = """
set.seed({seed}); B <- {resamples}
v <- validate(exact, B = B)
v <- v[c("Dxy", "R2", "Slope", "Intercept", "B"), ]
write.csv(data.frame(index = rownames(v), apparent = v[, "index.orig"],
  corrected = v[, "index.corrected"], n = v[, "n"], here = c({corrected})),
  file.path(out, "r_validation.csv"), row.names = FALSE)
"""

FIRTH_VALIDATION = """
# A plain loop: a resample that holds one value only of a column is not usable.
set.seed({seed}); B <- min({resamples}, 200)
auc_of <- function(b, rows) {{
  s <- round(drop(x[rows, , drop = FALSE] %*% b), 10)
  a <- s[y[rows] == 1]; z <- s[y[rows] == 0]
  mean(outer(a, z, ">") + outer(a, z, "==") / 2)
}}
optimism <- replicate(B, {{
  drawn <- sample(length(y), replace = TRUE)
  if (length(unique(y[drawn])) < 2 || qr(x[drawn, ])$rank < ncol(x)) NA else {{
    b <- firth(x[drawn, ], y[drawn])
    auc_of(b, drawn) - auc_of(b, seq_along(y))
  }}
}})
write.csv(data.frame(index = "AUC", apparent = auc, corrected = auc - mean(optimism, na.rm = TRUE),
  n = sum(!is.na(optimism)), here = {corrected_auc}), file.path(out, "r_validation.csv"),
  row.names = FALSE)
"""

COMPARED = """compare("coefficients", c({coef}), beta, 1e-6)
compare("standard errors", c({se}), error, 1e-6)
compare("p", c({p}), p_values, 1e-6)
compare("log likelihoods", c({likelihoods}), likelihoods, 1e-6)
compare("AUC and DeLong's standard error", c({auc}), c(auc, auc_error), 1e-8)
compare("Brier score", {brier}, brier, 1e-8)
{more}if (file.exists(beside("probability.csv"))) {{
  ours <- read.csv(beside("probability.csv"))
  compare("predicted probability", ours$probability[match(row, ours$row)], p, 1e-7)
}}
if (file.exists(beside("decision_curve.csv"))) {{
  compare("net benefit", read.csv(beside("decision_curve.csv"))$net_benefit, benefit, 1e-8)
}}
"""

SMOOTH_COMPARED = """compare("ICI, E90, Emax (spline)", c({smooth}), distance(abs(curve - p)), 1e-6)
compare("Eavg, E90, Emax (lowess)", c({lowess}), unname(rough), 1e-6)
"""

POINTS_COMPARED = """compare("nomogram points", c({points}), points$points, 1e-5)
"""

APPARENT_COMPARED = """compare("apparent Dxy, R2, Brier", c({apparent}),
  unname(v[c("Dxy", "R2", "B"), "index.orig"]), 1e-7)
"""
