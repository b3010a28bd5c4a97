"""Servers, models, browsers, and what every test of the pages asks of every state."""

import base64
import hashlib
import json
import math
import pathlib
import random
import re
import signal
import socket
import subprocess
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = ROOT / "Sources/CPage/files"
BUNDLED = ROOT / "config/models"


def pytest_addoption(parser):
    parser.addoption("--made", default=str(ROOT / ".build/release/made"))
    parser.addoption("--chromium", default="/usr/bin/chromium")
    parser.addoption("--files", action="store_true", help="test the pages as they lie in the sources")
    parser.addoption("--pictures", help="a folder for screenshots")


@pytest.fixture(scope="session")
def made(request):
    return request.config.getoption("--made")


# Tables: the same on every machine.


def orders(count, seed=1):
    """Rows of numbers, labels, dates, words and missing values, in which the price follows from weight and city."""
    source = random.Random(seed)
    lines = ["id,when,city,weight,price,express,note"]
    for index in range(count):
        city = source.choice(["Bern", "Graz", "Lyon"])
        weight = round(source.lognormvariate(0.5, 0.4), 2)
        price = weight * 4 + {"Bern": 3, "Graz": 1, "Lyon": 2}[city] + source.gauss(0, 0.3)
        note = "" if source.random() < 0.2 else source.choice("ab")
        when = f"2024-{source.randint(1, 12):02d}-{source.randint(1, 28):02d}"
        lines.append(f"A{index:05d},{when},{city},{weight},{price:.2f},{source.choice(['yes', 'no'])},{note}")
    return lines


def towns():
    """Orders of which few are from Oslo."""
    return [re.sub("Bern|Graz|Lyon", "Oslo", line) if index % 20 == 1 else line for index, line in enumerate(orders(1500))]


def circles(count):
    """Pictures of 28 x 28 pixels."""
    source = random.Random(2)
    lines = [",".join(f"pixel_{place}" for place in range(784))]
    for _ in range(count):
        x, y, radius = source.uniform(8, 20), source.uniform(8, 20), source.uniform(4, 7)
        lines.append(
            ",".join(str(int(abs(math.hypot(place % 28 - x, place // 28 - y) - radius) < 1.3)) for place in range(784))
        )
    return lines


def items():
    """A column of 5,000 labels."""
    source = random.Random(3)
    return ["code,group,amount"] + [
        f"item {index % 5000:04d},g{index % 7},{source.gauss(index % 7 * 10, 1):.2f}" for index in range(10000)
    ]


TRAINING = {
    "orders": (lambda: orders(1500), []),
    "circles": (
        lambda: circles(120),
        [
            "--hidden",
            "16",
            "--members",
            "1",
            "--steps",
            "60",
            "--image-width",
            "28",
            "--folds",
            "0",
            "--calibration-share",
            "0.3",
        ],
    ),
    "items": (
        items,
        [
            "--rare",
            "1",
            "--no-direct",
            "--members",
            "1",
            "--hidden",
            "4",
            "--steps",
            "3",
            "--folds",
            "0",
            "--calibration-share",
            "0.03",
            "--validation-share",
            "0.02",
        ],
    ),
    "grouped": (
        towns,
        ["--groups", "city", "--folds", "0", "--calibration-share", "0.4", "--steps", "50", "--hidden", "8"],
    ),
    "plain": (lambda: orders(300), ["--calibration-share", "0", "--folds", "0", "--steps", "50", "--hidden", "8"]),
}


@pytest.fixture(scope="session")
def models(made, tmp_path_factory):
    """A folder with the bundled models, those of TRAINING, and a file that is none."""
    folder = tmp_path_factory.mktemp("models")
    for name, (table, options) in TRAINING.items():
        path = folder / f"{name}.csv"
        path.write_text("\n".join(table()) + "\n")
        subprocess.run(
            [made, "train", path, "-o", folder / f"{name}.safetensors", *options], check=True, capture_output=True
        )
        path.unlink()
    for path in BUNDLED.glob("*.safetensors"):
        (folder / path.name).symlink_to(path)
    (folder / "broken.safetensors").write_text("broken")
    return folder


# Servers


class Server:
    def __init__(self, made, *arguments, port=0):
        self.process = subprocess.Popen(
            [made, "serve", *map(str, arguments), "--port", str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), line
        self.url = line.split()[-1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="session")
def server(made, models):
    server = Server(made, models, "--default-model", "orders")
    yield server
    server.stop()


@pytest.fixture
def start(made):
    """Starts servers that end with the test."""
    started = []

    def start(*arguments, port=0):
        started.append(Server(made, *arguments, port=port))
        return started[-1]

    yield start
    for server in started:
        server.stop()


# Browsers


def assembled(name):
    """A page as the service puts it together, with its policy."""
    text = (FILES / name).read_text()
    digests = {"style": [], "script": []}

    def inline(kind, file):
        content = (FILES / file).read_text()
        digests[kind].append("'sha256-%s'" % base64.b64encode(hashlib.sha256(content.encode()).digest()).decode())
        return f"<{kind}>{content}</{kind}>"

    text = re.sub(r'<link rel="stylesheet" href="([\w.]+)">', lambda match: inline("style", match[1]), text)
    text = re.sub(r'<script src="([\w.]+)"></script>', lambda match: inline("script", match[1]), text)
    policy = (
        f"default-src 'none'; style-src {' '.join(digests['style'])}; script-src {' '.join(digests['script'])}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {"body": text, "headers": {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}}


def fulfil(route):
    route.fulfill(**assembled("docs.html" if route.request.url.split("#")[0].endswith("/docs") else "index.html"))


@pytest.fixture(scope="session")
def browser(request):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=request.config.getoption("--chromium"), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, server, request):
    """Opens the page; at the end nothing may have failed in it, and nothing been asked of another server."""
    contexts, complaints = [], []

    def visit(path="/", at=None, expected=(), **options):
        at = at or server
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(15000)
        page = context.new_page()
        if request.config.getoption("--files"):
            page.route(re.compile(re.escape(at.url) + r"/(docs)?(#.*)?$"), fulfil)

        def complain(text):
            if not any(re.search(pattern, text) for pattern in expected):
                complaints.append(text)

        page.on("pageerror", lambda error: complain(f"error: {error}"))
        page.on("console", lambda message: message.type == "error" and complain(f"console: {message.text}"))
        page.on(
            "request", lambda asked: asked.url.startswith((at.url, "data:", "blob:")) or complain(f"asked {asked.url}")
        )
        page.goto(at.url + path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not complaints


@pytest.fixture
def check(request):
    """A state is accessible, and nothing in it stands out to the side. Keeps a picture where pictures are wanted."""
    axe = Axe()

    def check(page, name):
        pictures = request.config.getoption("--pictures")
        if pictures:
            pathlib.Path(pictures).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{pictures}/{name}.png", full_page=True)
        found = axe.run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{name} is {width[0]} pixels wide, the window {width[1]}"
        alarmed = page.evaluate(
            """() => [...document.querySelectorAll('#ranking-rows tr:not(.flagged) .odd, #ranking-rows tr:not(.flagged) .chip:not(.changed)')].length"""
        )
        assert alarmed == 0, f"{name}: cells are marked in rows that are no anomalies"

    return check


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
