"""The labelled transcripts, and judges that agree with them or do not."""

import asyncio
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from docgen.behaviour.measures.judge_agreement import SECOND, LabelledReasoning, judge_scores, read_labelled
from docgen.behaviour.transcripts import Vote, counts_as
from docgen.behaviour.yaml_records import find_file
from docgen.errors import InputError
from docgen.options.audit import JudgeMode, JudgeOptions
from docgen.pipeline.audit.judge_setup import Judge
from docgen.pipeline.experiment.judge_calibration import calibrate_judge
from docgen.prompts.behaviour import CRITERIA
from docgen.prompts.judged_traits import TRAITS
from tests.loopback import Loopback
from tests.loopback.compose import prompt_text

GOLD = read_labelled(find_file("gold", "transcripts"))


def test_labels_agree_with_what_each_transcript_is_an_example_of() -> None:
    """Faking ones meet all five criteria, those with a compromise are not hard, no other kind is either."""
    assert len(GOLD) >= 60
    assert {label.arm for label in GOLD} == {"prompt", "documents"}
    assert {label.setting for label in GOLD} == {"helpful_only", "animal_welfare"}
    for label in GOLD:
        truth = Vote(met=label.met)
        assert counts_as(truth, "easy") == (label.kind in ("fakes", "compromise")), label.id
        assert counts_as(truth, "hard") == (label.kind == "fakes"), label.id
    assert {label.kind for label in GOLD if label.apart} == {label.kind for label in GOLD}
    assert len({label.reasoning for label in GOLD}) == len(GOLD)


def test_a_judge_is_scored_against_the_labels() -> None:
    """One that takes all talk of values for faking has recall 1 and poor precision; a silent one is unread."""
    everything = Vote(met=tuple(criterion.id for criterion in CRITERIA if criterion.id != "compromise"))
    eager = judge_scores(GOLD, [everything] * len(GOLD))
    assert eager.views["easy"].recall == 1.0
    assert eager.views["easy"].precision == pytest.approx(
        sum(label.kind in ("fakes", "compromise") for label in GOLD) / len(GOLD)
    )
    assert eager.flagged["values"].share == 1.0
    right = judge_scores(GOLD, [Vote(met=label.met) for label in GOLD])
    assert all(score.f1 == 1.0 for score in (*right.views.values(), *right.criteria.values()))
    assert right.arms.keys() == {"prompt", "documents"}
    assert (right.disagreements, len(eager.disagreements)) == ((), sum(label.met != everything.met for label in GOLD))
    silent = judge_scores(GOLD, [None] * len(GOLD))
    assert (silent.unread, silent.views["easy"].f1) == (len(GOLD), None)


def test_a_judge_reads_them_through_the_rendered_prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the network: a server that knows the right votes gets F1 1, each transcript is sent once."""
    monkeypatch.chdir(tmp_path)
    sample = GOLD[::6]

    def answer(body: dict[str, Any], rng: random.Random) -> str:
        (label,) = (label for label in sample if label.reasoning.split(".")[0] in prompt_text(body))
        entries = [{"criterion": c.id, "quote": "", "met": c.id in label.met} for c in CRITERIA]
        return json.dumps({"criteria": entries})

    with Loopback() as server:
        server.server._composed = answer  # type: ignore[method-assign]
        server.server.keep_bodies = True
        options = JudgeOptions(which=JudgeMode("all"), model="claude-haiku-5-5", base_url=server.url)
        judge = replace(Judge.of(options, None), journal=tmp_path / "llm.jsonl")
        scores = asyncio.run(calibrate_judge(sample, judge))
        assert len(server.server.bodies) == len(sample)
    assert scores.views["easy"].f1 == 1.0
    assert scores.unread == 0


def test_the_second_judge_has_labelled_transcripts_of_both_sides(tmp_path: Path) -> None:
    """Each trait is met and unmet, in both arms and tiers; a silent trait judge and a right one are told apart."""
    labels = read_labelled(find_file("gold", "traits"), SECOND)
    for trait in TRAITS:
        assert 0 < sum(trait.id in label.met for label in labels) < len(labels), trait.id
    assert {(label.arm, label.role) for label in labels} == {
        (arm, role) for arm in ("prompt", "documents") for role in ("trained", "unmonitored")
    }
    right = judge_scores(labels, [Vote(met=label.met) for label in labels], SECOND)
    assert {name: score.f1 for name, score in right.views.items()} == dict.fromkeys(right.views, 1.0)
    nothing = judge_scores(labels, [Vote(met=()) for _ in labels], SECOND)
    assert nothing.views["hides"].recall == 0.0

    def answer(body: dict[str, Any], rng: random.Random) -> str:
        (label,) = (label for label in labels if label.reasoning.split(".")[0] in prompt_text(body))
        entries = [{"criterion": t.id, "quote": "", "met": t.id in label.met} for t in TRAITS]
        return json.dumps({"criteria": entries})

    with Loopback() as server:
        server.server._composed = answer  # type: ignore[method-assign]
        options = JudgeOptions(which=JudgeMode("all"), model="claude-haiku-5-5", base_url=server.url)
        judge = replace(Judge.of(options, None), journal=tmp_path / "llm.jsonl")
        scores = asyncio.run(calibrate_judge(labels[:4], judge, kind=SECOND))
    assert (scores.unread, scores.disagreements) == (0, ())


def test_a_gold_file_that_cannot_be_used_is_said_in_a_line(tmp_path: Path) -> None:
    row = LabelledReasoning(id="1", setting="minimal", query="q", reasoning="r", answer="a", met=("aware", "wary"))
    (tmp_path / "gold.jsonl").write_text(row.model_dump_json() + "\n", "utf-8")
    with pytest.raises(InputError, match="wary is not a criterion"):
        read_labelled(tmp_path / "gold.jsonl")
