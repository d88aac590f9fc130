"""The command line without its settings: one line that says what is missing, whatever the command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif((ROOT / ".env").exists(), reason="this checkout has a .env of its own, so nothing is missing")
@pytest.mark.parametrize("command", [["check"], ["makemigrations", "--check", "--dry-run"], ["migrate", "--plan"]])
def test_a_missing_secret_is_said_in_one_line(command, tmp_path):
    asked = {"DEBUG": "off", "DATA_DIR": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=asked, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line == "error: Set the SECRET_KEY environment variable (see .env.example; for the demonstration: DEBUG=on)"
