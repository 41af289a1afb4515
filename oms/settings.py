"""Settings of the deployment, all from the environment. What a business decides is a field on its record instead."""

import base64
import secrets
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def read(name: str, kind: str, default: Any) -> Any:
    """Read an environment variable; a malformed one ends the program with one clear line."""
    text = env.str(name, default="").strip().lower()
    if kind == "bool" and text not in {"", "0", "1", "true", "false", "yes", "no", "on", "off"}:
        sys.exit(
            f"{name} is invalid: {text!r} is not a boolean. Set it to true or false, or unset it."
        )
    try:
        return getattr(env, kind)(name, default=default)
    except (
        Exception
    ) as error:  # whatever the parser stumbles over, the reader needs the variable's name
        reason = str(error) or type(error).__name__
        sys.exit(f"{name} is invalid: {reason}. Correct it or unset it.")


def read_database() -> dict[str, Any]:
    """The PostgreSQL server of DATABASE_URL, else the embedded one."""
    if not env.str("DATABASE_URL", default=""):
        return {"ENGINE": "oms.devserver", "NAME": "oms", "DATA_FOLDER": str(DATA_FOLDER)}
    with warnings.catch_warnings(action="ignore"):  # what it would warn of is said below
        database: dict[str, Any] = read("DATABASE_URL", "db_url", None)
    if database.get("ENGINE") != "django.db.backends.postgresql" or not database.get("NAME"):
        sys.exit(
            "DATABASE_URL is invalid. Use the form postgres://user:password@host:5432/database."
        )
    return database


def read_key(name: str, file: str, make: Callable[[], str]) -> str:
    """A secret from the environment, else one generated at the first run and kept with the data."""
    key: str = env.str(name, default="")
    path = DATA_FOLDER / file
    if not key and not path.exists():
        try:
            DATA_FOLDER.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(make())
        except OSError as error:
            sys.exit(
                f"Can't write to the data folder {DATA_FOLDER}: {error}. "
                f"Set OMS_DATA_FOLDER to a writable folder, or set {name} and DATABASE_URL."
            )
    return key or path.read_text()


