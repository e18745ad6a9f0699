"""Notifications: events on the notifier's socket reach a webhook and a command; no output shows the URL."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from functools import partial
from secrets import token_hex
from typing import Any

import pytest

from tests.demo.install import ETC, POLICY
from tests.system.installation import Installation

# One server is enough: notifications do not depend on it.
pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("installation", ["nginx-rtmp"], indirect=True, scope="module"),
]

MARK = f"pLaNtEd{token_hex(6)}"  # a word that no file of the machine has, not even this one
SECRET = f"{MARK}-secret"
PORT = 21300
HOOK = "/opt/hook.py"
HEARD = "/opt/heard"
TOLD = "/var/lib/restream-notify/told"
SOCKET = "/run/restream/notify.sock"
UNIT = "restream-notify.service"
COMMAND = """["/bin/sh", "-c", 'cat >> "$STATE_DIRECTORY/told"; echo >> "$STATE_DIRECTORY/told"']"""
NOTIFY = f"""
[notify]
webhook = "http://127.0.0.1:{PORT}/{MARK}-path"
secret = {{ credential = "webhook-secret" }}
command = {COMMAND}
every = "3s"
"""
# Writes each request as a line of JSON, without the planted word that a test searches for.
SERVER = f"""
import http.server, json, os
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        heard = {{"right": self.path.endswith("-path"), "headers": dict(self.headers), "body": body}}
        with open("{HEARD}", "a") as file:
            print(json.dumps(heard), file=file)
        self.send_response(204)
        self.end_headers()
open("{HOOK}.pid", "w").write(str(os.getpid()))
http.server.HTTPServer(("127.0.0.1", {PORT}), Hook).serve_forever()
"""
SENDER = """
import json, socket, sys, time
out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
out.connect(sys.argv[1])
for number in range(int(sys.argv[2])):
    event = {"event": sys.argv[3], "platform": "alpha", "at": time.time(), "text": f"number {number}"}
    out.send(json.dumps(event).encode())
"""
PROCESSES = """
    for group in $(grep -l '\\.service' /proc/[0-9]*/cgroup); do
        for file in cmdline environ comm; do cat ${group%cgroup}$file; echo; done
    done | tr '\\0' '\\n'
