"""Sentences that results keep as plain English, found again by their patterns to be translated.

What a run wrote is frozen with its digest and cannot hold a wording beside each text; a page that
shows it says it in its own language, and what fits no pattern stays as it is.
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import gettext, ngettext

from modeling.methods.classifiers import CLASSIFIERS
from modeling.services.report_content import in_words
from studies.languages import language_now, spoken
from studies.methods.wording import Wording, marked
from studies.value_words import word_of

PATTERNS = (
    marked("events on one side of this column only (separation)"),
    marked(
        "{where}: {modality} of {n} patients is of scanners with under {minimum} training "
        "patients: {told}; {rule}."
    ),
    marked("The {name} was fixed before the run."),
    marked(
        "Best out-of-fold Brier score ({brier}) of the {n} classifiers within one standard error "
        "({error}) of the best AUC ({auc})."
    ),
    marked("The Rad-Score {verb} (likelihood ratio {statistic}, p {p}); {where}."),
    marked("The Rad-Score {verb} (penalised likelihood ratio {statistic}, p {p}); {where}."),
    marked(
        "The Rad-Score adds nothing that can be told from chance (likelihood ratio {statistic}, "
        "p {p}; no cohort in which the interval of ΔC lies above zero)."
    ),
    marked(
        "The Rad-Score adds nothing that can be told from chance (penalised likelihood ratio "
        "{statistic}, p {p}; no cohort in which the interval of ΔC lies above zero)."
    ),
    marked("ΔC lies above zero in: {better}; below zero in: {worse}"),
    marked("ΔC lies above zero in: {better}"),
    marked("in no cohort does the interval of ΔC lie above zero; below zero in: {worse}"),
    marked("{n} complete patients with {events} events: at least {rows} and {few} are needed"),
    marked("{name}: {levels} (fewer than {n} patients) counted as {level}"),
    marked("{name}: the same in everybody, left out"),
    marked("this report is of Rad-Score {number}; released is Rad-Score {other}"),
    marked(
        "no nomogram was made with Rad-Score {number}: those of another Rad-Score are left out, "
        "and survival and Table 2 with them"
    ),
    marked("departs from analysis plan {number}: {places}"),
    marked("complete case: {n} included, {out} left out"),
    marked("outside the question: {name} unknown"),
    marked("had the event by landmark day {days}"),
    marked("not followed beyond landmark day {days}"),
    marked("RNA phenotype {label}, neither hot nor cold"),
    marked("{n} patients have a score but stand in no AUC: {reason}."),
    marked("{cohort}: {n} patients have a score but stand in no AUC: {reason}."),
    marked("Likelihood ratio in training {statistic} on {n} degree of freedom. {rest}"),
    marked(
        "{outcomes} outcomes for {coefficients} coefficients (fewer than {n} each): not estimated "
        "together"
    ),
)
PARTS = (
    marked("adds to the fit"), marked("does not add to the fit"), marked("cohorts"),
    marked("in no cohort does the interval of ΔC lie above zero"),
    marked("What the Rad-Score adds could not be tested."), marked("external, phenotype"),
    marked("external, response"), marked("immune-enhanced (hot)"), marked("prognosis table 2"),
    marked("The other columns are kept. Training: with and without are apparent, the difference "
           "is less its optimism, so it is not the one minus the other; both models are refitted "
           "in every resample. Elsewhere both are frozen. Paired bootstrap."),
)  # fmt: skip


def kept(text: str) -> str:
    """The sentence in the language of the page; of a wording each part."""
    if isinstance(text, Wording) and text.values:
        return text.spoken(_part)
    said = spoken(text)
    if said != text or not text:
        return said
    if language_now().startswith("en"):
        return _spelled(text)
    for pattern in PATTERNS:
        if found := _regex(pattern).fullmatch(text):
            values = {name: _value(value) for name, value in found.groupdict().items()}
            return gettext(pattern).format(**values)
    return said


def _part(one: str, many: str, number: int) -> str:
    return ngettext(one, many, number) if many else kept(one)


def _spelled(text: str) -> str:
    """Classifiers and cohorts as people write them; a result keeps the program's names."""
    for name, classifier in CLASSIFIERS.items():
        text = text.replace(name.replace("_", " "), classifier.words)
    return in_words(text)


def _value(text: str) -> str:
    said = kept(text)
    return said if said != text else ", ".join(word_of(part) for part in text.split(", "))


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", pattern)
    return re.compile(
        "".join(f"(?P<{part}>.+?)" if k % 2 else re.escape(part) for k, part in enumerate(parts))
    )
