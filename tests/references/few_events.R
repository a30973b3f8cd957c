# Nine events for eight columns: the profile of Firth's penalised Cox likelihood, where the other
# coefficients have more than one top. coxph's own likelihood and information, penalised here and
# maximised from several starts (minutes): Rscript few_events.R, beside few_events.json.
library(survival); library(jsonlite)
told <- fromJSON("few_events.json"); d <- as.data.frame(told$rows); names(d) <- told$columns
x <- as.matrix(d[, -(1:2)]); set.seed(1)
at <- function(b) { g <- tryCatch(suppressWarnings(coxph(Surv(d$time, d$event) ~ x, init=b, control=coxph.control(iter.max=0))), error=function(e) NULL)
  if (is.null(g)) return(-1e6)
  v <- g$loglik[2] - as.numeric(determinant(vcov(g))$modulus)/2; if (is.finite(v)) v else -1e6 }
scale <- apply(x, 2, sd)
climb <- function(b, held, times=1) { free <- setdiff(seq_along(b), held)
  f <- function(v) { b[free] <- v / scale[free]; -at(b) }
  max(sapply(seq_len(times), function(k) -optim(b[free]*scale[free] + (k > 1)*rnorm(length(free), sd=3), f, method="BFGS", control=list(maxit=300, reltol=1e-12))$value)) }
best <- optim(rep(0, 8), function(v) -at(v/scale), method="BFGS", control=list(maxit=500, reltol=1e-14))
b <- best$par/scale; top <- -best$value
fall <- function(v) { s <- b; s[7] <- v; climb(s, 7, 6) - top + qchisq(.95, 1)/2 }
told$coef <- b; told$loglik <- top
told$upper_of_x7 <- uniroot(fall, c(1.2, 1.6), tol=1e-5)$root
write(toJSON(told, digits=NA, auto_unbox=TRUE), "few_events.json")