"""
# Without the TOML: its mode is the user's choice.
OPEN_FILES = (
    f"find /etc /run /var /opt /tmp -type f -perm /o=r -cnewer {HOOK} -not -name restream.toml "
    f"-exec grep -las {MARK} {{}} +"
)


@pytest.fixture(scope="module")
def told(installation: Installation) -> Iterator[Installation]:
    """Serve the webhook and apply a TOML with `[notify]`."""
    installation.container.write(HOOK, SERVER)
    server = installation.container.popen(("python3", HOOK))
    installation.container.wait_until(lambda: installation.listens(PORT), 10, "the webhook to listen")
    installation.container.write(f"{ETC}/credentials/webhook-secret", f"{SECRET}\n", mode=0o600)
    installation.container.write(POLICY, f"commands = [{COMMAND}]\n")
    installation.edit(installation.toml + NOTIFY)
    yield installation
    server.kill()


def say(
    installation: Installation, event: str, *, times: int = 1, user: str = "restream", check: bool = True
) -> int:
    """Send an event as the agent does; return the exit code."""
    argv = ("python3", "-c", SENDER, SOCKET, str(times), event)
    return installation.container.run(argv, user=user, check=check).returncode


def heard(installation: Installation) -> list[dict[str, Any]]:
    """Return the requests that the webhook has received."""
    text = installation.container.run(("sh", "-c", f"cat {HEARD} 2>/dev/null || true")).stdout
    return [json.loads(line) for line in text.splitlines()]


def counted(installation: Installation, event: str) -> int:
    """Return how many events of a kind the webhook has received."""
    events = [one for each in heard(installation) for one in json.loads(each["body"])["events"]]
    return sum(one["count"] for one in events if one["event"] == event)


def test_no_process_waits_for_events(told: Installation) -> None:
    """Only the socket waits; systemd starts the notifier for an event."""
    assert told.container.is_active("restream-notify.socket")
    assert not told.container.is_active(UNIT)


def test_an_event_reaches_the_webhook_signed_and_the_command(told: Installation) -> None:
    """The signature is the HMAC of the body with the secret."""
    before = len(heard(told))
    say(told, "on_air")
    told.container.wait_until(lambda: len(heard(told)) > before, 20, "the webhook to be told")
    one = heard(told)[-1]
    mark = hmac.new(SECRET.encode(), one["body"].encode(), hashlib.sha256).hexdigest()
    assert (one["right"], one["headers"]["X-Restream-Signature"]) == (True, f"sha256={mark}")
    assert json.loads(one["body"])["text"] == "number 0"
    events = json.loads(one["body"])["events"]
    told.container.wait_until(lambda: by_command(told)[-1:] == [events], 20, "the command to be told")


def by_command(told: Installation) -> list[Any]:
    """Return the events of each message that the command has received."""
    written = told.container.run(("cat", TOLD), check=False).stdout
    return [json.loads(line)["events"] for line in written.splitlines(keepends=True) if line.endswith("\n")]


def test_a_hundred_events_are_few_deliveries(told: Installation) -> None:
    """Webhook and command count every event and receive the last one."""
    before = len(heard(told))
    say(told, "platform_failing", times=100)
    told.container.wait_until(lambda: counted(told, "platform_failing") == 100, 30, "all to be told")
    assert len(heard(told)) - before <= 4
    last = json.loads(heard(told)[-1]["body"])["events"][-1]["text"]
    assert last.startswith("number 99 (the last of ")


def test_nobody_but_the_agent_and_root_can_send(told: Installation) -> None:
    """The socket belongs to the user restream."""
    assert say(told, "live", user="nobody", check=False) != 0


def test_the_agent_s_own_news_arrive(told: Installation) -> None:
    """The agent sends them from inside its sandbox: a broadcast is begun and ended by hand."""
    for command, event in (("on-air", "on_air"), ("off-air", "off_air")):
        before = counted(told, event)
        told.product(command)
        wanted = partial(lambda event, before: counted(told, event) > before, event, before)
        told.container.wait_until(wanted, 30, f"the webhook to be told of {event}")


def test_a_webhook_that_is_down_is_told_later_and_the_command_now(told: Installation) -> None:
    """While the webhook does not listen, the command runs all the same; the log has only the host."""
    told.container.run(("kill", told.container.read(f"{HOOK}.pid")))
    told.container.wait_until(lambda: not told.listens(PORT), 10, "the webhook to be gone")
    say(told, "config_refused")
    told.container.wait_until(
        lambda: "config_refused" in told.container.read(TOLD), 20, "the command to be run"
    )
    wanted = "webhook: 127.0.0.1 cannot be reached"
    told.container.wait_until(lambda: any(wanted in line for line in told.words(UNIT)), 10, "the log")
    again = told.container.popen(("python3", HOOK))
    told.container.wait_until(lambda: counted(told, "config_refused") == 1, 30, "the webhook to be told")
    again.kill()


def test_it_ends_when_all_is_told_and_the_socket_starts_it_again(told: Installation) -> None:
    """On a quiet channel the notifier ends; for the test after half a second instead of its idle time."""
    settings = json.loads(told.container.read(f"{ETC}/notify.json"))
    told.container.write(f"{ETC}/notify.json", json.dumps(settings | {"idle": 0.5}))
    told.container.run(("systemctl", "stop", UNIT))
    for times in (1, 2):
        say(told, "platform_recovered")
        wanted = partial(lambda so_far: counted(told, "platform_recovered") == so_far, times)
        told.container.wait_until(wanted, 20, "the webhook to be told")
        told.container.wait_until(lambda: not told.container.is_active(UNIT), 20, "the notifier to end")
        assert told.show(UNIT, "Result") == "success"


def test_a_stop_ends_it_at_once(told: Installation) -> None:
    """On SIGTERM it tries once to deliver what waits; the unit does not count as failed."""
    before = len(heard(told))
    say(told, "live", times=10)
    told.container.wait_until(lambda: len(heard(told)) > before, 20, "the first to be told")
    told.container.run(("systemctl", "stop", UNIT))
    assert told.show(UNIT, "Result") == "success"
    assert "number 9" in told.container.read(TOLD)


def test_the_url_and_the_secret_are_nowhere(told: Installation) -> None:
    """While the notifier runs, no process, journal, unit or file that others can read shows them."""
    say(told, "off_air")
    told.container.wait_until(lambda: told.container.is_active(UNIT), 10, "the notifier to run")
    processes = told.container.run(("sh", "-c", PROCESSES)).stdout
    assert "restream-agent\nnotify" in processes
    assert MARK not in processes
    for question in (
        "journalctl --no-pager -o export | tr -d '\\200-\\377'",
        f"systemctl show {UNIT} restream-notify.socket; systemctl cat {UNIT}",
        "restream-agent render; restream-agent secret list",
        "restream-agent check 2>&1",
        OPEN_FILES,
    ):
        assert MARK not in told.container.run(("sh", "-c", question), check=False).stdout, question


def test_a_table_that_goes_takes_everything_along(told: Installation) -> None:
    """Units, settings, the URL's file and the socket are removed."""
    told.edit(told.toml.replace(NOTIFY, ""))
    left = told.container.run(("sh", "-c", f"ls {SOCKET} {ETC}/inline-keys/notify.webhook"), check=False)
    assert left.stdout == ""
    assert not told.container.is_active("restream-notify.socket")
