"""The profile "scale" of docker-compose.yml: its files, and its programs under load while replicas stop."""

import contextlib
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import environment

if __name__ == "__main__":
    environment.run_with(HERE / "requirements.txt")

import yaml

import fleet
import load
import testing

DASHBOARD = json.loads((HERE / "grafana/dashboards/made.json").read_text())
PROGRAMS = {"haproxy": "haproxy", "prometheus": "prometheus", "dnsmasq": "dnsmasq-base"}
# $__rate_interval is four scrapes.
RATE_SECONDS = 20


def panels():
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries():
    """(panel's title, query) with the dashboard's variables filled in as Grafana does for "All"."""
    for panel in panels():
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", f"{RATE_SECONDS}s")
            yield panel["title"], re.sub(r"\$(instance|model)\b", ".*", expression)


def compose():
    return yaml.safe_load((environment.ROOT / "docker-compose.yml").read_text())


class FileTests(unittest.TestCase):
    def test_one_service_without_a_profile(self):
        services = compose()["services"]
        self.assertEqual([name for name, one in services.items() if "profiles" not in one], ["made"])
        self.assertEqual({name for name, one in services.items() if one.get("profiles") == ["scale"]},
                         {"made-2", "made-3", "haproxy", "prometheus", "grafana"})

    def test_what_is_mounted_exists(self):
        for name, service in compose()["services"].items():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith("."):
                    self.assertTrue((environment.ROOT / source).exists(), f"{name}: {source}")

    def test_replicas_have_the_time_that_a_stop_takes(self):
        for name in fleet.REPLICAS:
            service = compose()["services"][name]
            delay = service["environment"]["MADE_SHUTDOWN_DELAY_SECONDS"]
            self.assertEqual(delay, 5)
            self.assertGreaterEqual(int(service["stop_grace_period"].rstrip("s")), delay + 7 + 2)

    def test_alerts(self):
        testing.need(promtool="prometheus")
        for arguments in (["check", "config", "prometheus.yml"], ["check", "rules", "alerts.yml"],
                          ["test", "rules", "alerts.test.yml"]):
            done = subprocess.run(["promtool", *arguments], cwd=HERE / "prometheus", capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            print(" ".join(done.stdout.split()))

    def test_each_alert_is_seen_to_fire(self):
        rules = yaml.safe_load((HERE / "prometheus/alerts.yml").read_text())["groups"][0]["rules"]
        tests = yaml.safe_load((HERE / "prometheus/alerts.test.yml").read_text())["tests"]
        cases = [case for test in tests for case in test["alert_rule_test"]]
        for rule in rules:
            fired = [case["exp_alerts"] for case in cases if case["alertname"] == rule["alert"]]
            self.assertTrue(any(fired), rule["alert"])

    def test_form_of_the_dashboard(self):
        """Grafana's own SDK reads it, and has a place for all that it holds."""
        from grafana_foundation_sdk.cog.encoder import JSONEncoder
        from grafana_foundation_sdk.models.dashboard import Dashboard
        read = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(DASHBOARD)))
        self.assert_within(DASHBOARD, read, "$")
        identifiers = [panel["id"] for panel in DASHBOARD["panels"]]
        self.assertEqual(len(identifiers), len(set(identifiers)))
        for panel in panels():
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
        data = yaml.safe_load((HERE / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"][0]
        uids = {source["uid"] for panel in panels() for source in (panel["datasource"], *(
            target["datasource"] for target in panel["targets"]))}
        self.assertEqual(uids, {data["uid"]})
        scrape = yaml.safe_load((HERE / "prometheus/prometheus.yml").read_text())["global"]["scrape_interval"]
        self.assertEqual(data["jsonData"]["timeInterval"], scrape)
        self.assertEqual(RATE_SECONDS, 4 * int(scrape.rstrip("s")))

    def assert_within(self, part, whole, path):
        if isinstance(part, dict):
            for key, value in part.items():
                self.assertIn(key, whole, path)
                self.assert_within(value, whole[key], f"{path}.{key}")
        elif isinstance(part, list):
            self.assertEqual(len(part), len(whole), path)
            for index, value in enumerate(part):
                self.assert_within(value, whole[index], f"{path}[{index}]")
        else:
            self.assertEqual(part, whole, path)


class FleetTests(unittest.TestCase):
    """HAProxy and Prometheus with the committed files, over three replicas."""

    def setUp(self):
        testing.need_root()
        testing.need(**PROGRAMS)
        scratch = tempfile.TemporaryDirectory(prefix="made-compose-")
        self.addCleanup(scratch.cleanup)
        self.fleet = fleet.Fleet(pathlib.Path(scratch.name))
        self.addCleanup(self.fleet.close)
        self.fleet.start_replicas()

    def query(self, expression):
        url = "http://prometheus:9090/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        status, body = testing.fetch(url)
        self.assertEqual(status, 200, f"{expression}: {body}")
        return json.loads(body)["data"]["result"]

    def test_rolling_restart_and_dashboard(self):
        """Each replica restarted in turn under load, without retries: no request fails. Meanwhile Prometheus collects,
        and then each query of the dashboard has series."""
        self.fleet.start_haproxy(HAPROXY_RETRIES="0")
        self.fleet.start_prometheus()
        with load.Load("haproxy", 8000, threads=4) as requests:
            for name in fleet.REPLICAS:
                count = requests.total()
                self.assertEqual(self.fleet.restart(name), 0)
                testing.wait_for("answers", lambda: requests.total() > count + 100)
            testing.wait_for("scrapes of all", lambda: all(
                len(self.query(f'rate(made_http_requests_total{{instance="{name}:8080"}}[{RATE_SECONDS}s]) > 0')) > 0
                for name in fleet.REPLICAS))
            self.check_dashboard()
            self.check_adapter_rule()
        print(f"{requests.total()} requests while three replicas were restarted in turn:", dict(requests.statuses))
        self.assertEqual(requests.failures, [])

    def check_dashboard(self):
        self.assertGreater(len(list(queries())), 20)
        # A rate takes two scrapes of a series that is there only once something has happened.
        pending = list(queries())
        try:
            testing.wait_for("series", lambda: not self.without_series(pending))
        except AssertionError:
            self.fail(f"no series for {pending}")
        counts = {title: len(self.query(expression)) for title, expression in queries()}
        print(f"{len(list(queries()))} queries of {len(panels())} panels, series of each panel's last one:", counts)
        for variable in DASHBOARD["templating"]["list"]:
            metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            self.assertTrue(all(one["metric"].get(label) for one in self.query(metric)) and self.query(metric), metric)
        self.assertEqual(self.query('ALERTS{alertstate="firing"}'), [])

    def without_series(self, pending):
        """Takes those that have series by now out of `pending`."""
        pending[:] = [one for one in pending if not self.query(one[1])]
        return pending

    def check_adapter_rule(self):
        """The query that Kubernetes' autoscaler gets its rows by, as the adapter fills it in."""
        text = (HERE.parent / "kubernetes/components/queue-metric/adapter-rule.yaml").read_text()
        (rule,) = yaml.safe_load(text)["rules"]["custom"]
        filled = (rule["metricsQuery"].replace("<<.Series>>", "made_queue_rows")
                  .replace("<<.LabelMatchers>>", 'instance=~"made.*"').replace("<<.GroupBy>>", "instance"))
        self.assertEqual(len(self.query(filled)), 3)

    def test_a_replica_killed(self):
        """Only what it had in flight fails: as many requests at most as there are connections."""
        threads = 8
        self.fleet.start_haproxy()
        with load.Load("haproxy", 8000, threads) as requests:
            testing.wait_for("load", lambda: requests.total() > 500)
            self.assertEqual(self.fleet.stop("made-2", signal.SIGKILL), -signal.SIGKILL)
            testing.wait_for("made-2 down", lambda: self.fleet.up() == {"made", "made-3"})
            count = requests.total()
            testing.wait_for("answers without it", lambda: requests.total() > count + 500)
            self.fleet.start("made-2")
            testing.wait_for("made-2 back", lambda: self.fleet.up() == set(fleet.REPLICAS))
            count = requests.total()
            testing.wait_for("answers with it", lambda: requests.total() > count + 500)
        print(f"{requests.total()} requests while one of three replicas was killed:", dict(requests.statuses))
        self.assertLessEqual(len(requests.failures), threads)
        # Before its answer, or in the middle of it.
        cut = {502, "RemoteDisconnected", "ConnectionResetError", "IncompleteRead"}
        self.assertLessEqual(set(requests.failures), cut)

    def test_a_model_reloaded(self):
        """No request fails while a replica reads its models again."""
        self.fleet.start_haproxy()
        with load.Load("haproxy", 8000, threads=4) as requests:
            for name in ("nltcs", "digits", "diamonds"):
                status, body = testing.fetch(f"http://made-2:8080/models/{name}/reload", "")
                self.assertEqual(status, 200, body)
            count = requests.total()
            testing.wait_for("answers after it", lambda: requests.total() > count + 200)
        self.assertEqual(requests.failures, [])


if __name__ == "__main__":
    # Before there is no network any more. A test that lacks one says so itself.
    with contextlib.suppress(unittest.SkipTest):
        testing.need(**PROGRAMS)
    fleet.enter()
    testing.run_tests()
