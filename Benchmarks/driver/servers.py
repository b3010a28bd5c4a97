"""Servers under load: started, asked, watched, stopped."""

import contextlib
import glob
import http.client
import json
import os
import socket
import subprocess
import time

import environment
from contender import ContenderError

START_SECONDS_MAX = 60


class Server:
    """A server's process, listening on `port` of 127.0.0.1."""

    def __init__(self, name, process, port):
        self.name, self.process, self.port = name, process, port

    def score(self, body):
        """The answer to one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("POST", "/score", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        if answer.status != 200:
            raise ContenderError(f"{self.name}: answered {answer.status}: {content[:300].decode(errors='replace')}")
        return content

    def log_likelihoods(self, body):
        return json.loads(self.score(body))["log_likelihood"]

    def processor_seconds(self):
        """Processor time of all its processes, ended threads included, as far as Linux tells it; else 0."""
        ticks = 0
        for pid in family(self.process.pid):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as file:
                # The fields after the name, which may hold anything: user and system time are the 12th and 13th.
                fields = file.read().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def resident_megabytes(self):
        """Memory of its first process, as far as Linux tells it; else 0."""
        with contextlib.suppress(OSError), open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        return 0

    def settle(self):
        """Waits until it has worked off what a load left behind."""
        used = self.processor_seconds()
        for _ in range(200):
            time.sleep(0.05)
            before, used = used, self.processor_seconds()
            if used - before < 0.01:
                return

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def family(pid):
    """A process and all below it."""
    pids = [pid]
    for children in glob.glob(f"/proc/{pid}/task/*/children"):
        with contextlib.suppress(OSError), open(children) as file:
            for child in file.read().split():
                pids += family(int(child))
    return pids


def start(name, command, **options):
    log = os.path.join(environment.LOGS, name + ".log")
    with open(log, "w") as file:
        return subprocess.Popen(command, stderr=file, text=True, **options)


def first_line(name, process):
    """What the process prints when it listens."""
    line = process.stdout.readline().strip()
    if not line:
        process.wait()
        raise ContenderError(f"{name}: does not start; see {os.path.join(environment.LOGS, name + '.log')}")
    return line


def start_ours(model):
    path = os.path.join(environment.MODELS, model + ".safetensors")
    process = start("made", [environment.MADE, "serve", path, "--port", "0"], stdout=subprocess.PIPE)
    return Server("made", process, int(first_line("made", process).rsplit(":", 1)[1]))


def start_floor(answer):
    """The bare HTTP server, answering `answer`, by as many event loops as ours has."""
    command = [environment.program("barehttp"), str(min(os.cpu_count(), 2)), answer]
    process = start("barehttp", command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return Server("libmicrohttpd", process, int(first_line("barehttp", process)))


def start_peer(model):
    """FastAPI on uvicorn, two worker processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [environment.PYTHON, "-m", "uvicorn", "service:app", "--host", "127.0.0.1", "--port", str(port),
               "--workers", "2", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    settings = {"MODEL_FOLDER": environment.MODELS, "MODEL": model, "OMP_NUM_THREADS": "1"}
    process = start("fastapi", command, cwd=environment.PEERS, env={**os.environ, **settings})
    server = Server("FastAPI", process, port)
    deadline = time.monotonic() + START_SECONDS_MAX
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
            return server
        time.sleep(0.1)
    server.stop()
    raise ContenderError(f"FastAPI: does not start; see {os.path.join(environment.LOGS, 'fastapi.log')}")
