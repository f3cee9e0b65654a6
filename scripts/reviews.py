"""The reviews that benchmarks send, and what a server and its client need for that."""
import http.client
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import time

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests/AdmissionTests/Fixtures/reviews"
# The reviews: a title, the file, the path, and whether the peer gets it too.
CASES = [
    ("Pod created: injected", "04-pod-create.json", "/mutate", True),
    ("Pod of a StatefulSet created: injected", "06-pod-create.json", "/mutate", True),
    ("Pod with declarations created: injected", "07-pod-create.json", "/mutate", True),
    ("Pod with declarations created: checked", "07-pod-create.json", "/validate", False),
    ("Deployment created: template labelled", "24-deployment-create.json", "/mutate", False),
    ("Deployment created: checked", "02-deployment-create.json", "/validate", False),
    ("Deployment updated: checked", "08-deployment-update.json", "/validate", False),
    ("ReplicaSet updated: let through", "14-replicaset-update.json", "/validate", False),
]


def unverified():
    """A TLS context for a client that takes any certificate. It takes some 15 ms to make, as long as a server's start."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def certificate(folder):
    cert, key = f"{folder}/tls.crt", f"{folder}/tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=postern.postern-system.svc", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", cert,
         "-keyout", key], check=True, capture_output=True)
    return cert, key


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Webhook:
    """`postern serve` without a cluster, with its log in a file of `folder`."""

    def __init__(self, postern, folder, before=(), environment=None):
        """`before` is a command that runs it, with arguments."""
        cert, key = certificate(folder)
        self.port, self.context = free_port(), unverified()
        self.log = pathlib.Path(folder) / "log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*before, postern, "serve", "--no-controller", "--tls-cert-file", cert, "--tls-private-key-file", key,
                 "--port", str(self.port), "--metrics-port", "0", "--sidecar-image", "registry.example/postern:1",
                 "--drain-seconds", "0", "--service", "postern"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "POSTERN_NAMESPACE": "postern-system", **(environment or {})})

    def connect(self):
        """A new connection. Waits until the server has started."""
        began = time.monotonic()
        while True:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.context)
            try:
                connection.connect()
                return connection
            except OSError:
                if self.process.poll() is not None or time.monotonic() - began > 120:
                    sys.exit("error: the server does not answer:\n" + self.log.read_text())
                time.sleep(0.1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            sys.exit("error: the server did not end well:\n" + self.log.read_text())


def ask(connection, path, review=None):
    """Sends a review, or gets a page."""
    connection.request("POST" if review else "GET", path, review, {"Content-Type": "application/json"} if review else {})
    reply = connection.getresponse()
    if reply.status != 200 or not reply.read():
        sys.exit(f"error: the server answered {reply.status} at {path}")
