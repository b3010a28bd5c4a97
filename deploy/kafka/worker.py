#!/usr/bin/env python3
"""Scores the messages of a Kafka topic by a service of `made`, as one of a consumer group. Needs confluent-kafka.

    worker.py --brokers HOST:PORT --input rows --output scores --dead-letters faults \\
        --url http://HOST:8080/models/NAME/score

A message's value is a row, as one JSON object or array. The answer, a JSON object as POST /score gives it for a line,
goes to the output topic with the message's key, headers and time; what cannot be scored goes to the dead letters as it
came, with the reason in the header made-error. Both tell by made-source where the message was: TOPIC/PARTITION/OFFSET.

Every message is answered at least once: offsets are committed after the brokers have the answers. SIGTERM ends it after
the batch in hand. It ends with status 1 where its work cannot be done, the service or the brokers being unwilling for
longer than --patience-seconds: whoever started it starts it again, and nothing is lost meanwhile.

The service's key, where it wants one, is in the environment, as MADE_API_KEY.
"""

from __future__ import annotations

import argparse
import dataclasses
import http.client
import json
import os
import random
import signal
import ssl
import sys
import threading
import time
import urllib.parse

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

# A whole batch is answered so where one of its rows is at fault, or all together are too many.
DIVISIBLE = {400, 413, 422}
BUSY = {429, 502, 503, 504}


class Fatal(Exception):
    """Why the worker cannot go on; nothing of the batch in hand is committed."""


class Stopped(Exception):
    """SIGTERM came while a batch waited for the service."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What became of one message: a line of the service's, or why there is none."""

    line: bytes | None
    error: str | None = None


class Service:
    """The client of POST /score."""

    def __init__(self, url: str, patience: float, stop: threading.Event):
        self.url = urllib.parse.urlsplit(url)
        if self.url.scheme not in ("http", "https") or not self.url.hostname:
            raise Fatal(f"--url is {url}; it must be http://HOST:PORT/models/NAME/score or https://…")
        self.patience = patience
        self.stop = stop
        self.connection: http.client.HTTPConnection | None = None
        self.headers = {"Content-Type": "application/x-ndjson", "Accept": "application/x-ndjson"}
        if key := os.environ.get("MADE_API_KEY"):
            self.headers["Authorization"] = f"Bearer {key}"

    def score(self, rows: list[bytes]) -> list[Answer]:
        """An answer for each row, in order."""
        status, body = self._ask(b"\n".join(rows) + b"\n")
        if status in DIVISIBLE and len(rows) > 1:
            middle = len(rows) // 2
            return self.score(rows[:middle]) + self.score(rows[middle:])
        if status in DIVISIBLE:
            return [Answer(None, _detail(body))]
        if status != 200:
            raise Fatal(f"{self.url.geturl()} answers {status}: {_detail(body)}")
        lines = body.split(b"\n")[:-1]
        if len(lines) != len(rows):
            raise Fatal(f"{self.url.geturl()} answers {len(rows)} rows with {len(lines)} lines")
        return [_answer(line) for line in lines]

    def _ask(self, body: bytes) -> tuple[int, bytes]:
        """The first answer that does not tell to come again; what is asked twice is only scored twice."""
        end = time.monotonic() + self.patience
        pause = 0.1
        while True:
            try:
                status, after, answer = self._post(body)
                reason = f"answers {status}: {_detail(answer)}"
                if status not in BUSY:
                    return status, answer
            except (OSError, http.client.HTTPException) as error:
                self._close()
                reason, after = f"cannot be asked: {error!r}", None
            wait = pause if after is None else after
            # Many workers that were refused together do not come again together.
            wait += random.uniform(0, pause)
            pause = min(2 * pause, 10)
            if time.monotonic() + wait > end:
                raise Fatal(f"{self.url.geturl()} {reason}, for {self.patience:g} s now")
            print(f"waits {wait:.1f} s: {self.url.geturl()} {reason}", file=sys.stderr, flush=True)
            if self.stop.wait(wait):
                raise Stopped

    def _post(self, body: bytes) -> tuple[int, float | None, bytes]:
        if self.connection is None:
            address = (self.url.hostname, self.url.port)
            self.connection = (
                http.client.HTTPSConnection(*address, timeout=60, context=ssl.create_default_context())
                if self.url.scheme == "https"
                else http.client.HTTPConnection(*address, timeout=60)
            )
        target = (self.url.path or "/score") + (f"?{self.url.query}" if self.url.query else "")
        self.connection.request("POST", target, body, self.headers)
        response = self.connection.getresponse()
        answer = response.read()
        after = response.headers.get("Retry-After", "")
        return response.status, float(after) if after.isdigit() else None, answer

    def _close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def _detail(body: bytes) -> str:
    """The reason within an error's document (RFC 9457)."""
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace")


def _answer(line: bytes) -> Answer:
    # Only a faulty row's line has the word, and then it is worth reading.
    error = json.loads(line).get("error") if b'"error"' in line else None
    return Answer(None, error) if error else Answer(line)


def _row(message: Message) -> bytes | None:
    """A message's value as a line; None where it has none. Line ends are mere blanks in JSON."""
    value = message.value()
    return value.replace(b"\r", b" ").replace(b"\n", b" ").strip() if value else None


