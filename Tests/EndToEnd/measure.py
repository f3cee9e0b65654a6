#!/usr/bin/env python3
"""Compares Postern with a psql sidecar and with a stock Postgres, on the node that `compare` has started.

The peers take turns, round by round; medians over the rounds are told. Times are from the start of the kubectl command
that a user gives. A login is psql's, from the node to the Pod's address, with the password. When Postgres itself took
connections is the time of that line in its container's log; when a Pod was ready or gone is seen in a watch.
A round in which a container of Postern was restarted by somebody else is measured again.
"""
import argparse
import base64
import contextlib
import copy
import datetime
import http.client
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NODE = pathlib.Path(os.environ["NODE_DIR"])
FIXTURE = ROOT / "Tests/PosternTests/Fixtures/psql-sidecar.yaml"
PROXY = 18001
SECRET, KEY = "postgres-secret", "db_users.secret"
# What the manifest's flat file holds: passwords by user.
FLAT_FILE = base64.b64decode(re.search(rf"{re.escape(KEY)}: (\S+)", FIXTURE.read_text())[1]).decode()
USERS = dict(line.split(":", 1) for line in FLAT_FILE.splitlines())


def run(*command, stdin=None, timeout=120):
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout)
    if done.returncode:
        sys.exit(f"error: {' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def kubectl(*arguments, stdin=None):
    return run("kubectl", *arguments, stdin=stdin)


def get(path):
    """The API server's answer, through `kubectl proxy`; None if there is no such object."""
    connection = http.client.HTTPConnection("127.0.0.1", PROXY, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    if answer.status == 404:
        return None
    if answer.status != 200:
        sys.exit(f"error: GET {path}: {answer.status} {body}")
    return body


def get_object(path):
    body = get(path)
    return body and json.loads(body)


def wait(what, seconds, test):
    """The first true result of the test, and its time."""
    deadline = time.time() + seconds
    while True:
        result = test()
        if result:
            return result, time.time()
        if time.time() > deadline:
            sys.exit(f"error: {what}: not in {seconds} s")
        time.sleep(0.02)


@contextlib.contextmanager
def proxied():
    """`kubectl proxy`, which ``get`` asks, as long as the body runs."""
    proxy = subprocess.Popen(["kubectl", "proxy", f"--port={PROXY}"], stdout=subprocess.DEVNULL)

    def answers():
        try:
            return get("/version")
        except OSError:
            return None

    try:
        wait("kubectl's proxy", 10, answers)
        yield
    finally:
        proxy.terminate()
        proxy.wait()


def percentile(values, share):
    """The value at the nearest rank."""
    values = sorted(values)
    return values[max(0, -(-len(values) * share // 100) - 1)]


def machine(load):
    """What was measured on, and when."""
    version = json.loads(get("/version"))["gitVersion"]
    return (f"{datetime.date.today()}; {os.cpu_count()} cores, on which the load was {load:.1f} before; "
            f"Linux {platform.release().split('-')[0]}; Kubernetes {version}; PostgreSQL 15.")


class PodWatch:
    """When the Pods of a namespace first had an address, were ready, were to be deleted, and were gone."""

    def __init__(self, namespace):
        self.seen = {}
        self.pods = {}
        self.connection = http.client.HTTPConnection("127.0.0.1", PROXY, timeout=600)
        self.connection.request("GET", f"/api/v1/namespaces/{namespace}/pods?watch=1&resourceVersion=0&timeoutSeconds=590")
        self.answer = self.connection.getresponse()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.answer:
            event, now = json.loads(line), time.time()
            pod = event["object"]
            if event["type"] == "ERROR":
                print(f"error: watching Pods: {pod}", file=sys.stderr)
                return
            name, status = pod["metadata"]["name"], pod.get("status", {})
            conditions = {c["type"]: c["status"] for c in status.get("conditions", [])}
            self.pods[name] = pod
            for what, true in [
                ("address", status.get("podIP")), ("ready", conditions.get("Ready") == "True"),
                ("deleting", pod["metadata"].get("deletionTimestamp")), ("gone", event["type"] == "DELETED"),
            ]:
                if true:
                    self.seen.setdefault((what, name), now)

    def pod(self, seconds=60):
        """The only Pod, as soon as it has an address."""
        name, _ = wait("a Pod has an address", seconds, lambda: next((n for w, n in list(self.seen) if w == "address"), None))
        return self.pods[name]

    def when(self, what, pod, seconds=120):
        key = (what, pod["metadata"]["name"])
        return wait(f"the Pod is {what}", seconds, lambda: self.seen.get(key))[0]


def login(pod, user, password, database):
    """Whether psql can log in, from the node, in a root file system of its own."""
    target = f"host={pod['status']['podIP']} user='{user}' dbname='{database}' connect_timeout=5"
    return subprocess.run(
        ["chroot", str(NODE / "img/psql"), "/usr/bin/psql", "-XAtqw", target, "-c", "SELECT 1"], capture_output=True,
        env={**os.environ, "PGPASSWORD": password}).returncode == 0


def postgres_up(namespace, pod):
    """When Postgres said that it takes connections."""
    log = kubectl("-n", namespace, "logs", pod["metadata"]["name"], "-c", "postgres", "--timestamps")
    stamp = re.findall(r"^(\S+)Z .*ready to accept connections", log, re.M)[-1]
    return datetime.datetime.fromisoformat(stamp[:26] + "+00:00").timestamp()


def memory(pod, container):
    """The memory of a container in KiB: resident, the anonymous part of that, and what its cgroup is charged with."""
    present = get_object(f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}")["status"]
    every = present["containerStatuses"] + present.get("initContainerStatuses", [])
    identity = next(c["containerID"] for c in every if c["name"] == container).removeprefix("containerd://")
    folders = [f for base in ("/sys/fs/cgroup/memory", "/sys/fs/cgroup") for f in pathlib.Path(base).glob(f"kubepods/**/{identity}")]
    if not folders:
        sys.exit(f"error: no cgroup of {container}")
    charged = next(f for n in ("memory.usage_in_bytes", "memory.current") if (f := folders[0] / n).exists())
    samples = []
    for _ in range(5):  # take the least, because a probe may run at the same time
        resident = anonymous = 0
        for process in (folders[0] / "cgroup.procs").read_text().split():
            try:
                text = pathlib.Path(f"/proc/{process}/status").read_text()
                resident += int(re.search(r"VmRSS:\s+(\d+)", text)[1])
                anonymous += int(re.search(r"RssAnon:\s+(\d+)", text)[1])
            except (OSError, TypeError):
                continue
        samples.append((resident, anonymous, int(charged.read_text()) // 1024))
        time.sleep(0.3)
    return min(samples)


def postern_pods():
    return get_object("/api/v1/namespaces/postern-system/pods")["items"]


def requests():
    """How many requests all replicas have sent to the API server, without watches and those for the Lease."""
    total = 0
    for pod in postern_pods():
        text = get(f"/api/v1/namespaces/postern-system/pods/{pod['metadata']['name']}:9443/proxy/metrics")
        for labels, count in re.findall(r"^postern_kubernetes_requests_total\{(.*)\} (\d+)", text, re.M):
            if 'verb="watch"' not in labels and 'resource="leases"' not in labels:
                total += int(count)
    return total


def restarts():
    return sorted(
        (p["metadata"]["name"], c["restartCount"]) for p in postern_pods() for c in p["status"]["containerStatuses"])


class Peer:
    """A way to get a Postgres with two users, each with a database."""

    def __init__(self, name, title, limits=False, configurator=False):
        self.name, self.title, self.limits, self.configurator = name, title, limits, configurator
        self.data = NODE / "data" / name
        self.figures = []

    def objects(self):
        """The manifest of the psql sidecar in its own namespace. Its volume claim is a folder of the node."""
        text = kubectl("create", "--dry-run=client", "-o", "json", "-f", str(FIXTURE))
        objects, decoder, rest = [], json.JSONDecoder(), text.lstrip()
        while rest:
            value, end = decoder.raw_decode(rest)
            objects += value["items"] if value["kind"] == "List" else [value]
            rest = rest[end:].lstrip()
        kept = []
        for each in objects:
            if each["kind"] in ("Secret", "Deployment") or each["kind"] == "ConfigMap" and self.configurator:
                each["metadata"]["namespace"] = self.name
                kept.append(each)
        self.deployment = next(o for o in kept if o["kind"] == "Deployment")
        pod = self.deployment["spec"]["template"]["spec"]
        for volume in pod["volumes"]:
            if "persistentVolumeClaim" in volume:
                del volume["persistentVolumeClaim"]
                volume["hostPath"] = {"path": str(self.data), "type": "DirectoryOrCreate"}
        if not self.configurator:
            pod["containers"] = [c for c in pod["containers"] if c["name"] == "postgres"]
            pod["volumes"] = [v for v in pod["volumes"] if v["name"] != "initdb"]
        if not self.limits:
            for container in pod["containers"]:
                container["resources"].pop("limits", None)
        self.adapt()
        return kept

    def adapt(self):
        pass

    def measure(self):
        shutil.rmtree(self.data, ignore_errors=True)
        watch = PodWatch(self.name)
        figures = {}
        before = requests()
        items = {"apiVersion": "v1", "kind": "List", "items": self.objects()}
        began = time.time()
        kubectl("apply", "-f", "-", stdin=json.dumps(items))
        pod = watch.pod()
        self.first_login(pod)
        logged_in = time.time()
        figures["ready"] = max(watch.when("ready", pod), logged_in) - began
        figures["postgres"] = postgres_up(self.name, pod) - began
        figures["login"] = logged_in - began
        time.sleep(3)
        figures["requests: new"] = requests() - before
        self.change(pod, figures)
        figures["memory"] = self.memory(pod)
        kubectl("-n", self.name, "delete", "deployment", "--all", "--wait=false")
        figures["gone"] = watch.when("gone", pod) - watch.when("deleting", pod)
        time.sleep(2)
        for kind in ("configmap", "secret"):
            kubectl("-n", self.name, "delete", kind, "--all")
        self.figures.append(figures)
        return figures

    def first_login(self, pod):
        secret = json.loads(kubectl("-n", self.name, "get", "secret", SECRET, "-o", "json"))["data"]
        user, password = (base64.b64decode(secret[f"pg_admin_{k}.secret"]).decode().strip() for k in ("user", "password"))
        wait("the superuser logs in", 90, lambda: login(pod, user, password, user))

    def change(self, pod, figures):
        pass

    def memory(self, pod):
        return None

    def edit_flat_file(self, lines):
        text = "".join(f"{u}:{p}\n" for u, p in lines.items())
        kubectl("-n", self.name, "patch", "secret", SECRET, "--type=merge", "-p", json.dumps({"stringData": {KEY: text}}))


class PsqlSidecar(Peer):
    def first_login(self, pod):
        for user, password in USERS.items():
            wait(f"{user} logs in", 180, lambda: login(pod, user, password, f"{user}_db"))

    def change(self, pod, figures):
        """Edits the Secret once, and runs the script again by hand as soon as the kubelet has brought the file."""
        lines = {**USERS, "keycloak": "changed-1", "added": "new-1"}
        mounted = NODE / f"kubelet/pods/{pod['metadata']['uid']}/volumes/kubernetes.io~secret/postgres-secret" / KEY
        began = time.time()
        self.edit_flat_file(lines)
        wait("the kubelet brings the file", 180, lambda: "changed-1" in mounted.read_text())
        figures["file"] = time.time() - began
        script = ("export POSTGRES_USER=$(cat $POSTGRES_USER_FILE) POSTGRES_PASSWORD=$(cat $POSTGRES_PASSWORD_FILE)"
                  " DBUSERS=/run/secrets/postgres/db_users.secret; /opt/db-scripts/init-user-db.sh")
        run("kubectl", "-n", self.name, "exec", pod["metadata"]["name"], "-c", "postgres-configurator", "--", "sh", "-c", script)
        _, at = wait("the new password", 60, lambda: login(pod, "keycloak", "changed-1", "keycloak_db"))
        figures["password"] = at - began
        _, at = wait("the new database", 60, lambda: login(pod, "added", "new-1", "added_db"))
        figures["database"] = at - began
        if login(pod, "keycloak", USERS["keycloak"], "keycloak_db"):
            sys.exit("error: the old password opens")

    def memory(self, pod):
        return memory(pod, "postgres-configurator")


class PosternFlat(Peer):
    """Postern with the same flat file as the psql sidecar."""

    def adapt(self):
        metadata = self.deployment["metadata"]
        metadata["labels"]["postern.io/customer"] = "bench"
        metadata["annotations"] = {"postern.io/users-from": f"{SECRET}/{KEY}"}
        self.deployment["spec"]["strategy"] = {"type": "Recreate"}

    def first_login(self, pod):
        for user in USERS:
            wait(f"{user} logs in", 90, lambda: login(pod, user, self.password(user), f"{user}_db"))

    def password(self, user):
        return USERS[user]

    def change(self, pod, figures):
        old = self.password("keycloak")
        before = requests()
        began = time.time()
        self.edit_password()
        _, at = wait("the new password", 120, lambda: login(pod, "keycloak", "changed-1", "keycloak_db"))
        figures["password"] = at - began
        if login(pod, "keycloak", old, "keycloak_db"):
            sys.exit("error: the old password opens")
        time.sleep(2)
        figures["requests: password"] = requests() - before
        before = requests()
        began = time.time()
        self.add_database()
        _, at = wait("the new database", 120, lambda: self.opens_added(pod))
        figures["database"] = at - began
        time.sleep(2)
        figures["requests: database"] = requests() - before

    def edit_password(self):
        self.edit_flat_file({**USERS, "keycloak": "changed-1"})

    def add_database(self):
        self.edit_flat_file({**USERS, "keycloak": "changed-1", "added": "new-1"})

    def opens_added(self, pod):
        return login(pod, "added", "new-1", "added_db")

    def memory(self, pod):
        return memory(pod, "postern")


class Postern(PosternFlat):
    """Postern with declarations in annotations and generated passwords."""

    databases = "[{name: keycloak_db, owner: keycloak}, {name: dolibarr_db, owner: dolibarr}]"

    def adapt(self):
        super().adapt()
        self.deployment["metadata"]["annotations"] = {
            "postern.io/users": "keycloak, dolibarr", "postern.io/databases": self.databases}

    def password(self, user):
        secret = get_object(f"/api/v1/namespaces/{self.name}/secrets/bench-pg-user-{user}")
        return base64.b64decode(secret["data"]["password"]).decode() if secret else ""

    def edit_password(self):
        patch = json.dumps({"stringData": {"password": "changed-1"}})
        kubectl("-n", self.name, "patch", "secret", "bench-pg-user-keycloak", "--type=merge", "-p", patch)

    def add_database(self):
        more = self.databases.replace("]", ", {name: added_db, owner: keycloak}]")
        changed = copy.deepcopy(self.deployment)
        changed["metadata"]["annotations"]["postern.io/databases"] = more
        kubectl("apply", "-f", "-", stdin=json.dumps(changed))

    def opens_added(self, pod):
        return login(pod, "keycloak", "changed-1", "added_db")


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def seconds(values):
    values = [v for v in values if v is not None]
    if not values:
        return "–"
    return f"**{statistics.median(values):.2f}** ({min(values):.2f}–{max(values):.2f})"


def report(peers, load):
    column = lambda peer, name: [f.get(name) for f in peer.figures]
    lines = [
        "# On a cluster, measured", "",
        "Written by `make bench-cluster`, on a real cluster of one node (Tests/EndToEnd/cluster). The psql-sidecar way is the manifest",
        "Tests/PosternTests/Fixtures/psql-sidecar.yaml: a shell script beside Postgres that makes a database for each line `user:password`",
        "of a Secret. The others have the same Secret and Postgres without that container; each has its data in a new folder of the node.",
        f"The peers take turns; medians of {len(peers[0].figures)} rounds, least and most in brackets, in seconds from the start of the kubectl command.", "",
        machine(load), "",
        "## From apply to a login", "",
        "*Ready*: the Pod is Ready, and both users log in to their databases; of the stock Postgres, the superuser.", "",
        "| way | Postgres takes connections | users log in | Ready | Ready after Postgres |",
        "|---|---|---|---|---|",
    ]
    for peer in peers:
        after = [f["ready"] - f["postgres"] for f in peer.figures]
        lines.append(f"| {peer.title} | {' | '.join(seconds(column(peer, n)) for n in ('postgres', 'login', 'ready'))} | {seconds(after)} |")
    lines += [
        "", "## Changes while it runs, and the end", "",
        "*Password*: from `kubectl patch secret` to a login with the new one; the old one is refused then. *Database*: from",
        "`kubectl apply`, or the edit of the Secret, to a login. The psql-sidecar way does nothing by itself: one edit for both, and its",
        "script is run again by `kubectl exec` as soon as the kubelet has brought the file, which is told beside. *Pod gone*: from the",
        "deletion of the Pod to its end.", "",
        "| way | password | database | of it, the kubelet | Pod gone |",
        "|---|---|---|---|---|",
    ]
    for peer in peers:
        lines.append(f"| {peer.title} | {' | '.join(seconds(column(peer, n)) for n in ('password', 'database', 'file', 'gone'))} |")
    lines += ["", "## Memory", "", "KiB, medians, after the changes: resident, of it anonymous, and what the cgroup is charged with (page cache included).", "",
              "| process | resident | anonymous | cgroup |", "|---|---|---|---|"]
    for peer in peers:
        had = [f["memory"] for f in peer.figures if f["memory"]]
        if had:
            lines.append(f"| sidecar: {peer.title} | {' | '.join(f'{median(v):.0f}' for v in zip(*had))} |")
    for pod in postern_pods():
        # webhook or controller, each of which has two replicas.
        role = pod["metadata"]["labels"]["app.kubernetes.io/component"]
        lines.append(f"| `postern serve`, {role} | {' | '.join(str(v) for v in memory(pod, 'postern'))} |")
    lines += ["", "## Requests to the API server", "", "Of all replicas, watches and the Lease aside, from their own metrics; medians. Events and the Pod's condition are among them.", "",
              "| way | new instance with two users | password | database |", "|---|---|---|---|"]
    for peer in peers:
        if "requests: password" in peer.figures[0]:
            lines.append(f"| {peer.title} | {' | '.join(f'{median(column(peer, n)):.0f}' for n in ('requests: new', 'requests: password', 'requests: database'))} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--only", nargs="*", help="names of peers")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    peers = [
        Peer("stock", "stock Postgres alone"),
        Postern("postern", "Postern"),
        PosternFlat("postern-flat", "Postern, with the flat file"),
        PsqlSidecar("psql-free", "psql sidecar, without CPU limits", configurator=True),
        PsqlSidecar("psql", "psql sidecar, as it is", limits=True, configurator=True),
    ]
    peers = [p for p in peers if not options.only or p.name in options.only]
    with proxied():
        for peer in peers:
            if not get(f"/api/v1/namespaces/{peer.name}"):
                kubectl("create", "namespace", peer.name)
        for number in range(options.rounds):
            for peer in peers:
                for _ in range(3):
                    before = restarts()
                    figures = peer.measure()
                    if restarts() == before:
                        break
                    peer.figures.pop()
                    print(f"round {number + 1}, {peer.name}: Postern was restarted by somebody else; again", flush=True)
                else:
                    sys.exit("error: Postern is restarted all the time")
                print(f"round {number + 1}, {peer.name}: " + ", ".join(
                    f"{k} {v:.2f}" if isinstance(v, float) else f"{k} {v}" for k, v in figures.items()), flush=True)
        text = report(peers, load)
    print(text)
    if options.output:
        options.output.write_text(text)


if __name__ == "__main__":
    main()
