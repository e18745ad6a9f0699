"""Every check, in the order in which they are played: what needs this boot first, what changes most last."""

from tests.chaos import choice
from tests.vm import clock, limits, many_relays, power, read_only, sandbox
from tests.vm.check import MachineCheck

CHECKS = (
    MachineCheck(
        "walls",
        "in each unit's place, try what its sandbox forbids",
        "a line may seem to hold because the container forbids the same; `IPAddressDeny=` needs cgroup v2",
        sandbox.play,
    ),
    MachineCheck(
        "weights",
        "have all units compete for one processor",
        "systemd accepts `CPUWeight=`; with cgroup v1 it does nothing",
        limits.play_weights,
    ),
    MachineCheck(
        "limits",
        "take more threads and memory than each unit may have",
        "systemd accepts `MemoryMax=` and `TasksMax=`; with cgroup v1 they do nothing",
        limits.play,
    ),
    MachineCheck(
        "clock",
        "set the clock forward and back on air, and in the hold",
        "the clock is the machine's, and is never set",
        clock.play,
    ),
    MachineCheck(
        "reboot",
        "reboot on air",
        "no kernel, initial file system or disk boots",
        power.play_reboot,
    ),
    MachineCheck(
        "power-off",
        "cut the power on air",
        "a container is killed, and the kernel writes what it has in memory",
        power.play_power_off,
    ),
    MachineCheck(
        "power-off-in-apply",
        "cut the power in the middle of an apply",
        "likewise: what was written a moment before is never lost",
        power.play_in_apply,
    ),
    MachineCheck(
        "read-only",
        "make the root read-only on air",
        "the root is an overlay; here the kernel does it as after an error of the disk",
        read_only.play,
    ),
    MachineCheck(
        "many-relays",
        "off-air with 40 relays",
        "shown there too, but on this machine's systemd alone",
        many_relays.play,
    ),
)


def named(names: tuple[str, ...]) -> tuple[MachineCheck, ...]:
    """Return the checks with these names in their order, or all; KeyError with the unknown names."""
    return choice.named(CHECKS, names)
