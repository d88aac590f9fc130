"""Makes .venv and installs what the portal needs into it; does nothing when that is already done.

    python3 bin/setup.py          to run the portal
    python3 bin/setup.py --dev    to test and check it as well

Standard library only, and written so that an older Python can still read it and say in one line what is wrong.
"""

import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
NEEDED = (3, 11)


def stop(message):
    """One clear line and a failure."""
    sys.exit("error: " + message)


def say(message):
    print(message, flush=True)


def use_a_new_enough_python():
    """Goes on under a newer Python of this machine, or says which one is needed."""
    if sys.version_info >= NEEDED:
        return
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        found = shutil.which(name)
        if found and subprocess.call([found, "-c", "pass"], stderr=subprocess.DEVNULL) == 0:
            os.execv(found, [found, *sys.argv])  # noqa: S606
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    stop(f"Python 3.11 or newer is needed, this is {here}. Install it, or name it: make PYTHON=/path/to/python3.11 ...")


def check_writable(folder):
    """A folder that takes no files gets its line now, not in the middle of the work."""
    probe = os.path.join(folder, f".write-check-{os.getpid()}")
    try:
        os.makedirs(folder, exist_ok=True)
        with open(probe, "w"):
            pass
        os.remove(probe)
    except OSError as error:
        stop(f"the folder {folder} is not writable ({error.strerror}); run this as its owner, or in a copy.")


def fingerprint(files):
    """What an installation depends on: the requirement files and the Python that runs them."""
    digest = hashlib.sha256(sys.version.encode())
    for name in files:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(name.encode() + b"\0" + file.read())
    return digest.hexdigest()


def venv_works():
    if not os.path.exists(PYTHON):
        return False
    ask = "import sys; print('%d.%d' % sys.version_info[:2], sys.prefix)"
    answer = subprocess.run([PYTHON, "-c", ask], capture_output=True, text=True)
    return answer.stdout.strip() == f"{sys.version_info[0]}.{sys.version_info[1]} {VENV}"


def make_venv(uv):
    say("making .venv ...")
    shutil.rmtree(VENV, ignore_errors=True)
    if uv and subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, VENV]).returncode == 0:
        return
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        stop("python -m venv failed. On Debian and Ubuntu: apt install python3-venv; or install uv.")


def install(uv, requirements):
    """uv where it can be had, else pip; pip also when uv fails, as the two are configured in different places."""
    path = os.path.join(ROOT, requirements)
    if uv:
        say(f"installing {requirements} with uv ...")
        if subprocess.run([uv, "pip", "install", "--quiet", "--python", PYTHON, "-r", path]).returncode == 0:
            return
        say("uv failed, trying pip ...")
    else:
        say(f"installing {requirements} with pip, about a minute ...")
    pip = [PYTHON, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True).returncode:  # a .venv made by uv has no pip
        subprocess.run([PYTHON, "-m", "ensurepip"], capture_output=True)
    done = subprocess.run([*pip, "install", "-qq", "--disable-pip-version-check", "-r", path])
    if done.returncode:
        stop(f"pip could not install {requirements} (see above); is the package registry reachable?")


def ensure(dev=False):
    """Leaves a .venv that holds exactly the wanted versions; costs nothing when it already does."""
    check_writable(ROOT)
    runtime = ["requirements.txt", "constraints.txt"]
    everything = [*runtime, "requirements-dev.txt"]
    stamp = os.path.join(VENV, ".installed")
    wanted = {"run": fingerprint(runtime), "dev": fingerprint(everything)}
    done = []
    if os.path.exists(stamp):
        with open(stamp) as file:
            done = file.read().split()
    if (wanted["dev"] in done or (not dev and wanted["run"] in done)) and venv_works():
        return
    uv = shutil.which("uv")
    if not venv_works():
        make_venv(uv)
    install(uv, "requirements-dev.txt" if dev else "requirements.txt")
    with open(stamp, "w") as file:
        file.write(wanted["run"] + "\n" + (wanted["dev"] + "\n" if dev else ""))


if __name__ == "__main__":
    use_a_new_enough_python()
    try:
        ensure(dev="--dev" in sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
