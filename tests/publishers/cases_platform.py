"""Cases of platforms that keep what is gone."""

from tests.publishers.case import Expectation, PublisherCase
from tests.publishers.cases_tracks import ordinary
from tests.publishers.stage import PublisherStage

DEAD_SECONDS = 60.0
BACK_SECONDS = 15.0
TOTAL_SECONDS = 95.0
BEGIN = 6.0


def keep_a_dead_session(stage: PublisherStage) -> None:
    """Have the second platform reset its connection and refuse every key for a minute, as Kick and IVS do."""

    def refuse(stage: PublisherStage) -> None:
        stage.platforms["beta"].behave("reset")
        stage.platforms["beta"].behave("refuse")

    def free(stage: PublisherStage) -> None:
        stage.platforms["beta"].behave("pass")
        stage.note_back()

    stage.run(ordinary(TOTAL_SECONDS), (BEGIN, refuse), (BEGIN + DEAD_SECONDS, free))
    freed = stage.back or 0.0
    connections = stage.platforms["beta"].reader.update()
    back = [one.messages[0].arrived for one in connections if one.opened > freed and one.has_media()]
    if back:
        stage.counts["back after s"] = min(back) - freed
    stage.back = None


CASES = (
    PublisherCase(
        "dead-session",
        "a platform refuses for a minute after a reset; its relay is back within 15 s of that",
        17,
        keep_a_dead_session,
        Expectation(most={"back after s": BACK_SECONDS}, log_lines=400),
    ),
)
