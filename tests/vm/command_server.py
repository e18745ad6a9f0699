"""Runs in the machine: takes commands from a virtio-serial port, and answers with their output.

A request is a line of JSON: id, argv, timeout in seconds, input. An answer is one too: id, code, out, err.
It runs with Debian's Python, and only its standard library.
"""

import json
import os
import subprocess
import threading
import time
from typing import Any

PORT = "/dev/virtio-ports/commands"
TIMED_OUT = 124  # as timeout(1) says it


def run(request: dict[str, Any]) -> dict[str, object]:
    """Run a command and return the answer."""
    try:
        done = subprocess.run(
            request["argv"],
            input=request["input"],
            stdin=subprocess.DEVNULL if request["input"] is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=request["timeout"],
            check=False,
        )
        code, out, err = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        code, out, err = TIMED_OUT, "", f"timed out after {request['timeout']:g} s"
    except OSError as error:
        code, out, err = 127, "", str(error)
    return {"id": request["id"], "code": code, "out": out, "err": err}


def serve(port: int) -> None:
    """Answer each request in a thread of its own, for ever."""
    lock = threading.Lock()

    def answer(request: dict[str, Any]) -> None:
        data = json.dumps(run(request)).encode() + b"\n"
        with lock:
            while data:
                data = data[os.write(port, data) :]

    pending = b""
    while True:
        received = os.read(port, 1 << 16)
        if not received:  # nobody has the other end
            time.sleep(0.1)
        *lines, pending = (pending + received).split(b"\n")
        for line in lines:
            if line:
                threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()


if __name__ == "__main__":
    serve(os.open(PORT, os.O_RDWR))
