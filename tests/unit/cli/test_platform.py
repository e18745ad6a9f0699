"""`restream-agent platform`: the TOML is edited as a person would, and no key is in any output."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from restream_agent.cli.main import main
from tests.unit.cli.terminal import at_terminal

pytestmark = pytest.mark.usefixtures("quick_ffmpeg")

KEY = "live_hidden_key"
CREDENTIALS = "etc/restream-agent/credentials"
FILE = """\
# Our channel
version = 1
[ingest]
key = { credential = "ingest" }

# Twitch
[platforms.twitch]
preset = "twitch"  # global
key = { credential = "twitch" }

# es
[channels.es]
key = { credential = "ingest-es" }
"""


def run(*arguments: str | Path, input: str = "") -> Result:
    """Run a command in this process. An exception other than an exit would be a traceback for the user."""
    done = CliRunner().invoke(main, ["platform", *map(str, arguments)], input=input)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert KEY not in done.output
    assert "Traceback" not in done.output
    return done


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root with a valid TOML and its keys."""
    directory = tmp_path / CREDENTIALS
    directory.mkdir(parents=True)
    for name in ("ingest", "twitch", "ingest-es"):
        (directory / name).write_text(f"{KEY}-{name}\n")
    toml(tmp_path).write_text(FILE)
    return tmp_path


def toml(root: Path) -> Path:
    return root / "etc/restream-agent/restream.toml"


def key(root: Path, name: str) -> str | None:
    file = root / CREDENTIALS / name
    return file.read_text() if file.exists() else None


def test_a_preset_is_added_with_its_key_from_standard_input(root: Path) -> None:
    """The diff is shown; the key is stored as `secret set` does; what to do next is said."""
    done = run("add", "youtube", "--root", root, input=f"{KEY}\n")
    assert (done.exit_code, done.stderr) == (0, "")
    block = '[platforms.youtube]\npreset = "youtube"\nkey = { credential = "youtube" }\n'
    assert toml(root).read_text() == FILE.replace("# es\n", f"{block}\n# es\n")
    assert (key(root, "youtube"), (root / CREDENTIALS / "youtube").stat().st_mode & 0o777) == (
        f"{KEY}\n",
        0o600,
    )
    assert '+key = { credential = "youtube" }\n' in done.stdout
    assert done.stdout.endswith(f"added youtube\nto have it used: restream-agent apply --root {root}\n")


def test_a_platform_of_a_channel_has_a_key_of_its_own(root: Path) -> None:
    """Not that of the main channel's platform of this name."""
    done = run("add", "twitch", "--channel", "es", "--root", root, input=f"{KEY}-2\n")
    assert done.exit_code == 0, done.output
    assert '[channels.es.platforms.twitch]\npreset = "twitch"\nkey = { credential = "es.twitch" }\n' in (
        toml(root).read_text()
    )
    assert (key(root, "es.twitch"), key(root, "twitch")) == (f"{KEY}-2\n", f"{KEY}-twitch\n")


@pytest.mark.parametrize(("name", "preset"), [("own", ""), ("kick", 'preset = "kick"\n')])
def test_options_of_add_become_settings(root: Path, name: str, preset: str) -> None:
    """An own URL, which a preset may have too, a stored key, and nothing is sent yet."""
    (root / CREDENTIALS / "club").write_text(KEY)
    url = "rtmps://live.example.org:443/app"
    done = run("add", name, "--url", url, "--credential", "club", "--disabled", "--root", root)
    assert done.exit_code == 0, done.output
    written = f'[platforms.{name}]\n{preset}url = "{url}"\nkey = {{ credential = "club" }}\nenabled = false\n'
    assert written in toml(root).read_text()


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "words"),
    [
        (("add", "youtube"), "", 1, "no key for youtube came on standard input"),
        (("add", "youtube"), "two words", 1, "the secret holds a space"),
        (("add", "twitch"), KEY, 1, "there is a platform twitch already"),
        (("add", "own"), KEY, 1, "own is no preset: where does it send to?"),
        (("add", "Own", "--preset", "kick"), KEY, 78, "platforms.Own: is not a valid platform name"),
        (("add", "kick"), KEY, 78, "is missing: every account of Kick has its own URL"),
        (("add", "youtube", "--server", "Mars"), KEY, 78, "fits no server of YouTube"),
        (("add", "youtube", "--credential", "../x"), KEY, 78, "is not a valid credential name"),
        (("add", "youtube", "--credential", "ingest"), f"{KEY}-ingest", 0, ""),
        (
            ("add", "again", "--preset", "twitch"),
            f"{KEY}-twitch",
            78,
            "sends to the same place with the same",
        ),
        (("add", "youtube", "--channel", "fr"), KEY, 1, "there is no channel fr"),
        (("remove", "twich"), "", 1, "there is no platform twich"),
        (("disable", "kick"), "", 1, "there is no platform kick"),
        (("set", "twitch"), "", 1, "nothing to set"),
        (
            ("set", "twitch", "sever=x"),
            "",
            78,
            '= hint: did you mean "server"?',
        ),
        (("set", "twitch", f"key={KEY}"), "", 1, "a key does not belong on the command line"),
        (("set", "twitch", "video.bitrate=1"), "", 78, "platforms.twitch.video.bitrate"),
        (("set", "twitch", "key="), "", 78, "platforms.twitch.key: is missing"),
    ],
)
def test_what_is_wrong_changes_nothing(
    root: Path, arguments: tuple[str, ...], stdin: str, code: int, words: str
) -> None:
    """Neither the file nor the stored keys."""
    before = sorted((root / CREDENTIALS).iterdir())
    done = run(*arguments, "--root", root, input=stdin)
    assert (done.exit_code, words in done.stderr) == (code, True), done.output
    if code:
        assert (toml(root).read_text(), sorted((root / CREDENTIALS).iterdir())) == (FILE, before)
        assert key(root, "twitch") == f"{KEY}-twitch\n"
    if code == 78:
        assert done.stderr.endswith("\n\nrestream-agent: nothing was changed\n")


