"""A platform that refuses every key and quotes it. Run as `python3 quoter.py PORT`; standard library only.

It implements the part of RTMP that leads a publisher to its refusal (Adobe's specification, 5.2, 5.4, 7.2).
"""

import socket
import struct
import sys
import threading

CREATE_STREAM = b"\x02\x00\x0ccreateStream\x00"
PUBLISH = b"\x02\x00\x07publish\x00"


def text(value: str) -> bytes:
    """Return a string in AMF 0."""
    return b"\x02" + struct.pack(">H", len(value)) + value.encode()


def number(value: float) -> bytes:
    """Return a number in AMF 0."""
    return b"\x00" + struct.pack(">d", value)


def fields(values: dict[str, str]) -> bytes:
    """Return an object of strings in AMF 0."""
    pairs = (struct.pack(">H", len(name)) + name.encode() + text(one) for name, one in values.items())
    return b"\x03" + b"".join(pairs) + b"\x00\x00\x09"


def message(kind: int, payload: bytes, stream: int = 0) -> bytes:
    """Return a message in one chunk; `serve` announces a chunk size that is large enough."""
    header = b"\x03\x00\x00\x00" + len(payload).to_bytes(3) + bytes([kind])
    return header + stream.to_bytes(4, "little") + payload


def refusal(key: str) -> bytes:
    """Return a platform's answer to an unknown key."""
    values = {"level": "error", "code": "NetStream.Publish.BadName", "description": f"{key} is no key"}
    return message(20, text("onStatus") + number(0) + b"\x05" + fields(values), 1)


def serve(client: socket.socket) -> None:
    """Answer one publisher up to its refusal."""
    with client:
        greeting = b""
        while len(greeting) < 1537:
            data = client.recv(4096)
            if not data:
                return
            greeting += data
        client.sendall(b"\x03" + bytes(1536) + greeting[1:1537])
        client.sendall(message(1, (65536).to_bytes(4)))
        connected = {"level": "status", "code": "NetConnection.Connect.Success"}
        client.sendall(message(20, text("_result") + number(1) + fields({}) + fields(connected)))
        said = b""
        while data := client.recv(4096):
            said += data
            at = said.find(CREATE_STREAM)
            if at >= 0 and len(said) >= at + len(CREATE_STREAM) + 8:
                (asked,) = struct.unpack_from(">d", said, at + len(CREATE_STREAM))
                client.sendall(message(20, text("_result") + number(asked) + b"\x05" + number(1)))
                said = said[at + len(CREATE_STREAM) :]
            at = said.find(PUBLISH)
            # A number, null and the key follow; "live" comes after it.
            start = at + len(PUBLISH) + 8 + 1 + 1
            if at >= 0 and said.find(b"\x02\x00\x04live", start) > 0:
                (length,) = struct.unpack_from(">H", said, start)
                client.sendall(refusal(said[start + 2 : start + 2 + length].decode()))
                return


def main(port: int) -> None:
    """Serve until killed."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client,), daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]))
