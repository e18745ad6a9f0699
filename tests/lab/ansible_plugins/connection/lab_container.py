"""Ansible's connection to a container of the lab: enters its namespaces, as tests/lab/container.py does."""

import subprocess
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
name: lab_container
short_description: Enters the namespaces of a container of the lab
description: Only for tests, and only for root.
author: The restream-agent authors
options:
  leader:
    description: The process id of the container's PID 1.
    type: int
    required: true
    vars:
      - name: lab_leader
"""
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
}


class Connection(ConnectionBase):  # type: ignore[misc]  # Ansible has no types
    """One container. Nothing is kept open."""

    transport = "lab_container"
    has_pipelining = True

    def _connect(self) -> "Connection":
        self._connected = True
        return self

    def exec_command(
        self,
        cmd: str,
        in_data: bytes | None = None,
        sudoable: bool = True,  # noqa: ARG002 - Ansible gives it
    ) -> tuple[int, bytes, bytes]:
        """Run a command line of the shell; return its exit status and both outputs."""
        done = self._run("/bin/sh", "-c", cmd, given=in_data)
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file of the controller into the container."""
        self._require(self._run("dd", "status=none", f"of={out_path}", given=Path(in_path).read_bytes()))

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file of the container to the controller."""
        Path(out_path).write_bytes(self._require(self._run("cat", in_path)).stdout)

    def close(self) -> None:
        """Forget the connection."""
        self._connected = False

    def _run(self, *argv: str, given: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
        inside = ("nsenter", "--target", str(self.get_option("leader")), "--all", "--root", "--wd")
        return subprocess.run(
            (*inside, *argv), input=given or b"", capture_output=True, check=False, env=ENVIRONMENT
        )

    def _require(self, done: Any) -> Any:
        if done.returncode:
            raise AnsibleConnectionFailure(done.stderr.decode(errors="replace"))
        return done
