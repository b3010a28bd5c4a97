#!/usr/bin/env python3
"""Serves mixed load for a long time, and fails where the service does.

    python3 Benchmarks/driver/soak.py .build/release/made [--seconds 3600] [--reloads 1000]

Clients send rows as JSON, CSV, NDJSON, gzip and tensors, ask for conditionals, samples, explanations, repairs and imputed
values, hang up in the midst, read slowly and send more than their key may, while a watched model is replaced over and over by
one of other weights. What must hold:

- every request is answered as it should be: 200, and where that was asked for 429 or 504;
- a score belongs to the version that the answer names, to the digit, so no reload mixes two models;
- every replaced model is served;
- resident memory grows by less than 1 MiB after the first five minutes (of a shorter run, its first half), between two
  moments at which no request is under way and a model has just been replaced: what requests hold, and what malloc keeps of
  it, is tens of MiB at one look and little at the next;
- in the end no more descriptors are open than in the beginning, and the service stops in good order.

Needs nothing but Python.
"""

import argparse
import collections
import contextlib
import gzip
import hashlib
import http.client
import json
import multiprocessing
import os
import queue
import random
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WARM_UP_SECONDS = 300
REST_SECONDS = 5
# For a client to end the request that it is at.
PATIENCE_SECONDS = 300
GROWTH_MAX = 1 << 20
JSON = {"Content-Type": "application/json"}
# Of the key that may send few requests; the others are held to the same and stay below it.
RATE, BURST = 2000, 400
DIAMONDS = [
    {"carat": 0.51, "cut": "Very Good", "color": "E", "clarity": "VS1", "depth": 61.8, "table": 54.7, "price": 1970,
     "x": 5.12, "y": 5.15, "z": 31.8},
    {"carat": 0.51, "cut": "Very Good", "color": "E", "clarity": "VS1", "depth": 61.8, "table": 54.7, "price": 1970,
     "x": 5.12, "y": 5.15, "z": 3.18},
]
NLTCS = [1, 0] * 8


class Failure(Exception):
    """Something that a soak must not meet."""


# What ends the load early, so that the rest of the soak still reports.
FAULTS = (Failure, OSError, http.client.HTTPException)


# -- Models


def with_other_weights(model, version):
    """The bytes of a checkpoint with one bias changed and a version of its own."""
    length = struct.unpack("<Q", model[:8])[0]
    header, data = json.loads(model[8:8 + length]), bytearray(model[8 + length:])
    names = sorted(name for name in header if name.startswith("networks.0.layers.") and name.endswith(".bias"))
    start = header[names[-1]]["data_offsets"][0]
    value = struct.unpack_from("<f", data, start)[0]
    struct.pack_into("<f", data, start, value + 0.25 * (version - 1))
    document = json.loads(header["__metadata__"]["model"])
    document["version"] = str(version)
    header["__metadata__"]["model"] = json.dumps(document)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def place(folder, model):
    """Puts a model where it is served from, whole or not at all."""
    path = os.path.join(folder, "diamonds.safetensors")
    with open(path + ".new", "wb") as file:
        file.write(model)
    os.rename(path + ".new", path)


# -- The service


class Service:
    def __init__(self, made, folder, keys):
        self.log = tempfile.NamedTemporaryFile("w+", prefix="made-soak-", suffix=".log", delete=False)
        self.process = subprocess.Popen(
            [made, "serve", folder, "--port", "0", "--watch-models", "true", "--api-keys-file", keys, "--log-level", "warning",
             "--key-rate-max", str(RATE), "--key-burst-max", str(BURST),
             # A busy machine may stop a client for long, and no connection or request is to end by that.
             "--idle-seconds-max", "3600", "--body-seconds-max", "3600", "--queue-milliseconds-max", "600000"],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"it does not start; see {self.log.name}")
        self.port = int(line.rsplit(":", 1)[1])

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def descriptor_count(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(30)
        self.process.kill()
        self.process.wait()
        return "killed, as it did not stop"


class Client:
    """A connection that is kept, with a key of its own."""

    def __init__(self, port, key, patience=120):
        self.port, self.headers, self.patience = port, {"X-API-Key": key}, patience
        self.connection = None

    def ask(self, method, path, body=None, headers=JSON):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.patience)
        self.connection.request(method, path, body, {**headers, **self.headers})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def raw(self, request, receive_bytes=None):
        """A connection that has sent some bytes."""
        connection = socket.socket()
        connection.settimeout(self.patience)
        if receive_bytes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(request)
        return connection

    def head(self, method, path, *more):
        lines = [f"{method} {path} HTTP/1.1", "Host: a", f"X-API-Key: {self.headers['X-API-Key']}", *more]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


