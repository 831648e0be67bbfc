"""The inputs of `docgen questions`: a run or a context, possibly an engine, and where the file goes."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from docgen.belief.question_files import load_questions, question_text
from docgen.belief.questions import QuestionFile
from docgen.belief.writing.plain_forms import plain_questions
from docgen.errors import ConfigError, RunError
from docgen.files.atomic import write_atomically
from docgen.files.overwrite_guard import refuse_file_of_a_run
from docgen.files.run_folder.run_folder import find_run
from docgen.llm.providers.table import (
    Connection,
    choose_engine,
    find_provider,
    refuse_settings_of_others,
    refuse_settings_without_key,
)
from docgen.options.audit import JudgeOptions
from docgen.pipeline.audit.judge_setup import Judge, JudgeCost
from docgen.pipeline.belief.question_writer import QuestionWriter, WrittenQuestions, scaled_counts
from docgen.pipeline.execution.stopping import interruptible_judging
from docgen.pipeline.inputs.latest_run import run_or_latest
from docgen.pipeline.run import Run
from docgen.progress import Reporter
from docgen.records import EMBEDDED_ENGINE
from docgen.text.output.plurals_and_money import money
from docgen.universe import UniverseContext, find_context, load_context

__all__ = ["PreparedQuestions", "QuestionJob", "check_file", "write_file"]


@dataclass(frozen=True)
class QuestionJob:
    """The context that questions are about, and the run that it belongs to, if any."""

    context: UniverseContext
    run: Run | None

    @classmethod
    def of(cls, target: str | None, reporter: Reporter) -> "QuestionJob":
        """A run takes precedence over a context of the same name, since it has a copy of it. Raises `UserError`."""
        if target is None:
            run = Run(run_or_latest(None, reporter).path)
            return cls(run.context, run)
        try:
            folder = find_run(target)
        except RunError:
            return cls(load_context(find_context(target, Path.cwd())), None)
        run = Run(folder.path)
        return cls(run.context, run)

    def prepare(
        self,
        size: int,
        seed: int,
        engine: str | None,
        model: str | None,
        base_url: str | None,
        concurrency: int | None,
        max_cost: float | None,
        out: Path | None,
    ) -> "PreparedQuestions":
        """Choose an engine, count the calls, and decide on the file. Raises `ConfigError`."""
        own = self.run.path / "questions.yaml" if self.run is not None else None
        path = out or own or Path("universe_contexts") / "questions" / f"{self.context.id}.yaml"
        refuse_file_of_a_run(path)
        if out is None and path.exists():
            fix = "Check it with --check, delete it, or write another with --out FILE"
            raise ConfigError("exists already, and may have been edited", str(path), fix)
        counts = scaled_counts(size)
        if choose_engine(engine, base_url) == EMBEDDED_ENGINE:
            # Plain forms are written, and no model is asked: one that is named, or a cap, was meant for another engine.
            if engine is None:
                settings = {"model": model, "max_cost": max_cost}
                refuse_settings_without_key([name for name, value in settings.items() if value is not None])
            elif model is not None:
                refuse_settings_of_others(engine, ["model"])
            return PreparedQuestions(self.context, path, None, None)
        options = JudgeOptions(
            engine=engine, model=model, base_url=base_url, concurrency=concurrency, max_cost=max_cost
        )
        writer = QuestionWriter(self.context, Judge.of(options, self.run.setup if self.run else None), counts, seed)
        return PreparedQuestions(self.context, path, writer, writer.judge.cost(writer.requests()))


@dataclass(frozen=True)
class PreparedQuestions:
    """Ready to be written; `writer` and `cost` are None for plain forms, which are free."""

    context: UniverseContext
    path: Path
    writer: QuestionWriter | None
    cost: JudgeCost | None

    def check_engine(self) -> None:
        """Raise `ConfigError` if a paid engine has neither a key nor an address."""
        if self.writer is not None:
            engine = self.writer.judge.engine
            find_provider(engine.engine).connect(Connection(engine.base_url))

    def cost_line(self) -> str:
        """The cost in one line, for the person who decides."""
        if self.cost is None:
            return "Plain forms, without a model: nothing is spent"
        cost, facts = self.cost, len(self.context.key_facts)
        price = "no known price" if cost.dollars is None else f"about {money(cost.dollars)}"
        return f"{cost.model} writes questions on {facts} facts: {cost.calls} calls, {cost.tokens:,} tokens, {price}"

    def write(self, reporter: Reporter) -> WrittenQuestions:
        """Write the questions."""
        if self.writer is None:
            return WrittenQuestions(plain_questions(self.context), {})
        with interruptible_judging(reporter) as stopping:
            return asyncio.run(self.writer.write(reporter, stopping))


def write_file(questions: QuestionFile, prepared: PreparedQuestions) -> Path:
    """Write the file as YAML for people to edit."""
    head = (
        "# Questions that show whether a model believes each fact. Read them through and edit them.\n"
        f"# Check: docgen questions --check {prepared.path}    The kinds: docs/belief.md\n"
    )
    return write_atomically(prepared.path, [(head + question_text(questions)).encode()])


def check_file(path: Path, job: QuestionJob) -> QuestionFile:
    """A question file, checked against the job's context. Raises `InputError` for the first problem."""
    return load_questions(path, job.context)
