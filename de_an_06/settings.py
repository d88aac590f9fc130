"""All settings of the portal, read from the environment (`.env.example` lists every key).

Without any key the portal runs embedded: SQLite, Celery's filesystem broker, files under `var/`.
With DEBUG off a missing secret refuses to start.
"""

from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from kombu import Exchange, Queue

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY", default="not-secret-only-for-the-demonstration") if DEBUG else env("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
DATA_DIR = Path(env("DATA_DIR", default=str(BASE_DIR / "var")))
DATA_DIR.mkdir(parents=True, exist_ok=True)

INSTALLED_APPS = [
    "taskforces",
    "reporting",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "import_export",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "taskforces.middleware.LargestBodyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.common.CommonMiddleware",
    "taskforces.middleware.StorableTextMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "taskforces.middleware.NotStoredMiddleware",
    "taskforces.middleware.PasswordChangeMiddleware",
    "taskforces.middleware.SecondFactorMiddleware",
    "taskforces.middleware.PostingMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "de_an_06.errors.UnavailableMiddleware",
]

ROOT_URLCONF = "de_an_06.urls"
WSGI_APPLICATION = "de_an_06.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "de_an_06.navigation.frame",
            ],
            "builtins": ["reporting.templatetags.show", "reporting.templatetags.components"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # templates/django/forms/field.html before Django's own

# Database: PostgreSQL in production, SQLite as the embedded default. A process waits so many seconds for a lock, for
# the end of a statement, and for its own next one within a transaction (0: for ever): a page less long than a browser.
LOCK_PATIENCE, STATEMENT_PATIENCE, IDLE_PATIENCE = {
    "web": (5, 30, 60),  # said in wsgi.py; whoever queues for a row waits for two locks, one after the other
    "migrate": (5, 0, 0),  # said in manage.py; whoever waits for a table's lock makes everybody else wait behind
}.get(env("DATABASE_PATIENCE", default=""), (120, 1800, 900))
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'portal.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a writer waits at BEGIN, so two writers never deadlock half way
        "timeout": 2 * LOCK_PATIENCE,  # one lock for all who write
        # FULL: what was answered as saved is on the disk; with NORMAL a power cut took every save since the checkpoint.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A year of the nation is summed in memory, and no statement here is long enough to be worth compiling first.
    _options = (
        f"-c work_mem=32MB -c jit=off -c lock_timeout={LOCK_PATIENCE}s -c statement_timeout={STATEMENT_PATIENCE}s"
        f" -c idle_in_transaction_session_timeout={IDLE_PATIENCE}s"
    )
    # Of a server that does not answer, or whose machine is gone, one hears within seconds.
    _line = {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "tcp_user_timeout": 30000}
    DATABASES["default"]["OPTIONS"] = {"options": _options} | _line | DATABASES["default"].get("OPTIONS", {})
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL", default="")
CACHES = {
    "default": {
        "BACKEND": "de_an_06.plain.tolerant_cache.TolerantRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},  # seconds: a Redis that hangs holds up nobody
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(DATA_DIR / "cache")}
}

# Celery: Redis in production, a folder as the embedded broker; both with a real worker process.
CELERY_TIMEZONE = "Asia/Ho_Chi_Minh"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True  # every task is safe to run twice
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # the worker waits for Redis as long as that takes
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 4 * 3600,  # seconds
        "socket_timeout": 3,  # a page that wakes the worker waits no longer for a Redis that hangs
        "socket_connect_timeout": 3,
        "max_retries": 0,
    }
else:
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT = "de_an_06.plain.file_queue:Transport"
    _queue = DATA_DIR / "queue"
    for _folder in (_queue, DATA_DIR / "queue-control"):
        _folder.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue),
        "data_folder_out": str(_queue),
        "control_folder": str(DATA_DIR / "queue-control"),
        "polling_interval": 0.3,
    }
# Files and letters have queues of their own: neither a hundred files nor a mail server that hangs hold up the totals.
# A worker without -Q serves all.
CELERY_TASK_QUEUES = [Queue(name, Exchange(name), routing_key=name) for name in ("celery", "files", "letters")]
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_ROUTES = {
    "reporting.tasks.run_export": {"queue": "files"},
    "reporting.tasks.send_letters": {"queue": "letters"},
    "taskforces.tasks.check_import": {"queue": "files"},
    "taskforces.tasks.write_import": {"queue": "files"},
}
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 600 * 1024  # KiB; a child above it is replaced after its task
CELERY_BEAT_SCHEDULER = "de_an_06.timetable:Scheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 10  # seconds: so soon a clock that was set back is noticed
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "drain-rollup-requests": {"task": "reporting.tasks.drain_rollup_requests", "schedule": 60.0},
    "requeue-exports": {"task": "reporting.tasks.requeue_exports", "schedule": 60.0},
    "requeue-imports": {"task": "taskforces.tasks.requeue_imports", "schedule": 60.0},
    "tell-and-send": {"task": "reporting.tasks.tell_and_send", "schedule": 60.0},
    "remind-by-the-clock": {"task": "reporting.tasks.remind_by_the_clock", "schedule": crontab(hour="7-18", minute=10)},
    "open-current-period": {"task": "reporting.tasks.open_current_period", "schedule": crontab(hour=0, minute=5)},
    "audit-rollup": {"task": "reporting.tasks.audit_rollup", "schedule": crontab(hour=1, minute=30)},
    "remove-old-exports": {"task": "reporting.tasks.remove_old_exports", "schedule": crontab(hour=2, minute=30)},
    "remove-old-imports": {"task": "taskforces.tasks.remove_old_imports", "schedule": crontab(hour=2, minute=40)},
    "remove-old-reminders": {"task": "reporting.tasks.remove_old_reminders", "schedule": crontab(hour=2, minute=45)},
    "forget-old-tries": {"task": "taskforces.tasks.forget_old_tries", "schedule": crontab(hour=2, minute=50)},
    "forget-ended-sessions": {"task": "taskforces.tasks.forget_ended_sessions", "schedule": crontab(hour=2, minute=55)},
    "erase-contacts": {"task": "taskforces.tasks.erase_contacts", "schedule": crontab(hour=3, minute=0)},
}

