"""Reading the output of `systemctl show`."""

from restream_agent.systemd.unit_state import UnitState, read

SHOWN = """\
Id=restream.target
ActiveState=active
ActiveEnterTimestampMonotonic=1234567

Id=ffmpeg-relay@a.service
ActiveState=activating
NRestarts=4
StatusText=attempt 5: a=b
ActiveEnterTimestampMonotonic=0
InvocationID=0123abcd
ExecMainStatus=100
Job=17

Id=live@main.service
ActiveState=inactive
NRestarts=0
"""


def test_units_are_read_by_name() -> None:
    """Inactive units are left out; systemd gives times in µs."""
    assert read(SHOWN) == {
        "restream.target": UnitState(active="active", since=1.234567),
        "ffmpeg-relay@a.service": UnitState("activating", 4, "attempt 5: a=b", 0.0, "0123abcd", 100, True),
    }


def test_nothing_is_no_unit() -> None:
    """systemctl shows nothing if no unit matches."""
    assert read("\n") == {}


def test_on_its_way_is_up_and_failed_is_not() -> None:
    """A unit that is up need not be started."""
    up = {state: UnitState(active=state).is_up for state in ("active", "activating", "reloading", "failed")}
    assert up == {"active": True, "activating": True, "reloading": True, "failed": False}
