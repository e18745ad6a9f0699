"""Secrets on the target: present, readable, changed or not; never shown."""

import os
from pathlib import Path

import pytest

from restream_agent.base import paths
from restream_agent.base.errors import RestreamError
from restream_agent.base.files import locate
from restream_agent.config.load import load
from restream_agent.config.model import Config
from restream_agent.deploy import secret_checks

TOML = """
version = 1
[ingest]
key = { credential = "ingest" }
[platforms.youtube]
preset = "youtube"
key = { credential = "youtube" }
backup = true
[platforms.club]
url = "rtmp://h/app"
key = { file = "/run/secrets/club" }
[platforms.plain]
url = "rtmp://h/app"
key = "in-the-clear"
"""
CONFIG = load(TOML, source="t")
FILES = {
    f"{paths.CREDENTIALS}/ingest": "hidden-1\n",
    f"{paths.CREDENTIALS}/youtube": "hidden-2",
    "/run/secrets/club": "hidden-3\r\n",
}
SALT = "00" * 32


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root that holds every secret of the configuration."""
    for path, text in FILES.items():
        put(tmp_path, path, text.encode())
    return tmp_path


def put(root: Path, path: str, data: bytes) -> None:
    place = locate(root, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)


def complaints(config: Config, root: Path) -> list[str]:
    return [str(problem) for problem in secret_checks.problems(config, root, "t.toml")]


def test_secrets_in_their_places_are_no_problem(root: Path) -> None:
    """With or without a line break at the end, and in the TOML itself."""
    assert complaints(CONFIG, root) == []


def test_a_missing_secret_is_named_once_with_the_command_that_stores_it(root: Path) -> None:
    """A platform and its backup share it."""
    locate(root, f"{paths.CREDENTIALS}/youtube").unlink()
    file = f"{root}{paths.CREDENTIALS}/youtube"
    assert complaints(CONFIG, root) == [
        f"t.toml: platforms.youtube.key: {file} does not exist "
        f"(store it: restream-agent secret set youtube --root {root})"
    ]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"hidden" * 200, "is longer than 900 characters"),
        (b"hidden key", "holds a space, a line break, or a character that is not printable ASCII"),
        (b"hidden\nkey\n", "holds a space, a line break, or a character that is not printable ASCII"),
        (b"hidden\0", "holds a space, a line break, or a character that is not printable ASCII"),
        ("hüdden".encode(), "holds a space, a line break, or a character that is not printable ASCII"),
    ],
)
def test_what_cannot_be_a_key_is_refused_without_being_shown(root: Path, data: bytes, complaint: str) -> None:
    """The message has the file and the reason."""
    put(root, "/run/secrets/club", data)
    (problem,) = complaints(CONFIG, root)
    assert f"platforms.club.key: {root}/run/secrets/club {complaint}" in problem
    assert "hidden" not in problem


def test_a_link_to_a_secret_of_ours_is_refused(root: Path) -> None:
    """The hook token and the other platforms' keys are not for the server that the TOML names."""
    club = locate(root, "/run/secrets/club")
    club.unlink()
    club.symlink_to("../../etc/restream-agent/credentials/youtube")
    (problem,) = complaints(CONFIG, root)
    link = f"platforms.club.key: {root}/run/secrets/club is a link"
    assert f"{link} to a place where no secret of your own is" in problem


def test_a_file_that_others_may_replace_is_refused(root: Path) -> None:
    """They could put a link to another secret there, and systemd reads the file as root."""
    locate(root, "/run/secrets").chmod(0o777)
    (problem,) = complaints(CONFIG, root)
    assert (
        f"/run/secrets/club could be replaced by others than root, who may change {root}/run/secrets"
        in problem
    )


def test_two_credentials_with_one_key_for_one_place_are_refused(root: Path) -> None:
    """The platform takes one connection for each key."""
    config = load(
        f'{TOML}[platforms.again]\nurl = "RTMP://h/app"\nkey = {{ credential = "again" }}\n', source="t"
    )
    put(root, f"{paths.CREDENTIALS}/again", b"hidden-3")
    (problem,) = complaints(config, root)
    assert "platforms.again: sends to the same place with the same key as club" in problem
    put(root, f"{paths.CREDENTIALS}/again", b"hidden-4")
    assert complaints(config, root) == []


def test_what_is_no_small_file_is_refused(root: Path) -> None:
    """A device is not read without end, a pipe not waited for."""
    club = locate(root, "/run/secrets/club")
    club.unlink()
    os.mkfifo(club)
    (problem,) = complaints(CONFIG, root)
    assert "/run/secrets/club cannot be read: it is not a regular file" in problem
    club.unlink()
    club.write_bytes(b"x" * 70_000)
    (problem,) = complaints(CONFIG, root)
    assert "/run/secrets/club cannot be read: it is larger than 64 KiB" in problem


