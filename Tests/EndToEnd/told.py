#!/usr/bin/env python3
"""Measures how soon people are told what became of a change, on the node that `told` has started.

Times are from the start of the kubectl command to when a watch shows the Event on the workload and the Pod's condition. An
Event counts only if it names what was refused, or the declaration that is written in the customer's ConfigMap then.
"""
import argparse
import hashlib
import http.client
import json
import os
import pathlib
import random
import threading
import time

from measure import PROXY, get_object, kubectl, machine, percentile, proxied, wait

NAMESPACE = "shops"
GOAL = 3


class Watch(threading.Thread):
    """What a watch of the namespace shows, with the time: (time, customer, what)."""

    def __init__(self, resource, read):
        super().__init__(daemon=True)
        version = get_object(f"/api/v1/namespaces/{NAMESPACE}/{resource}")["metadata"]["resourceVersion"]
        connection = http.client.HTTPConnection("127.0.0.1", PROXY, timeout=3600)
        connection.request("GET", f"/api/v1/namespaces/{NAMESPACE}/{resource}?watch=1&resourceVersion={version}&timeoutSeconds=3590")
        self.answer, self.read, self.seen, self.error = connection.getresponse(), read, [], None
        self.start()

    def run(self):
        for line in self.answer:
            event, now = json.loads(line), time.time()
            if event["type"] == "ERROR":
                self.error = event["object"]
                return
            if event["type"] != "DELETED" and (read := self.read(event["object"])):
                self.seen.append((now, *read))

    def first(self, since, customer, test):
        """The time of the first thing seen of the customer, after that time, that passes the test."""
        if self.error:
            raise SystemExit(f"error: a watch ended: {self.error}")
        return next((now for now, whose, what in list(self.seen) if now >= since and whose == customer and test(what)), None)


def read_event(event):
    return event["involvedObject"]["name"], (event["reason"], event["message"])


def read_pod(pod):
    condition = next((c for c in pod.get("status", {}).get("conditions", []) if c["type"] == "postern.io/Provisioned"), {})
    annotations = pod["metadata"].get("annotations", {})
    return pod["metadata"].get("labels", {}).get("app"), (
        condition.get("reason"), condition.get("message", ""), annotations.get("postern.io/updated"))


