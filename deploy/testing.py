"""What tests of deploy/ share that are written with unittest: tools that are installed where they are missing, free
ports, requests, waiting."""

import hashlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

SKIPPED = 77
# Of anything that is waited for: far more than it takes, so that only what never comes fails.
PATIENCE = 120


class Result(unittest.TextTestResult):
    """Tells of each skipped test on a line of its own, as deploy/test reads it."""

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"skipped: {test.id().rpartition('.')[2]}: {reason}", flush=True)


def run_tests():
    """The main program of a part."""
    runner = unittest.TextTestRunner(verbosity=2, resultclass=Result, stream=sys.stdout)
    result = unittest.main(module="__main__", testRunner=runner, exit=False).result
    if not result.wasSuccessful() or result.testsRun == 0:
        sys.exit(1)
    if len(result.skipped) == result.testsRun:
        print(result.skipped[0][1])
        sys.exit(SKIPPED)


def need_root():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


def need(**packages):
    """Makes sure of commands: need(promtool="prometheus") installs Debian's package prometheus where promtool is
    missing, without starting its services. Skips where that cannot be."""
    missing = {package for command, package in packages.items() if not which(command.replace("_", "-"))}
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise unittest.SkipTest(f"missing: as root, `apt-get install {' '.join(sorted(missing))}`")
    print("installing", *sorted(missing), flush=True)
    # In run level 1 Debian's packages do not start what they install.
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive", RUNLEVEL="1")
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=600"]
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *sorted(missing)]):
        done = subprocess.run(apt + arguments, env=environment, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise unittest.SkipTest(f"cannot install {' '.join(sorted(missing))}: {done.stdout.strip()[-200:]}")


def which(command):
    return shutil.which(command, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def packages_alone(requirements):
    """A folder with the packages of a requirements file, without those that they need; kept in DEPLOY_CACHE."""
    digest = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    cache = pathlib.Path(os.environ.get("DEPLOY_CACHE") or os.path.join(tempfile.gettempdir(), "made-deploy"))
    folder = cache / f"packages-{digest}"
    if not (folder / "complete").exists():
        install = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps",
                   "--upgrade", "--target", folder, "-r", requirements]
        done = subprocess.run(install, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
        if done.returncode:
            raise unittest.SkipTest(f"pip install -r {requirements.name} failed: {done.stdout.strip()[-200:]}")
        (folder / "complete").touch()
    return folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(url, body=None, headers=(), seconds=10):
    """(status, body) of a request; (0, reason) where there is no answer."""
    request = urllib.request.Request(url, body.encode() if isinstance(body, str) else body, dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def wait_for(what, condition, alive=None, seconds=PATIENCE):
    """The first true value of condition(), asked over and over; `alive` is a process that must not end meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if alive is not None and alive.poll() is not None:
            raise AssertionError(f"{what}: the process ended with status {alive.returncode}")
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)
