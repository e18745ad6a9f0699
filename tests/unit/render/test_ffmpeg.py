"""ffmpeg's command lines: addresses, streams, encoders, and no keys."""

import pytest

from restream_agent.config.load import load
from restream_agent.config.relays import Relay, relays
from restream_agent.render.ffmpeg import KEY_PRESET, STALL, output_options, relay_command, trial_command


def relay(*lines: str) -> Relay:
    table = "\n".join(lines)
    text = f'version = 1\n[ingest]\nkey = "any"\n[platforms.one]\n{table}\n'
    return relays(load(text, source="t"))[0]


def option(argv: tuple[str, ...], name: str) -> str:
    """Return the value of an option, which must be there exactly once."""
    assert argv.count(name) == 1
    return argv[argv.index(name) + 1]


def command(*lines: str) -> tuple[str, ...]:
    return relay_command("/usr/bin/ffmpeg", relay(*lines))


COPY = command('url = "rtmp://h/app"', 'key = "k3y"')


def test_a_relay_copies_unless_told_otherwise() -> None:
    """Picture and sound pass unchanged."""
    assert option(COPY, "-c") == "copy"
    assert "-c:v" not in COPY


def test_the_url_comes_last() -> None:
    """It is ffmpeg's output."""
    assert COPY[-3:] == ("-f", "flv", "rtmp://h/app")


def test_the_key_is_not_in_the_command() -> None:
    """ffmpeg reads it from a file in the unit's own directory."""
    assert not any("k3y" in argument for argument in COPY)
    assert option(COPY, "-fpre") == KEY_PRESET


def test_a_key_in_the_url_is_not_in_the_command_either() -> None:
    """The part of the URL after the application is the key."""
    argv = command('url = "rtmp://h/app/k3y?auth=t0ken"')
    assert not any("k3y" in argument or "t0ken" in argument for argument in argv)


@pytest.mark.parametrize(
    ("url", "application"),
    [
        ("rtmp://h/app", "app"),
        ("rtmp://h/app/", "app"),
        ("rtmp://h:1936/a/b/c", "a/b/c"),
        ("rtmps://h:443/app?x=1&y=2", "app?x=1&y=2"),
    ],
)
def test_the_whole_path_is_the_application(url: str, application: str) -> None:
    """By default ffmpeg would take a part of the path for the stream's name."""
    assert option(command(f'url = "{url}"', 'key = "k"'), "-rtmp_app") == application


def test_a_silent_platform_ends_the_relay() -> None:
    """The time, `relay.stall` in µs, comes from the unit's environment."""
    assert option(COPY, "-rw_timeout") == STALL


def test_a_relay_reports_its_progress_from_an_address_of_its_own() -> None:
    """It reports once a second. The address follows from the relay's name; the kernel chooses the port."""
    twitch = relay('url = "rtmp://h/app"', 'key = "k"')
    assert option(COPY, "-progress") == f"udp://127.0.0.1:8086?localaddr={twitch.sender}"
    assert option(COPY, "-stats_period") == "1"


def test_a_transcoding_relay_encodes_the_video_alone() -> None:
    """The bitrate is constant, in bit/s; keyframes come by the clock; the sound is copied."""
    video = 'video = { height = 720, fps = 30, bitrate = "3000k", keyframe = "4s" }'
    argv = command('url = "rtmp://h/app"', 'key = "k"', video)
    rates = {option(argv, name) for name in ("-b:v", "-maxrate", "-bufsize")}
    assert rates == {"3000000"}
    assert option(argv, "-force_key_frames") == "expr:gte(t,n_forced*4)"
    assert option(argv, "-vf") == "scale=-2:720,fps=30"
    assert (option(argv, "-c:v"), option(argv, "-c:a")) == ("libx264", "copy")


def test_a_transcoding_relay_has_its_marks_from_an_output_that_is_thrown_away() -> None:
    """The platform's output comes first, since ffmpeg reports that output's size."""
    argv = command('url = "rtmp://h/app"', 'key = "k"', 'video = { bitrate = "1M" }')
    end = argv.index("rtmp://h/app") + 1
    assert argv[end : end + 4] == ("-map", "0:v:0", "-c", "copy")
    assert argv[-3:] == ("-f", "null", "-")
    assert output_options(argv) == output_options(argv[:end])
    assert "null" not in COPY


@pytest.mark.parametrize("video", [(), ('video = { bitrate = "1M" }',)])
def test_an_ffmpeg_that_cannot_print_marks_is_not_asked_to(video: tuple[str, ...]) -> None:
    """It would not start."""
    sender = relay('url = "rtmp://h/app"', 'key = "k"', *video)
    argv = relay_command("/usr/bin/ffmpeg", sender, has_marks=False)
    assert "-bsf" not in argv
    assert argv[-1] == "rtmp://h/app"
    assert output_options(argv) == output_options(relay_command("/usr/bin/ffmpeg", sender))


def test_without_a_size_nothing_is_filtered() -> None:
    """Without height and fps, only the bitrate changes."""
    argv = command('url = "rtmp://h/app"', 'key = "k"', 'video = { bitrate = "1M" }')
    assert "-vf" not in argv


def test_a_trial_sends_the_slate_as_the_relay_would() -> None:
    """The same connection and encoding, in real time, and the key is in a file."""
    lines = ('url = "rtmps://h:443/app"', 'key = "k3y"', 'video = { height = 720, bitrate = "1M" }')
    argv = trial_command("/usr/bin/ffmpeg", relay(*lines), slate="/s", key_preset="/k", seconds=10)
    assert (option(argv, "-i"), option(argv, "-fpre"), option(argv, "-t")) == ("/s", "/k", "10")
    assert argv.index("-re") < argv.index("-i") < argv.index("-t")
    both = ("-c:v", "-b:v", "-vf", "-rtmp_app", "-tls_verify", "-tcp_nodelay")
    assert [option(argv, each) for each in both] == [option(command(*lines), each) for each in both]
    assert argv[-1] == "rtmps://h:443/app"
    assert not any("k3y" in word for word in argv)
