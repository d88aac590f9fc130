#!/usr/bin/env python
"""Django's command line for the Đề án 06 portal."""

import os
import sys

if __name__ == "__main__":
    if sys.argv[1:2] == ["migrate"]:
        os.environ.setdefault("DATABASE_PATIENCE", "migrate")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "de_an_06.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.DEBUG  # noqa: B018 - Django tries the command first and fails later with words that hide the cause
    except ImproperlyConfigured as error:
        sys.exit(f"error: {error} (see .env.example; for the demonstration: DEBUG=on)")
    execute_from_command_line(sys.argv)
