"""WSGI entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DATABASE_PATIENCE", "web")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "de_an_06.settings")

application = get_wsgi_application()
