"""What ffmpeg wrote in a trial becomes one sentence and one hint. The lines are those of ffmpeg 5.1.9."""

import pytest

from restream_agent.deploy.trial_verdict import TrialVerdict, judge

PROGRESS = """\
frame={frame}
fps=25.17
stream_0_0_q=-1.0
bitrate=  18.2kbits/s
total_size={size}
out_time_us={time}
out_time_ms={time}
out_time=00:00:10.008000
speed=   1x
progress=end
"""
ALL = PROGRESS.format(frame=249, size=22730, time=10008000)
SOME = PROGRESS.format(frame=78, size=7877, time=3115000)
KEY_COMMAND = "restream-agent secret set x"


def verdict(output: str, *, ended_well: bool = False) -> TrialVerdict:
    return judge(output, ended_well=ended_well, key_command=KEY_COMMAND)


def test_a_platform_that_takes_it_all_is_fine() -> None:
    """ffmpeg has sent ten seconds, and ended without an error."""
    assert verdict(ALL, ended_well=True) == TrialVerdict(True, "took 10 s of the slate, 18 kb/s", "", ())


@pytest.mark.parametrize(
    ("output", "words", "hint"),
    [
        (
            "[tcp @ 0x55] Failed to resolve hostname nosuchhost.invalid: Name or service not known\n"
            "rtmp://nosuchhost.invalid/app: Input/output error\n",
            "its name does not resolve",
            "DNS",
        ),
        ("rtmp://127.0.0.1:19557/app: Connection refused\n", "there is no connection to it", "firewall"),
        ("rtmp://h/app: Connection timed out\n", "there is no connection to it", "firewall"),
        (
            "[tls @ 0x55] Peer's certificate failed verification\nrtmps://h/app: Input/output error\n",
            "it shows no certificate that this machine trusts",
            "ca-certificates",
        ),
        (
            "[tls @ 0x55] An unexpected TLS packet was received.\n"
            "[rtmps @ 0x55] Cannot open connection tls://h:1935\nrtmps://h:1935/app: Input/output error\n",
            "it does not speak TLS there",
            "rtmps:",
        ),
        (
            "[rtmp @ 0x55] Cannot read RTMP handshake response\nrtmp://h/app: End of file\n",
            "it does not speak RTMP there",
            "rtmps:",
        ),
        (
            "[rtmp @ 0x55] Cannot read RTMP handshake response\nrtmp://h/app: Connection timed out\n",
            "it does not speak RTMP there",
            "rtmps:",
        ),
        (
            f"{SOME}[tls @ 0x55] Error in the push function.\n"
            "av_interleaved_write_frame(): Connection timed out\n",
            "it has ended the connection after 3 s",
            KEY_COMMAND,
        ),
        (
            "[rtmp @ 0x55] Unknown connect error (unsupported authentication method?)\n"
            "[rtmp @ 0x55] Server error: [ AccessManager.Reject ]\n",
            "it refuses the connection",
            "application",
        ),
        (
            "[rtmp @ 0x55] Server error: … is no key\nrtmp://h/app: Operation not permitted\n",
            "it refuses the stream",
            KEY_COMMAND,
        ),
        (
            f"{SOME}av_interleaved_write_frame(): Broken pipe\n",
            "it has ended the connection after 3 s",
            KEY_COMMAND,
        ),
        ("rtmp://h/app: End of file\n", "it has ended the connection before anything was sent", KEY_COMMAND),
        (SOME, "it has ended the connection after 3 s", KEY_COMMAND),
        ("", "it has ended the connection before anything was sent", KEY_COMMAND),
    ],
)
def test_a_platform_that_does_not_is_explained(output: str, words: str, hint: str) -> None:
    """The cause, the next step, and what ffmpeg said without its reports."""
    found = verdict(output)
    assert (found.is_taken, found.words, hint in found.hint) == (False, words, True), found
    assert found.lines == tuple(line for line in output.splitlines() if "=" not in line)


def test_an_ffmpeg_that_ends_early_has_not_sent_it_all() -> None:
    """Whatever its exit status is."""
    assert not verdict(SOME, ended_well=True).is_taken
