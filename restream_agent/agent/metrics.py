"""`/metrics`: the status as numbers, by Prometheus's conventions (base units, `_total`, labels).

The program, ffmpeg and systemd count, and the agent only shows, so that a restarted agent goes on with the
same numbers. Dashboard: examples/grafana/.
"""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from restream_agent.agent.relay_health import RelayState
from restream_agent.agent.status import Status
from restream_agent.wire.program_report import HandOffsReport, ProgramReport
from restream_agent.wire.status_report import LiveStatus, RelayStatus, StatusReport

_SOURCES = ("live", "fallback")
_SOUNDS = ("live", "fallback", "silence")
_TRACKS = ("picture", "sound")


_MACHINE = ("restream_ingest_up", "restream_ingest_port_up", "restream_config_refused")
"""Families of the whole machine: they have no channel, and come from `main`."""


def exposition(statuses: Callable[[], Mapping[str, Status]]) -> Callable[[], bytes]:
    """Return a function that renders the metrics; it asks for the status of every channel at each call.

    Where there are several channels, each series of a channel has its name in the label "channel".
    """
    registry = CollectorRegistry()
    registry.register(_Statuses(statuses))
    return lambda: generate_latest(registry)


class _Statuses(Collector):
    def __init__(self, statuses: Callable[[], Mapping[str, Status]]) -> None:
        self._statuses = statuses

    def collect(self) -> Iterator[Metric]:
        """Yield every family, with the figures of now."""
        statuses = self._statuses()
        families = [list(_families(status)) for status in statuses.values()]
        # Every status has the same families in the same order.
        for alike in zip(*families, strict=True):
            yield alike[0] if len(statuses) == 1 else _joined(dict(zip(statuses, alike, strict=True)))

    def describe(self) -> Iterator[Metric]:
        """Name no family: registering must not ask for a status."""
        return iter(())


def _families(status: Status) -> Iterator[Metric]:
    report = status.report()
    yield from _channel(status)
    yield from _source(status, report.live)
    yield from _tracks(report)
    yield from _hand_offs(status.program)
    yield from _relays(report.relays)


def _joined(families: Mapping[str, Metric]) -> Metric:
    """Return one family with the samples of all channels."""
    first = next(iter(families.values()))
    if first.name in _MACHINE:
        return first
    joined = Metric(first.name, first.documentation, first.type)
    joined.samples = [
        sample._replace(labels={"channel": channel, **sample.labels})
        for channel, family in families.items()
        for sample in family.samples
    ]
    return joined


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"restream_{name}", words, value=value)


def _channel(status: Status) -> Iterator[Metric]:
    yield _gauge("on_air", "Whether a broadcast is on the air.", status.situation.is_on_air)
    yield _gauge("program_up", "Whether the program reports.", status.source is not None)
    yield _gauge("ingest_up", "Whether the ingest server answers.", status.situation.publishers is not None)
    is_open = not status.situation.ingest.is_port_dead
    yield _gauge("ingest_port_up", "Whether the ingest server's public port accepts connections.", is_open)
    yield _gauge("publisher_connected", "Whether somebody publishes.", bool(status.situation.publishers))
    yield _gauge("config_refused", "Whether the last edit of the TOML was refused.", bool(status.refused))
    yield _gauge("hold_remaining_seconds", "Until the hold ends the broadcast.", status.hold_left or 0.0)


def _source(status: Status, live: LiveStatus | None) -> Iterator[Metric]:
    shown = GaugeMetricFamily("restream_source_active", "Which source is shown.", labels=["source"])
    for source in _SOURCES:
        shown.add_metric([source], status.situation.is_on_air and status.source == source)
    yield shown
    for kind, name, words, value in _LIVE:
        family = kind(f"restream_source_{name}", words, labels=["source"])
        number = None if live is None else value(live)
        if number is not None:
            family.add_metric(["live"], number)
        yield family


def _tracks(report: StatusReport) -> Iterator[Metric]:
    """Yield what is heard, and what of the publisher's tracks is missing and has stopped."""
    heard = GaugeMetricFamily("restream_sound_active", "Which sound is heard.", labels=["source"])
    for source in _SOUNDS:
        heard.add_metric([source], report.sound == source)
    missing = GaugeMetricFamily(
        "restream_source_missing", "Whether a track does not come.", labels=["source", "track"]
    )
    stalls = CounterMetricFamily(
        "restream_source_track_stalls", "How often it stopped.", labels=["source", "track"]
    )
    if report.live is not None:
        for track in _TRACKS:
            missing.add_metric(["live", track], report.live.missing in (track, "all"))
        for track, count in report.live.stalled.items():
            stalls.add_metric(["live", track], count)
    yield from (heard, missing, stalls)


