#!/usr/bin/env python3
"""injector.py ADDRESS PORT FOLDER: a mutating webhook as service meshes have: a container before all others, an init
container before all others, and an environment variable in every one. The certificate is FOLDER/tls.crt and tls.key; its
number goes into FOLDER/pid, a line for each review into FOLDER/log.
"""
import base64
import http.server
import json
import os
import pathlib
import ssl
import sys

ADDRESS, PORT, FOLDER = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
VARIABLE = {"name": "MESH", "value": "on"}
SIDECAR = {
    "name": "mesh", "image": "alpine/psql:17.4", "env": [VARIABLE],
    "command": ["sh", "-c", "trap 'exit 0' TERM; sleep 3600 & wait"]}
FIRST = {"name": "mesh-init", "image": "alpine/psql:17.4", "command": ["true"], "env": [VARIABLE]}


def patch(pod):
    """The patch for what is missing, in an order that keeps its indices right."""
    operations = []
    for key in ("containers", "initContainers"):
        for index, container in enumerate(pod["spec"].get(key) or []):
            path = f"/spec/{key}/{index}/env"
            if "env" not in container:
                operations.append({"op": "add", "path": path, "value": [VARIABLE]})
            elif VARIABLE not in container["env"]:
                operations.append({"op": "add", "path": f"{path}/-", "value": VARIABLE})
    for key, new in (("containers", SIDECAR), ("initContainers", FIRST)):
        present = pod["spec"].get(key)
        if not present:
            operations.append({"op": "add", "path": f"/spec/{key}", "value": [new]})
        elif all(c["name"] != new["name"] for c in present):
            operations.append({"op": "add", "path": f"/spec/{key}/0", "value": new})
    return operations


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        operations = patch(request["object"])
        with (FOLDER / "log").open("a") as log:
            print(request["object"]["metadata"].get("generateName"), len(operations), file=log)
        response = {"uid": request["uid"], "allowed": True}
        if operations:
            response["patchType"] = "JSONPatch"
            response["patch"] = base64.b64encode(json.dumps(operations).encode()).decode()
        body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(FOLDER / "tls.crt", FOLDER / "tls.key")
server = http.server.ThreadingHTTPServer((ADDRESS, PORT), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
(FOLDER / "pid").write_text(str(os.getpid()))
server.serve_forever()
