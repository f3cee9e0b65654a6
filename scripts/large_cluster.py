"""A cluster without nodes for measurements: an etcd that is filled past the API server, a real kube-apiserver, and Postern's parts beside it."""
import base64
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid

from reviews import free_port, unverified


def is_missing():
    """Whether the servers are not there, which it says."""
    if os.path.exists(os.environ.get("K8S_BIN", "") + "/kube-apiserver") and shutil.which("etcd"):
        return False
    print("skipped: K8S_BIN must name the folder of kube-apiserver, and etcd must be on the PATH")
    return True


def circumstances(load):
    """The day, the machine and its load before, for a document."""
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return (f"{datetime.date.today()}; {os.cpu_count()} cores of {model[1].strip() if model else 'this machine'}, shared by Postern, the API server and "
            f"etcd; the load was {load:.1f} before.")


def table(rows, columns):
    """In Markdown."""
    return "".join(f"| {' | '.join(row)} |\n" for row in [columns, ["---"] * len(columns), *rows])


def total(pattern, metrics):
    """The sum of the samples whose name and labels match."""
    return sum(float(one) for one in re.findall(rf"^{pattern} ([-0-9.e+]+)$", metrics, re.MULTILINE))


def until(condition, what, seconds):
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            if condition():
                return
        if time.monotonic() > deadline:
            sys.exit(f"error: {what} did not come within {seconds} s")
        time.sleep(0.02)


class Etcd:
    def __init__(self, folder, processes):
        self.port, peer = free_port(), free_port()
        url, peer_url = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{peer}"
        processes.start(
            "etcd", "etcd", "--data-dir", f"{folder}/etcd", "--listen-client-urls", url, "--advertise-client-urls", url,
            "--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url, "--initial-cluster", f"default={peer_url}",
            "--unsafe-no-fsync")
        until(lambda: socket.create_connection(("127.0.0.1", self.port)).close() or True, "etcd", 60)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)
        self.puts, self.size = [], 0

    def put(self, plural, value):
        metadata = value["metadata"]
        namespace = f"{metadata['namespace']}/" if "namespace" in metadata else ""
        metadata.update(uid=str(uuid.uuid4()), creationTimestamp="2026-01-01T00:00:00Z")
        text = base64.b64encode(json.dumps(value).encode()).decode()
        key = base64.b64encode(f"/registry/{plural}/{namespace}{metadata['name']}".encode()).decode()
        # etcd takes 128 operations and 1.5 MiB at once.
        if self.puts and (self.size + len(text) > 1_300_000 or len(self.puts) == 120):
            self.flush()
        self.puts.append({"requestPut": {"key": key, "value": text}})
        self.size += len(text)

    def flush(self):
        self.connection.request("POST", "/v3/kv/txn", json.dumps({"success": self.puts}))
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != 200:
            sys.exit(f"error: etcd: {answer[:300]}")
        self.puts, self.size = [], 0


class Processes:
    """Those that were started, which end together."""

    def __init__(self, folder):
        self.folder = folder
        self.running = []

    def start(self, name, *command, environment=None):
        with open(f"{self.folder}/{name}.log", "w") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=os.environ | (environment or {}))
        self.running.append(process)
        return process

    def stop(self):
        for process in reversed(self.running):
            process.kill()
            process.wait()