# People
AUTH_USER_MODEL = "taskforces.User"
AUTHENTICATION_BACKENDS = ["taskforces.people.accounts.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "taskforces.people.password_rules.LikeOwnerValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "taskforces.people.password_rules.RepeatedPartsValidator"},
]
PASSWORD_RESET_TIMEOUT = 7 * 24 * 3600  # seconds; links to set a first password are printed and handed out
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_ADAPTER = "taskforces.people.accounts.AccountAdapter"
ACCOUNT_FORMS = {"reset_password": "taskforces.people.accounts.ForgottenPasswordForm"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_USERNAME_MIN_LENGTH = 3
ACCOUNT_RATE_LIMITS = {
    "login": env("LOGIN_RATE", default="600/m/ip"),  # against floods; guessing is limited in people/login_limits.py
    "manage_email": "5/h/user",  # letters to a mailbox that is not yet proved to be one's own
    "login_failed": "5/5m/key",  # codes of the second factor, asked for after the right password
}
# From reviewer up, and for the administration: days from the first login at which it is owed (people/second_factor.py).
SECOND_FACTOR_GRACE_DAYS = env.int("SECOND_FACTOR_GRACE_DAYS", default=14)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up with another's address, and an address alone bars no second factor
MFA_FORMS = {
    "add_webauthn": "taskforces.people.accounts.AddKeyForm",
    "edit_webauthn": "taskforces.people.accounts.EditKeyForm",
    "login_webauthn": "taskforces.people.accounts.KeyLoginForm",
    "authenticate_webauthn": "taskforces.people.accounts.KeySecondStepForm",
    "reauthenticate_webauthn": "taskforces.people.accounts.KeyAgainForm",
}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # one query a page; who is signed in needs no Redis

# Language, time
LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt")]
LOCALE_PATHS = [BASE_DIR / "locale"]  # what django-allauth says, which ships no Vietnamese
USE_I18N = True
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_TZ = True
FORMAT_MODULE_PATH = ["de_an_06.formats"]  # day before month, also where people type

# Files
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static", ("huong-dan", BASE_DIR / "docs" / "pictures")]
STATIC_ROOT = env("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
EXPORT_DIR = DATA_DIR / "exports"
FILES_AT_ONCE = env.int("FILES_AT_ONCE", default=3)  # of one person, waiting or being worked on
FILES_AN_HOUR = env.int("FILES_AN_HOUR", default=60)  # of one person and of one kind: summaries, rosters, forms
LARGEST_BODY = 25 * 1024 * 1024  # bytes of a request: a file of 20 MB and its form
STORAGES = {
    "default": {"BACKEND": "de_an_06.plain.whole_files.WholeFiles", "OPTIONS": {"location": DATA_DIR / "files"}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "de_an_06.static_files.HashedStaticFiles"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 31536000

# Security: nothing from another host, no inline code
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
CSRF_FAILURE_VIEW = "de_an_06.errors.page_too_old"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31536000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]  # health check inside the container network
    if env.bool("SECURE_PROXY", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        # Each adds the address it was called from to X-Forwarded-For; what stands further left anybody can write.
        ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=1)
globals().update(env.email("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="portal@localhost")
EMAIL_TIMEOUT = 30  # seconds for each answer of the mail server

# Reminders: by what ways they leave the portal, and its address in their links
REMINDER_CHANNELS = env.list("REMINDER_CHANNELS", default=["reporting.reminders.channels.EmailChannel"])
_addresses = [origin for origin in CSRF_TRUSTED_ORIGINS if "*" not in origin]
_addresses += [f"https://{host}" for host in ALLOWED_HOSTS if not host.startswith((".", "*"))]
PORTAL_URL = env("PORTAL_URL", default="") or (["http://127.0.0.1:8000"] if DEBUG else [*_addresses, ""])[0]

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["reporting.api.parsing.StorableJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 100,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {"TITLE": "Cổng báo cáo Đề án 06", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}
IMPORT_EXPORT_USE_TRANSACTIONS = True
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "change"  # and to add, see reporting/admin.py
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "de_an_06.log_lines.LineFormatter",  # no token of a link that sets a password
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django": {"handlers": [], "level": "INFO"}},  # else Django writes each line again in its own way
}
