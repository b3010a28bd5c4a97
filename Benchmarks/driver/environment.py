"""What the comparisons need: our programs, built, and the peers in a Python environment of their own."""

import json
import os
import platform
import subprocess
import sys

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TREE = os.path.dirname(FOLDER)
MODELS = os.path.join(FOLDER, ".build-models")
LOGS = os.path.join(FOLDER, ".build-logs")
PEERS = os.path.join(FOLDER, "peers")
VENV = os.path.join(FOLDER, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
MADE = os.path.join(TREE, ".build", "release", "made")


class Unavailable(Exception):
    """Something that a comparison needs cannot be had; says what, and why."""


def program(name):
    """The path of a program of this package."""
    return os.path.join(FOLDER, ".build", "release", name)


def build():
    """Builds the programs of this package and makes its folders."""
    for folder in (MODELS, LOGS):
        os.makedirs(folder, exist_ok=True)
    run(["swift", "build", "-c", "release", "--package-path", FOLDER], "this package does not build")


PACKAGES = {
    "onnxruntime": ["numpy", "onnx", "onnxruntime", "safetensors"],
    "FastAPI": ["numpy", "onnx", "onnxruntime", "safetensors", "fastapi", "uvicorn", "httptools", "uvloop", "orjson"],
    "PyTorch": ["numpy", "safetensors", "torch"],
    "scikit-learn": ["numpy", "scikit-learn"],
    "XGBoost": ["numpy", "pandas", "scikit-learn", "xgboost"],
    "TabularARGN": ["torch", "mostlyai-engine"],
}


def install(peer):
    """Installs a peer's packages unless that was done before."""
    stamp = os.path.join(VENV, peer + ".installed")
    if os.path.exists(stamp):
        return
    if not os.path.exists(PYTHON):
        run([sys.executable, "-m", "venv", VENV], f"{peer}: no Python environment")
    packages = [cpu_build(name) if name == "torch" else name for name in PACKAGES[peer]]
    print(f"installing {' '.join(packages)} into {os.path.relpath(VENV)}", file=sys.stderr, flush=True)
    run([*PIP, "install", "--quiet", *packages], f"{peer}: pip cannot install {' '.join(packages)}")
    with open(stamp, "w"):
        pass


PIP = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input"]


def cpu_build(name):
    """What to ask pip for, to get a build without gigabytes of GPU libraries.

    On Linux the index has none: only a wheel from the places that pip's own configuration names will do.
    """
    if platform.system() != "Linux":
        return name
    found = subprocess.run(
        [*PIP, "install", "--quiet", "--dry-run", "--no-deps", "--no-index", "--report", "-", name],
        capture_output=True, text=True)
    versions = [item["metadata"]["version"] for item in json.loads(found.stdout)["install"]] if found.stdout else []
    if not any(version.endswith("+cpu") for version in versions):
        raise Unavailable(
            "PyTorch: pip finds no build without the GPU libraries' gigabytes; with PIP_FIND_LINKS set to a folder or page "
            "of such wheels (https://download.pytorch.org/whl/cpu/torch/) it would")
    return f"{name}=={versions[0]}"


def versions(peer):
    """The versions of a peer's packages, in words."""
    listed = subprocess.run([*PIP, "list", "--format", "json"], capture_output=True, text=True, check=True)
    known = {item["name"].lower(): item["version"] for item in json.loads(listed.stdout)}
    return ", ".join(f"{name} {known[name]}" for name in PACKAGES[peer] if name in known)


def run(command, complaint):
    """Runs a command that must succeed, and is heard only when it does not."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        wrong = [line for line in lines if "error" in line.lower()] or lines or ["it says nothing"]
        raise Unavailable(f"{complaint}: {wrong[-1].strip()}")
