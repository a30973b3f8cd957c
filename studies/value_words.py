"""Values as words: ``external_response`` as ``external response``, in the language of the page.

Values stand in tables and files as they are; here are those of the product whose words a page
shows, so that they can be said in another language. A study's own stay as they are typed.
"""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from studies.registry import spelling

WORDS = (
    # cohorts and what they are for
    _("training"), _("internal validation"), _("external phenotype"), _("external response"),
    _("histology"), _("development"), _("validation"), _("descriptive"), _("everybody"),
    # endpoints
    _("response"), _("overall survival"), _("progression-free survival"), _("time to progression"),
    _("objective response"),
    _("best overall response"), _("death"), _("progression"), _("phenotype"),
    # forms, states, roles
    _("baseline"), _("follow-up"), _("draft"), _("complete"), _("verified"), _("locked"),
    _("screened"), _("enrolled"), _("excluded"), _("withdrawn"), _("transferred"), _("merged"),
    _("open"), _("answered"), _("closed"), _("administrator"), _("coordinator"),
    _("statistician"), _("collaborator"),
    # missing values
    _("not done"), _("unknown"), _("not applicable"), _("not asked"), _("missing"),
    # specimens
    _("biopsy"), _("resection"), _("primary"), _("metastasis"),
    # what a file brought, and what a job was asked and gave
    _("lines"), _("patients"), _("new"), _("changed"), _("same"), _("joins"), _("left out"),
    _("added"), _("bad lines"), _("removed"), _("restored"), _("values"), _("facts"), _("cohorts"),
    _("files"), _("figures"), _("rows"), _("seed"), _("what"), _("page"), _("subject"), _("inputs"),
    _("report"), _("verdict"), _("equal"), _("look"), _("keep"), _("clear"), _("dmy"), _("mdy"),
    _("ymd"), _("date order"), _("decimal"), _("blank"), _("point"),
    _("version"), _("run"), _("recipe"), _("question"), _("endpoint"), _("cohort"),
    _("frozen table"), _("file"), _("form"), _("number"), _("date"), _("category"), _("text"),
    _("yes"), _("no"),
    _("encoding"), _("delimiter"), _("sheet"),
    # when a variable is known
    _("known when"), _("before treatment"), _("during treatment"), _("at outcome"),
    # levels that the shipped dictionary derives
    _("under 65"), _("65 and over"),
    # rights
    _("aggregates"), _("identifiers"), _("enter"), _("verify"), _("comment"), _("manage"),
    # rules of the slides
    _("reference percentile"), _("reference mean share"), _("fixed"), _("consensus"), _("shuffled"),
    # records and fields as the history names them
    _("access token"), _("cohort member"), _("consent"), _("contact"), _("derived variable"),
    _("dictionary version"), _("endpoint definition"), _("endpoint standing"), _("is offered"),
    _("since"), _("form entry"), _("lab result"),
    _("lesion"), _("lesion measurement"), _("membership"), _("patient"), _("person"), _("query"),
    _("query message"), _("response assessment"), _("site"), _("specimen"), _("study"),
    _("study site"), _("surgery"), _("treatment"), _("variable"), _("name"), _("role"), _("use"),
    _("status"), _("status reason"), _("state"), _("note"), _("reason"), _("label"), _("type"),
    _("unit"), _("section"), _("codes"), _("minimum"), _("maximum"), _("rights"), _("starts on"),
    _("ends on"), _("email"), _("username"), _("password"), _("is active"), _("frozen at"),
    _("result"), _("method"), _("drug"), _("line"), _("margin"), _("organ"), _("kind"),
    _("scope"), _("withdrawn on"), _("order"), _("expression"), _("is index"), _("stopped on"),
    _("patient move"), _("series"), _("roi"), _("uptake"), _("feature set"), _("whole slide"),
    _("cell density"), _("cell abundance"), _("expression column"), _("prediction"),
    _("snapshot member"), _("dicom study"), _("pet ct pair"), _("endpoint value"),
    _("body"), _("field"), _("assignee"), _("raised by"), _("imaging"), _("genomics"),
    _("sharing"), _("event"), _("censored"), _("stopped"), _("view"), _("download"), _("export"),
    _("api"), _("job"), _("missing data"), _("seconds"),
)  # fmt: skip


def word_of(value: object) -> str:
    """The value as words."""
    text = str(value or "").replace("progression_free", "progression-free").replace("_", " ")
    return gettext(spelling(text)) if text else ""