def _hand_offs(program: ProgramReport | None) -> Iterator[Metric]:
    counts = CounterMetricFamily("restream_hand_offs", "Changes of source, by cause.", labels=["kind"])
    gaps = HistogramMetricFamily(
        "restream_hand_off_gap_seconds", "Time without a packet at a change of source.", labels=["kind"]
    )
    hand_offs = HandOffsReport({}, ()) if program is None else program.hand_offs
    bounds = [*(f"{bound / 1000:g}" for bound in hand_offs.bounds), "+Inf"]
    for kind, totals in hand_offs.kinds.items():
        counts.add_metric([kind], totals.count)
        if hand_offs.bounds:
            buckets = list(zip(bounds, [*totals.within, totals.gaps], strict=True))
            gaps.add_metric([kind], buckets, totals.total / 1000)
    yield counts
    yield gaps


def _bytes(bits: float | None) -> float | None:
    return None if bits is None else bits / 8


def _relays(relays: Mapping[str, RelayStatus]) -> Iterator[Metric]:
    for kind, name, words, value in _RELAY:
        family = kind(f"restream_relay_{name}", words, labels=["platform"])
        for platform, relay in relays.items():
            number = value(relay)
            # An unknown figure is left out: a counter that falls to 0 and comes back looks like a new count.
            if number is not None:
                family.add_metric([platform], number)
        yield family
    state = GaugeMetricFamily(
        "restream_relay_state", "What each relay is doing.", labels=["platform", "state"]
    )
    for platform, relay in relays.items():
        for each in RelayState:
            state.add_metric([platform, each.value], relay.state == each)
    yield state


_Gauge = GaugeMetricFamily
_Counter = CounterMetricFamily
_Family = type[_Gauge] | type[_Counter]
# Class, name, help and value of each family: one for the publisher's stream, one for each relay.
_LIVE: tuple[tuple[_Family, str, str, Callable[[LiveStatus], float | None]], ...] = (
    (_Gauge, "connected", "Whether its stream is there.", lambda live: live.connected),
    (_Counter, "bytes", "Received since it came.", lambda live: live.size),
    (_Counter, "frames", "Pictures received since it came.", lambda live: live.frames),
    (_Gauge, "bytes_per_second", "Bitrate, in bytes.", lambda live: live.bitrate / 8),
    (_Gauge, "frames_per_second", "Frame rate.", lambda live: live.frame_rate),
    (_Gauge, "keyframe_interval_seconds", "Between its last two keyframes.",
     lambda live: live.keyframe_interval),
    (_Counter, "stalls", "How often it went silent.", lambda live: live.stalls),
    (_Gauge, "speed_ratio", "Seconds of stream that arrive in a second, over 10 s.", lambda live: live.speed),
    (_Gauge, "late_seconds", "How much later it arrives than at its best.", lambda live: live.late),
    (_Gauge, "weak", "Whether it is slower than real time, or late.", lambda live: live.weak),
)  # fmt: skip
_RELAY: tuple[tuple[_Family, str, str, Callable[[RelayStatus], float | None]], ...] = (
    (_Gauge, "connected", "Whether it reads the program.", lambda relay: relay.connected),
    (_Gauge, "bytes_per_second", "Delivered to the platform, in bytes.", lambda relay: _bytes(relay.bitrate)),
    (_Gauge, "frames_per_second", "Pictures delivered to the platform.", lambda relay: relay.frame_rate),
    (_Gauge, "speed_ratio", "Seconds of stream delivered in a second.", lambda relay: relay.speed),
    (_Gauge, "delay_seconds", "How late OBS's stream comes, and how far delivery is behind it.",
     lambda relay: relay.delay),
    (_Gauge, "av_offset_seconds", "Sound later than its picture at the relay's output.",
     lambda relay: relay.av_offset),
    (_Gauge, "age_seconds", "Of stream on its connection; it is renewed before 2^31 ms.",
     lambda relay: relay.age),
    (_Gauge, "idle_seconds", "Since the platform last took anything.", lambda relay: relay.idle),
    (_Gauge, "queue_seconds", "Waiting for it in the program's queue.", lambda relay: relay.behind),
    (_Gauge, "queue_bytes", "Waiting for it in the program's queue.", lambda relay: relay.queued),
    (_Gauge, "failures", "Attempts in a row that failed.", lambda relay: relay.failures),
    (_Counter, "sent_bytes", "Given to it by the program since it connected.", lambda relay: relay.sent),
    (_Counter, "delivered_bytes", "Given by it to the platform since it began.",
     lambda relay: relay.delivered),
    (_Counter, "skipped_pictures", "Pictures left out since it connected, as it did not read.",
     lambda relay: relay.skipped),
    (_Counter, "restarts", "Restarts by systemd since it was started.", lambda relay: relay.restarts),
)  # fmt: skip
