"""Every check, in the order in which they are played: what needs this boot first, what changes most last."""

from tests.chaos import choice
from tests.vm import clock, limits, many_relays, power, read_only, sandbox
from tests.vm.check import MachineCheck

CHECKS = (
    MachineCheck("walls", "in each unit's place, try what its sandbox forbids", sandbox.play),
    MachineCheck("weights", "have all units compete for one processor", limits.play_weights),
    MachineCheck("limits", "take more threads and memory than each unit may have", limits.play),
    MachineCheck("clock", "set the clock forward and back on air, and in the hold", clock.play),
    MachineCheck("reboot", "reboot on air", power.play_reboot),
    MachineCheck("power-off", "cut the power on air", power.play_power_off),
    MachineCheck("power-off-in-apply", "cut the power in the middle of an apply", power.play_in_apply),
    MachineCheck("read-only", "make the root read-only on air", read_only.play),
    MachineCheck("many-relays", "off-air with 40 relays", many_relays.play),
)


def named(names: tuple[str, ...]) -> tuple[MachineCheck, ...]:
    """Return the checks with these names in their order, or all; KeyError with the unknown names."""
    return choice.named(CHECKS, names)