def test_a_missing_ingest_key_is_the_ingests(root: Path) -> None:
    """It is reported at the option of the ingest server."""
    locate(root, f"{paths.CREDENTIALS}/ingest").unlink()
    (problem,) = complaints(CONFIG, root)
    assert problem.startswith("t.toml: ingest.key: ")


def test_a_changed_secret_has_another_fingerprint(root: Path) -> None:
    """The fingerprints of the other secrets stay."""
    before = secret_checks.fingerprints(CONFIG, root, SALT)
    put(root, f"{paths.CREDENTIALS}/youtube", b"another")
    after = secret_checks.fingerprints(CONFIG, root, SALT)
    assert {user for user in before if before[user] != after[user]} == {"youtube", "youtube-backup"}


def test_a_fingerprint_shows_nothing_and_depends_on_the_salt(root: Path) -> None:
    """The same key has another fingerprint on another machine."""
    here, there = (
        secret_checks.fingerprints(CONFIG, root, salt) for salt in (SALT, secret_checks.new_salt())
    )
    assert not any("hidden" in mark or "clear" in mark for mark in here.values())
    assert not set(here.values()) & set(there.values())


def test_a_secret_that_vanishes_is_an_error_with_its_file(root: Path) -> None:
    """A file may be removed between the check and the fingerprint."""
    locate(root, "/run/secrets/club").unlink()
    with pytest.raises(RestreamError, match=r"/run/secrets/club: No such file"):
        secret_checks.fingerprints(CONFIG, root, SALT)


def test_the_hook_token_in_use_is_kept(tmp_path: Path) -> None:
    """A new token is made only if there is none, and is too long to be guessed."""
    first = secret_checks.hook_token(tmp_path)
    assert (len(first) >= 40, first != secret_checks.hook_token(tmp_path)) == (True, True)
    put(tmp_path, paths.HOOK_TOKEN, f"{first}\n".encode())
    assert secret_checks.hook_token(tmp_path) == first


def test_an_unreadable_directory_is_a_problem_not_a_crash(root: Path) -> None:
    """Here a file is in the place of a directory."""
    club = locate(root, "/run/secrets/club")
    club.unlink()
    club.parent.rmdir()
    club.parent.touch()
    (problem,) = complaints(CONFIG, root)
    assert "cannot be read: Not a directory" in problem


@pytest.mark.parametrize(
    ("key", "said"), [("short", ["t: ingest.key: is short enough to be guessed"]), ("x" * 12, [])]
)
def test_an_ingest_key_that_can_be_guessed_deserves_a_warning(root: Path, key: str, said: list[str]) -> None:
    """It works, and the warning does not show it."""
    put(root, f"{paths.CREDENTIALS}/ingest", key.encode())
    assert [str(remark).partition(" (")[0] for remark in secret_checks.remarks(CONFIG, root, "t")] == said


@pytest.mark.parametrize(
    ("key", "is_told"),
    [("https://h/k", True), ("live.example.org/app/k", True), ("live_1/2", False), ("1.2-3/4", False)],
)
def test_a_key_that_looks_like_a_url_deserves_a_warning(root: Path, key: str, is_told: bool) -> None:
    """Some platforms have odd keys, so it is not refused."""
    put(root, "/run/secrets/club", key.encode())
    put(root, f"{paths.CREDENTIALS}/ingest", b"x" * 12)
    told = [str(remark) for remark in secret_checks.remarks(CONFIG, root, "t")]
    words = "looks like a URL, and not the key alone (the key is what follows the last slash)"
    assert told == ([f"t: platforms.club.key: {words}"] if is_told else [])


@pytest.mark.parametrize(
    ("server", "reason"), [("srs", "has a /, and SRS cuts OBS's URL at its last slash"), ("nginx-rtmp", "")]
)
def test_a_slash_in_the_key_of_obs_is_refused_where_it_does_not_work(
    root: Path, server: str, reason: str
) -> None:
    """Before OBS gets a 403 for it; with the command that makes another."""
    put(root, f"{paths.CREDENTIALS}/ingest", b"hidden/key")
    config = load(TOML.replace("[ingest]", f'[ingest]\nserver = "{server}"'), source="t")
    hint = "make another: openssl rand -hex 16 | restream-agent secret set ingest"
    place = f"t.toml: ingest.key: {root}{paths.CREDENTIALS}/ingest"
    assert complaints(config, root) == [f"{place} {reason} ({hint})"] * bool(reason)
