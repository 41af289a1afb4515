"""Settings for tests: the project's own, on a throwaway database server where no DATABASE_URL names one."""

import os
import tempfile
from pathlib import Path

if "OMS_TEST_FOLDER" not in os.environ:  # xdist's workers inherit it
    os.environ["OMS_TEST_FOLDER"] = tempfile.mkdtemp(prefix="oms-test-")
    Path(os.environ["OMS_TEST_FOLDER"]).chmod(0o755)  # the server's account must reach it
    os.environ["OMS_DATA_FOLDER"] = os.environ["OMS_TEST_FOLDER"]
    if not os.environ.get("DATABASE_URL"):
        Path(os.environ["OMS_TEST_FOLDER"], "throwaway").touch()
os.environ.pop("EMAIL_URL", None)

from oms.settings import *  # noqa: F403

SECRET_KEY = "tests-only"
DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ASSERT_LOCK_ORDER = True
ASSERT_EVENT_PAYLOADS = True
DRAIN_AFTER_COMMIT = False
DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"  # noqa: F405  # no power is cut here
CELERY_TASK_ALWAYS_EAGER = not (os.environ.get("REDIS_URL") or os.environ.get("OMS_TEST_DATABASE"))
CELERY_TASK_EAGER_PROPAGATES = True
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}  # throttles of each worker alone
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if os.environ.get("OMS_TEST_DATABASE"):  # a worker that a test starts works on that test's database
    DATABASES["default"]["NAME"] = os.environ["OMS_TEST_DATABASE"]  # noqa: F405
    STORAGES["default"]["BACKEND"] = (
        "django.core.files.storage.FileSystemStorage"  # its files are in a folder
    )
MIDDLEWARE = [*MIDDLEWARE, "tests.browser.rehearsal.Rehearsal"]  # noqa: F405
