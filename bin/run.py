"""make run: the whole portal on one machine, with a demonstration, until Ctrl-C.

Makes .venv, migrates, loads units, catalogue and demonstration, starts the web server, a Celery worker with beat and
one for files, and stops all when it is told to or when the web server ends. A worker that ends (it does when Redis dies
in the middle of a task) is started again: until then figures are saved, and what is to be done waits in the database.
PORT chooses another port; DATABASE_URL and REDIS_URL choose PostgreSQL and Redis. Standard library only.
"""

import ctypes
import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import setup
from setup import PYTHON, ROOT, say, stop

STOP_SECONDS = 10  # between asking a process to end and ending it
LONGEST_WAIT = 60  # seconds until a worker that ends again and again is started once more; a life as long is a good one
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(Exception):
    """Someone asked the portal to stop."""


def on_stop_signal(number, frame):
    raise Stop


def free_port():
    """The port to serve on; a port in use is said before any slow work."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        stop(f"PORT={text} is no port number (1 to 65535).")
    port = int(text)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                other = port + 1 if port < 65535 else 8000
                stop(f"port {port} is in use; choose another: make run PORT={other}")
            stop(f"port {port} cannot be used ({error.strerror}); choose another: make run PORT=8001")
    return port


def named_in_dotenv(key):
    try:
        with open(os.path.join(ROOT, ".env"), encoding="utf-8") as file:
            for line in file:
                name, _, value = line.partition("=")
                if name.replace("export ", "").strip() == key:
                    return value.strip().strip("\"'")
    except FileNotFoundError:
        pass
    return None


def end_with_parent():
    """Asks Linux to end a child when this process is killed without a chance to do it; elsewhere nothing happens."""
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    except (OSError, AttributeError):
        pass


class Restart:
    """When a worker that ended by itself is started again; times are of the monotonic clock."""

    def __init__(self):
        self.wait = 1  # seconds, doubled each time
        self.started_at = time.monotonic()
        self.due_at = None  # set while it has ended


class Portal:
    """The processes of one run. Each leads its own process group, so Ctrl-C reaches this program alone."""

    def __init__(self, port):
        self.port = port
        self.env = dict(os.environ)
        self.env.pop("PYTHONHOME", None)
        self.env["PYTHONUNBUFFERED"] = self.env["PYTHONUTF8"] = "1"
        self.env["PATH"] = os.path.join(ROOT, ".venv", "bin") + os.pathsep + self.env.get("PATH", "")
        debug = self.env.get("DEBUG") or named_in_dotenv("DEBUG") or ""
        if not debug:
            debug = self.env["DEBUG"] = "on"
        self.demonstration = debug.lower() in ("on", "true", "yes", "ok", "y", "1")
        self.var = os.path.abspath(os.path.join(ROOT, self.env.get("DATA_DIR") or named_in_dotenv("DATA_DIR") or "var"))
        self.running = []  # (name, process, path of its log, command)
        self.workers = {}  # name -> Restart

    def claim_folder(self):
        """One run per data folder: two would share one queue and one clock."""
        setup.check_writable(self.var)
        self.lock = open(os.path.join(self.var, "run.lock"), "a+")  # noqa: SIM115
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            stop(f"the portal already runs on the data in {self.var}; stop it first, or set DATA_DIR.")

    def start(self, name, *command, log=None, mode="wb"):
        output = open(log, mode) if log else None  # noqa: SIM115
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if log else None,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        if output:
            output.close()
        self.running.append((name, process, log, command))
        return process

    def manage(self, what, *arguments):
        """One step of the preparation; its own output is shown, a failure ends the run."""
        if what:
            say(what + " ...")
        process = self.start(arguments[0], PYTHON, "manage.py", *arguments)
        code = process.wait()
        self.running.pop()
        if code:
            stop("manage.py {} failed (see above).".format(" ".join(arguments)))

    def prepare(self):
        self.manage("migrating the database", "migrate", "--noinput", "--verbosity", "0")
        self.manage("loading 15,801 unit rows", "load_units", "--if-empty")
        self.manage("loading the catalogue of services and indicators", "load_catalogue", "--if-empty")
        if self.demonstration:
            self.manage("loading the demonstration, up to a minute the first time", "load_demo", "--if-empty")
        else:
            self.manage("collecting static files", "collectstatic", "--noinput", "--verbosity", "0")

    def serve(self):
        logs = os.path.join(self.var, "log")
        os.makedirs(logs, exist_ok=True)
        say("starting the web server and the workers ...")
        # fmt: off
        self.start(
            "the web server", PYTHON, "-m", "gunicorn", "de_an_06.wsgi", "--bind", f"127.0.0.1:{self.port}",
            "--workers", "2", "--threads", "4", "--graceful-timeout", "5", "--no-control-socket",
            "--logger-class", "de_an_06.access_log.AccessLogger",
            log=os.path.join(logs, "web.log"),
        )
        worker_logs = []
        for name, *own in (
            ("worker", "-Q", "celery", "-B", "--schedule", os.path.join(self.var, "celerybeat-schedule")),
            ("file worker", "-Q", "files,letters"),
        ):
            worker_logs.append(os.path.join(logs, name.replace(" ", "-") + ".log"))
            self.start(
                f"the {name}", PYTHON, "-m", "celery", "-A", "de_an_06", "worker", *own, "--concurrency", "1",
                "--hostname", f"{own[1].partition(',')[0]}@%h", "--loglevel", "INFO",
                "--without-gossip", "--without-mingle",
                log=worker_logs[-1],
            )
            self.workers[f"the {name}"] = Restart()
        # fmt: on
        self.wait_until(self.web_answers, "the web server does not answer")
        self.wait_until(lambda: all(map(worker_ready, worker_logs)), "a worker does not start")
        return logs

    def wait_until(self, holds, otherwise, seconds=60):
        end = time.monotonic() + seconds
        while not holds():
            self.check_alive()
            if time.monotonic() > end:
                stop("{} after {} seconds; see {}".format(otherwise, seconds, os.path.join(self.var, "log")))
            time.sleep(0.2)

    def web_answers(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            opener.open(f"http://127.0.0.1:{self.port}/healthz", timeout=5).close()
        except urllib.error.HTTPError as answer:
            return answer.code < 500
        except OSError:
            return False
        return True

    def check_alive(self, *, but_for=()):
        """When one of them ends, the others are of no use: show why and stop."""
        for name, process, log, _ in self.running:
            if name not in but_for and process.poll() is not None:
                with open(log, encoding="utf-8", errors="replace") as file:
                    sys.stdout.writelines("    " + line for line in file.readlines()[-15:])
                stop(f"{name} ended by itself (code {process.returncode}); its log is {log}")

    def keep_going(self):
        """Once all serve: the end of the web server ends the run; a worker that has ended is started again."""
        self.check_alive(but_for=self.workers)
        now = time.monotonic()
        for row in [r for r in self.running if r[0] in self.workers and r[1].poll() is not None]:
            name, process, log, command = row
            again = self.workers[name]
            if again.due_at is None:
                again.wait = 1 if now - again.started_at >= LONGEST_WAIT else min(2 * again.wait, LONGEST_WAIT)
                again.due_at = now + again.wait
                say(f"{name} ended by itself (code {process.returncode}); again in {again.wait} s; its log is {log}")
            elif now >= again.due_at:
                signal_group(process, signal.SIGKILL)  # children it left behind
                self.running.remove(row)
                self.start(name, *command, log=log, mode="ab")
                again.started_at, again.due_at = now, None

    def stop_all(self):
        """Asks each leader to end (it lets its own children finish), waits, then ends what is left of the groups."""
        for _, process, *_ in self.running:
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + STOP_SECONDS
        while time.monotonic() < end and any(group_lives(process) for _, process, *_ in self.running):
            time.sleep(0.1)
        for _, process, *_ in self.running:
            signal_group(process, signal.SIGKILL)
            process.wait()
        self.running.clear()


def worker_ready(log):
    with open(log, encoding="utf-8", errors="replace") as file:
        return " ready." in file.read()


def signal_group(process, number):
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def group_lives(process):
    process.poll()  # collects the leader, so that an ended group is no longer found
    try:
        os.killpg(process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def main():
    setup.use_a_new_enough_python()
    for number in STOP_SIGNALS:
        signal.signal(number, on_stop_signal)
    portal = None
    try:
        setup.check_writable(ROOT)
        port = free_port()
        portal = Portal(port)
        portal.claim_folder()
        setup.ensure()
        portal.prepare()
        logs = portal.serve()
        say("")
        say(f"The portal runs at http://127.0.0.1:{port}/  (logs in {os.path.relpath(logs)})")
        if portal.demonstration:
            portal.manage("", "load_demo", "--print-logins")
        say("Ctrl-C stops it.")
        while True:
            portal.keep_going()
            time.sleep(0.5)
    except Stop:
        say(f"\nstopping, up to {STOP_SECONDS} seconds ...")
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if portal:
            portal.stop_all()
    say("stopped.")


if __name__ == "__main__":
    main()
