"""The built program, run as a user runs it."""

import contextlib
import csv
import http.client
import io
import json
import re
import subprocess
import time


class ProgramError(Exception):
    """A command failed; its last words."""


class Program:
    def __init__(self, path, scratch, further):
        self.path = path
        self.scratch = scratch
        self.further = further
        self.count = 0
        self.defaults = {}

    def train(self, table, options):
        """The path of the model of `table`, and the seconds that it took."""
        self.count += 1
        model = self.scratch / f"{self.count}.safetensors"
        start = time.monotonic()
        self.run(["train", str(table), "-o", str(model), *options, *self.further])
        return model, time.monotonic() - start

    def by_default(self, table):
        """What `train` gives without options, of a table that stays as it is: trained once."""
        if table not in self.defaults:
            self.defaults[table] = self.train(table, [])
        return self.defaults[table]

    def score(self, model, rows, *options):
        """What `made score` says of each row of a file, a dictionary each."""
        lines = self.run(["score", str(model), str(rows), "--output-format", "ndjson", *options]).splitlines()
        return [json.loads(line) for line in lines]

    def changes(self, model, rows, *options):
        """The cells that `made repair` changes, as (row from 0, column, text it has instead), and the seconds that it took."""
        start = time.monotonic()
        log = self.run(["repair", str(rows), "-m", str(model), "--dry-run", *options])
        lines = csv.DictReader(io.StringIO(log))
        made = [(int(line["row"]) - 1, line["variable"], line["to"]) for line in lines if line["repaired"] == "true"]
        return made, time.monotonic() - start

    def evaluate(self, model, table, options=()):
        """What `made evaluate` prints, a dictionary of each line's title and numbers, intervals included."""
        measures = {}
        for line in self.run(["evaluate", str(model), str(table), *options]).splitlines():
            title, _, text = line.strip().partition("  ")
            measures[title] = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", text)]
        return measures

    @contextlib.contextmanager
    def serving(self, model):
        """A server of one model, asked over one connection."""
        command = [self.path, "serve", str(model), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            try:
                port = process.stdout.readline().strip().rpartition(":")[2]
                if not port:
                    raise ProgramError(f"made serve {model}: does not start")
                with contextlib.closing(http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)) as connection:
                    yield Service(connection, f"/models/{model.stem}")
            finally:
                process.terminate()

    def run(self, command):
        done = subprocess.run([self.path, *command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            words = [line for line in done.stderr.splitlines() if line.startswith("Error")] or [done.stderr.strip()[-300:]]
            raise ProgramError(f"made {' '.join(command)}: {words[-1]}")
        return done.stdout


class Service:
    """The routes of one model."""

    def __init__(self, connection, path):
        self.connection = connection
        self.path = path

    def post(self, route, rows=b""):
        """Sends CSV."""
        return self.ask("POST", route, rows, {"Content-Type": "text/csv"} if rows else {})

    def get(self, route):
        return json.loads(self.ask("GET", route))

    def ask(self, method, route, body=None, headers={}):
        self.connection.request(method, self.path + route, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise ProgramError(f"{method} {self.path}{route}: {answer.status} {content[:300].decode(errors='replace')}")
        return content
