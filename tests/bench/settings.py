"""The portal as in production, with one empty page beside it and a count of queries on every answer."""

from de_an_06.settings import *  # noqa: F403
from de_an_06.settings import MIDDLEWARE

ROOT_URLCONF = "tests.bench.urls"
MIDDLEWARE = ["tests.bench.urls.count_queries", *MIDDLEWARE]
