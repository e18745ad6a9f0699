"""`/metrics` for Prometheus: the status as numbers, by its conventions (base units, `_total`, labels).

What counts up is counted where it happens, by the program, ffmpeg and systemd, so that a restarted agent
goes on with the same numbers. Dashboard: examples/grafana/.
"""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from restream_agent.agent.relay_health import RelayState, RelayView
from restream_agent.agent.status import Status, relay_json
from restream_agent.stream.hand_offs import BUCKETS

_SOURCES = ("live", "fallback")


def exposition(status: Callable[[], Status]) -> Callable[[], bytes]:
    """Return what renders the metrics of the status as it is when it is called."""
    registry = CollectorRegistry()
    registry.register(_Status(status))
    return lambda: generate_latest(registry)


class _Status(Collector):
    def __init__(self, status: Callable[[], Status]) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Yield every family, as things stand now."""
        status = self._status()
        yield from _channel(status)
        yield from _source(status)
        yield from _hand_offs(status)
        yield from _relays(status.relays)

    def describe(self) -> Iterator[Metric]:
        """Name nothing ahead: registering must not ask for a status."""
        return iter(())


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"restream_{name}", words, value=value)


def _channel(status: Status) -> Iterator[Metric]:
    yield _gauge("on_air", "Whether a broadcast is on the air.", status.situation.is_on_air)
    yield _gauge("program_up", "Whether the program reports.", status.source is not None)
    yield _gauge("ingest_up", "Whether the ingest server answers.", status.situation.publishers is not None)
    yield _gauge("publisher_connected", "Whether somebody publishes.", bool(status.situation.publishers))
    yield _gauge("config_refused", "Whether the last edit of the TOML was refused.", bool(status.refused))
    yield _gauge("hold_remaining_seconds", "Until the hold ends the broadcast.", status.hold_left or 0.0)


def _source(status: Status) -> Iterator[Metric]:
    shown = GaugeMetricFamily("restream_source_active", "Which source is shown.", labels=["source"])
    for source in _SOURCES:
        shown.add_metric([source], status.situation.is_on_air and status.source == source)
    yield shown
    live = status.live_json()
    families: tuple[GaugeMetricFamily | CounterMetricFamily, ...] = (
        GaugeMetricFamily("restream_source_connected", "Whether its stream is there.", labels=["source"]),
        CounterMetricFamily("restream_source_bytes", "Received since it came.", labels=["source"]),
        CounterMetricFamily("restream_source_frames", "Pictures received since it came.", labels=["source"]),
        GaugeMetricFamily("restream_source_bytes_per_second", "Bitrate, in bytes.", labels=["source"]),
        GaugeMetricFamily("restream_source_frames_per_second", "Frame rate.", labels=["source"]),
        GaugeMetricFamily(
            "restream_source_keyframe_interval_seconds", "Between its last two keyframes.", labels=["source"]
        ),
        CounterMetricFamily("restream_source_stalls", "How often it went silent.", labels=["source"]),
    )
    keys = ("connected", "size", "frames", "bitrate", "frame_rate", "keyframe_interval", "stalls")
    for family, key in zip(families, keys, strict=True):
        if key in live:
            family.add_metric(["live"], live[key] / 8 if key == "bitrate" else live[key])
        yield family


def _hand_offs(status: Status) -> Iterator[Metric]:
    counts = CounterMetricFamily("restream_hand_offs", "Changes of source, by cause.", labels=["kind"])
    gaps = HistogramMetricFamily(
        "restream_hand_off_gap_seconds", "Time without a packet at a change of source.", labels=["kind"]
    )
    for kind, tally in status.program.get("hand_offs", {}).get("kinds", {}).items():
        counts.add_metric([kind], tally["count"])
        bounds = [*(f"{bound / 1000:g}" for bound in BUCKETS), "+Inf"]
        buckets = list(zip(bounds, [*tally["within"], tally["gaps"]], strict=True))
        gaps.add_metric([kind], buckets, tally["total"] / 1000)
    yield counts
    yield gaps


def _relays(relays: tuple[RelayView, ...]) -> Iterator[Metric]:
    rows = {relay.name: relay_json(relay) for relay in relays}
    for name, key, words, factor in _GAUGES:
        gauge = GaugeMetricFamily(f"restream_relay_{name}", words, labels=["platform"])
        for platform, row in rows.items():
            if row[key] is not None:
                gauge.add_metric([platform], row[key] * factor)
        yield gauge
    for name, key, words in _COUNTERS:
        counter = CounterMetricFamily(f"restream_relay_{name}", words, labels=["platform"])
        for platform, row in rows.items():
            # None, not 0: a counter that falls to 0 and comes back looks as if all were counted anew.
            if row[key] is not None:
                counter.add_metric([platform], row[key])
        yield counter
    state = GaugeMetricFamily(
        "restream_relay_state", "What each relay is doing.", labels=["platform", "state"]
    )
    for relay in relays:
        for one in RelayState:
            state.add_metric([relay.name, one.value], relay.state is one)
    yield state


_GAUGES = (
    ("connected", "connected", "Whether it reads the program.", 1),
    ("bytes_per_second", "bitrate", "Delivered to the platform, in bytes.", 1 / 8),
    ("frames_per_second", "frame_rate", "Pictures delivered to the platform.", 1),
    ("speed_ratio", "speed", "Seconds of stream delivered in a second.", 1),
    ("delay_seconds", "delay", "From the program's newest packet to the newest delivered.", 1),
    ("idle_seconds", "idle", "Since the platform last took anything.", 1),
    ("queue_seconds", "behind", "Waiting for it in the program's queue.", 1),
    ("queue_bytes", "queued", "Waiting for it in the program's queue.", 1),
    ("failures", "failures", "Attempts in a row that failed.", 1),
)
_COUNTERS = (
    ("sent_bytes", "sent", "Given to it by the program since it connected."),
    ("delivered_bytes", "delivered", "Given by it to the platform since it began."),
    ("skipped_pictures", "skipped", "Pictures left out since it connected, as it did not read."),
    ("restarts", "restarts", "Restarts by systemd since it was started."),
)
