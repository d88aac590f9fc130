"""The portal's own role in the database can do nothing but keep the portal's database."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def service(name: str) -> str:
    """The lines of one service in docker-compose.yml."""
    compose = (ROOT / "docker-compose.yml").read_text()
    return re.search(rf"^  {name}:\n((?:    .*\n|\n)+)", compose, re.MULTILINE).group(1)


def test_the_portals_role_is_not_the_one_the_image_makes_a_superuser():
    postgres = service("postgres")
    compose = (ROOT / "docker-compose.yml").read_text()
    (role,) = re.findall(r"DATABASE_URL: postgres://(\w+):", compose)
    assert role == "portal"
    assert re.findall(r"POSTGRES_USER: (\w+)", postgres) == ["postgres"]
    assert "PORTAL_PASSWORD: ${POSTGRES_PASSWORD:?" in postgres
    assert "./bin/postgres-role.sh:/docker-entrypoint-initdb.d/10-portal.sh:ro" in postgres


def test_the_role_is_made_with_nothing_but_its_database():
    script = (ROOT / "bin" / "postgres-role.sh").read_text()
    (made,) = re.findall(r"^CREATE ROLE portal (.*);$", script, re.MULTILINE)
    assert set(made.split(" PASSWORD ")[0].split()) == {
        "LOGIN",
        "NOSUPERUSER",
        "NOCREATEDB",
        "NOCREATEROLE",
        "NOREPLICATION",
        "NOBYPASSRLS",
    }
    assert "CREATE DATABASE portal OWNER portal " in script
    assert "ALTER ROLE CURRENT_USER PASSWORD NULL;" in script  # the superuser answers to nobody over the network