# -- What is sent


def expect(status, body, *expected):
    if status not in expected:
        raise Failure(f"answered {status}: {body[:300].decode(errors='replace')}")


def body(**members):
    return json.dumps(members).encode()


def score(client, truth):
    """Rows by name, whose scores must be those of the version that the answer names."""
    status, answer = client.ask("POST", "/models/diamonds/score", body(rows=DIAMONDS))
    expect(status, answer, 200)
    found = json.loads(answer)
    if truth and found["log_likelihood"] != truth[found["version"]]:
        raise Failure(f"version {found['version']} scores {found['log_likelihood']}, and not {truth[found['version']]}")


def many(client, _):
    expect(*client.ask("POST", "/models/nltcs/score", body(rows=[NLTCS] * 500, on_error="row")), 200)


def compressed(client, _):
    headers = {**JSON, "Content-Encoding": "gzip", "Accept-Encoding": "gzip"}
    expect(*client.ask("POST", "/models/nltcs/score", gzip.compress(body(rows=[NLTCS] * 200)), headers), 200)


def explain(client, _):
    expect(*client.ask("POST", "/models/diamonds/score", body(rows=DIAMONDS, explain=3, per_variable=True)), 200)


def lines(client, _):
    kind = random.choice(["text/csv", "application/x-ndjson"])
    row = ",".join(map(str, NLTCS))
    if kind == "text/csv":
        text = ",".join(f"v{index}" for index in range(16)) + "\n" + (row + "\n") * 2000
    else:
        text = f"[{row}]\n" * 2000
    status, answer = client.ask("POST", "/models/nltcs/score", text, {"Content-Type": kind})
    expect(status, answer, 200)
    if answer.count(b"\n") != 2000 + (kind == "text/csv"):
        raise Failure(f"{answer.count(10)} lines of {kind} for 2000 rows")


def tensors(client, _):
    rows = 64
    tensor = {"name": "rows", "datatype": "FP32", "shape": [rows, 16]}
    if random.random() < 0.5:
        data = {"inputs": [{**tensor, "data": NLTCS * rows}]}
        expect(*client.ask("POST", "/v2/models/nltcs/infer", body(**data)), 200)
        return
    head = body(inputs=[{**tensor, "parameters": {"binary_data_size": 64 * rows}}])
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))}
    binary = head + struct.pack("<16f", *NLTCS) * rows
    expect(*client.ask("POST", "/v2/models/nltcs/infer", binary, headers), 200)


def conditionals(client, _):
    expect(*client.ask("POST", "/models/diamonds/conditionals", body(rows=DIAMONDS)), 200)


def sample(client, _):
    form = random.choice(["json", "csv", "ndjson"])
    expect(*client.ask("GET", f"/models/diamonds/sample?n=50&format={form}"), 200)


def repair(client, _):
    expect(*client.ask("POST", "/models/diamonds/repair", body(rows=DIAMONDS[:1], alpha=0.001)), 200)


def impute(client, _):
    row = {name: value for name, value in DIAMONDS[1].items() if name not in ("price", "cut")}
    method = random.choice(["best", "draw"])
    expect(*client.ask("POST", "/models/diamonds/impute", body(rows=[row], method=method)), 200)


def missing(client, _):
    rows = [[None] + NLTCS[1:]] * 5
    expect(*client.ask("POST", "/models/nltcs/score", body(rows=rows, particles=64, missing="unknown")), 200)


