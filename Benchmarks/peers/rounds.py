"""How a peer takes part: it reads an order a line, runs it, answers with a line of JSON, as long as its input lasts."""

import json
import sys
import time


class Pace:
    """How often each kind of call fits into a round: found once, so that all rounds of a kind do the same work."""

    def __init__(self):
        self.counts = {}

    def run(self, kind, seconds, unit_count, call):
        count = self.counts.get(kind, 1)
        while kind not in self.counts:
            start = time.process_time()
            call(count)
            spent = time.process_time() - start
            if spent > seconds / 4:
                count = self.counts[kind] = max(1, int(count * seconds / spent))
            else:
                count *= 2
        wall, cpu = time.perf_counter(), time.process_time()
        call(count)
        return answer(count * unit_count, wall, cpu)


def answer(units, wall, cpu):
    """The answer for `units` done since the wall and processor times `wall` and `cpu`."""
    return {"units": units, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def take_orders(handlers):
    """Runs each order {"NAME": {…}} by `handlers[NAME]`."""
    for line in sys.stdin:
        try:
            (name, arguments), = json.loads(line).items()
            reply = handlers[name](**arguments)
        except Exception as error:  # whatever a library throws, the driver shall say it
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
