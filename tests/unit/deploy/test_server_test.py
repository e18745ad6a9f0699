"""The sandbox in which the ingest server tests its configuration."""

from restream_agent.deploy.server_test import sandbox_of

UNIT = """\
[Unit]
Description=RTMP ingest server

[Service]
Type=exec
ExecStart=/usr/local/srs/objs/srs -c /etc/restream-agent/srs.conf
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=200ms
TimeoutStopSec=3s
User=restream-ingest
SyslogIdentifier=restream-ingest
RuntimeDirectory=restream-ingest
WorkingDirectory=/run/restream-ingest
# The server has none of root's rights.
CapabilityBoundingSet=
ProtectSystem=strict
LimitNOFILE=8192
"""


def test_the_test_has_the_sandbox_of_the_server() -> None:
    """And nothing of a service that stays; its directory and its user are its own."""
    assert sandbox_of(UNIT, "restream-ingest-test") == (
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "LimitNOFILE=8192",
        "RuntimeDirectory=restream-ingest-test",
        "WorkingDirectory=/run/restream-ingest-test",
    )


def test_a_test_that_writes_nothing_has_no_directory() -> None:
    """The sandbox alone."""
    assert sandbox_of(UNIT) == ("CapabilityBoundingSet=", "ProtectSystem=strict", "LimitNOFILE=8192")