def test_a_new_key_that_is_refused_leaves_the_old_one(root: Path) -> None:
    """The check needs the new key in its place, and puts the old one back."""
    assert run("add", "youtube", "--root", root, input=KEY).exit_code == 0
    assert run("add", "two", "--preset", "youtube", "--root", root, input=f"{KEY}-2").exit_code == 0
    done = run("set", "two", "--key", "--root", root, input=KEY)
    assert (done.exit_code, "with the same key as youtube" in done.stderr) == (78, True), done.output
    assert key(root, "two") == f"{KEY}-2\n"


def test_a_credential_of_somebody_else_gets_no_new_key(root: Path) -> None:
    """Twitch would be sent the key of another platform."""
    toml(root).write_text(FILE.replace('{ credential = "twitch" }', '{ credential = "youtube" }'))
    done = run("add", "youtube", "--root", root, input=f"{KEY}-2")
    assert done.stderr == (
        "restream-agent: the credential youtube is the key of twitch\n"
        "  give --credential OTHER, under which this key is stored\n"
    )


def test_a_platform_is_disabled_and_enabled(root: Path) -> None:
    """The second time, nothing is to be done."""
    assert run("disable", "twitch", "--root", root).exit_code == 0
    assert "enabled = false\n\n# es" in toml(root).read_text()
    again = run("disable", "twitch", "--root", root)
    assert (again.exit_code, again.stdout) == (0, "twitch is disabled already: nothing to change\n")
    done = run("enable", "twitch", "--root", root)
    assert "-enabled = false\n+enabled = true\n" in done.stdout


def test_a_platform_is_removed_and_its_key_stays(root: Path) -> None:
    """How to remove the key is said; it may be needed again."""
    done = run("remove", "twitch", "--root", root)
    assert done.exit_code == 0, done.output
    assert toml(root).read_text().partition("# Twitch\n")[2].startswith("# global\n\n# es\n")
    assert done.stdout.endswith("its key is still stored: restream-agent secret remove twitch\n")


def test_settings_are_changed_and_taken_out(root: Path) -> None:
    """Several at once."""
    done = run(
        "set", "twitch", "server=EU: Frankfurt", "video.height=720", "video.bitrate=3M", "--root", root
    )
    assert done.exit_code == 0, done.output
    assert 'video = { height = 720, bitrate = "3M" }\n' in toml(root).read_text()
    assert run("set", "twitch", "server=", "video=", "--root", root).exit_code == 0
    assert toml(root).read_text() == FILE
    same = run("set", "twitch", "preset=twitch", "--root", root)
    assert same.stdout == "twitch is so already: nothing to change\n"


def test_a_key_in_the_toml_becomes_a_stored_one(root: Path) -> None:
    """The diff does not show it."""
    toml(root).write_text(FILE.replace('{ credential = "twitch" }', f'"{KEY}-plain"'))
    done = run("set", "twitch", "--key", "--root", root, input=f"{KEY}-new")
    assert done.exit_code == 0, done.output
    assert '-key = "…"\n+key = { credential = "twitch" }\n' in done.stdout
    assert (toml(root).read_text(), key(root, "twitch")) == (FILE, f"{KEY}-new\n")


def test_a_file_with_mistakes_can_be_mended(root: Path) -> None:
    """An edit may begin with a file that is refused, if it does not end with one."""
    toml(root).write_text(FILE.replace('"twitch"  #', '"twich"  #'))
    assert run("disable", "twitch", "--root", root).exit_code == 78
    assert run("set", "twitch", "preset=twitch", "--root", root).exit_code == 0
    assert toml(root).read_text() == FILE


