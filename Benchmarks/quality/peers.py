"""Programs in other people's packages, in a Python environment of their own."""

import json
import subprocess

import environment


def answer(figures, script, *arguments):
    """What a script of this folder prints, run with scikit-learn; None where there is none, which is said."""
    try:
        environment.install("scikit-learn")
    except environment.Unavailable as error:
        figures.skip(f"comparison: {error}")
        return None
    command = [environment.PYTHON, f"{environment.FOLDER}/quality/{script}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        figures.skip(f"comparison: {done.stderr.strip().splitlines()[-1]}")
        return None
    figures.note(environment.versions("scikit-learn"))
    return json.loads(done.stdout)
