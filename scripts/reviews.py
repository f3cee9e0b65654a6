"""The reviews that benchmarks send, and what a server and its client need for that."""
import pathlib
import socket
import ssl
import subprocess

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
