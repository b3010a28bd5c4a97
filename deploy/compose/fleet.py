"""The profile "scale" of docker-compose.yml without containers: its programs, with the committed files, in a network
namespace of their own, where the services' names are addresses of the loopback interface and all have the ports that
the files name. `enter` starts the calling script anew in such a namespace."""

import os
import pathlib
import re
import signal
import subprocess
import sys

import environment
import testing

HERE = pathlib.Path(__file__).resolve().parent
REPLICAS = ("made", "made-2", "made-3")
NAMES = {**{name: f"127.0.1.{number}" for number, name in enumerate(REPLICAS, 1)},
         "haproxy": "127.0.1.10", "prometheus": "127.0.1.11"}
# Where the engine's name service is in a container.
NAME_SERVICE = "127.0.0.11"


def enter():
    """Goes on in network, mount and process namespaces of its own, as root. What is started there ends with it."""
    if os.environ.get("FLEET_NAMESPACE") or os.geteuid() != 0:
        return
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    setup = 'ip link set lo up && exec "$@"'
    os.environ["FLEET_NAMESPACE"] = "1"
    os.execvp("unshare", [*command, "sh", "-c", setup, "sh", sys.executable, *sys.argv])


class Fleet:
    """Replicas, name service and, once they are asked for, HAProxy and Prometheus. Logs lie in `folder`."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = {}
        hosts = folder / "hosts"
        names = {"localhost": "127.0.0.1", **NAMES}
        hosts.write_text("".join(f"{address} {name}\n" for name, address in names.items()))
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)

    def start_replicas(self):
        self.run("dnsmasq", ["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-daemon", "--bind-interfaces",
                             "--interface=lo", "--except-interface=none", f"--listen-address={NAME_SERVICE}"])
        for name in REPLICAS:
            self.start(name)

    def run(self, name, command, **variables):
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                    env={**os.environ, **variables})
        return self.processes[name]

    def start(self, name):
        """Starts a replica, and waits until it is ready."""
        process = self.run(name, [environment.MADE, "serve", environment.MODELS], MADE_HOST=NAMES[name],
                           MADE_SHUTDOWN_DELAY_SECONDS="5", MADE_LOG_LEVEL="warning")
        testing.wait_for(name, lambda: testing.fetch(f"http://{name}:8080/readyz")[0] == 200, process)

    def start_haproxy(self, **variables):
        """HAProxy in front of three replicas that it has found to be up."""
        process = self.run("haproxy", [testing.which("haproxy"), "-f", HERE / "haproxy/haproxy.cfg"], **variables)
        testing.wait_for("three replicas behind HAProxy", lambda: self.up() == set(REPLICAS), process)

    def start_prometheus(self):
        process = self.run("prometheus", ["prometheus", f"--config.file={HERE / 'prometheus/prometheus.yml'}",
                                          f"--storage.tsdb.path={self.folder / 'series'}"])
        testing.wait_for("Prometheus", lambda: testing.fetch("http://prometheus:9090/-/ready")[0] == 200, process)

    def up(self):
        """The replicas that HAProxy sends requests to."""
        metrics = testing.fetch("http://haproxy:8404/metrics")[1]
        return set(re.findall(r'haproxy_server_status\{proxy="made",server="([^"]+)",state="UP"\} 1', metrics))

    def stop(self, name, number=signal.SIGTERM):
        """Signals a process, and its exit status."""
        process = self.processes.pop(name)
        process.send_signal(number)
        return process.wait(testing.PATIENCE)

    def restart(self, name):
        """As `docker compose restart`: stopped, and started again; back once HAProxy sends it requests again."""
        status = self.stop(name)
        testing.wait_for(f"{name} down", lambda: name not in self.up())
        self.start(name)
        testing.wait_for(f"{name} back", lambda: self.up() == set(REPLICAS))
        return status

    def close(self):
        for name in list(self.processes):
            self.stop(name, signal.SIGKILL)
        subprocess.run(["umount", "/etc/hosts"], check=True)
