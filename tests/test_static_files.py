"""Files of the pages as production serves them (de_an_06/static_files.py), and what the entry page asks for."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from reporting.models import Report

ENTRY = Path(settings.BASE_DIR) / "static" / "js" / "entry"
PARTS = {path.name for path in ENTRY.glob("*.js")}


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """What `collectstatic` makes with the settings of production."""
    folder = tmp_path_factory.mktemp("static")
    environment = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL"}}
    environment |= {"DEBUG": "off", "SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": "portal.example"}
    environment |= {"STATIC_ROOT": str(folder / "root"), "DATA_DIR": str(folder / "data")}
    environment["DJANGO_SETTINGS_MODULE"] = "de_an_06.settings"
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True, timeout=120)
    return folder / "root"


def test_the_parts_of_the_entry_script_import_each_other_by_hashed_names(collected):
    names = json.loads((collected / "staticfiles.json").read_text())["paths"]
    hashed = {part: Path(names[f"js/entry/{part}"]).name for part in PARTS}
    assert all(re.fullmatch(r"\w+\.[0-9a-f]{12}\.js", name) for name in hashed.values())
    for part in PARTS:
        plain = [Path(line).name for line in imports((ENTRY / part).read_text())]
        served = [Path(line).name for line in imports((collected / "js" / "entry" / hashed[part]).read_text())]
        assert served == [hashed[name] for name in plain], part
    assert reached("main.js") == PARTS


def imports(text):
    """What stands after `from` or `import`, in any quotes."""
    return re.findall(r"""(?:\bfrom|\bimport)\s*["']([^"']+)["']""", text)


def reached(part, seen=frozenset()):
    """This part and all it imports. A circle is an error: names with a hash of the content would never be settled."""
    assert part not in seen, f"{part} imports itself by {sorted(seen)}"
    found = {part}
    for name in imports((ENTRY / part).read_text()):
        found |= reached(Path(name).name, seen | {part})
    return found


def test_the_entry_page_loads_all_parts_at_once_and_only_where_something_can_be_typed(client, world, month, fill):
    october, november = (Report.objects.get(unit=world.phuoc_long, period=month(m)) for m in ("2026-10", "2026-11"))
    fill(october, base=20, status="submitted", by=world.officer)
    client.force_login(world.officer)
    html = client.get(reverse("report-entry", args=[november.pk])).content.decode()
    preloaded = re.findall(r'<link rel="modulepreload" href="[^"]*/js/entry/([^"]+)">', html)
    assert sorted(preloaded) == sorted(PARTS - {"main.js"})
    assert re.search(r'<script type="module" src="[^"]*/js/entry/main.js"></script>', html)

    assert "js/entry/" not in client.get(reverse("report-entry", args=[october.pk])).content.decode()
