"""Settings of Isotherm: one file, every outside value read by a helper that fails loudly."""

import os
import tempfile
from pathlib import Path

import pgtrigger

from . import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = env.version(BASE_DIR / "CHANGELOG.md")

DEBUG = env.boolean("ISOTHERM_DEBUG", False)
SECRET_KEY = env.text("ISOTHERM_SECRET_KEY")
SIGNING_SECRET = env.text("ISOTHERM_SIGNING_SECRET", SECRET_KEY)
ALLOWED_HOSTS = env.names("ISOTHERM_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.names("ISOTHERM_ORIGINS", "")
SECURE = env.boolean("ISOTHERM_HTTPS", False)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "pgtrigger",
    "pghistory",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_htmx",
    "django_tables2",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "studies",
    "imaging",
    "genomics",
    "modeling",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "studies.middleware.PackedPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "studies.middleware.UploadLimitMiddleware",  # before the first that reads a form
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "studies.middleware.content_security_policy",
    "studies.middleware.pages_of_the_signed_in",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "studies.middleware.HistoryMiddleware",
    "studies.middleware.ActingUserMiddleware",
    "studies.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n"],  # translate, blocktranslate
            "context_processors": [
                "django.template.context_processors.i18n",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "studies.context.product",
            ],
        },
    }
]

DATABASES = {"default": {**env.database("DATABASE_URL"), "ATOMIC_REQUESTS": True}}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "studies.accounts.ClosedSignup"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
MAIL = env.mail("ISOTHERM_MAIL_URL")
SENDS_MAIL = "EMAIL_HOST" in MAIL
globals().update(MAIL)

STORAGE_URL = env.storage("STORAGE_URL")
LOCAL_COPIES = env.text("ISOTHERM_LOCAL_COPIES", f"{tempfile.gettempdir()}/isotherm-{os.getuid()}")
LOCAL_COPIES_BYTES = env.integer("ISOTHERM_LOCAL_COPIES_BYTES", 20 * 2**30, smallest=1)
JOB_LEASE_SECONDS = env.integer("ISOTHERM_LEASE_SECONDS", 60, smallest=2)
RUN_SHARES = env.integer("ISOTHERM_RUN_SHARES", 0)
LONGEST_JOB_SECONDS = 6 * 3600

# The queue: tasks carry ids only, are acknowledged late, and the job's row decides.
CELERY_BROKER_URL = env.broker("CELERY_BROKER_URL")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": LONGEST_JOB_SECONDS,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_DEFAULT_QUEUE = env.text("ISOTHERM_QUEUE", "isotherm")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "take up jobs whose worker is gone": {
        "task": "studies.jobs_sweep",
        "schedule": max(1.0, JOB_LEASE_SECONDS / 3),
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.cache_url(CELERY_BROKER_URL),
        "KEY_PREFIX": "isotherm",
    }
}
PGHISTORY_LEVEL = pgtrigger.Statement  # row by row, 100,000 inserts take minutes
# Lesions whose features are read at a time by one job; 0: as many as there are cores.
EXTRACTION_WORKERS = env.integer("ISOTHERM_EXTRACTION_WORKERS", 0, smallest=0)
BASELINE_SCAN_DAYS = env.integer("ISOTHERM_BASELINE_SCAN_DAYS", 42, smallest=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a patient with hundreds of dated rows is one form
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
STUDY_QUOTA_BYTES = env.integer("ISOTHERM_STUDY_QUOTA_BYTES", 500 * 10**9, smallest=0)
UPLOAD_MAX_BYTES = env.integer("ISOTHERM_UPLOAD_MAX_BYTES", 4 * 2**30, smallest=1)

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Gathered files have packed ones beside them (images); otherwise what lies in static/ is served.
WHITENOISE_USE_FINDERS = not (STATIC_ROOT / "app.css.gz").exists()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = DEBUG

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "config.formats"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SECURE
TIME_ZONE = "UTC"
USE_TZ = True

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DJANGO_TABLES2_TEMPLATE = "_partials/table.html"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "studies.authentication.ActingTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "studies.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "studies.errors.api_exception",
    "PAGE_SIZE": 100,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Isotherm",
    "DESCRIPTION": "Records of a multi-cohort study, imports and runs; same rights as the pages.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {
        "JobStateEnum": "studies.models.jobs.JobState",
        "BatchStateEnum": "studies.models.imports.BatchState",
        "QueryStateEnum": "studies.models.queries.QueryState",
        "VersionStateEnum": "modeling.models.lives.VersionState",
        "CohortRoleEnum": "studies.models.patients.CohortRole",
        "MoveKindEnum": "studies.models.consent.MoveKind",
        "MembershipRoleEnum": "studies.models.people.Role",
        "UploadStateEnum": "studies.models.uploads.UploadState",
        "ArrivalStateEnum": "imaging.models.arrivals.ArrivalState",
    },
}

SECURE_SSL_REDIRECT = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("ISOTHERM_LOG_LEVEL", "INFO")},
}