DATA_FOLDER = Path(read("OMS_DATA_FOLDER", "str", str(BASE_DIR / ".data"))).resolve()
SECRET_KEY = read_key("SECRET_KEY", "secret_key", lambda: secrets.token_urlsafe(50))
# What accounts' credentials are encrypted with: the first key encrypts, all decrypt.
ENCRYPTION_KEYS = [
    key.strip()
    for key in read_key(
        "ENCRYPTION_KEYS",
        "encryption_keys",
        lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    ).split(",")
    if key.strip()
]
DEBUG = read("DEBUG", "bool", False)
ALLOWED_HOSTS = read("ALLOWED_HOSTS", "list", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = read("CSRF_TRUSTED_ORIGINS", "list", [])

INSTALLED_APPS = [
    "oms.web",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oms.web.admin_site.OMSAdminConfig",
    "oms.core",
    "inventory",
    "orders",
    "fulfillment",
    "returns",
    "oms.insights",
]
# The rooms of the house, the lowest first: a room imports from those before it (tests/architecture).
ROOMS = [
    "oms.devserver",
    "oms.core",
    "oms.background",
    "oms.printing",
    "oms.messaging",
    "oms.files",
    "oms.rest",
    "oms.backoffice",
    "inventory",
    "inventory.purchasing",
    "orders",
    "orders.accounting",
    "orders.channels",
    "fulfillment.carriers",
    "fulfillment",
    "returns",
    "oms.insights",
    "oms.web",
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # the form of a document with thousands of lines
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "oms.web.addresses.PlainAddresses",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "oms.web.refusals.Refusals",
]
ROOT_URLCONF = "oms.urls"
WSGI_APPLICATION = "oms.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Of the same name, a template in this folder is taken instead: papers, mails and pages look as a company likes.
        "DIRS": [
            Path(read("OMS_TEMPLATES_FOLDER", "str", str(DATA_FOLDER / "templates"))),
            BASE_DIR / "templates",
        ],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {
    "default": {
        **read_database(),
        "CONN_MAX_AGE": read("CONN_MAX_AGE", "int", 60),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "options": "-c statement_timeout=60s -c lock_timeout=15s -c idle_in_transaction_session_timeout=60s",
            "application_name": "oms",
            "server_side_binding": True,
            "prepare_threshold": 5,
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["oms.core.logins.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
PASSWORD_RESET_TIMEOUT = 7 * 24 * 3600  # an invitation outlives a weekend

LANGUAGE_CODE = read("LANGUAGE_CODE", "str", "en-us")
LOCALE_PATHS = [BASE_DIR / "oms" / "locale"]
TIME_ZONE = read("TIME_ZONE", "str", "UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static-built"
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA_FOLDER / "files"
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

if env.str("EMAIL_URL", default=""):
    vars().update(read("EMAIL_URL", "email_url", None))
else:  # no mail leaves a machine that nobody has told how
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = DATA_FOLDER / "mail"
DEFAULT_FROM_EMAIL = read("DEFAULT_FROM_EMAIL", "str", "oms@localhost")

# Networks that webhooks and connectors may call although they are private, such as 10.1.0.0/16, also over plain http.
OUTGOING_ALLOWED_NETWORKS = read("OUTGOING_ALLOWED_NETWORKS", "list", [])

REDIS_URL = read("REDIS_URL", "str", "")
CELERY_BROKER_URL = REDIS_URL or "files://localhost//"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"socket_connect_timeout": 3} if REDIS_URL else {"folder": str(DATA_FOLDER / "broker")}
)

# Messages only wake: a worker says that it lives, and looks for what waits, every so many seconds.
HEARTBEAT_SECONDS = read("HEARTBEAT_SECONDS", "float", 5.0)
SWEEP_SECONDS = read("SWEEP_SECONDS", "float", 10.0)

# Without a broker service the outbox is drained by the process that wrote to it, right after its commit.
DRAIN_AFTER_COMMIT = not REDIS_URL
ASSERT_LOCK_ORDER = read("ASSERT_LOCK_ORDER", "bool", False)
ASSERT_EVENT_PAYLOADS = read("ASSERT_EVENT_PAYLOADS", "bool", False)

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_FOLDER / "cache",
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "oms.rest.authentication.TokenAuthentication",
        "oms.rest.authentication.BrowserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["oms.rest.authentication.PerClient"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["oms.rest.filtering.StrictFilters"],
    "DEFAULT_PAGINATION_CLASS": "oms.rest.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "oms.rest.schema.Description",
    "EXCEPTION_HANDLER": "oms.rest.problems.handle",
    "STRICT_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "OMS",
    "VERSION": "1.0.0",
    "DESCRIPTION": (
        "Create and track orders. Requests that create objects are idempotent (`Idempotency-Key`), errors use "
        "problem details (RFC 9457), and objects are identified by their numbers.\n\n**Versioning.** Within "
        "`/api/v1/` we may add fields, endpoints, event types and enum values, so ignore anything you don't "
        "recognize. We never remove or redefine anything. Breaking changes go into `/api/v2/`, and v1 stays "
        "available for at least twelve more months."
    ),
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "oms.rest.schema.describe_texts",
        "oms.rest.schema.add_problems",
        "oms.rest.schema.add_headers",
        "oms.rest.event_schema.add_webhooks",
    ],
    "SERVERS": [{"url": "/", "description": "This server"}],
    "LICENSE": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "ENUM_NAME_OVERRIDES": {
        "OrderStatus": "orders.models.order.Order.Status",
        "InvoiceStatus": "orders.accounting.models.invoice.Invoice.Status",
        "ShipmentStatus": "fulfillment.models.shipment.Shipment.Status",
        "ReturnStatus": "returns.models.request.ReturnRequest.Status",
        "InvoiceKind": "orders.accounting.models.invoice.Invoice.Kind",
        "ChargeKind": "orders.models.order.OrderCharge.Kind",
        "HoldKind": "orders.models.order.OrderHold.Kind",
        "WarehouseKind": "inventory.models.warehouse.Warehouse.Kind",
        "TrackingKind": "fulfillment.models.tracking.TrackingEvent.Kind",
    },
}

UNFOLD = {
    "SITE_TITLE": "OMS",
    "SITE_HEADER": "OMS",
    "SITE_SUBHEADER": "Orders, inventory, fulfillment",
    "SHOW_HISTORY": False,
    "STYLES": ["oms.web.menu.stylesheet"],
    "SCRIPTS": ["oms.web.menu.script"],
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "oms.web.menu.navigation",
    },
    "DASHBOARD_CALLBACK": "oms.web.dashboards.home",
}