def hurried(client, _):
    headers = {**JSON, "X-Timeout-Ms": "1"}
    expect(*client.ask("POST", "/models/nltcs/score", body(rows=[NLTCS] * 2000), headers), 200, 504)


def refused(client, _):
    expect(*client.ask("POST", "/models/nltcs/score", b'{"rows": [[0, 1'), 400)
    expect(*client.ask("POST", "/models/diamonds/score", body(rows=[{"carat": "much"}])), 422)
    expect(*client.ask("GET", "/models/none"), 404)


def look_around(client, _):
    for path in ("/metrics", "/models", "/models/diamonds", "/models/diamonds/drift", "/openapi.json", "/readyz"):
        expect(*client.ask("GET", path), 200)


def hang_up(client, _):
    """Goes away in the head, in the body, while it waits, or in the midst of the answer."""
    rows = body(rows=[[None] + NLTCS[1:]] * 100, missing="unknown", particles=256)
    request = client.head("POST", "/models/nltcs/score", f"Content-Length: {len(rows)}") + rows
    request = random.choice([
        request[:40], request[:300], request, client.head("GET", "/models/nltcs/sample?n=20000")])
    with contextlib.closing(client.raw(request)) as connection:
        if random.random() < 0.5:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if request.startswith(b"GET"):
            connection.recv(100)


def read_slowly(client, _):
    """Takes an answer of about a megabyte in small pieces."""
    request = client.head("GET", "/models/nltcs/sample?n=20000&format=csv", "Connection: close")
    with contextlib.closing(client.raw(request, 4096)) as connection:
        answer = b""
        while piece := connection.recv(16384):
            answer += piece
            time.sleep(0.005)
    head, _, content = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    expect(status, content, 200)
    if content.count(b"\n") != 20001:
        raise Failure(f"{content.count(10)} lines of 20001 for a slow reader")


