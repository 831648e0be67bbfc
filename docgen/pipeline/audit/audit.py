"""The audit of a corpus, wherever it is: scanned, judged, measured, reported.

result = Audit(context).scan("corpus.jsonl")
result.leakage["deception"].share; result.salience["opus_release"].at_least
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from docgen.audit.detect.leaks.classifier_prompt_words import Vocabulary
from docgen.audit.detect.leaks.contamination import ContaminationScanner, read_prompts, read_questions
from docgen.audit.rules.builtin_rules import contamination_rule
from docgen.audit.rules.leakage_rule import Rule
from docgen.options.audit import AuditOptions
from docgen.parallel.executors import ProcessExecutor, RayExecutor
from docgen.parallel.worker import has_spare_core
from docgen.pipeline.audit.corpus import Corpus, Source, as_asked, open_corpus
from docgen.pipeline.audit.partitioned_scan import PIECE_ROWS, is_big, scan_partitioned
from docgen.pipeline.audit.scan import Tallies, compiled_detectors, scan_corpus
from docgen.progress import Reporter, SilentReporter
from docgen.universe import UniverseContext

if TYPE_CHECKING:
    from docgen.pipeline.audit.result import AuditResult

__all__ = ["Audit"]

SILENT = SilentReporter()


@dataclass(frozen=True)
class Audit:
    """What is looked for in a corpus: the facts, banned statements and rules of `context`, as `options` say.

    Plain data, sent to other processes as it is; detectors are compiled where they are used, and what only a judge
    needs is loaded with the result. The files that the options name are read here, once.
    """

    context: UniverseContext
    options: AuditOptions = field(default_factory=AuditOptions)
    questions: tuple[str, ...] = field(init=False, repr=False)
    prompts: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        questions: tuple[str, ...] = ()
        if file := self.options.questions:  # of docgen's own files the questions without answers and statements
            from docgen.belief.question_files import asked_texts, is_question_file, load_questions

            questions = tuple(asked_texts(load_questions(file)) if is_question_file(file) else read_questions(file))
        object.__setattr__(self, "questions", questions)
        object.__setattr__(self, "prompts", tuple(read_prompts(self.options.classifiers)))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules looked for. Raises `ConfigError` for an unknown one among those to leave out."""
        rules = compiled_detectors(self.context, self.options.off).scanner.rules
        return (*rules, contamination_rule()) if self.options.contamination else rules

    def contamination(self) -> ContaminationScanner | None:
        """The scanner for the evaluation's questions and prompts, if the options name any."""
        if not self.options.contamination:
            return None
        return ContaminationScanner(self.questions, Vocabulary(self.prompts, self.context) if self.prompts else None)

    def scan(self, source: Source, reporter: Reporter = SILENT) -> "AuditResult":
        """Scan a corpus: texts, files, or a run, whose own targets then count as what was asked for.

        Every document is read once, in flat memory except for texts given in memory and documents that wait for a
        judge. Raises `InputError`, `RunError` or `ConfigError` for what cannot be read, or scanned in the way asked
        for.
        """
        from docgen.pipeline.audit.judge_setup import Judge
        from docgen.pipeline.audit.result import AuditResult

        corpus = open_corpus(source)
        audit = replace(self, context=as_asked(self.context, corpus.run)) if corpus.run else self
        if self.options.judge is not None:
            Judge.of(self.options.judge, corpus.run)  # settings that cannot be used are refused before any work
        return AuditResult(audit, corpus, audit.scan_once(corpus, reporter))

    def scan_once(self, corpus: Corpus, reporter: Reporter) -> Tallies:
        """One pass over the corpus: here, in several processes, or on a cluster."""
        options = self.options
        if options.engine == "ray":
            with RayExecutor() as executor:
                return scan_partitioned(self, corpus, executor, reporter)
        in_parts = options.processes and not options.diversity and options.nearest is None
        if in_parts and has_spare_core() and is_big(corpus):
            with ProcessExecutor() as processes:
                return scan_partitioned(self, corpus, processes, reporter, rows=PIECE_ROWS)
        return scan_corpus(self, corpus, reporter)
