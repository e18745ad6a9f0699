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
        self._in_vault: object = None
        self.directory = directory
        (directory / "ansible.cfg").write_text("")  # found here, so none of this user or machine is read
        self.collections = directory / "collections"
        shutil.copytree(COLLECTION, self.collections / "ansible_collections" / "restream" / "agent")

    def play(self, name: str, variables: Mapping[str, object], *options: str) -> PlayOutcome:
        """Run a playbook of the collection. The variables are in files, the keys in a vault, as users do."""
        host = {
            "ansible_connection": "lab_container",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_become": False,
            "lab_leader": self._container.leader,
        }
        variables = dict(variables)
        self._fill_vault(variables.pop("restream_credentials", {}))
        inventory = self.directory / "inventory.json"
        inventory.write_text(json.dumps({"restream": {"hosts": {HOST: {**host, **variables}}}}))
        done = self._run(
            "ansible-playbook", "--inventory", str(inventory), *options, f"restream.agent.{name}"
        )
        return PlayOutcome(done.returncode, done.stdout + done.stderr)

    def _fill_vault(self, credentials: object) -> None:
        """Encrypt the keys beside the inventory, unless they are there."""
        if credentials == self._in_vault:
            return
        vault, password = (
            self.directory / "group_vars" / "restream" / "vault.yml",
            self.directory / "password",
        )
        vault.parent.mkdir(parents=True, exist_ok=True)
        password.write_text("made-up\n")
        vault.write_text(json.dumps({"restream_credentials": credentials}))
        done = self._run("ansible-vault", "encrypt", str(vault))
        assert vault.read_text().startswith("$ANSIBLE_VAULT;"), done.stderr
        self._in_vault = credentials

    def _run(self, command: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        env = environment(self.directory, self.collections)
        return subprocess.run(
            (str(BIN / command), *arguments),
            check=False,
            capture_output=True,
            text=True,
            timeout=PLAYBOOK_SECONDS * PATIENCE,
            env={**env, "ANSIBLE_VAULT_PASSWORD_FILE": str(self.directory / "password")},
            cwd=self.directory,
        )


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
