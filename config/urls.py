"""Where everything is: pages at /, the API at /api/v1/."""

from importlib import import_module
from importlib.util import find_spec

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.cache import cache_control
from django.views.decorators.vary import vary_on_cookie
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog, set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from config.api_root import ApiRoot
from studies.api import StudyViewSet

APPS = ("studies", "imaging", "genomics", "modeling")


def health(request: HttpRequest) -> HttpResponse:
    """For load balancers and health checks."""
    return HttpResponse("ok", content_type="text/plain")


words_of_scripts = cache_control(private=True, max_age=24 * 3600)(
    JavaScriptCatalog.as_view(packages=["studies"])
)


def _api_urls() -> list:
    studies = SimpleRouter()
    studies.register("studies", StudyViewSet, basename="study")
    scoped = SimpleRouter()
    plain: list = []
    for app in APPS:
        if find_spec(f"{app}.api"):
            api = import_module(f"{app}.api")
            for prefix, viewset, basename in getattr(api, "ROUTES", ()):
                scoped.register(prefix, viewset, basename=basename)
            plain += getattr(api, "PATHS", ())  # protocols of others, with addresses of their own
    listed = sorted(prefix for prefix, viewset, _ in scoped.registry if hasattr(viewset, "list"))
    return [
        path("", ApiRoot.as_view(collections=listed), name="root"),
        path("", include(studies.urls)),
        path("studies/<uuid:study_uid>/", include([*scoped.urls, *plain])),
        path("schema/", SpectacularAPIView.as_view(), name="schema"),
        path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
    ]


urlpatterns = [
    path("health/", health, name="health"),
    path("language/", set_language, name="set_language"),
    path("language/catalog.js", vary_on_cookie(words_of_scripts), name="language_catalog"),
    # An address is as it was invited: unproven, a changed one would catch others' invitations.
    path("account/email/", RedirectView.as_view(pattern_name="account_change_password")),
    path("account/", include("allauth.urls")),
    path("api/v1/", include((_api_urls(), "api"))),
    *[path("", include(f"{app}.urls")) for app in APPS if find_spec(f"{app}.urls")],
]
