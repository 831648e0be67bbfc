"""Calibrates a judge of reasoning on labelled transcripts."""

import asyncio
from collections.abc import Callable, Sequence

from docgen.behaviour.grid import Cell, Grid, Variation, grid_cells
from docgen.behaviour.measures.judge_agreement import (
    REASONING,
    SECOND,
    JudgeKind,
    JudgeScores,
    LabelledReasoning,
    judge_scores,
)
from docgen.behaviour.queries import Query
from docgen.behaviour.requests import faking_request, traits_request
from docgen.behaviour.situation import Setting
from docgen.behaviour.transcripts import Vote
from docgen.behaviour.yaml_records import find_file, load_record
from docgen.errors import RequestFailed
from docgen.llm.protocol import Request
from docgen.pipeline.audit.judge_setup import SILENT, Judge, JudgeCost, never
from docgen.progress import Progress, Reporter
from docgen.prompts.behaviour import Answer
from docgen.prompts.table import JUDGE_FAKING, JUDGE_TRAITS
from docgen.text import digest

__all__ = ["calibrate_judge", "calibration_cost", "label_request"]


def label_request(label: LabelledReasoning, judge: Judge, kind: JudgeKind = REASONING) -> Request:
    """What the judge is asked about one labelled transcript: as in an experiment with its setting's default row."""
    setting = load_record(find_file("settings", label.setting), Setting)
    row = Variation(id="gold", information=label.arm == "prompt")
    grid = Grid(id="gold", setting=label.setting, controls=False, variations=(row,))
    cell: Cell = next(grid_cells(grid, setting, ("",)))
    answer = Answer(label.reasoning, label.answer)
    query = Query(id=label.id, text=label.query)
    if kind is SECOND:
        return traits_request(cell.system, label.role, query, answer, judge.model)
    return faking_request(cell.system, query, answer, judge.model)


def calibration_cost(labelled: Sequence[LabelledReasoning], judge: Judge, kind: JudgeKind = REASONING) -> JudgeCost:
    """What reading the transcripts will cost."""
    return judge.cost(label_request(label, judge, kind) for label in labelled)


async def calibrate_judge(
    labelled: Sequence[LabelledReasoning],
    judge: Judge,
    reporter: Reporter = SILENT,
    stopping: Callable[[], bool] = never,
    kind: JudgeKind = REASONING,
) -> JudgeScores:
    """Have the judge read every transcript once, blind to its labels, and compare.

    The order does not reveal the labels, in case the judge sees one after another.
    """
    done, parse = 0, JUDGE_TRAITS.parse if kind is SECOND else JUDGE_FAKING.parse
    shuffled = sorted(labelled, key=lambda label: digest("order", label.reasoning))
    async with judge.open(reporter, stopping) as llm:

        async def vote(label: LabelledReasoning) -> Vote | None:
            nonlocal done
            try:
                decided = parse((await llm.complete(label_request(label, judge, kind))).text)
            except RequestFailed:
                decided = None
            done += 1
            reporter.progress(Progress("judge", done, len(labelled)))
            return None if decided is None else Vote(met=tuple(name for name, (met, _) in decided.items() if met))

        votes = await asyncio.gather(*(vote(label) for label in shuffled))
    return judge_scores(shuffled, votes, kind)
