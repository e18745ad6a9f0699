"""`off-air` with forty relays."""

from collections.abc import Iterator

from tests.vm.broadcast import KEYS, PORT, TOML, MachineBroadcast
from tests.vm.check import CheckRow

COUNT = 40
PATIENCE = 300.0  # seconds for forty relays to start beside each other
WHAT = f"off-air with {COUNT} relays"


def play(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """End a broadcast to forty platforms, once on air and once while its relays start."""
    guest = broadcast.guest
    toml = guest.read(TOML)
    names = [f"p{number:02}" for number in range(COUNT - len(KEYS))]
    tables = (
        f'\n[platforms.{name}]\nurl = "rtmp://127.0.0.1:{PORT}/app"\nkey = "{name}"\n' for name in names
    )
    broadcast.leave()
    broadcast.product("off-air", timeout=300)
    guest.write(TOML, toml + "".join(tables))
    guest.wait_until(lambda: len(broadcast.relays()) == COUNT, PATIENCE, "the agent to apply the edit")
    broadcast.product("on-air", timeout=300)
    guest.wait_until(
        lambda: list(broadcast.relays().values()) == ["delivering"] * COUNT, PATIENCE, "40 relays"
    )
    yield _off_air(broadcast, "when all deliver")
    broadcast.product("on-air", timeout=300)
    yield _off_air(broadcast, "right after on-air")
    guest.write(TOML, toml)
    guest.wait_until(lambda: len(broadcast.relays()) == len(KEYS), PATIENCE, "the agent to apply the edit")


def _off_air(broadcast: MachineBroadcast, moment: str) -> CheckRow:
    """End the broadcast; when the command returns, everything must have ended."""
    guest = broadcast.guest
    began = broadcast.guest.uptime()
    done = guest.run(("restream-agent", "off-air"), timeout=300, check=False)
    took = broadcast.guest.uptime() - began
    pattern = ("systemctl", "list-units", "--plain", "--no-legend", "--state=active,activating,deactivating")
    left = guest.run((*pattern, "ffmpeg-relay@*", "fallback.service", "restream.target")).stdout.split("\n")[
        :-1
    ]
    problems = [
        *([f"exit status {done.returncode}: {done.stdout}{done.stderr}"] if done.returncode else []),
        *(f"{unit} failed" for unit in broadcast.failed()),
        *(f"{line.split()[0]} still runs" for line in left),
        *([] if broadcast.state() == "off air" else [f"status says {broadcast.state()}"]),
    ]
    said = f"off air when it returns, after {took:.0f} s; no unit fails"
    return CheckRow(
        WHAT, "machine", f"restream-agent off-air {moment}", "; ".join(problems) or said, not problems
    )