class Cluster:
    """An etcd and an API server. `folder`/kubeconfig is its administrator's."""

    def __init__(self, folder, processes, etcd):
        self.folder, self.processes, self.port = folder, processes, free_port()
        self.context = unverified()
        self.start(etcd)

    def get(self, path):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=60)
        connection.request("GET", path, headers={"Authorization": "Bearer admin-token"})
        response = connection.getresponse()
        return response.status, response.read().decode()

    def metrics(self):
        """The API server's."""
        return self.get("/metrics")[1]

    def part(self, program, title, flags):
        return Part(program, title, flags, self.folder, self.processes)

    def start(self, etcd):
        folder = self.folder
        pathlib.Path(f"{folder}/tokens.csv").write_text('admin-token,admin,1,"system:masters"\n')
        subprocess.run(["openssl", "genrsa", "-out", f"{folder}/sa.key", "2048"], check=True, capture_output=True)
        self.processes.start(
            "apiserver", os.environ["K8S_BIN"] + "/kube-apiserver", "--etcd-servers", f"http://127.0.0.1:{etcd.port}",
            "--secure-port", str(self.port), "--bind-address", "127.0.0.1", "--cert-dir", f"{folder}/certs",
            "--service-account-key-file", f"{folder}/sa.key", "--service-account-signing-key-file", f"{folder}/sa.key",
            "--service-account-issuer", "https://kubernetes.default.svc", "--token-auth-file", f"{folder}/tokens.csv",
            "--authorization-mode", "RBAC", "--service-cluster-ip-range", "10.96.0.0/16")
        until(lambda: self.get("/readyz")[0] == 200, "kube-apiserver", 300)
        pathlib.Path(f"{folder}/kubeconfig").write_text(json.dumps({
            "clusters": [{"name": "c", "cluster": {
                "server": f"https://127.0.0.1:{self.port}", "certificate-authority": f"{folder}/certs/apiserver.crt", "tls-server-name": "kubernetes"}}],
            "users": [{"name": "u", "user": {"token": "admin-token"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "current-context": "x"}))


@contextlib.contextmanager
def filled_cluster(namespaces, fill):
    """A cluster whose etcd has what `fill` puts into the namespaces n0, n1 and so on. It ends with the block."""
    folder = tempfile.mkdtemp(prefix="postern-cluster-")
    processes = Processes(folder)
    try:
        etcd = Etcd(folder, processes)
        for name in ["postern-system", *[f"n{number}" for number in range(namespaces)]]:
            etcd.put("namespaces", namespace(name))
        fill(etcd)
        etcd.flush()
        yield Cluster(folder, processes, etcd)
    finally:
        processes.stop()
        shutil.rmtree(folder, ignore_errors=True)


# MARK: What is in it


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def workload(kind, name, namespace, environment):
    labels = {"postern.io/customer": name}
    spec = {"selector": {"matchLabels": labels}, "replicas": 0, "template": {"metadata": {"labels": labels}, "spec": {"containers": [
        {"name": "postgres", "image": "postgres:17", "env": environment}]}}}
    if kind == "StatefulSet":
        spec["serviceName"] = name
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {
        "name": name, "namespace": namespace, "labels": labels, "annotations": {
            "postern.io/users": "[{name: app}, {name: reader, grants: {orders: read}}]",
            "postern.io/databases": "[{name: orders, owner: app}]"}}, "spec": spec}


# MARK: Postern


class Part:
    """A process of Postern's."""

    def __init__(self, program, title, flags, folder, processes):
        self.title = title
        self.metrics_port = free_port()
        name = re.sub(r"\W+", "-", title)
        if "--no-controller" in flags:
            flags = flags + ["--tls-cert-file", f"{folder}/tls.crt", "--tls-private-key-file", f"{folder}/tls.key"]
        self.started = time.monotonic()
        self.process = processes.start(
            name, program, "serve", *flags, "--port", str(free_port()), "--metrics-port", str(self.metrics_port),
            "--drain-seconds", "0", "--kubeconfig", f"{folder}/kubeconfig",
            environment={"POSTERN_NAMESPACE": "postern-system", "POSTERN_POD_NAME": name})

    def get(self, path):
        if self.process.poll() is not None:
            sys.exit(f"error: {self.title} ended with {self.process.returncode}")
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=10)
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()

    def wait_until_ready(self, seconds):
        until(lambda: self.get("/readyz")[0] == 200, self.title, seconds)
        self.ready = time.monotonic() - self.started

    def metric(self, pattern):
        """The sum of its samples whose name and labels match."""
        return total(pattern, self.get("/metrics")[1])

    def memory(self, field):
        """A line of /proc/PID/status, in MiB."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+)", text)[1]) / 1024

    def cpu(self):
        """The seconds of CPU that it has taken."""
        times = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")")[1].split()[11:13]
        return sum(int(one) for one in times) / os.sysconf("SC_CLK_TCK")

    def row(self):
        skipped = self.metric(r"postern_watch_items_skipped_total\{[^}]*\}")
        return [self.title, f"{self.ready:.1f}", *(f"{self.memory(field):.0f}" for field in ("VmHWM", "VmRSS", "RssAnon")),
                f"{self.cpu():.1f}", f"{skipped:.0f}"]
