"""Programs in other people's packages, in a Python environment of their own."""

import json
import subprocess

import environment


def answer(figures, script, *arguments, peer="scikit-learn"):
    """What a script of this folder prints, run with a peer's packages; None where there are none, which is said."""
    try:
        environment.install(peer)
    except environment.Unavailable as error:
        figures.skip(f"comparison: {error}")
        return None
    command = [environment.PYTHON, f"{environment.FOLDER}/quality/{script}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        figures.skip(f"comparison: {done.stderr.strip().splitlines()[-1]}")
        return None
    figures.note(environment.versions(peer))
    return json.loads(done.stdout)
