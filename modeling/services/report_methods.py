"""The Methods of the report, written from the record, and the limits, stated by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genomics.models import PhenotypeFit
from imaging.models import ExtractorVersion, FeatureSet, Roi, RoiMethod
from modeling.methods.classifiers import CLASSIFIERS
from modeling.methods.prognosis_plan import RAREST_LEVEL
from modeling.methods.scanner_plan import GROUPED_BY, MINIMUM, RULES
from modeling.models import Basis, DatasetSnapshot, ModelVersion, StatementKey
from modeling.selectors import extractors_behind, frozen_left_out, parents_of
from modeling.services.prognosis_columns import own_title
from modeling.services.prognosis_endpoints import endpoint_of, landmark_of
from modeling.services.prognosis_rows import LOGARITHMS, landmark_losses
from modeling.services.report_content import (
    TARGETS,
    Cell,
    Draft,
    Section,
    cohort_order,
    cohort_phrase,
    cohort_title,
    counted,
    in_sentence,
    in_words,
    plain_title,
)
from modeling.services.report_rad_score import rad_score_evaluations
from modeling.services.report_sources import number
from modeling.services.report_survival import departed, evaluations_of, given_way
from modeling.services.version_card import not_beaten
from studies.eligibility import criteria_of, version_of
from studies.figures.figure import number as written
from studies.methods.endpoint_kinds import spoken_rule, title_of
from studies.methods.wording import english, listed, marked, say
from studies.models import Cohort, CohortMember, Derivation, EndpointDefinition, Study

USES = {
    "development": "models are fitted on it",
    "validation": "models are judged on it, never fitted",
    "descriptive": "described only",
}
BASELINE = "baseline form"
SOURCES = {
    "rad_score": "PET/CT, frozen Rad-Score",
    "immunoscore": "slides, frozen rule",
    "suv_max": "baseline PET, target region",
    "log2_mtv": "baseline PET, target region at 41 % of SUVmax",
}
FEW_PATIENTS, FEW_EVENTS_PER_COLUMN, WIDE = 100, 10, 0.2
PRINTED = ("ethics", "data_availability", "code_availability", "funding", "interests",
           "registration", "protocol")  # fmt: skip


def methods_section(
    draft: Draft, study: Study, rad_score: ModelVersion, nomograms: list[ModelVersion]
) -> None:
    """How the numbers came about; every word from a record."""
    texts = [
        _design(study),
        _eligibility(draft, study),
        _endpoints(study, nomograms),
        _materials(draft, rad_score.fitting_snapshot),
        _rad_score(draft, rad_score),
        *(_nomogram(version) for version in nomograms),
        _use(draft, nomograms),
        _statistics(nomograms),
        _software(rad_score, nomograms),
    ]
    section = draft.section("methods", "Methods", *(text for text in texts if text))
    candidates_table(section, study, nomograms)


def _design(study: Study) -> str:
    cohorts = sorted(Cohort.objects.filter(study=study), key=lambda c: cohort_order(c.name))
    sizes = Counter(CohortMember.objects.filter(study=study).values_list("cohort_id", flat=True))
    told = "; ".join(
        f"{cohort_title(c.name)} ({sizes[c.pk]} patients): {USES[c.use]}" for c in cohorts
    )
    return (
        f"Cohorts. {told}. Development and validation exclude each other in the database. Every "
        "question has its own frozen table; who lacks a value it needs is listed with the reason "
        "(complete case)."
    )


def _eligibility(draft: Draft, study: Study) -> str:
    """Criteria that the study stated; the default of the published study is not its own word."""
    version = version_of(study)
    if version is None:
        return (
            "Eligibility. The study has recorded no criteria of its own: where its pages judge a "
            "patient, it is by those of the published study."
        )
    draft.told.add("eligibility")
    titles = "; ".join(str(criterion.title) for criterion in criteria_of(study))
    return f"Eligibility (criteria, version {version.number}). {titles}."


def _endpoints(study: Study, nomograms: list[ModelVersion]) -> str:
    """Each by the rule in force, and the horizons that each run declared before its fit."""
    newest: dict[str, EndpointDefinition] = {}
    for row in EndpointDefinition.objects.filter(study=study).order_by("version"):
        newest[row.name] = row
    rules = " ".join(
        f"{english(title_of(d.name, d.rule))} (definition {d.version}): {_rule(d)}."
        for d in newest.values()
    )
    horizons = "; ".join(_horizons(version) for version in nomograms)
    declared = f" Horizons were set before the fits: {horizons}." if horizons else ""
    return (
        f"Endpoints. {rules} A responder has CR or PR. One rule holds for every cohort.{declared} "
        "Months are days / 30.4375."
    )


def _rule(definition: EndpointDefinition) -> str:
    lines = spoken_rule(definition.name, definition.rule)
    return "; ".join(f"{in_sentence(english(label))}: {english(said)}" for label, said in lines)


def _horizons(version: ModelVersion) -> str:
    """Of a run from before a headline was chosen, the usual one."""
    recipe, usual = version.run.recipe, endpoint_of(version)
    times = recipe.get("plan", {}).get("times", usual.times)
    headline = recipe.get("headline_months", usual.headline)
    told = ", ".join(f"{time:g}" for time in times)
    return f"{usual.sentence} at {told} months (headline {headline:g})"


def _materials(draft: Draft, snapshot: DatasetSnapshot) -> str:
    parts = []
    extractors = extractors_behind(snapshot)
    if extractors:
        draft.told.add("extractor")
        known = sorted(extractors.items(), reverse=True)  # PET first
        told = "; ".join(_extractor(e) for _modality, e in known)
        settings = next(iter(extractors.values())).settings
        parts.append(
            f"Imaging. Features of PET and CT inside the target region ({told}). "
            f"{_preprocessing(settings)}"
        )
    parts += _regions(draft, snapshot)
    digests = parents_of(snapshot)
    fits = PhenotypeFit.objects.filter(study=snapshot.study, phenotypes__inputs_digest__in=digests)
    made = Derivation.objects.filter(study=snapshot.study, child_digest__in=digests).count()
    for fit in fits.distinct():
        parts.append(
            f"Phenotype. Hot and cold by k-means of ssGSEA abundances ({fit.signature}), fitted on "
            f"training, frozen ({fit}); everybody else is assigned to the nearest centroid."
        )
    if made:
        parts.append(f"The table of the Rad-Score rests on {made} recorded derivations.")
    return " ".join(parts)


def _preprocessing(settings: Mapping[str, Any]) -> str:
    cube = [
        f"a cube {settings['size']} voxels wide" if "size" in settings else "",
        f"at {settings['spacing_mm']:g} mm" if "spacing_mm" in settings else "",
    ]
    kept = [settings[key] for key in ("interpolation", "scale", "pooling") if key in settings]
    told = [" ".join(part for part in cube if part), *kept]
    known = "; ".join(part for part in told if part)
    return f"Before the network: {known}." if known else ""


def _regions(draft: Draft, snapshot: DatasetSnapshot) -> Iterator[str]:
    """How the regions behind the features were drawn, and by how many readers."""
    sets = FeatureSet.objects.filter(study=snapshot.study, inputs_digest__in=parents_of(snapshot))
    drawn = dict(Roi.objects.filter(pk__in=sets.values("roi")).values_list("pk", "method"))
    known = {pk: method for pk, method in drawn.items() if method != RoiMethod.UNKNOWN}
    if not known:
        return
    draft.told.add("regions")
    counts = Counter(known.values())
    told = ", ".join(f"{n} {method.replace('_', '-')}" for method, n in counts.most_common())
    readers = set(Roi.objects.filter(pk__in=known).values_list("reader", flat=True)) - {""}
    by = f", by {len(readers)} reader{'s' if len(readers) != 1 else ''}" if readers else ""
    rest = (
        f" Of {len(drawn) - len(known)} the method is not recorded."
        if len(known) < len(drawn)
        else ""
    )
    yield f"Target regions were drawn: {told}{by}.{rest}"


def _extractor(version: ExtractorVersion) -> str:
    return f"{version}, weights {version.weights.sha256[:12]}"


def _rad_score(draft: Draft, version: ModelVersion) -> str:
    run, choice = version.run, version.run.results.get("choice", {})
    reason = choice.get("reason", "")
    for name, classifier in CLASSIFIERS.items():
        reason = reason.replace(name, classifier.title)
    recipe = run.recipe
    folds = recipe.get("folds", recipe.get("outer_folds"))
    told = f", {folds} outer folds" if isinstance(folds, int) else ""
    return (
        f"Rad-Score. {counted(len(run.results.get('classifiers', [])))} classifiers on the same "
        f"folds of training{told}, tuned, scaled and selected inside them. {reason} A patient's "
        "score in "
        "training is out of fold (mean over repeats), elsewhere the frozen model is applied. The "
        f"threshold ({version.threshold:.3f}) is Youden's on the out-of-fold scores. AUC with "
        f"DeLong's interval, shares with exact intervals.{harmonised_text(recipe)}"
        f"{_guard(draft, version)}"
    )


def harmonised_text(recipe: Mapping[str, Any]) -> str:
    """How scanners were dealt with; nothing where the recipe leaves features as they are."""
    settings = recipe.get("harmonise")
    if not settings:
        return ""
    return (
        " Before anything else was fitted, features were harmonised over scanners by ComBat "
        "(location and scale, parametric empirical Bayes, no covariates), PET and CT apart, "
        f"grouped by {GROUPED_BY[settings['by']]} with at least "
        f"{settings.get('minimum', MINIMUM)} training patients in a group, inside each fold on its "
        "training part alone, and frozen with the model; "
        f"{RULES[settings['unseen']]}."
    )


def _guard(draft: Draft, version: ModelVersion) -> str:
    """What had to be true before anything was fitted, as the run recorded it."""
    guard = version.run.results.get("guard") or {}
    if not guard.get("checks"):
        return ""
    draft.told.add("guard")
    checks = " ".join(str(check["explanation"]) for check in guard["checks"])
    return (
        f" {guard['columns']} columns, {guard['smaller_class']} patients in the smaller class. "
        f"Checked before the fit: {checks}"
    )


def _use(draft: Draft, nomograms: list[ModelVersion]) -> str:
    """What the calculator and the API do with what they are given."""
    if not nomograms:
        return ""
    draft.told.add("use")
    return (
        "Use. Calculator and API apply the stored version as data. A value that is missing or no "
        "number is refused by name, never imputed; values outside the range of the fitting "
        "cohort, alone or together, are answered with a warning beside the prediction."
    )


def candidates_table(section: Section, study: Study, nomograms: list[ModelVersion]) -> None:
    """Every variable that a nomogram could hold, as it was declared before the fit."""
    offered = {
        name: None
        for version in nomograms
        for key in ("always", "candidates")
        for name in version.run.recipe.get("plan", {}).get(key, [])
    }
    kept = [
        (endpoint_of(version).short, {term["name"] for term in version.content["terms"]})
        for version in nomograms
    ]
    own = {
        name: own_title(told)
        for version in nomograms
        for name, told in version.run.snapshot.question.get("own", {}).items()
    }
    rows: list[list[Cell]] = [
        [own.get(name) or plain_title(name), _scale(name, nomograms), SOURCES.get(name, BASELINE),
         ", ".join(short for short, terms in kept if name in terms) or "none"]
        for name in offered
    ]  # fmt: skip
    section.table(
        "candidates",
        "Candidate variables of the nomograms",
        ("Variable", "In the model", "From", "Kept by"),
        rows,
        f"{_entering(nomograms)} All are known before treatment.",
    )


def _entering(nomograms: list[ModelVersion]) -> str:
    plans = [version.run.recipe.get("plan", {}) for version in nomograms]
    both = any("immunoscore" in plan.get("always", ("immunoscore",)) for plan in plans)
    entering = "Rad-Score and Immunoscore enter" if both else "The Rad-Score enters"
    if all(plan.get("selection") == "fixed" for plan in plans):
        return f"{entering} with the others, which were fixed before the fit."
    return f"{entering} unpenalised, the others are offered to the LASSO."


def _scale(name: str, nomograms: list[ModelVersion]) -> str:
    """How a variable enters, its levels as each model used them."""
    said = {endpoint_of(v).short: text for v in nomograms if (text := _levels(name, v))}
    if len(set(said.values())) > 1:
        parts = [say("{endpoint}: {levels}", endpoint=k, levels=text) for k, text in said.items()]
        return listed(parts, marked("{first}; {rest}"))
    for text in said.values():
        return text
    return "log2, linear" if name in LOGARITHMS else "linear"


def _levels(name: str, version: ModelVersion) -> str:
    """Levels against the reference; rare ones counted as it. Nothing of a number."""
    levels = version.run.recipe.get("plan", {}).get("factors", {}).get(name, ())
    if not levels:
        return ""
    joined = version.content.get("joined_levels", {}).get(name, {})
    first = _level(levels[0])
    used = [_level(level) for level in levels[1:] if level not in joined]
    rare = [_level(level) for level in levels[1:] if level in joined]
    against = (
        say("{levels} against {reference}", levels=listed(used), reference=first)
        if used
        else say("one level only, not offered")
    )
    if not rare:
        return against
    return say(
        "{levels}; {rare} (fewer than {least} patients) counted as {reference}",
        levels=against, rare=listed(rare), least=RAREST_LEVEL, reference=first,
    )  # fmt: skip


def _level(name: str) -> str:
    return say(name.replace("_", " "))


def _nomogram(version: ModelVersion) -> str:
    content, run = version.content, version.run
    plan = run.recipe.get("plan", {})
    title = english(endpoint_of(version).sentence)
    offered = _variables(plan.get("candidates", []))
    kept = _variables(run.results["lasso"]["kept"]) or "no clinical column"
    optimism = run.results.get("optimism")
    is_fixed = plan.get("selection") == "fixed"
    refitted = "Cox refitted" if is_fixed else "LASSO and Cox refitted"
    resampled = (
        f" Optimism: {optimism['usable']} usable of {optimism['resamples']} bootstrap resamples, "
        f"{refitted} in each, the Rad-Score frozen."
        if optimism
        else ""
    )
    both = "immunoscore" in plan.get("always", ("immunoscore",))
    chosen = (
        f"Columns fixed before the fit: {kept}."
        if is_fixed
        else f"LASSO for Cox ({plan.get('folds', 10)} folds balanced by event, lambda.min) over "
        f"{offered}; it kept {kept}.{given_way(version)}"
    )
    return (
        f"Nomogram, {title}. {_landmark(version)}{chosen} "
        f"Rad-Score (out of fold){' and Immunoscore' if both else ''} "
        f"entered unpenalised. Cox model with Efron ties on {content['n']} patients with "
        f"{content['events']} events; baseline by Efron's estimator; points scaled so that the "
        f"widest variable spans 100.{departed(plan)}{resampled}"
    )


def _landmark(version: ModelVersion) -> str:
    """Who is left because of it is counted on the frozen rows that the run was made of."""
    days = landmark_of(version.content)
    if not days:
        return ""
    losses = landmark_losses(frozen_left_out(version.run.snapshot), days)
    told = (
        "; ".join(
            f"{cohort_phrase(name)} {died} and {lost}" for name, (died, lost) in losses.items()
        )
        or "nobody"
    )
    return (
        f"Landmark analysis: time, horizons and follow-up count from day {days} after the start of "
        "treatment, in every cohort, of patients followed without event beyond it. Left out, "
        f"because of an event by then and because of follow-up that ends by then: {told}. "
        "Variables are those known before treatment. "
    )


def _variables(names: Sequence[str]) -> str:
    return ", ".join(in_sentence(plain_title(name)) for name in names)


def _statistics(nomograms: list[ModelVersion]) -> str:
    if not nomograms:
        return ""
    return (
        "Statistics. Kaplan-Meier with log-log intervals, medians midway where a curve rests at "
        "exactly 0.5 (as R's survfit), log-rank tests; Harrell's C with "
        "infinitesimal-jackknife intervals; cumulative/dynamic AUC(t) weighted for censoring; "
        "calibration in Kaplan-Meier groups and by a spline of log(−log) risk (ICI); net benefit "
        "by Kaplan-Meier with bootstrap bands; progression with death as competitor by "
        "Aalen-Johansen and Gray's test; survival by response from a landmark of six months on; "
        "proportional hazards by the score test; linearity by likelihood ratio against a spline. "
        "With and without the Rad-Score: likelihood ratio, and paired bootstrap differences of C, "
        "AUC(t) and net benefit. Net reclassification is left out on purpose: it rewards "
        "miscalibrated models. p-values are two-sided, exact and, unless said, unadjusted."
        f"{_left_out_by_firth(nomograms)}"
    )


def _left_out_by_firth(nomograms: list[ModelVersion]) -> str:
    """As the dossier of such a run leaves it out; earlier ones compared nothing in training."""
    firth = [version for version in nomograms
             if version.run.recipe.get("plan", {}).get("penalty") == "firth"]  # fmt: skip
    if not firth:
        return ""
    titles = ", ".join(english(endpoint_of(version).sentence) for version in firth)
    said = (
        f" Of the nomogram by Firth's likelihood ({titles}) linearity needs the plain likelihood "
        "and was not tested"
    )
    added = [version.run.results.get("added_value") or {} for version in firth]
    if all(part.get("likelihood_ratio") for part in added):
        return f"{said}; the Rad-Score is tested by the penalised likelihood ratio."
    return f"{said}, nor was in training the comparison without the Rad-Score made."


def _software(rad_score: ModelVersion, nomograms: list[ModelVersion]) -> str:
    runs = [rad_score.run, *(version.run for version in nomograms)]
    versions: dict[str, str] = {}
    for run in runs:
        versions |= run.library_versions
    libraries = ", ".join(f"{name} {v}" for name, v in sorted(versions.items()))
    commits = sorted({run.commit[:12] for run in runs if run.commit})
    seeds = ", ".join(f"{version} seed {version.run.seed}" for version in (rad_score, *nomograms))
    code = f" Code {', '.join(commits)}." if commits else ""
    return f"Software. Isotherm with {libraries}.{code} {seeds}."


def limits_section(
    draft: Draft, study: Study, rad_score: ModelVersion, nomograms: list[ModelVersion]
) -> None:
    """Each limit follows from a number; none is left to taste."""
    texts = [
        *_few_patients(study),
        *_overlap(study),
        *not_beaten(rad_score),
        *_wide(rad_score),
        *(text for version in nomograms for text in _of_nomogram(version)),
    ]
    section = draft.section("limits", "Limits of the data", "By fixed rules from the numbers of "
                            "this report; that a rule is silent does not make the data "
                            "good.")  # fmt: skip
    rows: list[list[Cell]] = [[k + 1, text] for k, text in enumerate(texts)]
    section.table("limits", "Limits", ("No.", "Limit"), rows or [[0, "No rule found a limit."]])
    size_table(draft, section, nomograms)


def _few_patients(study: Study) -> Iterator[str]:
    sizes = Counter(CohortMember.objects.filter(study=study).values_list("cohort__name", flat=True))
    for name, n in sorted(sizes.items(), key=lambda item: cohort_order(item[0])):
        if n < FEW_PATIENTS:
            yield f"{cohort_title(name)} has {n} patients, fewer than {FEW_PATIENTS}."


def _overlap(study: Study) -> Iterator[str]:
    counts = Counter(CohortMember.objects.filter(study=study).values_list("patient_id", flat=True))
    shared = sum(n > 1 for n in counts.values())
    if shared:
        yield (f"{shared} patients belong to more than one cohort: results of these cohorts are "
               "not independent.")  # fmt: skip


def _wide(version: ModelVersion) -> Iterator[str]:
    for evaluation in rad_score_evaluations(version):
        auc = evaluation.metrics["auc"]
        if evaluation.basis == Basis.APPARENT or auc["lower"] is None:
            continue
        if auc["upper"] - auc["lower"] > WIDE:
            where = cohort_phrase(evaluation.cohort.name)
            yield (f"The AUC of the Rad-Score in {where} is uncertain: {auc['lower']:.2f} to "
                   f"{auc['upper']:.2f}.")  # fmt: skip
        if auc["lower"] <= 0.5:
            where = cohort_phrase(evaluation.cohort.name)
            yield (f"In {where} ({TARGETS[evaluation.target]}) chance is not ruled out: the "
                   "interval of the AUC holds 0.5.")  # fmt: skip


def _of_nomogram(version: ModelVersion) -> Iterator[str]:
    title, results = english(endpoint_of(version).title), version.run.results
    size = results.get("sample_size")
    if size and size["events_per_parameter"] < FEW_EVENTS_PER_COLUMN:
        yield (f"{title}: {size['events']} events for {size['parameters']} candidate parameters "
               f"({size['events_per_parameter']:.1f} each).")  # fmt: skip
    if size and not size["enough"]:
        needed = size["required"]
        asked = (
            f"{needed} patients are asked for"
            if needed is not None
            else "no number of patients is enough for a model that explains so little"
        )
        yield f"{title}: by Riley's criteria {asked}; it was fitted to {size['n']}."
    for row in results.get("proportional_hazards", []):
        if row["p_value"] < 0.05 and row["term"] != "GLOBAL":
            yield f"{title}: the effect of {plain_title(row['term'])} changes over time."
    for effect in results.get("splines", []):
        if effect["curvature"]["p_value"] < 0.05:
            yield f"{title}: the effect of {plain_title(effect['name'])} is not straight."
    added = results.get("added_value", {})
    if added.get("likelihood_ratio") and added["likelihood_ratio"]["p_value"] >= 0.05:
        yield f"{title}: {in_sentence(in_words(added['said']))}"
    for evaluation in evaluations_of(version, version.endpoint):
        slope = evaluation.metrics["calibration"]["slope"]
        if evaluation.basis == Basis.APPLIED and (slope["upper"] or 1) < 1:
            where = cohort_phrase(evaluation.cohort.name)
            yield (f"{title}: predictions are too extreme in {where} (slope "
                   f"{written(slope['value'])}).")  # fmt: skip


def size_table(draft: Draft, section: Section, nomograms: list[ModelVersion]) -> None:
    """What the data hold, and what Riley's criteria ask for."""
    rows: list[list[Cell]] = []
    for version in nomograms:
        size = version.run.results.get("sample_size")
        if size:
            source = draft.sources.add(version, version.fitting_snapshot)
            rows.append(_size_row(version, size, source))
    section.table(
        "sample-size",
        marked("Sample size"),
        (
            marked("Nomogram"),
            marked("Patients"),
            marked("Events"),
            marked("Candidate parameters"),
            marked("Events each"),
            marked("Expected shrinkage"),
            marked("For shrinkage 0.9"),
            marked("For optimism 0.05"),
            marked("For the overall risk"),
            marked("Enough"),
        ),
        rows,
        marked(
            "Riley's criteria: shrinkage of at least 0.9, at most 0.05 between apparent and "
            "adjusted R², the overall risk at the headline time known to 0.05; R² is this "
            "model's, shrunken. Columns offered to the LASSO count."
        ),
    )


def _size_row(version: ModelVersion, size: Mapping[str, Any], source: dict[str, Any]) -> list[Cell]:
    n = size["n"]
    asked = [
        number(size[key], source, n, digits=0) if size.get(key) is not None else marked("no size")
        for key in ("required_for_shrinkage", "required_for_optimism", "required_for_risk")
    ]
    return [
        endpoint_of(version).title,
        number(n, source, digits=0),
        number(size["events"], source, digits=0),
        size["parameters"],
        number(size["events_per_parameter"], source, n, digits=1),
        number(size["heuristic_shrinkage"], source, n),
        *asked,
        marked("yes") if size["enough"] else marked("no"),
    ]


def statements_section(draft: Draft, statements: Mapping[str, str]) -> None:
    """What the study's people state; what they have not stated is said to be missing."""
    labels = dict(StatementKey.choices)
    section = draft.section("statements", "Statements", "As the study's people worded them.")
    keys = [*PRINTED, *(key for key in statements if key not in PRINTED)]
    rows: list[list[Cell]] = [
        [labels[key], statements.get(key, "Not stated yet.")] for key in keys if key in labels
    ]
    section.table("statements", "Statements of the study", ("Statement", "Text"), rows)