class Worker:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.stop = threading.Event()
        self.service = Service(options.url, options.patience_seconds, self.stop)
        shared = {"bootstrap.servers": options.brokers, **dict(options.set)}
        self.consumer = Consumer({
            "session.timeout.ms": 10000, "auto.offset.reset": "earliest",
            **{key: value for key, value in shared.items() if key not in options.producer_only},
            "group.id": options.group, "enable.auto.commit": False, "enable.auto.offset.store": False,
        })  # fmt: skip
        self.producer = Producer({
            "linger.ms": 5, "compression.type": "lz4",
            **{key: value for key, value in shared.items() if key not in options.consumer_only},
            "enable.idempotence": True, "acks": "all",
            "delivery.timeout.ms": int(options.patience_seconds * 1000),
        })  # fmt: skip
        self.undelivered: list[str] = []
        self.counts = {"scored": 0, "faulty": 0}

    def run(self) -> None:
        self.consumer.subscribe([self.options.input])
        print(f"reads {self.options.input}, in group {self.options.group}", file=sys.stderr, flush=True)
        try:
            while not self.stop.is_set():
                messages = self.consumer.consume(self.options.batch_rows, self.options.linger_seconds)
                self._work([message for message in messages if self._is_message(message)])
        except Stopped:
            pass
        finally:
            self.consumer.close()
            print(f"scored {self.counts['scored']}, sent {self.counts['faulty']} to the dead letters", file=sys.stderr)

    @staticmethod
    def _is_message(message: Message) -> bool:
        error = message.error()
        if error is None:
            return True
        if error.fatal() or error.code() in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError._AUTHENTICATION):
            raise Fatal(error.str())
        # The library goes on by itself: brokers come back, topics get made.
        print(f"brokers: {error.str()}", file=sys.stderr, flush=True)
        return False

    def _work(self, messages: list[Message]) -> None:
        if not messages:
            return
        rows = [_row(message) for message in messages]
        scored = iter(self.service.score(full) if (full := [row for row in rows if row]) else [])
        for message, row in zip(messages, rows):
            self._produce(message, next(scored) if row else Answer(None, "the message has no value"))
        self.producer.flush()
        if self.undelivered:
            raise Fatal(f"{len(self.undelivered)} answers were not taken by the brokers: {self.undelivered[0]}")
        self._commit(messages)

    def _produce(self, message: Message, answer: Answer) -> None:
        source = f"{message.topic()}/{message.partition()}/{message.offset()}"
        headers = [*(message.headers() or []), ("made-source", source.encode())]
        topic, value = self.options.output, answer.line
        if answer.line is None:
            topic, value = self.options.dead_letters, message.value()
            headers.append(("made-error", (answer.error or "").encode()))
        self.counts["faulty" if answer.line is None else "scored"] += 1
        record = {"key": message.key(), "headers": headers, "on_delivery": self._delivered}
        if message.timestamp()[1] > 0:
            record["timestamp"] = message.timestamp()[1]
        while True:
            try:
                return self.producer.produce(topic, value, **record)
            except BufferError:
                self.producer.poll(0.1)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self.undelivered.append(f"{message.topic()}: {error.str()}")

    def _commit(self, messages: list[Message]) -> None:
        offsets: dict[tuple[str, int], int] = {}
        for message in messages:
            offsets[message.topic(), message.partition()] = message.offset() + 1
        try:
            self.consumer.commit(
                offsets=[TopicPartition(*place, offset) for place, offset in offsets.items()], asynchronous=False)
        except KafkaException as error:
            # The partitions are another's by now, who answers these messages again.
            print(f"not committed: {error.args[0].str()}", file=sys.stderr, flush=True)


def _setting(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text} is no NAME=VALUE")
    return key, value


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    add = parser.add_argument
    add("--brokers", required=True, help="addresses of brokers, with commas between them")
    add("--group", default="made", help="the consumer group; its workers share the partitions")
    add("--input", required=True, help="topic of the rows")
    add("--output", required=True, help="topic of the answers")
    add("--dead-letters", required=True, help="topic of the messages that cannot be scored")
    add("--url", required=True, help="the model's POST /score; ?keep=, alpha= and its other options as there")
    add("--batch-rows", type=int, default=5000, help="messages of one request at most")
    add("--linger-seconds", type=float, default=0.05, help="how long a batch may wait to fill")
    add("--patience-seconds", type=float, default=240,
        help="how long the service, or a broker, may refuse; less than max.poll.interval.ms")  # fmt: skip
    add("--set", type=_setting, action="append", default=[], metavar="NAME=VALUE",
        help="a setting of librdkafka, such as security.protocol=SASL_SSL; more than once")  # fmt: skip
    parsed = parser.parse_args(arguments)
    # The library warns of settings that only the other kind of client has.
    parsed.consumer_only = ("session.timeout.ms", "heartbeat.interval.ms", "max.poll.interval.ms", "auto.offset.reset",
                            "partition.assignment.strategy", "group.instance.id", "group.protocol")  # fmt: skip
    parsed.producer_only = ("linger.ms", "compression.type", "batch.size", "partitioner")
    return parsed


def main() -> int:
    try:
        worker = Worker(options())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop.set())
        worker.run()
    except Fatal as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
