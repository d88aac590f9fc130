"""A program of our own that is trusted with a file from outside: one JSON question, one JSON answer, and an end."""

import contextlib
import json
import subprocess
import sys
import threading
from typing import Any


def ask(program: str, asked: dict[str, Any], seconds: int) -> dict[str, Any]:
    """What the program answered; {} where it was ended or died on the way. It sets its own limit of memory."""
    command = [sys.executable, "-I", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        try:
            said, _ = process.communicate(json.dumps(asked).encode())
        finally:
            timer.cancel()
            process.kill()
    answer: dict[str, Any] = {}
    with contextlib.suppress(ValueError):  # killed in the middle of a word
        answer = json.loads(said)
    return answer
