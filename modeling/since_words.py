"""What has changed since a snapshot was frozen, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext, ngettext

from modeling.models import Reproduction
from studies.value_words import word_of


def said_since(changes: Iterable[dict[str, Any]]) -> list[str]:
    """A sentence per change, each once: two snapshots of a run share most of them."""
    return list(dict.fromkeys(_SAID[change["what"]](change) for change in changes))


def said_of_proof(proof: Reproduction) -> list[str]:
    """What is another since the run: its code, and what was frozen."""
    then, now = proof.run.commit[:12], proof.commit[:12]
    code = gettext("The code was {then} and is {now}.").format(then=then, now=now)
    told = [code] if then and now and then != now else []
    return [*told, *said_since(proof.changed_since)]


def _words(name: Any) -> str:
    return word_of(str(name))


def _cohort(change: dict[str, Any]) -> str:
    what = change["what"].removeprefix("cohort_")
    told = {
        "name": gettext("The cohort {cohort} is called {now} now."),
        "role": gettext("The cohort {cohort} was {then} and is {now} now."),
        "use": gettext("The cohort {cohort} was for {then} and is for {now} now."),
    }
    return told[what].format(**{n: _words(change[n]) for n in ("cohort", "then", "now")})


def _gone(change: dict[str, Any]) -> str:
    n = change["patients"]
    text = ngettext(
        "{n} patient has left the cohort {cohort}.",
        "{n} patients have left the cohort {cohort}.",
        n,
    )
    return text.format(n=n, cohort=_words(change["cohort"]))


def _new(change: dict[str, Any]) -> str:
    n = change["patients"]
    text = ngettext(
        "{n} patient has come to the cohort {cohort}.",
        "{n} patients have come to the cohort {cohort}.",
        n,
    )
    return text.format(n=n, cohort=_words(change["cohort"]))


def _not_usable(change: dict[str, Any]) -> str:
    n = change["patients"]
    text = ngettext(
        "{n} patient may not be used today: withdrawn, excluded or without consent.",
        "{n} patients may not be used today: withdrawn, excluded or without consent.",
        n,
    )
    return text.format(n=n)


def _site(change: dict[str, Any]) -> str:
    n = change["patients"]
    text = ngettext(
        "{n} patient is at a site of another name.",
        "{n} patients are at a site of another name.",
        n,
    )
    return text.format(n=n)


def _pseudonym(change: dict[str, Any]) -> str:
    n = change["patients"]
    text = ngettext(
        "The pseudonym of {n} patient was corrected; the rows have the earlier one.",
        "The pseudonyms of {n} patients were corrected; the rows have the earlier ones.",
        n,
    )
    return text.format(n=n)


def _inputs(change: dict[str, Any]) -> str:
    text = gettext("{n} of {of} inputs are not those that speak for their patient today.")
    return text.format(n=change["inputs"], of=change["of"])


def _fit(change: dict[str, Any]) -> str:
    n = change["patients"]
    text = ngettext(
        "The {fit} saw {n} patient who validates today: a new run would be refused.",
        "The {fit} saw {n} patients who validate today: a new run would be refused.",
        n,
    )
    return text.format(n=n, fit=change["fit"])


def _images(change: dict[str, Any]) -> str:
    text = gettext("{n} patients share an image today: a new run would be refused.")
    return text.format(n=change["patients"])


def _cuts(change: dict[str, Any]) -> str:
    text = gettext("The cuts of {rule} rest on other densities than those of today.")
    return text.format(rule=change["rule"])


_SAID = {
    "cohort_name": _cohort,
    "cohort_role": _cohort,
    "cohort_use": _cohort,
    "members_gone": _gone,
    "members_new": _new,
    "not_usable": _not_usable,
    "site": _site,
    "pseudonym": _pseudonym,
    "inputs": _inputs,
    "fit_saw_validating": _fit,
    "shared_images": _images,
    "cuts": _cuts,
}
