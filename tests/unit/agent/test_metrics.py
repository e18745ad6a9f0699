"""What Prometheus is given."""

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from restream_agent.agent.metrics import exposition
from restream_agent.agent.situation import Publisher, Situation
from restream_agent.agent.status import Status
from tests.unit.agent.test_status import LIVE, RELAYS

FULL = replace(
    LIVE,
    situation=Situation(now=0.0, is_on_air=True, publishers=(Publisher("c1", "main"),)),
    relays=RELAYS,
)


def samples(status: Status, **others: Status) -> dict[tuple[str, ...], float]:
    """Return every sample by its name and its labels' values."""
    text = exposition(lambda: {"main": status, **others})().decode()
    families = text_string_to_metric_families(text)
    found = [sample for family in families for sample in family.samples]
    named = {(sample.name, *sample.labels.values()): sample.value for sample in found}
    assert len(found) == len(named)
    return named


def test_units_are_base_units() -> None:
    """Bytes, not bits; seconds, not milliseconds."""
    found = samples(FULL)
    assert found["restream_source_bytes_per_second", "live"] == 375_000
    assert found["restream_source_keyframe_interval_seconds", "live"] == 2
    assert found["restream_relay_bytes_per_second", "twitch"] == 362_500
    assert found["restream_relay_queue_seconds", "twitch"] == 0.25


def test_gaps_are_a_histogram() -> None:
    """Cumulative, with the sum in seconds."""
    found = samples(FULL)
    assert found["restream_hand_offs_total", "stall"] == 3
    assert found["restream_hand_off_gap_seconds_bucket", "stall", "1"] == 1
    assert found["restream_hand_off_gap_seconds_bucket", "stall", "+Inf"] == 2
    assert found["restream_hand_off_gap_seconds_count", "stall"] == 2
    assert found["restream_hand_off_gap_seconds_sum", "stall"] == 2.1


def test_what_is_heard_and_what_stops_are_numbers() -> None:
    """By source and track."""
    assert LIVE.program is not None
    live = replace(LIVE.program.live, missing="all")
    program = replace(LIVE.program, live=live, sound="silence", stalls={"picture": 2, "sound": 1, "all": 0})
    found = samples(replace(FULL, program=program))
    assert found["restream_sound_active", "silence"] == 1
    assert found["restream_sound_active", "live"] == found["restream_sound_active", "fallback"] == 0
    assert found["restream_source_missing", "live", "picture"] == 1
    assert found["restream_source_missing", "live", "sound"] == 1
    assert found["restream_source_track_stalls_total", "live", "picture"] == 2
    assert samples(FULL)["restream_source_missing", "live", "sound"] == 0


def test_every_relay_is_in_one_state() -> None:
    """A state is a label, its value 1."""
    found = samples(FULL)
    states = {key[1:]: value for key, value in found.items() if key[0] == "restream_relay_state"}
    assert {key for key, value in states.items() if value} == {
        ("twitch", "delivering"),
        ("youtube", "refusing"),
    }


def test_several_channels_have_a_label_each() -> None:
    """The ingest server and the TOML are the machine's, and have none."""
    found = samples(FULL, es=replace(FULL, situation=Situation(now=0.0, publishers=()), program=None))
    assert (found["restream_on_air", "main"], found["restream_on_air", "es"]) == (1, 0)
    assert found["restream_relay_state", "es", "twitch", "delivering"] == 1
    assert found["restream_hand_off_gap_seconds_bucket", "main", "stall", "+Inf"] == 2
    assert ("restream_hand_off_gap_seconds_bucket", "es", "stall", "+Inf") not in found
    machine = {name for name, *labels in found if not labels}
    assert machine == {"restream_ingest_up", "restream_ingest_port_up", "restream_config_refused"}
    assert {key[1] for key in found if key[0] not in machine} == {"main", "es"}


def test_one_channel_has_no_label() -> None:
    """Its numbers are what they have always been."""
    assert not [name for name, *labels in samples(FULL) if "main" in labels]


def test_what_is_not_known_is_not_there() -> None:
    """Rather than a zero that looks like a figure."""
    found = samples(FULL)
    assert ("restream_relay_delay_seconds", "twitch") in found
    assert ("restream_relay_delay_seconds", "youtube") not in found


def test_the_speed_of_the_line_is_there_when_it_is_known() -> None:
    """It takes a few seconds."""
    assert FULL.program is not None
    assert ("restream_source_speed_ratio", "live") not in samples(FULL)
    slow = replace(FULL.program, live=replace(FULL.program.live, speed=0.5, late=4000))
    found = samples(replace(FULL, program=slow))
    names = ("speed_ratio", "late_seconds", "weak")
    assert [found[f"restream_source_{name}", "live"] for name in names] == [0.5, 4.0, 1.0]


def test_a_counter_that_is_not_known_is_not_zero() -> None:
    """Prometheus would take it for a reset, and count everything anew when it comes back."""
    found = samples(replace(FULL, program=None))
    counters = {name for name, *_ in found if name.endswith("_total")}
    assert ("restream_relay_delivered_bytes_total", "youtube") not in found
    assert "restream_source_bytes_total" not in counters
    assert "restream_hand_offs_total" not in counters


def test_off_air_there_are_metrics_too() -> None:
    """With nothing shown, nobody connected and no relay's figures."""
    found = samples(Status(situation=Situation(now=0.0, publishers=()), publisher=None, relays=()))
    assert found["restream_on_air",] == 0
    assert found["restream_source_active", "live"] == 0
    assert ("restream_source_connected", "live") not in found


def test_a_program_of_an_earlier_version_has_counts_and_no_histogram() -> None:
    """It reports no bounds; it goes on running through an upgrade."""
    assert FULL.program is not None
    earlier = replace(FULL.program, hand_offs=replace(FULL.program.hand_offs, bounds=()))
    found = samples(replace(FULL, program=earlier))
    assert found["restream_hand_offs_total", "stall"] == 3
    assert not [name for name, *_ in found if name.startswith("restream_hand_off_gap")]
