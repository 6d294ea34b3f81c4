"""Django's settings: everything that differs between places comes from the environment.

The runtime (`config/runtime`) sets `DATABASE_APP_URL` for its children, and
`DATABASE_OWNER_URL` for the one that migrates. Web and worker never see the owner's.
"""

import os
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from dianheng.config.runtime.folders import data_folder

from .database_url import database_settings

PACKAGE = Path(__file__).resolve().parents[1]
REPOSITORY = PACKAGE.parents[1]
DATA = data_folder()
VENDOR = Path(os.environ.get("DIANHENG_VENDOR", REPOSITORY / "build" / "vendor"))


def secret_key() -> str:
    """The key of sessions and signatures of links: made on first start, kept in the data folder."""
    path = DATA / "secret_key"
    if path.exists():
        return path.read_text().strip()
    return os.environ.get("DIANHENG_SECRET_KEY", "")


SECRET_KEY = secret_key() or "not-for-serving-" + "0" * 50
DEBUG = os.environ.get("DIANHENG_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("DIANHENG_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
IS_BEHIND_TLS = os.environ.get("DIANHENG_TLS") == "1"

APPS = [
    "dianheng.common",
    "dianheng.identity",
    "dianheng.workflow",
    "dianheng.documents",
    "dianheng.customers",
    "dianheng.assets",
    "dianheng.seals",
    "dianheng.warehouse",
    "dianheng.standards",
    "dianheng.verification",
    "dianheng.supply",
    "dianheng.fieldwork",
    "dianheng.planning",
    "dianheng.office",
    "dianheng.analysis",
    "dianheng.interfaces",
]
INSTALLED_APPS = [
    *[app for app in APPS if (PACKAGE / app.split(".")[1] / "apps.py").exists()],
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "axes",
    "csp",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "dianheng.common.middleware.RequestLog",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "dianheng.common.middleware.ContentPolicy",
    "django_htmx.middleware.HtmxMiddleware",
    "dianheng.identity.middleware.LoginRequired",
    "dianheng.common.middleware.Refusals",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "dianheng.config.urls"
WSGI_APPLICATION = "dianheng.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dianheng.common.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "dianheng.common.templatetags.common_tags",
            ],
        },
    }
]

DATABASES = {"default": database_settings(os.environ.get("DATABASE_APP_URL", ""))}
if os.environ.get("DATABASE_OWNER_URL"):
    DATABASES["owner"] = database_settings(os.environ["DATABASE_OWNER_URL"])
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "identity.Person"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "dianheng.identity.backends.PersonBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "dianheng.identity.passwords.LengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_LOCKOUT_TEMPLATE = "identity/locked.html"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [str(PACKAGE / "demo" / "locale")]  # the story is no app: it has no tables
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
DATE_FORMAT = "Y-m-d"
FORMAT_MODULE_PATH = "dianheng.common.formats"

STATIC_URL = "static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [("vendor", VENDOR)] if VENDOR.exists() else []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = DATA / "files"
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

SESSION_ENGINE = "dianheng.identity.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_BEHIND_TLS
SECURE_HSTS_SECONDS = 31_536_000 if IS_BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_BEHIND_TLS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
# Tabler draws its icons as data: images; camera scanning decodes in WebAssembly.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'"],
        "worker-src": ["'self'", "blob:"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
    }
}
SILENCED_SYSTEM_CHECKS = (
    [] if IS_BEHIND_TLS else ["security.W004", "security.W008", "security.W012", "security.W016"]
)

PROCRASTINATE_ON_APP_READY = "dianheng.common.jobs.configure"
PROCRASTINATE_IMPORT_PATHS = ["dianheng.common.tasks"]

LOGGING_CONFIG = None  # config/logs.py sets the lines up where a program starts
APP_NAME = _("Dianheng")
