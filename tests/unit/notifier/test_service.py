"""The notifier against a real HTTP server on loopback and real commands."""

import asyncio
import hashlib
import hmac
import json
import logging
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.notifier.message import Patience
from restream_agent.notifier.service import Credentials, serve
from restream_agent.wire import records
from restream_agent.wire.settings import NotifierSettings
from tests.lab.deadline import wait_until
from tests.unit.notifier.notifier_running import (
    QUICK,
    SHORT,
    RunningNotifier,
    WebhookServer,
    serving,
    settings,
)

SECRET = "hidden-secret"
TEE = ("/bin/sh", "-c", 'cat >> "$0"; echo >> "$0"')


@pytest.fixture
def hook() -> Iterator[WebhookServer]:
    """Serve until the test is over."""
    with serving() as found:
        yield found


@pytest.fixture
def start() -> Iterator[Any]:
    """Start notifiers and stop them after the test."""
    running: list[RunningNotifier] = []

    def begin(
        url: str | None, *, secret: str | None = SECRET, patience: Patience = QUICK, **values: Any
    ) -> RunningNotifier:
        running.append(RunningNotifier(settings(**values), Credentials(url, secret), patience))
        return running[-1]

    yield begin
    for one in running:
        one.close()


def test_a_signed_message_arrives_and_the_process_ends(hook: WebhookServer, start: Any) -> None:
    """The signature is that of the raw body; with nothing left to send `serve` returns."""
    notifier = start(hook.url)
    notifier.say("platform_failing", "twitch", "twitch: refusing")
    notifier.end(by_stopping=False)
    [(headers, body)] = hook.requests
    mark = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Restream-Signature"] == f"sha256={mark}"
    assert headers["Content-Type"] == "application/json"
    found = json.loads(body)
    assert (found["text"], found["host"]) == ("twitch: refusing", socket.gethostname())
    assert [one["platform"] for one in found["events"]] == ["twitch"]


def test_what_fails_twice_arrives_the_third_time(hook: WebhookServer, start: Any) -> None:
    """The same delivery, body and all."""
    hook.answers = [(503, {}), (429, {"Retry-After": "0"})]
    notifier = start(hook.url)
    notifier.say()
    notifier.end(by_stopping=False)
    assert len(hook.requests) == 3
    assert len({(headers["X-Restream-Delivery"], body) for headers, body in hook.requests}) == 1


