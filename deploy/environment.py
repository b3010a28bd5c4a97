"""What the tests of deploy/ share: the program, skipping, and Python environments of their own."""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import typing
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
MADE = os.environ.get("MADE", str(ROOT / ".build/release/made"))
MODELS = ROOT / "config/models"


def skip(reason: str) -> typing.NoReturn:
    """Ends the test: nothing of it can run here."""
    print(reason)
    sys.exit(77)


def run_with(requirements: pathlib.Path) -> None:
    """Goes on in an environment that has a requirements file's packages; it is made in DEPLOY_CACHE where it is not.

    Call it before anything else is imported: the script starts anew.
    """
    digest = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    cache = pathlib.Path(os.environ.get("DEPLOY_CACHE") or os.path.join(tempfile.gettempdir(), "made-deploy"))
    folder = cache / f"python-{digest}"
    if pathlib.Path(sys.prefix).resolve() == folder.resolve():
        return
    done = folder / "complete"
    if not done.exists():
        venv.create(folder, clear=True, with_pip=True)
        install = [folder / "bin/pip", "install", "-q", "--disable-pip-version-check", "-r", requirements]
        result = subprocess.run(install, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode:
            skip(f"pip install -r {requirements.relative_to(ROOT)} failed: {result.stdout.strip().splitlines()[-1]}")
        done.touch()
    python = str(folder / "bin/python")
    os.execv(python, [python, *sys.argv])
