"""What is rendered for several channels is what the agent looks for."""

from pathlib import Path

from restream_agent.agent.channel_settings import read_settings
from restream_agent.systemd.channels import Channel
from tests.golden.rendering import stage

CASE = Path(__file__).parent / "three-channels"


def test_the_agent_finds_every_channel_its_key_and_its_socket(tmp_path: Path) -> None:
    """Settings by directory, the credential ingest-key-NAME, the descriptor report-NAME."""
    units = stage(CASE, tmp_path)
    settings = read_settings(tmp_path)
    assert list(settings) == [Channel("main", frozenset({"es", "en"})), Channel("en"), Channel("es")]
    (drop_in,) = (units / "restream-agent.service.d").iterdir()
    for channel in ("es", "en"):
        assert f"\nLoadCredential=ingest-key-{channel}:" in drop_in.read_text()
        # A key that is missing at a start is empty: else systemd would not start the agent, for any channel.
        assert f"\nSetCredential=ingest-key-{channel}:\\n\n" in drop_in.read_text()
        assert f"\nSockets=restream-report@{channel}.socket\n" in drop_in.read_text()
    assert "\nSetCredential=ingest-key:\\n\n" in drop_in.read_text()
    assert "\nFileDescriptorName=report-%i\n" in (units / "restream-report@.socket").read_text()


def test_each_relay_reports_from_an_address_of_its_own(tmp_path: Path) -> None:
    """All channels' relays report to one port, and the agent tells them apart by the address."""
    stage(CASE, tmp_path)
    senders = [sender for each in read_settings(tmp_path).values() for sender in each.relays.values()]
    assert len(senders) == len(set(senders)) == 6
