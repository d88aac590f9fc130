"""The settings under test, on a database that is made once and given to each mutant as a copy."""

import os

from tests.settings import *  # noqa: F403

DATABASES["default"]["NAME"] = os.environ["MUTANTS_DATABASE"]  # noqa: F405