def test_a_platform_in_a_file_of_its_own_is_edited_there(root: Path) -> None:
    """The diff names that file, and the check sees both."""
    piece = toml(root).parent / "platforms.d/youtube.toml"
    piece.parent.mkdir()
    text = '# Ours\n[platforms.youtube]\npreset = "youtube"  # fine\nkey = { credential = "twitch" }\n'
    piece.write_text(text)
    done = run("disable", "youtube", "--root", root)
    assert (done.exit_code, f"+++ {piece}\n" in done.stdout) == (0, True), done.output
    assert (piece.read_text(), toml(root).read_text()) == (f"{text}enabled = false\n", FILE)
    assert "there is a platform youtube already" in run("add", "youtube", "--root", root, input=KEY).stderr
    wrong = run("set", "youtube", "video.height=1", "--root", root)
    assert wrong.stderr.startswith(f"{piece}:6:9: error: platforms.youtube.video.")
    assert "    6 | video = { height = 1 }\n      |         ^" in wrong.stderr
    assert run("remove", "youtube", "--root", root).exit_code == 0
    assert piece.read_text() == "# Ours\n# fine\n"


def test_text_that_is_no_toml_is_left_alone(root: Path) -> None:
    """With its line, as `check` says it."""
    toml(root).write_text("version = \n")
    for arguments in (("disable", "twitch"), ("set", "twitch", "--key")):
        done = run(*arguments, "--root", root, input=KEY)
        assert (done.exit_code, "restream.toml:1:11: error: not valid TOML" in done.stderr) == (78, True)


def test_apply_follows_where_it_is_asked_for(root: Path) -> None:
    """In a script with --apply or --yes; it says what was done, and nobody says it a second time."""
    run("set", "twitch", "backup=false", "--apply", "--root", root)
    done = run("disable", "twitch", "--apply", "--root", root)
    assert "\ntwitch: disabled\napplied: " in done.stdout, done.output
    assert "twitch is disabled" not in done.stdout
    assert (root / "etc/restream-agent/agent.json").exists()
    assert "to have it used" not in done.stdout
    assert run("enable", "twitch", "--yes", "--root", root).exit_code == 0
    assert (root / "etc/systemd/system/ffmpeg-relay@twitch.service.d/10-restream.conf").exists()


def test_only_new_warnings_are_shown(root: Path) -> None:
    """Those of the rest of the file are for `check`."""
    toml(root).write_text(FILE.replace('{ credential = "ingest" }', '"short"'))
    done = run("set", "twitch", "video.bitrate=3M", "video.keyframe=5s", "--root", root)
    assert done.exit_code == 0, done.output
    words = "warning: platforms.twitch.video.keyframe: Twitch asks for a keyframe every 2s or more often"
    assert done.stderr.startswith(f"{toml(root)}:10:38: {words}\n   10 | video = ")
    assert done.stderr.count("warning: ") == 1


def test_a_person_is_asked_before_anything_is_written(root: Path) -> None:
    """Also for the key, which is not shown, and not stored if the answer is no."""
    add = ("platform", "add", "youtube", "--root", str(root))
    code, shown = at_terminal(add, ("key for youtube (not shown): ", KEY), ("apply it? [Y/n]: ", "n"))
    assert (code, shown.endswith("restream-agent: nothing was changed\r\n")) == (1, True), shown
    assert (toml(root).read_text(), key(root, "youtube"), KEY in shown) == (FILE, None, False)
    code, shown = at_terminal(
        add, ("key for youtube (not shown): ", KEY), ("write this and apply it? [Y/n]: ", "")
    )
    assert (code, key(root, "youtube"), KEY in shown) == (0, f"{KEY}\n", False), shown
    assert "\x1b[32m+[platforms.youtube]" in shown
    assert (root / "etc/systemd/system/ffmpeg-relay@youtube.service.d/10-restream.conf").exists()


def test_a_stored_key_is_kept_with_enter(root: Path) -> None:
    """As after a removal."""
    (root / CREDENTIALS / "youtube").write_text(f"{KEY}\n")
    add = ("platform", "add", "youtube", "--no-apply", "--root", str(root))
    code, shown = at_terminal(add, ("Enter keeps the stored key): ", ""), ("write this? [Y/n]: ", "y"))
    assert (code, key(root, "youtube")) == (0, f"{KEY}\n"), shown


def test_an_edit_of_somebody_else_meanwhile_is_kept(root: Path) -> None:
    """The question may stand for an hour."""
    other = FILE.replace("# Our channel", "# Another edit")
    disable = ("platform", "disable", "twitch", "--root", str(root))
    code, shown = at_terminal(
        disable, ("apply it? [Y/n]: ", lambda: bool(toml(root).write_text(other)) * "y")
    )
    assert (code, "was changed by somebody else meanwhile; nothing was written" in shown) == (1, True), shown
    assert toml(root).read_text() == other


@pytest.mark.skipif(os.geteuid() != 0, reason="another owner needs root")
def test_the_file_keeps_its_owner_and_mode(root: Path) -> None:
    """It may belong to the person whose checkout it is in."""
    os.chown(toml(root), 1234, 2345)
    toml(root).chmod(0o640)
    assert run("disable", "twitch", "--root", root).exit_code == 0
    status = toml(root).stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1234, 2345, 0o640)
