"""The embedded database: what is answered as saved is on the disk (settings.py)."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASK = """
import django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    print([cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "busy_timeout")])
"""


def test_a_power_cut_loses_no_acknowledged_save(tmp_path):
    """FULL (2) syncs the write-ahead log at each commit; NORMAL (1) only at checkpoints, up to 13 seconds later."""
    env = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    env |= {"DEBUG": "on", "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "de_an_06.settings"}
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "['wal', 2, 240000]"