@pytest.mark.parametrize("status", [301, 307, 400, 404])
def test_a_refusal_is_not_repeated_and_no_redirect_is_followed(
    hook: WebhookServer, start: Any, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """The message is dropped, and the log names the host and the status alone."""
    hook.answers = [(status, {"Location": "/elsewhere"})]
    notifier = start(hook.url)
    notifier.say()
    notifier.end(by_stopping=False)
    assert len(hook.requests) == 1
    assert f"webhook: 127.0.0.1 answered {status}; the message is dropped" in caplog.text


def test_a_webhook_that_hangs_does_not_hold_up_the_command(
    hook: WebhookServer, start: Any, tmp_path: Path
) -> None:
    """Each goes at its own pace."""
    hook.hangs.set()
    told = tmp_path / "told"
    notifier = start(hook.url, command=(*TEE, str(told)))
    notifier.say(text="first")
    wait_until(lambda: told.exists() and "first" in told.read_text(), 10, "the command to be run")
    notifier.say(text="second")
    wait_until(lambda: "second" in told.read_text(), 10, "the command to be run again")
    assert [each["text"] for each in hook.bodies()] == ["first"]
    hook.hangs.clear()
    hook.released.set()


def test_news_that_waits_for_an_answer_becomes_one_message(hook: WebhookServer, start: Any) -> None:
    """It follows the message that was under way, and says how many changes there were."""
    hook.hangs.set()
    notifier = start(hook.url, timeout=1.0, idle=5.0)
    notifier.say(text="number 0")
    wait_until(lambda: hook.requests, 10, "the first try")
    for number in range(1, 50):
        notifier.say(text=f"number {number}")
    hook.hangs.clear()
    wait_until(lambda: len(hook.requests) >= 3, 10, "the rest to be delivered")
    notifier.end(by_stopping=True)
    bodies = hook.bodies()
    assert [each["text"] for each in bodies[:2]] == ["number 0", "number 0"]
    # A message that was stopped while it waited for its answer comes again, with the same identity.
    told = {headers["X-Restream-Delivery"]: json.loads(body) for headers, body in hook.requests[2:]}
    assert sum(one["count"] for each in told.values() for one in each["events"]) == 49
    assert bodies[-1]["events"][-1]["text"].startswith("number 49")
    assert len(bodies) <= 5


def test_a_burst_is_few_deliveries_and_ends_in_the_last_state(hook: WebhookServer, start: Any) -> None:
    """A hundred pieces of news are read and sent while they come."""
    notifier = start(hook.url, every=0.5)
    for number in range(100):
        notifier.say("platform_failing", "twitch", f"number {number}")
    notifier.end(by_stopping=False)
    assert len(hook.requests) <= 4
    events = [one for each in hook.bodies() for one in each["events"]]
    assert sum(one["count"] for one in events) == 100
    assert events[-1]["text"].startswith("number 99 (")


def test_a_stop_tries_what_waits_once(hook: WebhookServer, start: Any) -> None:
    """News that would be sent later is sent now; `serve` returns within seconds."""
    notifier = start(hook.url, every=3600.0)
    for number in range(5):
        notifier.say(text=f"number {number}")
    wait_until(lambda: hook.requests, 10, "the first delivery")
    notifier.end(by_stopping=True)
    assert hook.bodies()[-1]["events"][-1]["text"].startswith("number 4")
    # A message that was stopped before its answer was read comes again, with the same identity.
    told = {headers["X-Restream-Delivery"]: json.loads(body) for headers, body in hook.requests}
    assert sum(one["count"] for each in told.values() for one in each["events"]) == 5


def test_a_stop_tries_what_was_being_retried_once_more(hook: WebhookServer, start: Any) -> None:
    """The notifier does not wait for the end of the pause."""
    hook.answers = [(503, {"Retry-After": "1000"})]
    notifier = start(hook.url)
    notifier.say()
    wait_until(lambda: hook.requests, 10, "the first try")
    notifier.end(by_stopping=True)
    assert len({headers["X-Restream-Delivery"] for headers, _ in hook.requests}) == 1


def test_a_webhook_that_is_not_there_is_given_up(start: Any, caplog: pytest.LogCaptureFixture) -> None:
    """After the patience, with its host in the log, and neither its path nor a traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: it refuses
        notifier = start(
            f"http://127.0.0.1:{taken.getsockname()[1]}/hidden-path", secret=None, patience=SHORT
        )
        notifier.say()
        notifier.end(by_stopping=False)
    assert "webhook: 127.0.0.1 cannot be reached" in caplog.text
    assert "webhook: given up after" in caplog.text
    assert "hidden" not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("/bin/false", "hidden"), "command: /bin/false failed with exit status 1"),
        (("/nonexistent", "hidden"), "command: /nonexistent is not installed"),
        (("/bin/sh", "-c", "echo it broke >&2; exit 3"), "/bin/sh failed with exit status 3: it broke"),
        (("/bin/sh", "-c", "exec sleep 60"), "command: /bin/sh gave no answer within 0.5 s"),
    ],
)
def test_a_command_that_fails_is_a_line_in_the_log(
    start: Any, caplog: pytest.LogCaptureFixture, command: tuple[str, ...], words: str
) -> None:
    """With its reason, without its arguments; it is not run again for that message."""
    notifier = start(None, command=command, timeout=0.5)
    notifier.say()
    notifier.end(by_stopping=False)
    assert words in caplog.text
    assert caplog.text.count("command: ") == 1
    assert "hidden" not in caplog.text


def test_a_datagram_that_is_no_news_is_ignored(
    hook: WebhookServer, start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The news after it is sent."""
    notifier = start(hook.url)
    notifier.agent.send(b"hidden nonsense")
    notifier.agent.send(b'{"event": "unheard of"}')
    notifier.say()
    notifier.end(by_stopping=False)
    assert len(hook.requests) == 1
    assert caplog.text.count("ignored a datagram that is not news") == 2
    assert "hidden" not in caplog.text


def test_the_environment_s_proxy_is_not_asked(
    hook: WebhookServer, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor .netrc: what systemd hands over is all that counts."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    notifier = start(hook.url)
    notifier.say()
    notifier.end(by_stopping=False)
    assert len(hook.requests) == 1


def test_httpx_s_own_log_shows_no_url(
    hook: WebhookServer, start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It writes whole URLs at level info."""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.INFO, logger="restream_agent")
    notifier = start(hook.url)
    notifier.say()
    notifier.end(by_stopping=False)
    assert "webhook: 127.0.0.1 accepted the message" in caplog.text
    assert "hidden" not in caplog.text


@pytest.mark.parametrize("text", ["", "hidden", "ftp://hidden/", "http://", "https://h:0/hidden"])
def test_a_credential_that_is_no_url_is_an_error_that_does_not_show_it(tmp_path: Path, text: str) -> None:
    """An encrypted one is first read here."""
    (tmp_path / "webhook").write_text(text)
    with pytest.raises(RestreamError) as caught:
        Credentials.read(tmp_path)
    assert "hidden" not in str(caught.value)


def test_a_url_that_only_httpx_refuses_is_such_an_error_too(tmp_path: Path) -> None:
    """Its host looks like an address and is none."""
    credentials = Credentials("http://999.1.1.1/hidden", None)
    events = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with pytest.raises(RestreamError, match="webhook is not a valid URL") as caught:
        asyncio.run(serve(events[0], settings(), credentials, QUICK, asyncio.Event()))
    for one in events:
        one.close()
    assert "hidden" not in f"{caught.value!r}{caught.value.__cause__}"


def test_no_secret_is_in_a_repr(tmp_path: Path) -> None:
    """What systemd handed over shows in no log."""
    for name in ("webhook", "secret"):
        (tmp_path / name).write_text(f"http://hidden/{name}\n")
    found = Credentials.read(tmp_path)
    assert (found.webhook, found.secret) == ("http://hidden/webhook", "http://hidden/secret")
    assert "hidden" not in repr(found)


def test_the_settings_are_what_was_rendered() -> None:
    """Times in seconds; what is unknown is refused."""
    text = '{"command": ["/bin/true"], "every": 60.0, "timeout": 10.0}'
    assert records.parse(NotifierSettings, text) == NotifierSettings(("/bin/true",), 60.0, 10.0)
    with pytest.raises(TypeError):
        records.parse(NotifierSettings, '{"every": 60.0, "timeout": 10.0, "evry": 1}')


def test_a_certificate_that_nobody_vouches_for_is_refused(
    hook: WebhookServer, start: Any, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Nothing is sent to such a server; the log has the reason."""
    files = ("-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert"))
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *name, *files)
    if not shutil.which("openssl"):
        pytest.skip("openssl not found")
    subprocess.run(made, timeout=60, check=True, capture_output=True)
    hook.encrypt(tmp_path / "cert", tmp_path / "key")
    notifier = start(hook.url.replace("http:", "https:"))
    notifier.say()
    wait_until(
        lambda: "webhook: 127.0.0.1 cannot be reached: [SSL: CERTIFICATE" in caplog.text, 10, "the log"
    )
    notifier.end(by_stopping=True)
    assert hook.requests == []
    assert "hidden" not in caplog.text
