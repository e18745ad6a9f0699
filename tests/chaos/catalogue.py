"""All faults, in playing order."""

from dataclasses import replace

from tests.chaos import (
    choice,
    faults_agent,
    faults_hooks,
    faults_ingest,
    faults_machine,
    faults_obs,
    faults_platform,
    faults_program,
    faults_relay,
)
from tests.chaos.fault import Fault

_OF_ONE_CHANNEL = (
    *faults_obs.FAULTS,
    *faults_relay.FAULTS,
    *faults_platform.FAULTS,
    *faults_program.FAULTS,
)
_SHARED = (
    *faults_agent.FAULTS,
    *faults_ingest.FAULTS,
    *faults_hooks.FAULTS,
    *faults_machine.FAULTS,
)
FAULTS: tuple[Fault, ...] = (*_OF_ONE_CHANNEL, *(replace(fault, is_shared=True) for fault in _SHARED))


def named(names: tuple[str, ...]) -> tuple[Fault, ...]:
    """Return the faults with these names in playing order, or all; KeyError with the unknown names."""
    return choice.named(FAULTS, names)
