#!/usr/bin/env python3
"""Stands in for a Service on a node without kube-proxy: forwarder.py ADDRESS PORT NAMESPACE APP PIDFILE

Passes on what comes to ADDRESS:PORT to the same port of the Pod with the label app=APP; until there is one, nobody is let in.
It runs inside the node, where kubectl knows the cluster (cluster/in).
"""
import asyncio
import os
import pathlib
import sys

address, port, namespace, app = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]


async def target():
    """The Pod's address, by kubectl."""
    process = await asyncio.create_subprocess_exec(
        "kubectl", "-n", namespace, "get", "pod", "-l", f"app={app}", "-o", "jsonpath={.items[0].status.podIP}",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
    return (await process.communicate())[0].decode()


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


known = None


async def serve(reader, writer):
    # The Pod that was there is asked first, so that connections go on while there is no API server.
    global known
    for pod in (known, None):
        try:
            pod = pod or await target()
            pod_reader, pod_writer = await asyncio.open_connection(pod, port)
            known = pod
            break
        except OSError:
            continue
    else:
        writer.close()
        return
    await asyncio.gather(copy(reader, pod_writer), copy(pod_reader, writer))


async def main():
    async with await asyncio.start_server(serve, address, port) as server:
        await server.serve_forever()


pathlib.Path(sys.argv[5]).write_text(str(os.getpid()))
asyncio.run(main())
