#!/usr/bin/env python3
"""The worker against real brokers (librdkafka's mock cluster, over TCP) and a real service.

    test_kafka.py [MESSAGES [KILLS]]     how many messages pass, and how often a worker is killed meanwhile
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import environment  # noqa: E402: it may start this script anew, with confluent-kafka

HERE = pathlib.Path(__file__).resolve().parent
environment.run_with(HERE / "requirements.txt")

import contextlib  # noqa: E402
import http.server  # noqa: E402
import json  # noqa: E402
import re  # noqa: E402
import shlex  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402
import tempfile  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
import urllib.request  # noqa: E402

from confluent_kafka import Consumer, Producer, TopicPartition  # noqa: E402

MODEL = environment.MODELS / "nltcs.safetensors"
# A broker of the mock cluster keeps 5 MB of a partition: what waits to be read must stay below.
UNANSWERED_MAX = 20000
# How long a worker that was killed keeps its partitions. The brokers wait 3 s before they form a group.
SESSION = ("--set", "session.timeout.ms=6000", "--set", "heartbeat.interval.ms=500")
FAULTS = {
    b"": "the message has no value",
    b"{": "",
    b"no row": "",
    b"[1, 0]": "",
    b'{"v0": 7, "v1": 0}': "",
    b"\x00\xff\xfe": "",
}


class Cluster:
    """Two brokers in this process, and clients of them."""

    def __init__(self):
        self.home = Producer({"test.mock.num.brokers": 2, "bootstrap.servers": "", "log_level": 2})
        brokers = self.home.list_topics(timeout=30).brokers.values()
        self.brokers = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        self.producer = Producer({"bootstrap.servers": self.brokers, "linger.ms": 5})

    def partitions(self, topic: str) -> list[TopicPartition]:
        # Asking for a topic makes it.
        return [TopicPartition(topic, number, 0)
                for number in self.producer.list_topics(topic, timeout=30).topics[topic].partitions]  # fmt: skip

    def reader(self, *topics: str) -> Consumer:
        """Reads whole topics, in no group."""
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": "reader", "enable.auto.commit": False,
                             "auto.offset.reset": "error"})  # fmt: skip
        consumer.assign([place for topic in topics for place in self.partitions(topic)])
        return consumer

    def send(self, topic: str, key: bytes | None, value: bytes | None, headers: list | None = None) -> None:
        while True:
            try:
                return self.producer.produce(topic, value, key=key, headers=headers)
            except BufferError:
                self.producer.poll(0.05)


class Service:
    """A made serve of its own."""

    def __init__(self, folder: pathlib.Path):
        self.process = subprocess.Popen(
            [environment.MADE, "serve", str(MODEL), "--port", "0", "--quiet", "--drift-rows", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, text=True,
        )  # fmt: skip
        self.url = self.process.stdout.readline().strip().removeprefix("listening on ") + "/models/nltcs/score"

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


class Busy(http.server.BaseHTTPRequestHandler):
    """Stands before a service, and refuses what `refusals` says, from its front, before it passes anything on."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.times.append(time.monotonic())
        self.server.sizes.append(body.count(b"\n"))
        refusal = self.server.refusals.pop(0) if self.server.refusals else None
        if refusal == "hang up":
            self.close_connection = True
            return
        if refusal is not None:
            status, after = refusal
            self._answer(status, json.dumps({"detail": "told to"}).encode(), {"Retry-After": after} if after else {})
            return
        request = urllib.request.Request(self.server.behind, body, dict(self.headers))
        with urllib.request.urlopen(request) as response:
            self._answer(response.status, response.read(), {})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def busy(service: Service, *refusals: object):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    server.refusals, server.times, server.sizes, server.behind = list(refusals), [], [], service.url
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server, f"http://127.0.0.1:{server.server_address[1]}/models/nltcs/score"
    finally:
        server.shutdown()


