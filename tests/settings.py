"""The portal's settings under test: the environment's database and broker, files in a folder of their own."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="de-an-06-test-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["DATA_DIR"] = _folder
os.environ.setdefault("DEBUG", "1")  # no redirect to https, no secret needed; pytest-django turns DEBUG off again

from de_an_06.settings import *  # noqa: E402, F403

DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405 – threads of live servers keep no connection to a test database
