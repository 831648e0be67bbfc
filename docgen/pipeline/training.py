"""Training a model on a run's corpus or an export, and asking a model what it has come to believe."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from docgen.belief.logprob.evaluation import Evaluation, evaluate, questions_for
from docgen.belief.logprob.scoring import cache_folder
from docgen.errors import ConfigError
from docgen.pipeline.corpora.export import export
from docgen.pipeline.corpora.sources import run_of
from docgen.pipeline.run import Run
from docgen.progress import Progress, Reporter
from docgen.progress.display import ProgressArgument, reporter_for
from docgen.training.corpus import read_training_corpus
from docgen.training.forecast import Forecast
from docgen.training.job import TrainingResult, plan_training, train_on
from docgen.training.models import best_device, find_base, quieten, require_extra
from docgen.training.recipe import Recipe

__all__ = ["logprob", "plan_of_training", "train", "training_folder"]


def train(
    source: Run | str | Path,
    model: str,
    recipe: Recipe | None = None,
    *,
    out: str | Path | None = None,
    doctag: bool = True,
    device: str = "",
    accept_unfinished: bool = False,
    progress: ProgressArgument | Reporter = None,
    show_plan: Callable[[Forecast], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> TrainingResult:
    """Train `model` (a folder, a GGUF file or a hub id) on a run or an export, or continue a training in `out`.

    `out` is by default training/MODEL next to the export. A run is exported first, with a masked <DOCTAG> if `doctag`.
    `device` "" is the GPU if there is one. `show_plan` is called with the plan; when `stopping` says so, the current
    step is finished, a checkpoint written, and the result is not `finished`. Needs docgen[train].
    """
    base = find_base(model)
    require_extra()
    folder = training_folder(source, doctag=doctag, accept_unfinished=accept_unfinished)
    corpus = read_training_corpus(folder)
    home = folder if folder.is_dir() else folder.parent
    if folder.parent.name == "export":  # inside a run
        home = folder.parent.parent
    place = Path(out) if out else home / "training" / base.short_name
    own = None if progress is not None and hasattr(progress, "note") else reporter_for(progress)
    try:
        return train_on(
            corpus, base, recipe or Recipe(), place, own or progress,  # type: ignore[arg-type]
            device=device, show_plan=show_plan, stopping=stopping,
        )  # fmt: skip
    finally:
        if own:
            own.close()


def plan_of_training(
    source: Run | str | Path,
    model: str,
    recipe: Recipe | None = None,
    *,
    doctag: bool = True,
    accept_unfinished: bool = False,
) -> Forecast:
    """The plan of `train` with the same arguments; loads the model's tokenizer, not the model."""
    base = find_base(model)
    require_extra()
    folder = training_folder(source, doctag=doctag, accept_unfinished=accept_unfinished)
    return plan_training(read_training_corpus(folder), base, recipe or Recipe())


def training_folder(source: Run | str | Path, *, doctag: bool = True, accept_unfinished: bool = False) -> Path:
    """The export to train on; a run is exported first, by a single process."""
    if run_of(source) is None:
        return Path(str(source))
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        fix = "Export it first: docgen export RUN --doctag, and name that folder"
        raise ConfigError("several processes can only train on an export, not on a run", str(source), fix)
    return export(source, "trl", doctag=doctag, accept_unfinished=accept_unfinished)[0]


def logprob(
    model: str,
    adapters: Sequence[str | Path] = (),
    questions: str | Path | None = None,
    *,
    baseline: bool = True,
    device: str = "",
    cache: bool = True,
    progress: Callable[[Progress], None] | None = None,
) -> Evaluation:
    """Ask a local model, and adapters on it, what they believe, by log-probabilities.

    Without `questions`, the ones that docgen ships for the universe of the adapters' corpus are asked. With `baseline`
    the base is asked too, for the change. Needs docgen[train].
    """
    base = find_base(model)
    folders = [Path(adapter) for adapter in adapters]
    question_file = questions_for(Path(questions) if questions else None, folders)
    require_extra()
    quieten()

    def tell(done: int, total: int) -> None:
        if progress:
            progress(Progress("score", done, total))

    return evaluate(
        base, folders, question_file, baseline=baseline, device=device or best_device(),
        cache=cache_folder() if cache else None, progress=tell,
    )  # fmt: skip
