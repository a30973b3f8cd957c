# Writes lung_r.json, which tests/modeling compare with: Rscript lung.R
suppressMessages({library(survival);library(rms);library(cmprsk);library(splines)})

d <- lung[complete.cases(lung[,c("time","status","age","sex","ph.ecog","ph.karno","wt.loss")]),]
d$event <- as.integer(d$status==2); d$female <- as.integer(d$sex==2); d$id <- seq_len(nrow(d))
d$w <- 1 + (d$id %% 3); d$off <- 0.3*sin(d$id); d$wf <- 0.5 + (d$id %% 4)/2
out <- list()
tab <- function(f) list(coef=unname(coef(f)), se=unname(sqrt(diag(vcov(f)))), loglik=f$loglik, score=f$score)
for (ties in c("efron","breslow")) {
  out[[paste0("strata_",ties)]] <- tab(coxph(Surv(time,event)~age+ph.ecog+wt.loss+strata(female), d, ties=ties))
  out[[paste0("weights_",ties)]] <- tab(coxph(Surv(time,event)~age+ph.ecog+wt.loss, d, weights=w, ties=ties, robust=FALSE))
  out[[paste0("offset_",ties)]] <- tab(coxph(Surv(time,event)~age+ph.ecog+wt.loss+offset(off), d, ties=ties))
  f <- coxph(Surv(time,event)~age+ph.ecog+wt.loss, d, ties=ties)
  nd <- d[c(1,20,77),]
  for (ct in c("log","log-log","plain")) {
    s <- summary(survfit(f, newdata=nd, conf.type=ct), times=c(30,180,365,700))
    out[[paste("surv",ties,ct,sep="_")]] <- list(surv=t(s$surv), se=t(s$std.err), lower=t(s$lower), upper=t(s$upper))
  }
  keep <- c(1,2,3,50,100,nrow(d))
  out[[paste0("resid_",ties)]] <- list(rows=keep, martingale=unname(residuals(f,"martingale")[keep]), deviance=unname(residuals(f,"deviance")[keep]),
     score=unname(residuals(f,"score")[keep,]), dfbeta=unname(residuals(f,"dfbeta")[keep,]), dfbetas=unname(residuals(f,"dfbetas")[keep,]),
     martingale_sum=sum(residuals(f,"martingale")^2), dfbeta_sum=colSums(residuals(f,"dfbeta")^2),
     schoenfeld_head=unname(residuals(f,"schoenfeld")[1:5,]), schoenfeld_sum=unname(colSums(residuals(f,"schoenfeld")^2)))
  z <- cox.zph(f, transform="km"); out[[paste0("zph_",ties)]] <- list(x=unname(z$x[1:5]), y=unname(z$y[1:5,]), ysum=unname(colSums(z$y^2)))
}
fs <- coxph(Surv(time,event)~age+ph.ecog+wt.loss+strata(female), d)
out$strata_surv <- lapply(c(0,1), function(k) { nd <- d[c(1,20),]; nd$female <- k; s <- summary(survfit(fs,newdata=nd,conf.type="log"),times=c(180,365)); list(surv=t(s$surv), se=t(s$std.err)) })
out$strata_zph <- list(km=unname(cox.zph(fs,"km")$table[,1]), identity=unname(cox.zph(fs,"identity")$table[,1]), rank=unname(cox.zph(fs,"rank")$table[,1]))
fr <- coxph(Surv(time,event)~age+ph.ecog+wt.loss, d, weights=wf, robust=TRUE); out$robust <- list(coef=unname(coef(fr)), naive=unname(sqrt(diag(fr$naive.var))), robust=unname(sqrt(diag(fr$var))))
fw <- coxph(Surv(time,event)~age+ph.ecog+wt.loss, d, weights=w, robust=FALSE); sw <- summary(survfit(fw,newdata=d[c(1,20),]),times=c(180,365)); out$weights_surv <- list(surv=t(sw$surv), se=t(sw$std.err))
# splines
for (k in 3:5) { r <- rcspline.eval(d$age, nk=k, inclx=TRUE); out[[paste0("rcs_",k)]] <- list(knots=attr(r,"knots"), rows=unname(r[c(1,5,9),])) ; g <- coxph(Surv(time,event)~r, d); out[[paste0("rcs_fit_",k)]] <- tab(g) }
g4 <- cph(Surv(time,event)~rcs(age,4), d, eps=1e-12, iter.max=50); a <- anova(g4); out$rcs_anova <- list(chisq=unname(a[,1]), df=unname(a[,2]))
# backward
st <- step(coxph(Surv(time,event)~age+female+ph.ecog+ph.karno+wt.loss, d), trace=0); out$step <- list(terms=attr(terms(st),"term.labels"), aic=st$anova$AIC, dropped=as.character(st$anova$Step))
# strat logrank
sd1 <- survdiff(Surv(time,event)~female+strata(ph.ecog), d); out$strat_logrank <- list(chisq=sd1$chisq, obs=rowSums(sd1$obs), exp=rowSums(sd1$exp))
sd2 <- survdiff(Surv(time,event)~female+strata(ph.ecog), d, rho=1); out$strat_peto <- list(chisq=sd2$chisq)
sd3 <- survdiff(Surv(time,event)~female, d, rho=0.5); out$rho_half <- list(chisq=sd3$chisq)
# rmst: by survfit print rmean
for (tau in c(365,700)) { s <- survfit(Surv(time,event)~female, d); m <- summary(s, rmean=tau)$table; out[[paste0("rmst_",tau)]] <- list(rmean=unname(m[,"rmean"]), se=unname(m[,"se(rmean)"])) }
# C: uno
f <- coxph(Surv(time,event)~age+ph.ecog+wt.loss, d); lp <- predict(f)
for (tw in c("n","n/G2","S","S/G")) { cc <- concordance(Surv(time,event)~lp, d, timewt=tw, reverse=TRUE); out[[paste0("c_",gsub("/","_",tw))]] <- list(c=unname(cc$concordance), se=sqrt(cc$var)) }
cu <- concordance(Surv(time,event)~lp, d, timewt="n/G2", reverse=TRUE, ymax=365); out$c_uno_365 <- list(c=unname(cu$concordance), se=sqrt(cu$var))
# smooth calibration
p <- 1 - as.numeric(summary(survfit(f,newdata=d),times=365)$surv); cll <- log(-log(1-p)); 
r <- rcspline.eval(cll, nk=3, inclx=TRUE); cf <- coxph(Surv(d$time,d$event)~r); bh <- survfit(cf, newdata=list(r=r)) 
nd <- r; obs <- 1 - exp(-basehaz(cf,centered=FALSE)$hazard[max(which(basehaz(cf,centered=FALSE)$time<=365))]*exp(as.numeric(r%*%coef(cf))))
out$smooth <- list(knots=attr(r,"knots"), ici=mean(abs(obs-p)), e50=median(abs(obs-p)), e90=unname(quantile(abs(obs-p),.9)), emax=max(abs(obs-p)), first=obs[1:5])
# crowson: poisson
H <- predict(f, type="expected", newdata=d); dd <- d; hz <- 365; d2 <- d; d2$event <- as.integer(d$event==1 & d$time<=hz); d2$time <- pmin(d$time,hz)
e <- predict(f, newdata=d2, type="expected"); g0 <- glm(d2$event ~ offset(log(e)), family=poisson); g1 <- glm(d2$event ~ lp + offset(log(e)-lp), family=poisson)
out$poisson <- list(expected=sum(e), intercept=unname(coef(g0)), intercept_se=sqrt(vcov(g0)[1]), slope=unname(coef(g1)), slope_se=unname(sqrt(diag(vcov(g1)))))
# competing risks: mgus2 first 200 rows; hand table
etime <- d$time; ev <- d$event * (1 + (d$id %% 3 == 0)); grp <- as.character(d$female)
ci <- cuminc(etime, ev, grp); tp <- timepoints(ci, c(180,365,700)); out$cuminc <- list(names=names(ci)[1:4], est=unname(tp$est), var=unname(tp$var), gray=unname(ci$Tests[,1]), p=unname(ci$Tests[,2]))
out$gray_rho1 <- unname(cuminc(etime, ev, grp, rho=1)$Tests[,1])
g3 <- as.character(d$ph.ecog); g3[g3=="3"] <- "2"; ci3 <- cuminc(etime, ev, g3); out$gray3 <- list(stat=unname(ci3$Tests[,1]), df=unname(ci3$Tests[,3]))
out$gray3_strata <- unname(cuminc(etime, ev, g3, grp)$Tests[,1])
aj <- survfit(Surv(etime, factor(ev,0:2)) ~ grp); su <- summary(aj, times=c(180,365,700)); out$aj <- list(strata=as.character(su$strata), pstate=unname(su$pstate[,2:3]), se=unname(su$std.err[,2:3]))
# added value and a bend: likelihood ratios
base <- coxph(Surv(time,event)~age+female, d); more <- coxph(Surv(time,event)~age+female+ph.ecog, d); k3 <- rcspline.eval(d$age, nk=3, inclx=TRUE); bend <- coxph(Surv(time,event)~k3+female+ph.ecog, d)
out$added <- list(chisq=anova(base, more)$Chisq[2], p=anova(base, more)[["Pr(>|Chi|)"]][2], bend=2*(bend$loglik[2]-more$loglik[2]))
# Firth: coxph's own likelihood and information, penalised and maximised here (minutes); "early" separates
d$early <- as.integer(d$time <= 200)
firth <- function(formula, ties) {
  at <- function(b) { g <- suppressWarnings(coxph(formula, d, ties=ties, init=b, control=coxph.control(iter.max=0)))
    g$loglik[2] - as.numeric(determinant(vcov(g))$modulus)/2 }
  top <- function(b, held) { free <- setdiff(seq_along(b), held); f <- function(v) { b[free] <- v; at(b) }
    for (i in 1:60) { step <- -solve(numDeriv::hessian(f, b[free]), numDeriv::grad(f, b[free])); b[free] <- b[free] + pmin(pmax(step,-1),1); if (max(abs(step)) < 1e-9) break }
    b }
  p <- length(coef(suppressWarnings(coxph(formula, d)))); b <- top(rep(0,p), 0); best <- at(b)
  se <- sqrt(diag(vcov(suppressWarnings(coxph(formula, d, ties=ties, init=b, control=coxph.control(iter.max=0))))))
  drop <- function(j, v) { s <- b; s[j] <- v; best - at(top(s, j)) - qchisq(.95,1)/2 }
  end <- function(side) sapply(1:p, function(j) uniroot(function(v) drop(j, v), sort(b[j] + side*c(.5,4)*se[j]), tol=1e-9)$root)
  pv <- sapply(1:p, function(j) { s <- b; s[j] <- 0; pchisq(2*(best - at(top(s, j))), 1, lower.tail=FALSE) })
  list(coef=b, se=unname(se), loglik=c(at(rep(0,p)), best), lower=end(-1), upper=end(1), p=pv)
}
for (ties in c("efron","breslow")) out[[paste0("firth_",ties)]] <- firth(Surv(time,event)~age+ph.ecog+early, ties)
out$firth_strata <- firth(Surv(time,event)~age+early+strata(female), "efron")
writeLines(jsonlite::toJSON(out, digits=NA, auto_unbox=TRUE, na="null"), "lung_r.json")
