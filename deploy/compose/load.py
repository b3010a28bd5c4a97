"""Requests in closed loops, each of which is counted: answered by 200, by another status, or not at all."""

import collections
import http.client
import json
import threading

MODELS = ("nltcs", "digits", "diamonds")


def bodies():
    """(path, body) of some requests: rows of each bundled model, single and many."""
    diamond = {"carat": 0.51, "cut": "Very Good", "color": "E", "clarity": "VS1", "depth": 61.8, "table": 54.7,
               "price": 1970, "x": 5.12, "y": 5.15, "z": 3.18}
    slip = {**diamond, "z": 31.8}
    rows = {"nltcs": [[index >> bit & 1 for bit in range(16)] for index in range(16)],
            "digits": [[index + pixel & 1 for pixel in range(64)] for index in range(4)], "diamonds": [diamond, slip]}
    for name in MODELS:
        for count in (1, len(rows[name])):
            yield f"/models/{name}/score", json.dumps({"rows": rows[name][:count]})
    yield "/models/nltcs/score", json.dumps({"rows": rows["nltcs"] * 64})


class Load:
    """Threads that ask `host:port` until they are stopped; every `fresh`th request by a connection of its own."""

    def __init__(self, host, port, threads, fresh=10):
        self.address, self.fresh = (host, port), fresh
        self.statuses = collections.Counter()
        self.failures = []
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.ask, args=(number,)) for number in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def ask(self, number):
        requests, connection = list(bodies()), None
        while not self.ended.is_set():
            number += 1
            if connection is None or number % self.fresh == 0:
                connection = http.client.HTTPConnection(*self.address, timeout=30)
            path, body = requests[number % len(requests)]
            try:
                connection.request("POST", path, body)
                answer = connection.getresponse()
                answer.read()
                outcome = answer.status
                if answer.will_close:
                    connection = None
            except (OSError, http.client.HTTPException) as error:
                outcome, connection = type(error).__name__, None
            with self.lock:
                self.statuses[outcome] += 1
                if outcome != 200:
                    self.failures.append(outcome)

    def total(self):
        return sum(self.statuses.values())
