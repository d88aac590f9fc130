"""Gunicorn's log of requests (`--logger-class` in Dockerfile and bin/run.py)."""

from gunicorn.glogging import Logger

from .log_lines import without_tokens


class AccessLogger(Logger):
    """The address, the page it was opened from and all headers pass through here."""

    def atoms(self, resp, req, environ, request_time):
        found = super().atoms(resp, req, environ, request_time)
        return {key: without_tokens(value) if isinstance(value, str) else value for key, value in found.items()}