class Customer:
    """A customer's Deployment, and what is changed in it."""

    def __init__(self, name):
        self.name = name
        live = json.loads(kubectl("-n", NAMESPACE, "get", "deployment", name, "-o", "json"))
        self.deployment = json.loads(live["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"])
        self.users = [{"name": "shop"}]
        self.orders = {"name": "orders", "owner": "shop", "scripts": [], "extensions": []}
        self.databases = [self.orders]
        self.number = 0
        pod = get_object(f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app%3D{name}")["items"][0]
        self.updated = read_pod(pod)[1][2]

    def manifest(self):
        self.deployment["metadata"]["annotations"].update({
            "postern.io/users": json.dumps(self.users), "postern.io/databases": json.dumps(self.databases)})
        return self.deployment

    def change(self, kind):
        """Changes the declaration; what must be named where it is refused."""
        self.number += 1
        number, refused = self.number, None
        if kind == "a database more":
            self.databases.append({"name": f"more_{number}", "owner": "shop"})
        elif kind == "a user more":
            self.users.append({"name": f"user_{number}", "grants": {"orders": "read"}})
        elif kind == "a script more":
            self.orders["scripts"].append({"name": f"{number:03}-table", "sql": f"CREATE TABLE made_{number} (id int);"})
        elif kind == "an extension that the server lacks":
            refused = f"missing_{number}"
            self.orders["extensions"].append(refused)
        elif kind == "a script that fails":
            refused = f"{number:03}-fails"
            self.orders["scripts"].append({"name": refused, "sql": "SELECT 1 / 0;"})
        elif kind == "mended":
            self.orders["extensions"].clear()
            self.orders["scripts"] = [s for s in self.orders["scripts"] if not s["name"].endswith("-fails")]
        return refused

    def declaration(self):
        spec = get_object(f"/api/v1/namespaces/{NAMESPACE}/configmaps/{self.name}-pg-spec")["data"]["spec.json"]
        return hashlib.sha256(spec.encode()).hexdigest()[:12]


# What each customer gets, in this order; what is refused is mended next.
KINDS = [
    "a database more", "an extension that the server lacks", "mended", "a user more", "a script that fails", "mended",
    "a password", "a script more", "an extension that the server lacks", "mended",
]


class Measurement:
    def __init__(self):
        self.events, self.pods = Watch("events", read_event), Watch("pods", read_pod)
        self.figures = []

    def apply(self, changes, kind):
        """Applies changes of one kind to customers by one kubectl command, and waits until all are told."""
        refusals = {c.name: c.change(kind) for c in changes}
        before = {c.name: c.declaration() for c in changes}
        began = time.time()
        if kind == "a password":
            patch = json.dumps({"stringData": {"password": f"changed-by-hand-{changes[0].number}"}})
            kubectl("-n", NAMESPACE, "patch", "secret", f"{changes[0].name}-pg-user-shop", "--type=merge", "-p", patch)
        else:
            items = {"apiVersion": "v1", "kind": "List", "items": [c.manifest() for c in changes]}
            kubectl("apply", "-f", "-", stdin=json.dumps(items))
        applied = time.time()
        for customer in changes:
            self.wait_for(customer, kind, refusals[customer.name], before[customer.name], began, applied, len(changes))

    def wait_for(self, customer, kind, refused, before, began, applied, at_once):
        def is_told(event):
            if refused:
                return event[0] == "ProvisioningFailed" and refused in event[1]
            return event[0] == "Provisioned" and declaration() in event[1]

        def is_so(pod):
            if refused:
                return pod[0] == "Failing" and refused in pod[1]
            return pod[0] == "Converged" and declaration() in pod[1]

        def declaration():
            now = customer.declaration()
            return now if kind == "a password" or now != before else "none"

        name = customer.name
        found = {}
        for what, watch, test in [("event", self.events, is_told), ("condition", self.pods, is_so)]:
            found[what], _ = wait(f"{name}: {kind}: {what}", 120, lambda: watch.first(began, name, test))
        if kind == "a password":  # The condition says the same before and after it.
            found["condition"] = None
        written = self.pods.first(began, name, lambda pod: pod[2] and pod[2] != customer.updated)
        customer.updated = next((pod[2] for _, whose, pod in reversed(self.pods.seen) if whose == name), customer.updated)
        self.figures.append({
            "kind": kind, "refused": bool(refused), "at_once": at_once, "kubectl": applied - began,
            "written": written and written - began, "condition": found["condition"] and found["condition"] - began,
            "event": found["event"] - began})


def row(title, figures):
    cells = []
    for what in ("event", "condition"):
        values = [f[what] for f in figures if f[what]]
        cells += [f"{percentile(values, share):.2f}" if values else "–" for share in (50, 90, 99, 100)]
    return f"| {title} | {len(figures)} | {' | '.join(cells)} |"


def report(figures, customers, load):
    single = [f for f in figures if f["at_once"] == 1]
    together = [f for f in figures if f["at_once"] > 1]
    head = ["| | changes | Event p50 | p90 | p99 | most | condition p50 | p90 | p99 | most |", "|---|---|---|---|---|---|---|---|---|---|"]
    written = [f for f in single if f["written"]]
    after = [f["event"] - f["kubectl"] for f in single]
    return "\n".join([
        "# How soon it is told, measured", "",
        f"Written by `make bench-told`, on a real cluster of one node (Tests/EndToEnd/cluster) with {customers} customers that run. Seconds from the",
        "start of the kubectl command to when a watch shows the Event on the workload (`Provisioned`, `ProvisioningFailed`), and the Pod's condition",
        "`postern.io/Provisioned`. Only an Event counts that names what was refused, or the declaration that is in the customer's ConfigMap. Percentiles are",
        f"nearest ranks. The goal is an Event within {GOAL} s in 99 of 100 cases.", "",
        machine(load), "",
        "## One at a time", "", *head,
        row("**all**", single),
        row("Postgres takes it", [f for f in single if not f["refused"]]),
        row("Postgres refuses it", [f for f in single if f["refused"]]),
        *(row(kind, [f for f in single if f["kind"] == kind]) for kind in dict.fromkeys(KINDS)), "",
        f"Of it, medians: kubectl itself {percentile([f['kubectl'] for f in single], 50):.2f} s; until the objects are written and the kubelet is told "
        f"{percentile([f['written'] for f in written], 50):.2f} s. From kubectl's end to the Event: {percentile(after, 50):.2f} s, p99 {percentile(after, 99):.2f} s.", "",
        f"## {customers} customers at once", "",
        "By one `kubectl apply` of all, as a GitOps tool does it; the time that kubectl takes for all of them is in it"
        f" ({percentile([f['kubectl'] for f in together], 50):.2f} s, the median).", "",
        *head, row("**all**", together),
        *(row(kind, [f for f in together if f["kind"] == kind]) for kind in dict.fromkeys(f["kind"] for f in together)), ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=len(KINDS), help="changes of each customer, one at a time")
    parser.add_argument("--output", type=pathlib.Path)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with proxied():
        names = [d["metadata"]["name"] for d in get_object(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments")["items"]]
        customers = [Customer(name) for name in names if name.startswith("customer")]
        measurement = Measurement()
        for round in range(options.rounds):
            for customer in customers:
                # Not in step with what looks every so often.
                time.sleep(random.random() * 0.3)
                measurement.apply([customer], KINDS[round % len(KINDS)])
                last = measurement.figures[-1]
                print(f"{customer.name}: {last['kind']}: " + ", ".join(f"{k} {last[k] or 0:.2f}" for k in ("kubectl", "written", "condition", "event")), flush=True)
        for kind in ("a database more", "an extension that the server lacks", "mended"):
            measurement.apply(customers, kind)
        text = report(measurement.figures, len(customers), load)
    print(text)
    if options.output:
        options.output.write_text(text)
    slow = percentile([f["event"] for f in measurement.figures if f["at_once"] == 1], 99)
    if slow > GOAL:
        raise SystemExit(f"error: p99 of the Event is {slow:.2f} s, more than {GOAL}")


main()
