"""The manifests: rendered, validated against the schemas, and run."""

import ast
import base64
import functools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import environment

if __name__ == "__main__":
    environment.run_with(HERE / "requirements.txt")

import kubernetes_validate
import yaml

import pod
import testing

TOOLS = pathlib.Path(sys.prefix, "bin")
OVERLAYS = ("volume", "image", "object-storage")
VERSIONS = ("1.29", "1.37")
NEEDS_CLUSTER = re.compile(r"kubectl (-n \w+ )?(create namespace|apply|rollout)\b")
ROW = json.dumps({"rows": [[0] * 16]})


def only_document(path):
    (one,) = documents(path.read_text())
    return one


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


@functools.cache
def rendered_text(folder):
    done = subprocess.run([TOOLS / "kubectl", "kustomize", HERE / folder], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"{folder}: {done.stderr}")
    return done.stdout


def rendered(folder):
    return documents(rendered_text(folder))


def of_kind(objects, kind):
    return [one for one in objects if one["kind"] == kind]


def only(objects, kind):
    (one,) = of_kind(objects, kind)
    return one


def pod_spec(objects):
    return only(objects, "Deployment")["spec"]["template"]["spec"]


def kserve():
    """The runtime and the service."""
    return [only_document(HERE / "kserve" / name) for name in ("runtime.yaml", "service.yaml")]


def dockerfile():
    return (environment.ROOT / "Dockerfile").read_text()


class Sdk:
    """The fields of KServe's objects, from the classes of its SDK."""

    def __init__(self, models):
        self.classes = {}
        for path in models.glob("*.py"):
            for node in ast.parse(path.read_text()).body:
                tables = self.tables(node) if isinstance(node, ast.ClassDef) else {}
                if len(tables) == 2:
                    self.classes[node.name] = {tables["attribute_map"][key]: kind
                                               for key, kind in tables["openapi_types"].items()}

    @staticmethod
    def tables(node):
        """The two dictionaries by which a class of the SDK tells its fields' types and their names in JSON."""
        return {target.id: ast.literal_eval(one.value)
                for one in node.body if isinstance(one, ast.Assign)
                for target in one.targets if getattr(target, "id", "") in ("openapi_types", "attribute_map")}

    def check(self, value, kind, path):
        """Raises unless `value` is a `kind`; types that are not KServe's are left to the caller."""
        element = re.fullmatch(r"list\[(.*)\]", kind)
        if element:
            assert isinstance(value, list), f"{path}: not a list"
            for index, one in enumerate(value):
                self.check(one, element[1], f"{path}[{index}]")
        elif kind in self.classes:
            fields = self.classes[kind]
            for name, one in value.items():
                assert name in fields, f"{path}.{name}: {kind} has no such field"
                self.check(one, fields[name], f"{path}.{name}")
        elif kind in ("str", "int", "float", "bool"):
            assert type(value).__name__ == kind, f"{path}: {value!r} is not of type {kind}"


