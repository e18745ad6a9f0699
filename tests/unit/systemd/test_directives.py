"""What a unit file says to systemd, apart from what it says to readers."""

from restream_agent.systemd.directives import directives

UNIT = """\
# Made by restream-agent
[Unit]
Description=Relay to twitch
Documentation=man:ffmpeg(1)
SourcePath=/etc/restream-agent/restream.toml
PartOf=restream.target

[Service]
; why
ExecStart=/bin/true # not a comment
"""


def test_comments_and_texts_for_readers_are_left_out() -> None:
    """Sections and every other directive stay, in their order."""
    assert directives(UNIT) == (
        "[Unit]",
        "PartOf=restream.target",
        "[Service]",
        "ExecStart=/bin/true # not a comment",
    )


def test_another_directive_is_another_unit() -> None:
    """An assignment that is emptied counts, and so does the order."""
    assert directives("[Service]\nNice=1\n") != directives("[Service]\nNice=\n")
    assert directives("[Service]\nExecStart=\nExecStart=/a\n") != directives(
        "[Service]\nExecStart=/a\nExecStart=\n"
    )
