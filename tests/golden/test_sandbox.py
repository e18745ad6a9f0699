"""Every service has the shared sandbox, line by line, and the exceptions that are listed here."""

import re
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from restream_agent.base import paths
from restream_agent.base.file_tree import File
from restream_agent.render import assets
from tests.golden.rendering import CASES, read, rendered
from tests.golden.unit_parser import directives

INTERNET = "AF_UNIX AF_INET AF_INET6"
NETLINK = f"{INTERNET} AF_NETLINK"
KEYS = "-/etc/restream-agent/ -/var/lib/restream-agent -/run/credentials"
LOOPBACK = ["IPAddressDeny=any", "IPAddressAllow=localhost"]
EXCEPTIONS: dict[str, tuple[str, list[str]]] = {
    "fallback.service": ("AF_UNIX", ["ProtectProc=default"]),
    "ffmpeg-relay@.service": (INTERNET, []),
    "live@.service": (INTERNET, [*LOOPBACK[:1], "IPAddressAllow=localhost 127.0.0.1"]),
    "restream-agent.service": (
        INTERNET,
        LOOPBACK,
    ),
    "restream-apply.service": (
        NETLINK,
        [
            "CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER CAP_DAC_OVERRIDE CAP_NET_BIND_SERVICE",
            "SystemCallFilter=@chown",
            "ReadWritePaths=/etc /run/restream -/var/lib/restream-agent",
            "ReadOnlyPaths=-/var/lib/restream-agent/fallback",
            "ProtectHome=read-only",
            "UMask=0022",
            *LOOPBACK,
        ],
    ),
    "restream-fallback-prepare.service": (
        INTERNET,
        [
            "ProtectHome=read-only",
            "ReadWritePaths=/var/lib/restream-agent/fallback",
            *LOOPBACK,
        ],
    ),
    "restream-notify.service": (INTERNET, []),
    "restream-off-air.service": (
        "AF_UNIX",
        ["ReadWritePaths=-/run/restream/operator", f"InaccessiblePaths={KEYS}"],
    ),
    "restream-forget.service": (
        "AF_UNIX",
        [
            "ReadWritePaths=-/run/restream/operator",
            f"InaccessiblePaths={KEYS} -/run/systemd/private -/run/dbus",
        ],
    ),
    "restream-fallback-convert@.service": (
        "AF_UNIX",
        ["ProtectHome=read-only", "ReadWritePaths=/var/lib/restream-agent/fallback"],
    ),
}
"""The address families of each service, and what follows the sandbox; channels have those of `main`."""

MAIN_OPERATOR, CHANNEL_OPERATOR = "/run/restream/operator", "/run/restream/channels/%i/operator"

ASKS = "SRS asks netlink for the addresses of the machine"
SEES = {
    "live@": "/usr -/opt/restream-agent /run/restream",
    "fallback.": "/usr -/opt/restream-agent /run/restream /etc/restream-agent "
    "-/var/lib/restream-agent/fallback",
    "fallback@": "/usr -/opt/restream-agent /run/restream /etc/restream-agent/channels/%i "
    "-/var/lib/restream-agent/fallback",
}
"""What the services with a file system of their own see in it, by the beginning of their names."""
REASONS = {
    "restream-apply.service": f"{ASKS}, also when it only tests its configuration.",
    "restream-ingest.service": f"{ASKS}.",
}

SERVICES = [
    pytest.param(case, path.rpartition("/")[2], id=f"{case.name}:{path.rpartition('/')[2]}")
    for case in CASES
    for path in rendered(case)
    if path.startswith(paths.UNITS) and path.endswith(".service") and ".wants/" not in path
]


def shared(families: str, reason: str, unit: str) -> str:
    """Return the shared sandbox of a unit, filled for these address families."""
    environment = Environment(loader=DictLoader(dict(assets.load().templates)), autoescape=False)
    text = "{% from 'sandbox.j2' import sandbox %}{{ sandbox(families, reason, root, sees) }}"
    sees = next((line.split() for beginning, line in SEES.items() if unit.startswith(beginning)), [])
    root = "/var/lib/restream-agent/root" if sees else ""
    return environment.from_string(text).render(families=families, reason=reason, root=root, sees=sees)


def exceptions(case: Path, unit: str) -> tuple[str, list[str]]:
    template = re.sub(r"@.*\.", "@.", unit)
    if template in EXCEPTIONS:
        return EXCEPTIONS[template]
    if "@" in unit:
        families, lines = EXCEPTIONS[template.replace("@", "")]
        return families, [line.replace(MAIN_OPERATOR, CHANNEL_OPERATOR) for line in lines]
    config = read(case)
    families = NETLINK if config.ingest.server == "srs" else INTERNET
    if int(config.ingest.listen.rpartition(":")[2]) >= 1024:
        return families, []
    right = "CAP_NET_BIND_SERVICE"
    return families, [f"CapabilityBoundingSet={right}", f"AmbientCapabilities={right}"]


def text_of(case: Path, unit: str) -> str:
    entry = rendered(case)[f"{paths.UNITS}/{unit}"]
    assert isinstance(entry, File)
    return entry.content


@pytest.mark.parametrize(("case", "unit"), SERVICES)
def test_a_service_has_the_shared_sandbox_and_its_listed_exceptions(case: Path, unit: str) -> None:
    """The sandbox comes as it is; after it the unit has exactly the exceptions of the list."""
    families, expected = exceptions(case, unit)
    _, sandbox, rest = text_of(case, unit).partition(
        shared(families, REASONS.get(unit, "") if families == NETLINK else "", unit)
    )
    assert sandbox, "the shared sandbox is not in the unit"
    assert [f"{key}={value}" for _, key, value in directives(f"[Service]{rest}")] == expected


@pytest.mark.parametrize(("case", "unit"), SERVICES)
def test_every_line_of_the_confinement_has_its_reason(case: Path, unit: str) -> None:
    """A comment stands above it, or above the one or two lines with the same reason."""
    text = text_of(case, unit)
    lines = text[text.index("# The sandbox") :].splitlines()
    since = 0
    for line in lines:
        since = 0 if line.startswith("#") else since + 1
        assert since <= 2, line


def test_every_unit_with_a_command_is_a_template() -> None:
    """A static unit could not include the sandbox: what is static runs nothing."""
    running = [name for name, text in assets.load().units.items() if "[Service]" in text]
    assert running == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_template_with_a_weight_names_its_slice(case: Path) -> None:
    """Without, systemd gives the instances a slice of their own, of weight 100, and theirs does nothing."""
    for path, entry in rendered(case).items():
        if isinstance(entry, File) and path.endswith("@.service") and "\nCPUWeight=" in entry.content:
            assert "\nSlice=" in entry.content, path
