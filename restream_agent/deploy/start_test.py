"""Whether Python starts where viewers wait for it: in the file system that `live@` and the program have.

They see /usr and the directories of the code that were found (machine.py), and nothing else of the machine.
What is missing there would show at the first publish.
"""

import sys

from restream_agent.base import paths
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.base.file_tree import File, Tree
from restream_agent.deploy.server_test import sandbox_of
from restream_agent.systemd import unit_names
from restream_agent.systemd.transient import run_confined

_SECONDS = 20.0
_IMPORTS = "import restream_agent.player.__main__, restream_agent.program.__main__"


def check_start(desired: Tree) -> None:
    """Have this Python import both in the sandbox of `live@`, whose directories are there by now.

    Raises RestreamError with Python's words.
    """
    path = f"{paths.UNITS}/{unit_names.LIVE_TEMPLATE}"
    unit = desired[path]
    assert isinstance(unit, File)
    # systemd-run knows no address by its name, and this needs no network.
    sandbox = (line for line in sandbox_of(unit.content) if not line.startswith("IPAddress"))
    try:
        run_confined(
            (sys.executable, "-I", "-c", _IMPORTS),
            timeout=_SECONDS,
            properties=(*sandbox, "IPAddressDeny=any"),
        )
    except CommandError as error:
        raise RestreamError(
            f"{sys.executable} does not run restream-agent in the file system of "
            f"{unit_names.LIVE_TEMPLATE}:\n{error.output or error.reason}",
            hint=f"its code has to be below /usr or in the directories of BindReadOnlyPaths= in {path}",
        ) from error
