#!/usr/bin/env python3
"""How much memory `made serve` takes for many clients with large bodies, and whether it answers others meanwhile.

    python3 Benchmarks/driver/memory.py .build/release/made [--clients 500] [--megabytes 60] [--newlines] [--seconds 15]

All clients send their bodies at once, as fast as they are taken: rows as JSON, or with --newlines lines of NDJSON that are
empty, without end. Prints the largest resident memory, its bound (memory-bytes-max and 64 MB), and how many of the questions
that another connection asks were answered, and how slowly. Needs nothing but Python.
"""

import argparse
import http.client
import selectors
import socket
import subprocess
import time

MEMORY_BYTES = 256 << 20


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("made")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--megabytes", type=int, default=60)
    parser.add_argument("--newlines", action="store_true")
    parser.add_argument("--seconds", type=float, default=15)
    options = parser.parse_args()
    service = subprocess.Popen(
        [options.made, "serve", "--port", "0", "--log-level", "error", "--memory-bytes-max", str(MEMORY_BYTES),
         "--body-bytes-max", str(64 << 20), "--queue-rows-max", "16000000", "--queue-milliseconds-max", "600000"],
        stdout=subprocess.PIPE, text=True)
    try:
        run(int(service.stdout.readline().rsplit(":", 1)[1]), service.pid, options)
    finally:
        service.terminate()
        service.wait()


def run(port, process, options):
    row = "[" + ",".join(["0"] * 16) + "],"
    piece = b"\n" * (1 << 20) if options.newlines else (row * ((1 << 20) // len(row))).encode()
    length = options.megabytes * 1_000_000
    kind, coding = (("application/x-ndjson", "Transfer-Encoding: chunked") if options.newlines
                    else ("application/json", f"Content-Length: {length}"))
    head = f"POST /models/nltcs/score HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\n{coding}\r\n\r\n".encode()
    if options.newlines:
        piece = b"%x\r\n%s\r\n" % (len(piece), piece)
    selector = selectors.DefaultSelector()
    for _ in range(options.clients):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(head if options.newlines else head + b'{"rows":[')
        client.setblocking(False)
        selector.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE, [9, 0])
    witness, waits, answers = http.client.HTTPConnection("127.0.0.1", port, timeout=60), [], {}
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        for key, events in selector.select(0.05)[:50]:
            client, state = key.fileobj, key.data
            try:
                if events & selectors.EVENT_READ:
                    answer = client.recv(65536)
                    if not answer or answer.startswith(b"HTTP/1.1 "):
                        status = answer[9:12].decode() or "closed"
                        answers[status] = answers.get(status, 0) + 1
                    if not answer or not answer.startswith(b"HTTP/1.1 200"):
                        selector.unregister(client)
                        client.close()
                        continue
                if events & selectors.EVENT_WRITE:
                    left = len(piece) if options.newlines else min(length - state[0], len(piece) - state[1])
                    sent = client.send(memoryview(piece)[state[1]:state[1] + left]) if left > 0 else 0
                    state[0] += sent
                    state[1] = (state[1] + sent) % len(piece)
            except BlockingIOError:
                pass
            except OSError:
                answers["reset"] = answers.get("reset", 0) + 1
                selector.unregister(client)
                client.close()
        start = time.perf_counter()
        witness.request("POST", "/models/nltcs/score", '{"rows":[' + row[:-1] + "]}")
        reply = witness.getresponse()
        reply.read()
        waits.append((1000 * (time.perf_counter() - start), reply.status))
    with open(f"/proc/{process}/status") as facts:
        peak = next(int(line.split()[1]) for line in facts if line.startswith("VmHWM:")) / 1000 * 1.024
    times = sorted(wait for wait, _ in waits)
    print(f"resident memory at most {peak:.0f} MB, bound {(MEMORY_BYTES + 64e6) / 1e6:.0f} MB; "
          f"clients {answers}, {len(selector.get_map())} going on; others {sum(s == 200 for _, s in waits)} of "
          f"{len(waits)} answered, p50 {times[len(times) // 2]:.1f}  max {times[-1]:.1f} ms")


if __name__ == "__main__":
    main()