class Test:
    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.cluster = Cluster()
        self.service = Service(folder)
        self.workers: list[subprocess.Popen] = []

    def worker(self, name: str, *arguments: str, url: str | None = None) -> subprocess.Popen:
        """A worker of group `name`, from the topic of that name."""
        command = readme_command()
        known = {"localhost:9092": self.cluster.brokers, command[-1]: url or self.service.url}
        command = [known.get(word, re.sub("^rows", name, word)) for word in command]
        process = subprocess.Popen(
            [sys.executable, *command[1:], *SESSION, *arguments], stderr=subprocess.PIPE, text=True,
            cwd=environment.ROOT)  # fmt: skip
        self.workers.append(process)
        # From then on it knows what SIGTERM means.
        while not (line := process.stderr.readline()).startswith("reads "):
            assert line, f"a worker ended with status {process.wait()}"
        return process

    def close(self) -> None:
        for process in self.workers:
            process.kill()
            process.wait()
        self.service.close()

    def committed(self, name: str) -> dict[int, int]:
        group = Consumer({"bootstrap.servers": self.cluster.brokers, "group.id": name})
        places = group.committed(self.cluster.partitions(name), timeout=30)
        group.close()
        return {place.partition: max(place.offset, 0) for place in places}

    def sent(self, name: str) -> dict[int, int]:
        group = self.cluster.reader(name)
        ends = {place.partition: group.get_watermark_offsets(place, timeout=30)[1] for place in group.assignment()}
        group.close()
        return ends

    def collect(self, name: str, count: int) -> list:
        """That many messages of the topics of scores and faults of a group, or more."""
        reader = self.cluster.reader(f"{name}-scores", f"{name}-faults")
        messages: list = []
        end = time.monotonic() + 120
        while len(messages) < count:
            assert time.monotonic() < end, f"{len(messages)} of {count} answers came"
            messages += [message for message in reader.consume(1000, 0.5) if message.error() is None]
        reader.close()
        return messages

    def every_row_has_its_answer(self, name: str = "rows") -> str:
        rows, scores = rows_and_scores(300, 1)
        for index, row in enumerate(rows):
            # Pretty-printed, as some write it, and with what a client wants to find again.
            value = json.dumps(json.loads(row), indent=1).encode() if index % 7 == 0 else row
            self.cluster.send(name, str(index).encode(), value, [("trace", b"%d" % index)])
        for index, fault in enumerate(FAULTS):
            self.cluster.send(name, b"fault%d" % index, fault)
        self.cluster.send(name, None, rows[0])
        self.cluster.producer.flush()
        worker = self.worker(name)
        messages = self.collect(name, len(rows) + len(FAULTS) + 1)
        for message in messages:
            headers = dict(message.headers())
            assert headers["made-source"].startswith(f"{name}/".encode()), headers
            if message.topic().endswith("-faults"):
                fault = list(FAULTS)[int(message.key().removeprefix(b"fault"))]
                reason = headers["made-error"].decode()
                assert (message.value() or b"") == fault and reason and FAULTS[fault] in reason, (fault, reason)
            else:
                index = int(message.key() or 0)
                assert message.value() == scores[index], (message.value(), scores[index])
                assert message.key() is None or headers["trace"] == message.key()
        assert len(messages) == len(rows) + len(FAULTS) + 1
        assert sum(message.key() is None for message in messages) == 1
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0, worker.stderr.read()
        assert self.committed(name) == self.sent(name)
        assert "scored 301, sent 6 to the dead letters" in worker.stderr.read()
        return f"{len(messages)} messages, to the bit; SIGTERM ended it with all of them committed"

    def a_busy_service_is_waited_for(self, name: str = "busy") -> str:
        rows, scores = rows_and_scores(100, 2)
        for index, row in enumerate(rows):
            self.cluster.send(name, str(index).encode(), row)
        self.cluster.producer.flush()
        refusals = [(503, "2"), "hang up", (429, "1"), (503, None), (413, None)]
        with busy(self.service, *refusals) as (server, url):
            worker = self.worker(name, url=url)
            messages = self.collect(name, 100)
            # SIGTERM while it waits ends it too, and commits nothing that has no answer.
            done = self.committed(name)
            server.refusals.append((503, "60"))
            self.cluster.send(name, b"last", rows[0])
            self.cluster.producer.flush()
            while "60" not in (line := worker.stderr.readline()) or "waits" not in line:
                assert worker.poll() is None
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(50) == 0
        assert {message.key(): message.value() for message in messages} == {
            str(index).encode(): score for index, score in enumerate(scores)}  # fmt: skip
        times = server.times
        assert times[1] - times[0] >= 2 and times[3] - times[2] >= 1, times
        first = server.sizes[0]
        assert server.sizes[1:4] == [first] * 3 and server.sizes[5] <= (first + 1) // 2, server.sizes
        assert self.committed(name) == done
        return f"503, a connection cut, 429, 503 and 413 in {len(times)} requests, and no message lost"

    def what_it_cannot_do_ends_it(self, name: str = "ends") -> str:
        self.cluster.send(name, b"1", b"[0]")
        self.cluster.producer.flush()
        worker = self.worker(name, url=self.service.url.replace("nltcs", "nobody"))
        assert worker.wait(60) == 1
        said = worker.stderr.read()
        assert "Error: " in said and "answers 404: " in said, said
        with busy(self.service, *[(503, "1")] * 9) as (_, url):
            worker = self.worker(name, "--patience-seconds", "2", url=url)
            assert worker.wait(60) == 1
        assert "answers 503: told to, for 2 s now" in worker.stderr.read()
        assert not any(self.committed(name).values())
        return next(line for line in said.splitlines() if line.startswith("Error: "))[:150]

    def killed_workers_lose_nothing(self, count: int, kills: int, name: str = "killed") -> str:
        """Two workers; after every so many answers one of them is killed, and another started."""
        rows, scores = rows_and_scores(2000, 3)
        faulty = set(range(500, count, 1000))
        answers = bytearray(count)
        total = repeated = killed = sent = answered = 0
        reader = self.cluster.reader(f"{name}-scores", f"{name}-faults")
        self.cluster.partitions(name)
        crew = [self.worker(name, "--batch-rows", "1000") for _ in range(2)]
        progress = time.monotonic()
        while answered < count:
            while sent < count and sent - answered < UNANSWERED_MAX:
                self.cluster.send(name, b"%d" % sent, b"{" if sent in faulty else rows[sent % len(rows)])
                sent += 1
            self.cluster.producer.poll(0)
            for message in reader.consume(5000, 0.1):
                assert message.error() is None, message.error()
                index = int(message.key())
                if index in faulty:
                    assert message.topic() == f"{name}-faults" and message.value() == b"{"
                else:
                    assert message.value() == scores[index % len(rows)], (index, message.value())
                total += 1
                if answers[index]:
                    repeated += 1
                else:
                    answers[index], answered, progress = 1, answered + 1, time.monotonic()
            assert time.monotonic() < progress + 90, f"no answer since {answered} of {count}"
            if killed < kills and answered > (killed + 1) * count // (kills + 1):
                crew[killed % 2].kill()
                assert crew[killed % 2].wait() == -signal.SIGKILL, "it had ended by itself"
                crew[killed % 2] = self.worker(name, "--batch-rows", "1000")
                killed += 1
        assert killed == kills and all(answers)
        for process in crew:
            process.send_signal(signal.SIGTERM)
        for process in crew:
            assert process.wait(60) == 0, process.stderr.read()
        assert self.committed(name) == self.sent(name)
        reader.close()
        return (f"{count} messages, {len(faulty)} of them faulty, workers killed {killed} times: every key answered, "
                f"none lost; {repeated} of {total} answers were repeats")  # fmt: skip