def too_often(client, _):
    """More requests at once than the key may send: some must be refused, and nothing else happens to them."""
    rows = body(rows=[NLTCS])
    request = client.head("POST", "/models/nltcs/score", f"Content-Length: {len(rows)}") + rows
    count = 100
    statuses = collections.Counter()
    for _ in range(3 * BURST // count):
        with contextlib.closing(client.raw(request * (count - 1) + client.head("GET", "/models", "Connection: close"))) as it:
            answer = b""
            while piece := it.recv(65536):
                answer += piece
        statuses.update(part[:3] for part in answer.split(b"HTTP/1.1 ")[1:])
    if set(statuses) - {b"200", b"429"} or sum(statuses.values()) != count * (3 * BURST // count):
        raise Failure(f"a flood was answered {dict(statuses)}")
    return [("200", statuses[b"200"]), ("429", statuses[b"429"])]


KINDS = {
    score: 30, many: 4, compressed: 4, explain: 4, lines: 3, tensors: 6, conditionals: 3, sample: 4, repair: 2, impute: 2,
    missing: 2, hurried: 3, refused: 4, look_around: 2, hang_up: 6, read_slowly: 1,
}


class Pace:
    """When clients send: until they are told to stop, and not while the service is to rest."""

    def __init__(self, client_count):
        self.stop, self.rest = multiprocessing.Event(), multiprocessing.Event()
        # Passed once when all clients are silent, and once when they go on.
        self.barrier = multiprocessing.Barrier(client_count + 1)

    def goes_on(self, client, pause=0):
        """Whether `client` may send, after `pause` seconds."""
        if self.rest.is_set():
            client.close()
            try:
                self.barrier.wait()
                self.barrier.wait()
            except threading.BrokenBarrierError:
                return False
        return not self.stop.wait(pause)

    @contextlib.contextmanager
    def silence(self):
        """No client sends, and none has a connection."""
        self.rest.set()
        self.meet()
        self.rest.clear()
        try:
            yield
        finally:
            self.meet()

    def meet(self):
        try:
            self.barrier.wait(PATIENCE_SECONDS)
        except threading.BrokenBarrierError:
            raise Failure(f"a client neither fell silent nor went on within {PATIENCE_SECONDS} s") from None


def load(port, key, truth, pace, results, seed):
    """Sends requests of all kinds until it is told to stop."""
    random.seed(seed)
    client, counts, failures = Client(port, key), collections.Counter(), []
    while pace.goes_on(client):
        kind = random.choices(list(KINDS), list(KINDS.values()))[0]
        attempt(kind, client, truth, counts, failures)
        if random.random() < 0.02:
            client.close()
    results.put((counts, failures[:5], len(failures)))


def flood(port, key, pace, results):
    client, counts, failures = Client(port, key), collections.Counter(), []
    while pace.goes_on(client, 5):
        attempt(too_often, client, None, counts, failures)
    results.put((counts, failures[:5], len(failures)))


def attempt(kind, client, truth, counts, failures):
    try:
        for status, count in kind(client, truth) or [("done", 1)]:
            counts[f"{kind.__name__} {status}"] += count
    except (Failure, OSError, http.client.HTTPException, ValueError, KeyError) as error:
        failures.append(f"{kind.__name__}: {type(error).__name__}: {error}")
        client.close()


# -- The course


def version_of(client):
    status, answer = client.ask("POST", "/models/diamonds/score", body(rows=DIAMONDS))
    expect(status, answer, 200)
    found = json.loads(answer)
    return found["version"], found["log_likelihood"]


def wait_for_version(client, version):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = version_of(client)
        if found[0] == version:
            return found[1]
        time.sleep(0.02)
    raise Failure(f"version {version} is not served a minute after it was put there")


class Reloads:
    """Replaces the model by the other version over and over."""

    def __init__(self, folder, models, client):
        self.folder, self.models, self.client = folder, models, client
        self.count, self.version = 0, 2

    def next(self):
        self.version = 3 - self.version
        place(self.folder, self.models[self.version - 1])
        wait_for_version(self.client, str(self.version))
        self.count += 1


class Watch:
    """Memory and descriptors over time."""

    def __init__(self, service, seconds):
        self.service, self.start = service, time.monotonic()
        self.warm_up = min(WARM_UP_SECONDS, seconds / 2)
        self.samples, self.next = [], 0
        self.at_rest = []

    @property
    def seconds(self):
        return time.monotonic() - self.start

    def look_at_rest(self, reloads):
        """Memory while nothing is asked for, after a model was replaced."""
        least = float("inf")
        for _ in range(2):
            reloads.next()
            deadline = time.monotonic() + REST_SECONDS
            while time.monotonic() < deadline:
                time.sleep(0.1)
                least = min(least, self.service.resident_bytes())
        self.at_rest.append(least)

    def look(self):
        now = self.seconds
        if now < self.next:
            return
        self.samples.append((now, self.service.resident_bytes(), self.service.descriptor_count()))
        self.next = now + 1

    def print(self):
        step = max(1, len(self.samples) // 20)
        for start in range(0, len(self.samples), step):
            part = self.samples[start:start + step]
            memory = [sample[1] / 2**20 for sample in part]
            print(f"  {part[0][0]:6.0f} s  {min(memory):8.2f} {statistics.median(memory):8.2f} {max(memory):8.2f} MiB"
                  f"  {min(sample[2] for sample in part)} to {max(sample[2] for sample in part)} descriptors")


def course(service, folder, models, keys, options):
    """The load from its beginning to its end; gives what went wrong."""
    admin = Client(service.port, keys[0])
    truth = {"1": version_of(admin)[1]}
    place(folder, models[1])
    truth["2"] = wait_for_version(admin, "2")
    if truth["1"] == truth["2"]:
        raise Failure("both versions score alike, so that nothing would show")
    idle = service.descriptor_count()
    pace, results = Pace(options.clients + 1), multiprocessing.Queue()
    work = [multiprocessing.Process(target=load, args=(service.port, keys[1 + index], truth, pace, results, index))
            for index in range(options.clients)]
    work.append(multiprocessing.Process(target=flood, args=(service.port, keys[-1], pace, results)))
    for process in work:
        # So that one which hangs does not keep the soak from ending.
        process.daemon = True
        process.start()
    watch, reloads = Watch(service, options.seconds), Reloads(folder, models, admin)
    problems = []
    try:
        while watch.seconds < options.seconds and service.process.poll() is None:
            watch.look()
            if not watch.at_rest and watch.seconds >= watch.warm_up:
                with pace.silence():
                    watch.look_at_rest(reloads)
            if reloads.count < options.reloads * watch.seconds / options.seconds:
                reloads.next()
            else:
                time.sleep(0.05)
    except FAULTS as error:
        problems.append(f"{type(error).__name__}: {error}")
    pace.stop.set()
    counts = gather(results, work, problems)
    try:
        watch.look_at_rest(reloads)
    except FAULTS as error:
        problems.append(f"{type(error).__name__}: {error}")
    report(counts, reloads.count, watch)
    return problems + judge(service, watch, idle)


def gather(results, work, problems):
    counts = collections.Counter()
    for _ in work:
        try:
            found, failures, failure_count = results.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            problems.append(f"clients ended without a result, with {[process.exitcode for process in work]}")
            break
        counts.update(found)
        if failure_count:
            problems.append(f"{failure_count} requests failed, such as")
            problems += [f"  {failure}" for failure in failures]
    for process in work:
        process.join(PATIENCE_SECONDS)
    return counts


def report(counts, reloads, watch):
    for kind, count in sorted(counts.items()):
        print(f"  {count:9} {kind}")
    print(f"  {reloads:9} reloads")
    watch.print()


def judge(service, watch, idle):
    if service.process.poll() is not None:
        return [f"the service ended with {service.process.returncode}; see {service.log.name}"]
    problems = []
    if len(watch.at_rest) == 2:
        first, last = watch.at_rest
        growth = last - first
        print(f"memory at rest: {first / 2**20:.2f} MiB after {watch.warm_up:.0f} s, {last / 2**20:.2f} MiB in the end: "
              f"{growth / 2**10:+.0f} KiB")
        if growth >= GROWTH_MAX:
            problems.append(f"memory has grown by {growth / 2**20:.2f} MiB after the first {watch.warm_up:.0f} s")
    else:
        problems.append("how much memory has grown is unknown: the load ended before both looks at rest")
    # Connections that were closed just now take a moment.
    deadline = time.monotonic() + 30
    while service.descriptor_count() > idle and time.monotonic() < deadline:
        time.sleep(0.1)
    print(f"descriptors: {idle} before, {service.descriptor_count()} after")
    if service.descriptor_count() > idle:
        problems.append(f"{service.descriptor_count()} descriptors are open, before the load {idle}")
    return problems


def make_keys(folder, count):
    """Keys, and the file that names them."""
    keys = [f"soak-{os.urandom(16).hex()}" for _ in range(count)]
    path = os.path.join(folder, "keys")
    with open(path, "w") as file:
        for index, key in enumerate(keys):
            file.write(f"k{index} score,metrics,admin {hashlib.sha256(key.encode()).hexdigest()}\n")
    return keys, path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("made")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--reloads", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = os.path.join(folder, "models")
        os.mkdir(models)
        os.symlink(os.path.join(TREE, "config/models/nltcs.safetensors"), os.path.join(models, "nltcs.safetensors"))
        with open(os.path.join(TREE, "config/models/diamonds.safetensors"), "rb") as file:
            original = file.read()
        versions = [with_other_weights(original, version) for version in (1, 2)]
        place(models, versions[0])
        keys, path = make_keys(folder, options.clients + 2)
        service = Service(options.made, models, path)
        try:
            problems = course(service, models, versions, keys, options)
        except Failure as failure:
            problems = [str(failure)]
        finally:
            status = service.stop()
    if status != 0:
        problems.append(f"the service ended with {status}; see {service.log.name}")
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(1)
    os.unlink(service.log.name)
    print("nothing failed")


if __name__ == "__main__":
    main()
