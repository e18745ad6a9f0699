"""The alerts in examples/prometheus-alerts.yml, with Prometheus's own tool."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

RULES = Path(__file__).resolve().parents[2] / "examples" / "prometheus-alerts.yml"
CONFIG = RULES.with_name("prometheus.yml")


def fired(tmp_path: Path, alert: str, series: dict[str, str], expected: list[dict[str, str]]) -> bool:
    """Whether an alert fires for exactly the expected labels, after 2 min of series with a value each 5 s."""
    rows = [{"series": name, "values": values} for name, values in series.items()]
    alerts = [{"exp_labels": labels} for labels in expected]
    check: dict[str, Any] = {"eval_time": "2m", "alertname": alert, "exp_alerts": alerts}
    test = {"interval": "5s", "input_series": rows, "alert_rule_test": [check]}
    file = tmp_path / "test.json"  # JSON is YAML
    annotated = RULES.read_text().split("annotations:")
    bare = "\n".join(
        part if not number else _after_annotations(part) for number, part in enumerate(annotated)
    )
    (tmp_path / "rules.yml").write_text(bare)
    file.write_text(json.dumps({"rule_files": ["rules.yml"], "evaluation_interval": "5s", "tests": [test]}))
    argv = ("promtool", "test", "rules", file)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 0


def _after_annotations(text: str) -> str:
    """Return what follows a rule's annotations: the words of an alert are not compared."""
    lines = text.splitlines()[1:]
    return "\n".join(line for line in lines if not line.startswith(" " * 10))


def test_the_example_is_valid() -> None:
    """The configuration and the alerts that it names."""
    subprocess.run(("promtool", "check", "config", CONFIG), check=True, timeout=60)


@pytest.mark.parametrize(("offset", "is_alert"), [("0.06", False), ("0.061", True), ("-0.061", True)])
def test_sound_off_its_picture_is_an_alert(tmp_path: Path, offset: str, is_alert: bool) -> None:
    """Above 60 ms, in either direction."""
    series = {'restream_relay_av_offset_seconds{platform="kick"}': f"{offset}x30"}
    labels = [{"platform": "kick", "severity": "critical"}] if is_alert else []
    assert fired(tmp_path, "RestreamOutOfSync", series, labels)


@pytest.mark.parametrize(("on_air", "is_alert"), [("1", True), ("0", False)])
def test_a_platform_that_gets_nothing_is_an_alert(tmp_path: Path, on_air: str, is_alert: bool) -> None:
    """While on air, for 30 s, whatever keeps it from delivering."""
    series = {
        "restream_on_air": f"{on_air}x30",
        'restream_relay_state{platform="kick",state="refusing"}': "1x30",
        'restream_relay_state{platform="twitch",state="delivering"}': "1x30",
        'restream_relay_state{platform="twitch",state="stalled"}': "0x30",
    }
    labels = [{"platform": "kick", "severity": "critical"}] if is_alert else []
    assert fired(tmp_path, "RestreamPlatformGetsNothing", series, labels)


@pytest.mark.parametrize("channel", ["main", "es"])
def test_only_the_channel_on_air_lacks_a_platform(tmp_path: Path, channel: str) -> None:
    """Where there are several channels, each platform is judged by its own."""
    on_air = {f'restream_on_air{{channel="{name}"}}': f"{int(name == channel)}x30" for name in ("main", "es")}
    refusing = {
        f'restream_relay_state{{channel="{name}",platform="kick",state="refusing"}}': "1x30"
        for name in ("main", "es")
    }
    labels = [{"channel": channel, "platform": "kick", "severity": "critical"}]
    assert fired(tmp_path, "RestreamPlatformGetsNothing", on_air | refusing, labels)


@pytest.mark.parametrize(
    ("label", "unit"),
    [
        ("", "ffmpeg-relay@kick"),
        ('channel="main",', "ffmpeg-relay@kick"),
        ('channel="es",', "ffmpeg-relay@es.kick"),
    ],
    ids=["one channel", "main", "es"],
)
def test_the_words_name_the_relay_s_unit(tmp_path: Path, label: str, unit: str) -> None:
    """The command can be typed as it is."""
    (tmp_path / "rules.yml").write_text(RULES.read_text())
    name = label.partition('"')[2].partition('"')[0]
    summary = f"{name} kick".strip() + ": sound is 100ms off its picture"
    annotations = {"summary": summary, "action": f"systemctl restart {unit}"}
    labels = {"platform": "kick", "severity": "critical"} | ({"channel": name} if name else {})
    alert = {"exp_labels": labels, "exp_annotations": annotations}
    series = [{"series": f'restream_relay_av_offset_seconds{{{label}platform="kick"}}', "values": "0.1x30"}]
    checks = [{"eval_time": "2m", "alertname": "RestreamOutOfSync", "exp_alerts": [alert]}]
    test = {"interval": "5s", "input_series": series, "alert_rule_test": checks}
    file = tmp_path / "test.json"
    file.write_text(json.dumps({"rule_files": ["rules.yml"], "evaluation_interval": "5s", "tests": [test]}))
    argv = ("promtool", "test", "rules", file)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