def readme_command() -> list[str]:
    """The words of README.md's command that starts a worker."""
    blocks = re.findall(r"```sh\n(.*?)```", (HERE / "README.md").read_text(), re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return shlex.split(next(line for line in lines if "worker.py" in line))


def rows_and_scores(count: int, seed: int) -> tuple[list[bytes], list[bytes]]:
    """Rows as JSON, and their answers by made score."""
    draw = ["sample", str(MODEL), "-n", str(count), "--seed", str(seed), "--format", "ndjson"]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "check": True}
    rows = subprocess.run([environment.MADE, *draw], **quiet).stdout
    scores = subprocess.run([environment.MADE, "score", str(MODEL)], input=rows, **quiet).stdout
    return rows.splitlines(), scores.splitlines()


def main(arguments: list[str]) -> None:
    count, kills = (int(argument) for argument in (arguments + ["30000", "3"][len(arguments) :]))
    with tempfile.TemporaryDirectory() as folder:
        test = Test(pathlib.Path(folder))
        try:
            start = time.monotonic()
            print("every row has its answer:", test.every_row_has_its_answer(), flush=True)
            print("a busy service is waited for:", test.a_busy_service_is_waited_for(), flush=True)
            print("what it cannot do ends it:", test.what_it_cannot_do_ends_it(), flush=True)
            print("killed workers lose nothing:", test.killed_workers_lose_nothing(count, kills), flush=True)
            print(f"4 checks passed in {time.monotonic() - start:.0f} s")
        finally:
            test.close()


if __name__ == "__main__":
    main(sys.argv[1:])