class ManifestTests(unittest.TestCase):
    """What is wrong with a manifest before it is run."""

    def test_schemas_of_kubernetes(self):
        for overlay in ("base", *(f"overlays/{name}" for name in OVERLAYS)):
            for one in rendered(overlay):
                if one["apiVersion"].startswith("monitoring.coreos.com/"):
                    continue
                for version in VERSIONS:
                    with self.subTest(overlay=overlay, kind=one["kind"], version=version):
                        kubernetes_validate.validate(one, version, strict=True)

    def test_schemas_of_the_prometheus_operator(self):
        from cloudcoil.models.prometheus_operator import v1
        for kind in ("ServiceMonitor", "PrometheusRule"):
            one = only(rendered("overlays/volume"), kind)
            read = getattr(v1, kind).model_validate(one)
            # The model passes over fields that it does not know; then it does not give them back.
            self.assertEqual(read.model_dump(by_alias=True, exclude_unset=True, mode="json"), one)

    def test_fields_of_kserve(self):
        folder = testing.packages_alone(HERE / "requirements-kserve.txt")
        (models,) = folder.glob("kserve/models")
        sdk = Sdk(models)
        runtime, service = kserve()
        sdk.check(runtime, "V1alpha1ClusterServingRuntime", "runtime")
        sdk.check(service, "V1beta1InferenceService", "service")
        with self.assertRaises(AssertionError):
            sdk.check({"spec": {"predictor": {"model": {"storageURI": "s3://a"}}}}, "V1beta1InferenceService", "wrong")
        kubernetes_validate.validate({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "made"},
                                      "spec": {"containers": runtime["spec"]["containers"]}}, VERSIONS[-1], strict=True)
        model = service["spec"]["predictor"]["model"]
        self.assertIn(model["modelFormat"], [{key: one[key] for key in ("name", "version")}
                                             for one in runtime["spec"]["supportedModelFormats"]])
        self.assertIn(model["protocolVersion"], runtime["spec"]["protocolVersions"])

    def test_rules_are_those_of_compose(self):
        rules = yaml.safe_load((HERE.parent / "compose/prometheus/alerts.yml").read_text())
        self.assertEqual(only(rendered("overlays/volume"), "PrometheusRule")["spec"], rules,
                         "copy the groups of compose/prometheus/alerts.yml to components/monitoring/rules.yaml")

    def test_objects_refer_to_one_another(self):
        for overlay in OVERLAYS:
            objects = rendered(f"overlays/{overlay}")
            deployment = only(objects, "Deployment")
            labels = deployment["spec"]["template"]["metadata"]["labels"]
            service, monitor = only(objects, "Service"), only(objects, "ServiceMonitor")
            selectors = [deployment["spec"]["selector"]["matchLabels"], service["spec"]["selector"],
                         only(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
                         only(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]]
            selectors += [one["labelSelector"]["matchLabels"] for one in pod_spec(objects)["topologySpreadConstraints"]]
            for selector in selectors:
                self.assertTrue(selector and selector.items() <= labels.items(), (overlay, selector))
            selector = monitor["spec"]["selector"]["matchLabels"]
            self.assertTrue(selector and selector.items() <= service["metadata"]["labels"].items())
            self.assertEqual(service["metadata"]["labels"][monitor["spec"]["jobLabel"]], "made")
            target = only(objects, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
            self.assertEqual((target["kind"], target["name"]), ("Deployment", deployment["metadata"]["name"]))
            (container,) = pod_spec(objects)["containers"]
            ports = {port["name"] for port in container["ports"]}
            named = {service["spec"]["ports"][0]["targetPort"], monitor["spec"]["endpoints"][0]["port"],
                     only(objects, "NetworkPolicy")["spec"]["ingress"][0]["ports"][0]["port"]}
            self.assertEqual(named, ports)
            self.assertEqual(monitor["spec"]["endpoints"][0]["authorization"]["credentials"]["name"], "made-keys")
            metrics = [one["type"] for one in only(objects, "HorizontalPodAutoscaler")["spec"]["metrics"]]
            self.assertEqual(metrics, ["Resource", "Pods"])

    def test_containers_have_no_rights(self):
        """As the Pod Security Standard "restricted" has it, with a read-only root besides."""
        uid = int(re.search(r"useradd .*--uid (\d+)", dockerfile())[1])
        specs = [pod_spec(rendered(f"overlays/{overlay}")) for overlay in OVERLAYS] + [kserve()[0]["spec"]]
        for spec in specs:
            for container in spec.get("initContainers", []) + spec["containers"]:
                security = {**spec.get("securityContext", {}), **container["securityContext"]}
                self.assertIs(security["runAsNonRoot"], True)
                self.assertEqual(security["runAsUser"], uid)
                self.assertIs(security["readOnlyRootFilesystem"], True)
                self.assertIs(security["allowPrivilegeEscalation"], False)
                self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
                self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"})
                resources = container["resources"]
                self.assertEqual(resources["limits"]["memory"], resources["requests"]["memory"])
                self.assertIn("cpu", resources["requests"])
            self.assertFalse({"hostNetwork", "hostPID", "hostIPC"} & set(spec))


class PodTests(unittest.TestCase):
    """The containers' exact command lines, variables, volumes and probes, with the real program."""

    def setUp(self):
        testing.need_root()
        testing.need(bwrap="bubblewrap", setpriv="util-linux")
        # A folder that other users may enter, as volumes are.
        scratch = tempfile.TemporaryDirectory(prefix="made-kubernetes-")
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        self.scratch.chmod(0o755)
        self.models = self.folder("published")
        for name in ("nltcs", "diamonds"):
            (self.models / f"{name}.safetensors").write_bytes((environment.MODELS / f"{name}.safetensors").read_bytes())
        program = self.folder("program") / "made"
        program.write_bytes(pathlib.Path(environment.MADE).read_bytes())
        program.chmod(0o755)
        self.image = pod.image_of_dockerfile(dockerfile(), program)
        key = subprocess.run([program, "key", "prometheus", "metrics,score"], capture_output=True, text=True,
                             check=True)
        self.key = key.stderr.split()[3]
        self.secrets = {("Secret", "made-keys"): {"keys.txt": key.stdout, "metrics": self.key}}

    def folder(self, name):
        folder = self.scratch / name
        folder.mkdir()
        return folder

    def start(self, spec, objects=(), images=(), secrets=()):
        maps = {("ConfigMap", one["metadata"]["name"]): one["data"] for one in of_kind(objects, "ConfigMap")}
        one = pod.Pod(spec, {"made": self.image, "kserve-container": self.image, **dict(images)},
                      {**maps, **self.secrets, **dict(secrets)}, {"made-models": self.models}, self.folder("pod"))
        self.addCleanup(one.stop)
        one.start()
        one.wait_until_started()
        testing.wait_for("readinessProbe", lambda: one.probe("readinessProbe"), one.process)
        self.assertTrue(one.probe("livenessProbe"))
        return one

    def names(self, one, headers):
        status, body = testing.fetch(one.url("/models"), headers=headers)
        self.assertEqual(status, 200, body)
        return sorted(model["name"] for model in json.loads(body)["models"])

    def assert_confined(self, one):
        """The process is what the security context says, and could not write where it may not."""
        status = dict(re.findall(r"^(\w+):\s*(.*)$", pathlib.Path(f"/proc/{one.pid}/status").read_text(), re.M))
        uid = str({**one.spec.get("securityContext", {}), **one.container["securityContext"]}["runAsUser"])
        self.assertEqual(set(status["Uid"].split()), {uid})
        self.assertEqual(status["NSpid"].split()[-1], "1")
        self.assertEqual({status[name].strip("0") for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")}, {""})
        self.assertEqual(status["NoNewPrivs"], "1")
        options = [line.split()[5] for line in pathlib.Path(f"/proc/{one.pid}/mountinfo").read_text().splitlines()
                   if line.split()[4] == "/"]
        self.assertTrue(all("ro" in option.split(",") for option in options), options)

    def assert_stops(self, one, headers):
        """After SIGTERM: the readiness probe fails while new connections are answered; then exit status 0 within the
        grace period, no request lost before the end of the delay."""
        delay = self.setting(one, "shutdown-delay-seconds")
        grace = self.setting(one, "grace-seconds")
        period = one.spec["terminationGracePeriodSeconds"]
        self.assertGreaterEqual(period, delay + grace + 2)
        readiness = one.container["readinessProbe"]
        self.assertGreaterEqual(delay, readiness["periodSeconds"] * readiness["failureThreshold"],
                                "the pod stops before a balancer that asks as the probe does has turned away")
        answered = {"before": [], "meanwhile": []}
        draining, ended = threading.Event(), threading.Event()

        def load():
            while not ended.is_set():
                phase = "meanwhile" if draining.is_set() else "before"
                answered[phase].append(testing.fetch(one.url("/models/nltcs/score"), ROW, headers)[0])

        thread = threading.Thread(target=load)
        thread.start()
        try:
            testing.wait_for("answers", lambda: len(answered["before"]) > 20)
            one.send(signal.SIGTERM)
            testing.wait_for("a readiness probe that fails", lambda: not one.probe("readinessProbe"), one.process)
            draining.set()
            self.assertEqual(testing.fetch(one.url("/readyz"))[0], 503)
            self.assertTrue(one.probe("livenessProbe"))
            testing.wait_for("answers meanwhile", lambda: len(answered["meanwhile"]) > 20, one.process)
            self.assertEqual(set(answered["before"] + answered["meanwhile"][:20]), {200})
        finally:
            ended.set()
            thread.join()
        self.assertEqual(one.process.wait(period), 0, one.log())

    def setting(self, one, name):
        """A number of `made serve --print-config`, with the container's own variables and files."""
        environment = {key: value for key, value in one.environment(one.container, self.image).items()}
        command = one.sandbox(one.container, self.image, environment)
        command += one.arguments(one.container, self.image, environment) + ["--print-config"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return float(re.search(rf"^{name}: (\S+)", done.stdout, re.M)[1])

    def test_models_from_a_volume(self):
        objects = rendered("overlays/volume")
        one = self.start(pod_spec(objects), objects)
        self.assert_confined(one)
        headers = {"Authorization": f"Bearer {self.key}"}
        self.assertEqual(testing.fetch(one.url("/models"))[0], 401)
        self.assertEqual(self.names(one, headers), ["diamonds", "nltcs"])
        monitor = only(objects, "ServiceMonitor")["spec"]["endpoints"][0]
        secret = self.secrets["Secret", monitor["authorization"]["credentials"]["name"]]
        bearer = f"{monitor['authorization']['type']} {secret[monitor['authorization']['credentials']['key']]}"
        status, metrics = testing.fetch(one.url(monitor["path"]), headers={"Authorization": bearer})
        self.assertEqual(status, 200)
        for metric in only(objects, "HorizontalPodAutoscaler")["spec"]["metrics"]:
            if metric["type"] == "Pods":
                self.assertRegex(metrics, rf"(?m)^{metric['pods']['metric']['name']}\{{")
        for line in one.log().splitlines():
            if not line.startswith("listening on"):
                json.loads(line)
        self.assert_stops(one, headers)

    def test_models_from_an_image(self):
        objects = rendered("overlays/image")
        one = self.start(pod_spec(objects), objects, {"models": pod.Image(binds={"/models": self.models})})
        self.assertEqual(self.names(one, {"X-API-Key": self.key}), ["diamonds", "nltcs"])
        self.assert_confined(one)

    def test_models_from_object_storage(self):
        testing.need(rclone="rclone")
        port = testing.free_port()
        with open(self.scratch / "storage.log", "wb") as log:
            storage = subprocess.Popen([TOOLS / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
                                       stdout=log, stderr=log)
        self.addCleanup(lambda: (storage.kill(), storage.wait()))
        endpoint = f"http://127.0.0.1:{port}"
        testing.wait_for("the storage", lambda: testing.fetch(f"{endpoint}/moto-api/")[0] == 200, storage)
        secret = {"RCLONE_CONFIG_MODELS_TYPE": "s3", "RCLONE_CONFIG_MODELS_PROVIDER": "Other",
                  "RCLONE_CONFIG_MODELS_ENDPOINT": endpoint, "RCLONE_CONFIG_MODELS_ACCESS_KEY_ID": "key",
                  "RCLONE_CONFIG_MODELS_SECRET_ACCESS_KEY": "secret", "MODELS_PATH": "bucket/made"}
        (self.models / "notes.txt").write_text("not a model")
        subprocess.run(["rclone", "--config", "", "copy", self.models, "models:bucket/made"], check=True,
                       env={"PATH": os.environ["PATH"], **secret}, capture_output=True)
        objects = rendered("overlays/object-storage")
        one = self.start(pod_spec(objects), objects, {"models": pod.Image()},
                         {("Secret", "made-models"): secret})
        self.assertEqual(self.names(one, {"X-API-Key": self.key}), ["diamonds", "nltcs"])
        self.assertEqual(sorted(path.name for path in one.volumes["models"].iterdir()),
                         ["diamonds.safetensors", "nltcs.safetensors"])

    def test_kserve(self):
        """As KServe makes it: the runtime's container, with what the storage initializer left in /mnt/models."""
        runtime, service = kserve()
        predictor = service["spec"]["predictor"]
        spec = json.loads(json.dumps(runtime["spec"]))
        spec["terminationGracePeriodSeconds"] = predictor["terminationGracePeriodSeconds"]
        spec["volumes"] = [{"name": "provision", "persistentVolumeClaim": {"claimName": "made-models"}}]
        spec["containers"][0]["volumeMounts"] = [{"name": "provision", "mountPath": "/mnt/models", "readOnly": True}]
        one = self.start(spec)
        self.assert_confined(one)
        name = service["metadata"]["name"]
        self.assertEqual(testing.fetch(one.url(f"/v2/models/{name}/ready"))[0], 200)
        self.assertEqual(json.loads(testing.fetch(one.url(f"/v2/models/{name}"))[1])["name"], name)
        tensor = {"name": "rows", "datatype": "FP32", "shape": [1, 16], "data": [0] * 16}
        status, body = testing.fetch(one.url("/v2/models/nltcs/infer"), json.dumps({"inputs": [tensor]}))
        self.assertEqual(status, 200, body)
        self.assertAlmostEqual(json.loads(body)["outputs"][0]["data"][0], -1.8529, places=3)
        self.assert_stops(one, {})

    def test_a_broken_model_among_others(self):
        """The others are served."""
        (self.models / "diamonds.safetensors").write_bytes(b"not a model")
        objects = rendered("overlays/volume")
        one = self.start(pod_spec(objects), objects)
        status, body = testing.fetch(one.url("/models"), headers={"X-API-Key": self.key})
        self.assertEqual({model["name"]: model["state"] for model in json.loads(body)["models"]},
                         {"diamonds": "failed", "nltcs": "ready"})


class ReadmeTests(unittest.TestCase):
    """Commands of README.md that need no cluster."""

    def test_secrets(self):
        text = (HERE / "README.md").read_text()
        lines = "".join(re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)).replace("\\\n", "").splitlines()
        script = "\n".join(["set -e", *(line for line in lines if not NEEDS_CLUSTER.match(line))])
        self.assertIn("kubectl", script)
        with tempfile.TemporaryDirectory() as folder:
            bin_folder = pathlib.Path(folder, "bin")
            bin_folder.mkdir()
            (bin_folder / "made").symlink_to(environment.MADE)
            (bin_folder / "kubectl").symlink_to(TOOLS / "kubectl")
            variables = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
            done = subprocess.run(["bash", "-c", script], cwd=folder, env=variables, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            secrets = [document for path in sorted(pathlib.Path(folder).glob("*.yaml"))
                       for document in documents(path.read_text())]
        names = {one["metadata"]["name"] for one in secrets}
        spec = pod_spec(rendered("overlays/object-storage"))
        used = {volume["secret"]["secretName"] for volume in spec["volumes"] if "secret" in volume}
        used |= {source["secretRef"]["name"] for one in spec["initContainers"] for source in one["envFrom"]}
        self.assertEqual(names, used)
        keys = next(one for one in secrets if one["metadata"]["name"] == "made-keys")["data"]
        self.assertEqual(set(keys), {"keys.txt", "metrics"})
        self.assertRegex(base64.b64decode(keys["keys.txt"]).decode(), r"(?m)^prometheus metrics [0-9a-f]{64}$")

    def test_folders(self):
        """Each folder that a command names can be rendered."""
        text = (HERE / "README.md").read_text()
        named = set(re.findall(r"-k deploy/kubernetes/(\S+)", text))
        self.assertTrue(named)
        for folder in named:
            self.assertTrue(rendered(folder), folder)


if __name__ == "__main__":
    testing.run_tests()
