#!/usr/bin/env python3
"""Upgrades the sidecars of all customers under load, on the node that `upgrade` has started, and counts what fails.

Each customer has two pgbench, with the user's password, from the node to the Pod's address: one whose connections stay, and one that
connects anew for each transaction. They run pgbench's own script of updates and an insert. A Service would leave out the Pod
while it is not ready; here nothing does.
"""
import argparse
import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

from measure import NODE, get_object, kubectl, machine, percentile, proxied, run, wait

NAMESPACE = "shops"
PGBENCH = "/usr/lib/postgresql/15/bin/pgbench"
# Transactions a second of each customer: over connections that stay, and over new ones.
STAYING, NEW = 10, 2


def pods():
    items = get_object(f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=postern.io%2Fcustomer")["items"]
    return [p for p in items if "deletionTimestamp" not in p["metadata"]]


def sidecar(pod):
    return next(c for c in pod["spec"]["initContainers"] if c["name"] == "postern")["image"]


def state(pod, container):
    every = pod["status"].get("containerStatuses", []) + pod["status"].get("initContainerStatuses", [])
    return next(c for c in every if c["name"] == container)


def is_ready(pod):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"]["conditions"])


class Readiness(threading.Thread):
    """When each Pod got the new image, and how long it was not ready, seen ten times a second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.since, self.gaps, self.updated, self.stopped = {}, {}, {}, threading.Event()
        self.start()

    def run(self):
        while not self.stopped.is_set():
            now = time.time()
            for pod in pods():
                name = pod["metadata"]["labels"]["app"]
                if sidecar(pod).endswith(":next"):
                    self.updated.setdefault(name, now)
                if not is_ready(pod):
                    self.since.setdefault(name, now)
                elif name in self.since:
                    self.gaps.setdefault(name, []).append(now - self.since.pop(name))
            self.stopped.wait(0.1)


class Load:
    """The pgbench of one customer."""

    def __init__(self, pod):
        self.name, self.address = pod["metadata"]["labels"]["app"], pod["status"]["podIP"]
        secret = get_object(f"/api/v1/namespaces/{NAMESPACE}/secrets/{self.name}-pg-user-shop")["data"]
        self.environment = {**os.environ, "PGPASSWORD": base64.b64decode(secret["password"]).decode()}
        self.programs = {}

    def command(self, *options):
        return ["chroot", str(NODE / "rootfs"), PGBENCH, "-h", self.address, "-U", "shop", *options, "orders"]

    def prepare(self):
        subprocess.run(self.command("-i", "-q", "-s", "1"), env=self.environment, check=True, capture_output=True)

    def start(self, seconds):
        for kind, options in [("staying", ["-c", "2", "-R", str(STAYING)]), ("new", ["-c", "1", "-C", "-R", str(NEW)])]:
            self.programs[kind] = subprocess.Popen(
                self.command("-n", "-T", str(seconds), *options), env=self.environment, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def counts(self):
        """For each kind, transactions and failures; ends where a pgbench gave up."""
        counts = {}
        for kind, program in self.programs.items():
            text = program.communicate(timeout=300)[0]
            done = int(re.search(r"actually processed: (\d+)", text)[1])
            failed = int(re.search(r"failed transactions: (\d+)", text)[1])
            if program.returncode or "aborted" in text:
                print(f"{self.name}, {kind}: pgbench ended with {program.returncode}: {text}", file=sys.stderr)
                failed += 1
            counts[kind] = (done, failed, float(re.search(r"latency average = ([\d.]+)", text)[1]))
        return counts


def postgres_start(pod):
    return state(pod, "postgres")["containerID"], state(pod, "postgres")["restartCount"], run(
        "kubectl", "-n", NAMESPACE, "exec", pod["metadata"]["name"], "-c", "postgres", "--",
        "psql", "-XAtq", "-U", "postgres", "-c", "SELECT pg_postmaster_start_time()").strip()


def upgrade(image):
    for part in ("webhook", "controller"):
        patch = [{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": f"--sidecar-image={image}"}]
        kubectl("-n", "postern-system", "patch", "deployment", f"postern-{part}", "--type=json", "-p", json.dumps(patch))


def is_done(image, before):
    return all(
        sidecar(p) == image and state(p, "postern")["containerID"] != before[p["metadata"]["labels"]["app"]]
        and state(p, "postern")["state"].get("running") and is_ready(p) for p in pods())


def report(customers, counts, readiness, times, restarted, load):
    total = {kind: [sum(c[kind][i] for c in counts) for i in (0, 1)] for kind in ("staying", "new")}
    latency = {kind: sum(c[kind][2] for c in counts) / len(counts) for kind in total}
    gaps = [gap for gaps in readiness.gaps.values() for gap in gaps]
    events = get_object(f"/api/v1/namespaces/{NAMESPACE}/events")["items"]
    told = len({e["involvedObject"]["name"] for e in events if e["reason"] == "SidecarUpdated"})
    return "\n".join([
        "# An upgrade of all sidecars under load, measured", "",
        f"Written by `make bench-upgrade`, on a real cluster of one node (Tests/EndToEnd/cluster): {customers} customers whose Pods run, each with two pgbench",
        f"(its own script of updates and an insert, {STAYING} transactions a second over two connections that stay, {NEW} a second with a new connection",
        "for each), from the node to the Pod's address, with the user's password. Webhook and controller get another `--sidecar-image`; the controller",
        "then changes the sidecar of each running Pod ([upgrade](../upgrade.md#sidecars-of-running-pods)).", "",
        machine(load), "",
        "| | |", "|---|---|",
        f"| sidecars changed, Events `SidecarUpdated` | {len(readiness.updated)}, {told} |",
        f"| Postgres containers or servers started again | {restarted} |",
        f"| from the change of the two Deployments to the first Pod's | {min(readiness.updated.values()) - times['began']:.1f} s |",
        f"| from the first Pod to the last | {max(readiness.updated.values()) - min(readiness.updated.values()):.1f} s |",
        f"| until all ran the new sidecar and were ready | {times['done'] - times['began']:.1f} s |",
        f"| a Pod was not ready for (median, most; looked at ten times a second) | {percentile(gaps, 50):.1f} s, {max(gaps):.1f} s |" if gaps
        else "| a Pod was not ready for (looked at ten times a second) | never seen |",
        f"| transactions over connections that stay: done, failed | {total['staying'][0]:,}, {total['staying'][1]} |",
        f"| transactions with a new connection each: done, failed | {total['new'][0]:,}, {total['new'][1]} |",
        f"| mean latency, waiting for a free connection included | {latency['staying']:.1f} ms, {latency['new']:.1f} ms |", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=120, help="how long the load lasts")
    parser.add_argument("--output", type=pathlib.Path)
    options = parser.parse_args()
    before_it = os.getloadavg()[0]
    with proxied():
        there = pods()
        old = sidecar(there[0])
        image = old.rpartition(":")[0] + ":next"
        starts = {p["metadata"]["labels"]["app"]: postgres_start(p) for p in there}
        before = {p["metadata"]["labels"]["app"]: state(p, "postern")["containerID"] for p in there}
        loads = [Load(p) for p in there]
        for load in loads:
            load.prepare()
        for load in loads:
            load.start(options.seconds)
        time.sleep(10)
        readiness = Readiness()
        times = {"began": time.time()}
        upgrade(image)
        _, times["done"] = wait("all sidecars are new and ready", options.seconds - 20, lambda: is_done(image, before))
        counts = [load.counts() for load in loads]
        readiness.stopped.set()
        restarted = sum(postgres_start(p) != starts[p["metadata"]["labels"]["app"]] for p in pods())
        text = report(len(there), counts, readiness, times, restarted, before_it)
    print(text)
    if options.output:
        options.output.write_text(text)
    failed = sum(c[kind][1] for c in counts for kind in c)
    if failed or restarted:
        sys.exit(f"error: {failed} transactions failed, {restarted} Postgres were started again")


main()
