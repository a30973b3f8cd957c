"""Values of models whose words a page shows (the filter ``words``), marked to be translated."""

from __future__ import annotations

from studies.methods.wording import marked as _

WORDS = (
    # what a table was frozen for
    _("rad score"), _("prognosis"), _("prognosis fit"), _("prognosis judge"),
    _("prognosis rad score"), _("table 2"), _("validation"), _("recalibration"), _("cohorts"),
    # recipes and how gaps are met
    _("paper"), _("full"), _("demo"), _("complete case"), _("median in fold"),
    # the method of a nomogram
    _("Cox, Efron ties, LASSO-chosen clinical columns"),
    _("Cox, Efron ties, fixed clinical columns"),
    _("Cox, Firth's likelihood, LASSO-chosen clinical columns"),
    _("Cox, Firth's likelihood, fixed clinical columns"),
    # on what ground a number stands
    _("out of fold"), _("applied"), _("apparent"), _("optimism corrected"),
    # states and verdicts
    _("draft"), _("validated"), _("released"), _("retired"), _("equal"), _("within tolerance"),
    _("different"), _("results"), _("code"), _("version"), _("frozen table"),
    # what is asked besides, and what was judged against
    _("centroids per fold"), _("not evaluable as non responder"), _("shuffled voxels"),
    _("without borderline"), _("rna"), _("ihc"), _("response"),
    # parts of an examination
    _("groups"), _("cuts"), _("subgroups"), _("importance"), _("drift"), _("sensitivity"),
    _("learning and chance"), _("log odds"), _("probability"),
    # levels of the shipped dictionary as models hold them
    _("female"), _("male"), _("left"), _("right"), _("adenocarcinoma"), _("mucinous"),
    _("signet ring"),
    # units of time and single times
    _("month"), _("day"), _("OS"), _("PFS"),
)  # fmt: skip
