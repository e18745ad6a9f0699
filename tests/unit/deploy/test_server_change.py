"""What installing an ingest server does, from what is there: which commands, in which order."""

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.deploy.server_change import NginxFacts, ServerChange, SrsSource, nginx_change

NOTHING = NginxFacts(has_apt=True, has_nginx=False, has_module=False, has_idle_web_server=False)
SHA256 = "ab" * 32
APT = "env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get --quiet"


def test_nginx_comes_without_its_web_server() -> None:
    """It is kept from starting while apt works, and then at the next boot."""
    assert nginx_change(NOTHING).lines == (
        "systemctl --runtime mask nginx.service",
        f"{APT} update",
        f"{APT} install --yes --no-install-recommends --no-remove nginx libnginx-mod-rtmp",
        "systemctl --runtime unmask nginx.service",
        "systemctl disable nginx.service",
    )


def test_an_nginx_that_is_there_gets_the_module_alone() -> None:
    """Its web server stays as it is: somebody wanted it."""
    facts = NginxFacts(has_apt=True, has_nginx=True, has_module=False, has_idle_web_server=False)
    assert nginx_change(facts).lines == (
        f"{APT} update",
        f"{APT} install --yes --no-install-recommends --no-remove libnginx-mod-rtmp",
    )


def test_what_is_there_needs_nothing() -> None:
    """Also on a system without apt."""
    facts = NginxFacts(has_apt=False, has_nginx=True, has_module=True, has_idle_web_server=False)
    assert not nginx_change(facts).is_needed


def test_a_web_server_that_came_along_is_switched_off() -> None:
    """As with our package, which recommends nginx."""
    facts = NginxFacts(has_apt=True, has_nginx=True, has_module=True, has_idle_web_server=True)
    assert nginx_change(facts).lines == ("systemctl disable --now nginx.service",)


def test_a_system_without_apt_is_told() -> None:
    """It has another way."""
    facts = NginxFacts(has_apt=False, has_nginx=False, has_module=False, has_idle_web_server=False)
    with pytest.raises(RestreamError, match="this system has no apt-get"):
        nginx_change(facts)


def test_the_words_for_srs_have_no_secret_of_a_url() -> None:
    """A token in the query or before the host is for the publisher's server alone."""
    source = SrsSource("https://me:secret@example.org/srs.zip?token=secret", SHA256)
    assert ServerChange("srs", source=source, target="/usr/local/srs/objs/srs").lines == (
        "download https://example.org/srs.zip",
        f"compare its SHA-256 with {SHA256}",
        "run the srs in it with -v, as a user without rights",
        "write it to /usr/local/srs/objs/srs",
    )


def test_a_file_is_not_downloaded() -> None:
    """It is read."""
    assert ServerChange("srs", source=SrsSource("/root/srs.zip", SHA256)).lines[0] == "read /root/srs.zip"
