"""Sound in clumps from a fast clock, on an uplink that stalls: none is lost between other sound."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.hand_off import Settings
from tests.unit.stream.flv_making import origin, picture, sound
from tests.unit.stream.splice_bench import FALLBACK, SpliceBench

LENGTH = 18_000
SOUNDS = [round(number * 1024 / 48) for number in range(LENGTH * 48 // 1024)]
STALLS = st.lists(st.tuples(st.integers(0, LENGTH), st.integers(20, 900)), max_size=4)


def script(rate: float, fps: int, clump: int, source: int) -> list[tuple[float, Tag]]:
    """Return the tags by when they are sent, from a clock that runs `rate` times as fast as the true one."""
    steps = list[tuple[float, Tag]]()
    for number in range(LENGTH * fps // 1000):
        at = round(number * 1000 / fps)
        steps.append((at / rate, picture(at, source, is_keyframe=number % (2 * fps) == 0)))
    for first in range(0, len(SOUNDS), clump):
        together = SOUNDS[first : first + clump]
        steps += [(together[-1] / rate, sound(at, source)) for at in together]
    return sorted(steps, key=lambda step: step[0])


@example(1.06, 25, 16, [(16790, 79)])
@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1.0, 1.02, 1.06]), st.sampled_from([25, 30]), st.sampled_from([1, 4, 16]), STALLS)
def test_no_sound_is_lost_between_other_sound(
    rate: float, fps: int, clump: int, stalls: list[tuple[int, int]]
) -> None:
    """As long as live is shown alone."""
    bench = SpliceBench(Settings(standby=False, stall=1000))
    bench.pass_time(100)
    bench.connect()
    begun, arrived = bench.now, 0.0
    for sent, tag in script(rate, fps, clump, bench.publishers):
        held = [begin + length for begin, length in stalls if begin <= sent < begin + length]
        arrived = max(arrived, sent, *held)
        bench.pass_time(max(0, begun + int(arrived) - bench.now))
        bench.take(bench.splice.live_tag(tag, bench.now))
    media = [(tag.kind, *origin(tag)) for _, tag in bench.media()]
    pictures = [source for kind, source, _ in media if kind == VIDEO]
    live = next((at for at, source in enumerate(pictures) if source != FALLBACK), len(pictures))
    if FALLBACK in pictures[live:]:
        return
    heard = [at for kind, source, at in media if kind == AUDIO and source != FALLBACK]
    assert heard == [at for at in SOUNDS if heard[0] <= at <= heard[-1]]
