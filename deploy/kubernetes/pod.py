"""Runs the containers of a pod template by bubblewrap, as the manifest has them: command and arguments, variables,
volumes at their paths, user and group, a root that is read-only or not, no capabilities, the program as process 1.

Images are stood in for by this machine's /usr; there is no cgroup and no network of its own, so that resources and
policies are not what is tried here. The port comes from a variable that is added, MADE_PORT."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import testing

PATH = "/usr/local/bin:/usr/bin:/bin"


class Image:
    """What a container has from its image: an entry point, variables, and folders laid over the stand-in."""

    def __init__(self, entry_point=(), command=(), environment=(), folder="/", binds=()):
        self.entry_point, self.command = list(entry_point), list(command)
        self.environment, self.folder, self.binds = dict(environment), folder, dict(binds)


def image_of_dockerfile(text, made):
    """The image of the Dockerfile's last stage, with `made` in its place."""
    stage = text[text.rindex("\nFROM ") :]
    entry_point = json.loads(re.search(r"^ENTRYPOINT (\[.*\])", stage, re.M)[1])
    command = json.loads(re.search(r"^CMD (\[.*\])", stage, re.M)[1])
    environment = dict(re.findall(r"^ENV (\w+)=(\S+)$", stage, re.M))
    folder = re.search(r"^WORKDIR (\S+)", stage, re.M)[1]
    return Image(entry_point, command, environment, folder, {"/usr/local/bin": made.parent})


