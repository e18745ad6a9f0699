"""The ingest server's own test of its new configuration, in the sandbox that the server will run in.

The author of the TOML chooses the server's executable. So it never runs as root, not even for this test: it
gets a user of its own for the moment, and no network.
"""

from restream_agent.base import paths
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.base.file_tree import File, Tree
from restream_agent.config.model import Config
from restream_agent.render.facts import Facts
from restream_agent.systemd import unit_names
from restream_agent.systemd.directives import directives
from restream_agent.systemd.transient import run_confined

_NAME = "restream-ingest-test"
_DIRECTORY = f"/run/{_NAME}"
_SECONDS = 20.0

_NOT_FOR_A_TEST = (
    "Exec", "Restart", "Timeout", "Type=", "User=", "Slice=", "SyslogIdentifier=", "RuntimeDirectory=",
    "WorkingDirectory=",
)  # fmt: skip
"""Directives of a unit that are for a service that stays; the others are its sandbox."""

# The configuration comes on standard input: it holds the hook token, and other users cannot read it there.
_SCRIPT = 'cat > "$0" && exec "$@"'


def check_configuration(config: Config, facts: Facts, desired: Tree) -> None:
    """Run the server's test on the configuration in the tree; RestreamError with the server's words."""
    path = paths.INGEST_CONFIG[config.ingest.server]
    rendered, unit = desired[path], desired[f"{paths.UNITS}/{unit_names.INGEST_UNIT}"]
    assert isinstance(rendered, File)
    assert isinstance(unit, File)
    place = f"{_DIRECTORY}/{path.rpartition('/')[2]}"
    try:
        run_confined(
            ("/bin/sh", "-c", _SCRIPT, place, facts.server_binary, "-t", "-c", place),
            timeout=_SECONDS,
            properties=(*sandbox_of(unit.content, _NAME), "IPAddressDeny=any"),
            input=rendered.content.replace(paths.INGEST_RUNTIME, _DIRECTORY).encode(),
        )
    except CommandError as error:
        output = (error.output or error.reason).replace(place, path)
        raise RestreamError(f"{config.ingest.server} refuses its configuration:\n{output}") from error


def sandbox_of(unit: str, name: str = "") -> tuple[str, ...]:
    """Return the properties of a transient unit with the sandbox of a service, given its unit's text. Pure.

    With a `name` it works in a directory of its own, /run/NAME.
    """
    _, _, service = unit.partition("[Service]\n")
    sandbox = tuple(line for line in directives(service) if not line.startswith(_NOT_FOR_A_TEST))
    return (*sandbox, f"RuntimeDirectory={name}", f"WorkingDirectory=/run/{name}") if name else sandbox
