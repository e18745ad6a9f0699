"""Runs the playbooks of examples/ansible against a container of the lab, and reads what Ansible says."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.lab.container import Container
from tests.lab.deadline import PATIENCE

PROJECT = Path(__file__).resolve().parents[2]
COLLECTION = PROJECT / "examples" / "ansible"
PLUGINS = Path(__file__).with_name("ansible_plugins")
BIN = Path(sys.executable).parent
HOST = "lab"
PLAYBOOK_SECONDS = 1200.0  # until a playbook counts as stuck; it usually takes 20 s

_HEADER = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(?:[\w.]+ : )?(.*)\] \*+$")
_STATUS = re.compile(rf"^(ok|changed|fatal|failed|skipping): \[{HOST}\]")


@dataclass(frozen=True)
class PlayOutcome:
    """How a playbook ended: `code` is ansible-playbook's exit status, `output` both of its outputs."""

    code: int
    output: str

    @property
    def changed(self) -> list[str]:
        """The tasks and handlers that changed something, or would in check mode, in order."""
        return self._tasks("changed")

    @property
    def failed(self) -> list[str]:
        """The tasks and handlers that failed."""
        return [*self._tasks("fatal"), *self._tasks("failed")]

    def _tasks(self, status: str) -> list[str]:
        task, found = "", dict[str, None]()
        for line in self.output.splitlines():
            if header := _HEADER.match(line):
                task = header[1]
            elif (told := _STATUS.match(line)) and told[1] == status:
                found[task] = None
        return list(found)


class Controller:
    """A computer with Ansible, the collection and a directory of its own, beside a container."""

    def __init__(self, container: Container, directory: Path) -> None:
        """`directory` is empty, and of the test."""
        self._container = container
        self.directory = directory
        (directory / "ansible.cfg").write_text("")  # found here, so none of this user or machine is read
        self.collections = directory / "collections"
        shutil.copytree(COLLECTION, self.collections / "ansible_collections" / "restream" / "agent")

    def play(self, name: str, variables: Mapping[str, object], *options: str) -> PlayOutcome:
        """Run a playbook of the collection. Variables are in a file: keys have no place on a command line."""
        host = {
            "ansible_connection": "lab_container",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_become": False,
            "lab_leader": self._container.leader,
        }
        inventory = self.directory / "inventory.json"
        hosts = {HOST: {**host, **variables}}
        inventory.write_text(json.dumps({"restream": {"hosts": hosts}}))
        inventory.chmod(0o600)
        command = (str(BIN / "ansible-playbook"), "--inventory", str(inventory))
        done = subprocess.run(
            (*command, *options, f"restream.agent.{name}"),
            check=False,
            capture_output=True,
            text=True,
            timeout=PLAYBOOK_SECONDS * PATIENCE,
            env=environment(self.directory, self.collections),
            cwd=self.directory,
        )
        return PlayOutcome(done.returncode, done.stdout + done.stderr)


def environment(directory: Path, collections: Path) -> dict[str, str]:
    """Return the environment of Ansible's commands: nothing of this user's settings is read."""
    return {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "ANSIBLE_HOME": str(directory / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_CONNECTION_PLUGINS": str(PLUGINS / "connection"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PIPELINING": "1",
    }