class Pod:
    """One pod of a template. `images`: Image by container name; `objects`: the data of ConfigMaps and Secrets by
    (kind, name); `claims`: folders by the name of the claim. Volumes come to lie in `scratch`."""

    def __init__(self, spec, images, objects, claims, scratch):
        self.spec, self.images, self.objects, self.claims, self.scratch = spec, images, objects, claims, scratch
        self.port = testing.free_port()
        self.group = spec.get("securityContext", {}).get("fsGroup")
        self.volumes = {volume["name"]: self.volume(volume) for volume in spec.get("volumes", [])}
        self.process = self.pid = None

    def volume(self, volume):
        folder = self.scratch / volume["name"]
        if "persistentVolumeClaim" in volume:
            return self.claims[volume["persistentVolumeClaim"]["claimName"]]
        folder.mkdir()
        if "emptyDir" in volume:
            folder.chmod(0o777)
        elif "configMap" in volume:
            self.write(folder, self.objects["ConfigMap", volume["configMap"]["name"]], volume["configMap"])
        elif "secret" in volume:
            self.write(folder, self.objects["Secret", volume["secret"]["secretName"]], volume["secret"])
        else:
            raise AssertionError(f"a volume that this test does not know: {volume}")
        if self.group is not None:
            os.chown(folder, 0, self.group)
        return folder

    def write(self, folder, data, source):
        """Files of a ConfigMap or Secret, as the kubelet lays them: root's, of the pod's group."""
        items = source.get("items") or [{"key": key, "path": key} for key in data]
        for item in items:
            path = folder / item["path"]
            path.write_text(data[item["key"]])
            path.chmod(source.get("defaultMode", 0o644))
            if self.group is not None:
                os.chown(path, 0, self.group)

    def environment(self, container, image):
        """Variables of the image, of envFrom and of env, each over those before."""
        variables = {"PATH": PATH, "HOME": "/", **image.environment}
        for source in container.get("envFrom", []):
            variables.update(self.objects["Secret", source["secretRef"]["name"]])
        variables.update({entry["name"]: entry["value"] for entry in container.get("env", [])})
        return variables

    def arguments(self, container, image, environment):
        """The process's arguments: command and args take the places of entry point and command, and $(NAME) is
        expanded."""
        words = list(container.get("command") or image.entry_point)
        words += container.get("args") or ([] if container.get("command") else image.command)
        return [re.sub(r"\$\((\w+)\)", lambda match: environment[match[1]], word) for word in words]

    def sandbox(self, container, image, environment):
        """bwrap's arguments up to the program's own."""
        security = {**self.spec.get("securityContext", {}), **container.get("securityContext", {})}
        user, group = security["runAsUser"], security.get("runAsGroup", security["runAsUser"])
        words = ["bwrap", "--unshare-pid", "--as-pid-1", "--unshare-ipc", "--unshare-uts", "--die-with-parent",
                 "--new-session", "--proc", "/proc", "--dev", "/dev", "--clearenv"]
        # Folders that bwrap makes on the way to a mount are closed to other users.
        targets = ["/etc/ssl", *image.binds, *(mount["mountPath"] for mount in container.get("volumeMounts", []))]
        for folder in sorted({str(parent) for target in targets for parent in pathlib.PurePath(target).parents}):
            words += [] if folder == "/" or folder.startswith("/usr") else ["--dir", folder]
        for path in ("/usr", "/etc/alternatives", "/etc/ld.so.cache", "/etc/ssl", "/etc/hosts"):
            words += ["--ro-bind-try", path, path]
        for link in ("bin", "lib", "lib64", "sbin"):
            words += ["--symlink", f"usr/{link}", f"/{link}"]
        for target, folder in image.binds.items():
            words += ["--ro-bind", folder, target]
        for mount in container.get("volumeMounts", []):
            words += ["--ro-bind" if mount.get("readOnly") else "--bind", self.volumes[mount["name"]],
                      mount["mountPath"]]
        words += ["--dir", image.folder, "--chdir", image.folder]
        if security.get("readOnlyRootFilesystem"):
            words += ["--remount-ro", "/"]
        for name, value in environment.items():
            words += ["--setenv", name, value]
        if security.get("capabilities", {}).get("drop") == ["ALL"]:
            # setpriv needs two of them to become another user, which ends them.
            words += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        words += ["setpriv", "--inh-caps=-all", "--reuid", str(user), "--regid", str(group)]
        words += ["--groups", str(self.group)] if self.group is not None else ["--clear-groups"]
        return words + ([] if security.get("allowPrivilegeEscalation", True) else ["--no-new-privs"]) + ["--"]

    def run_init_containers(self):
        for container in self.spec.get("initContainers", []):
            image = self.images[container["name"]]
            environment = self.environment(container, image)
            command = self.sandbox(container, image, environment) + self.arguments(container, image, environment)
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=testing.PATIENCE)
            if done.returncode:
                raise AssertionError(f"init container {container['name']}: status {done.returncode}: {done.stdout}")

    def start(self):
        """Starts the pod's one container; its log is in scratch/log."""
        self.run_init_containers()
        (self.container,) = self.spec["containers"]
        image = self.images[self.container["name"]]
        environment = {**self.environment(self.container, image), "MADE_PORT": str(self.port)}
        command = self.sandbox(self.container, image, environment)
        read, write = os.pipe()
        command[1:1] = ["--info-fd", str(write)]
        command += self.arguments(self.container, image, environment)
        with open(self.scratch / "log", "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as information:
            self.pid = json.load(information)["child-pid"]

    def log(self):
        return (self.scratch / "log").read_text()

    def probe(self, kind):
        """Whether a probe of the container succeeds now, by the time it allows."""
        probe = self.container[kind]
        get = probe["httpGet"]
        names = {port["name"]: port["containerPort"] for port in self.container["ports"]}
        port = names.get(get["port"], get["port"])
        assert port == 8080, f"{kind} asks port {port}, the program listens on 8080"
        assert get.get("scheme", "HTTP") == "HTTP", f"{kind} asks by {get['scheme']}"
        status, _ = testing.fetch(self.url(get["path"]), seconds=probe.get("timeoutSeconds", 1))
        return 200 <= status < 400

    def wait_until_started(self):
        probe = self.container["startupProbe"]
        seconds = probe["periodSeconds"] * probe["failureThreshold"]
        testing.wait_for("startupProbe", lambda: self.probe("startupProbe"), self.process, seconds)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def send(self, number):
        os.kill(self.pid, number)

    def stop(self):
        """Ends what still runs, and removes what lies in scratch."""
        if self.process is not None and self.process.poll() is None:
            self.send(signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)
