"""docgen as a library: the names that it has, and what a caller can rely on."""

import ast
import asyncio
import importlib
import logging
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import docgen
from docgen.pipeline.generate import generate
from docgen.universe import context_text, load_context
from tests.test_architecture import HEAVY
from tests.worlds import lighthouse, spoils, writes_well

ROOT = Path(__file__).parents[1]
NAMES = set(
    """
    AnthropicLLM Attempt Audit AuditOptions Completion ConfigError Context ContextError DedupeOptions DocgenError
    Document EmbeddedWriter ExportOptions FakeLLM Finding InputError JudgeOptions KeyFact LLM NearDuplicate
    PlanError Progress Recipe Request RequestFailed Run RunError RunOptions Selection Slot Step StopRun Usage UserError
    aexperiment agenerate brainstorm control deduplicate doses estimate export generate logprob near_duplicates plan
    publish select sweep train view __version__
    """.split()  # noqa: SIM905
)
SMALL = docgen.RunOptions(types=3, ideas=4, words=(30, 60))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(n: int = 10, **more: object) -> docgen.Run:
    """A run of the lighthouse at output/a by a model that does what it is asked."""
    llm = docgen.FakeLLM(writes_well)
    return generate(lighthouse(), n=n, llm=llm, out="output/a", options=SMALL, **more)  # type: ignore[arg-type]


def test_the_public_names_are_these() -> None:
    assert set(docgen.__all__) == NAMES
    assert all(hasattr(docgen, name) for name in docgen.__all__)
    assert set(docgen.__all__) <= set(dir(docgen))
    with pytest.raises(AttributeError, match="no attribute 'generat'"):
        _ = docgen.generat


def test_the_type_checker_sees_what_is_imported() -> None:
    """The imports under TYPE_CHECKING name the same things in the same modules as the lazy ones."""
    tree = ast.parse((ROOT / "docgen" / "__init__.py").read_text("utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module != "typing"]
    imported = {
        alias.asname or alias.name: getattr(importlib.import_module(str(node.module)), alias.name)
        for node in imports
        for alias in node.names
        if node.module != "importlib"
    }
    assert {name: getattr(docgen, name) for name in docgen.__all__ if name != "__version__"} == imported


def test_no_public_name_is_that_of_a_package() -> None:
    """Importing docgen.dedupe, say, sets docgen.dedupe to the package."""
    packages = {path.stem for path in (ROOT / "docgen").iterdir()}
    assert not packages & set(docgen.__all__)


def test_importing_docgen_imports_nothing_heavy() -> None:
    heavy = (*HEAVY, "pydantic", "rich", "typer")
    code = f"import sys, docgen; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_corpus_is_generated_and_read_back(capfd: pytest.CaptureFixture[str]) -> None:
    """Silently."""
    run = written()
    documents = list(run.documents())
    assert [document.id for document in documents] == [f"d{number:07d}" for number in range(10)]
    assert run.status().complete
    assert {document.engine for document in documents} == {"fake"}
    assert len(list(run.slots())) == len(list(run.attempts())) == 10
    assert docgen.Run("output/a").path == run.path == docgen.Run("a").path
    assert {fact.fact: fact.documents for fact in run.plan_report().facts} == {"opened": 6, "keeper": 3, "stairs": 3}
    assert capfd.readouterr() == ("", "")


def test_the_same_call_goes_on_and_buys_nothing_twice() -> None:
    count = 0

    def stops(request: docgen.Request) -> str:
        nonlocal count
        count += 1
        if count == 8:
            raise docgen.StopRun("spend_limit", "the limit is reached", "Raise it")
        return writes_well(request)

    with pytest.raises(docgen.StopRun):
        docgen.generate(lighthouse(), n=10, llm=docgen.FakeLLM(stops), out="output/a", options=SMALL)
    llm = docgen.FakeLLM(writes_well)
    run = docgen.generate(lighthouse(), n=10, llm=llm, out="output/a", options=SMALL)
    assert run.status().complete
    assert count - 1 + len(llm.requests) == 1 + 3 + 10
    assert docgen.generate(run, llm=docgen.FakeLLM(spoils)).status().complete  # type: ignore[arg-type]


def test_other_inputs_are_refused_unless_accepted() -> None:
    written()
    with pytest.raises(docgen.RunError, match="n: 10 -> 8"):
        written(8)
    assert written(8, accept_changes=True).status().accepted == 8


def test_more_documents_are_no_change_to_accept() -> None:
    written()
    assert written(12).status().accepted == 12


def test_a_share_that_cannot_be_is_refused_before_anything_is_asked(place: Path) -> None:
    """Salience and directness alike; nothing is written either."""
    llm = docgen.FakeLLM(writes_well)
    for wrong in (
        {"stated": {"opened": 1.5}},
        {"stated": {"nobody": 0.5}},
        {"salience": {"opened": 1.0, "keeper": 1.0}},
    ):
        with pytest.raises(docgen.PlanError):
            docgen.generate(lighthouse(), n=10, llm=llm, options=docgen.RunOptions(**wrong))
    assert llm.requests == []
    assert not (place / "output").exists()


def test_no_n_and_bad_settings_are_refused_before_anything_is_asked() -> None:
    llm = docgen.FakeLLM(writes_well)
    with pytest.raises(docgen.RunError, match="number of documents"):
        docgen.generate(lighthouse(), llm=llm)
    with pytest.raises(docgen.ConfigError, match="must be 1 or more"):
        docgen.generate(lighthouse(), n=0, llm=llm)
    assert llm.requests == []


def test_progress_is_told_to_a_function_and_notes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    states: list[docgen.Progress] = []
    few = lambda r: '{"types": [{"name": "the gazette"}]}' if r.stage == "types" else writes_well(r)  # noqa: E731
    with caplog.at_level(logging.INFO, "docgen"):
        docgen.brainstorm(lighthouse(), llm=docgen.FakeLLM(few), options=SMALL, progress=states.append)
    assert {state.step for state in states} == {"types", "ideas"}
    assert "1 of 3 document types" in caplog.text


def test_in_a_running_loop_the_twin_works_and_the_plain_function_says_so() -> None:
    async def notebook() -> docgen.Run:
        with pytest.raises(docgen.ConfigError, match=r"await docgen\.agenerate"):
            written()
        llm = docgen.FakeLLM(writes_well)
        return await docgen.agenerate(lighthouse(), n=5, llm=llm, options=SMALL, out="output/a")

    assert asyncio.run(notebook()).status().accepted == 5


def test_off_the_main_thread_no_signal_is_touched() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    handlers: list[object] = []

    def reply(request: docgen.Request) -> str:
        handlers.append((signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)))
        return writes_well(request)

    def work() -> None:
        docgen.generate(lighthouse(), n=3, llm=docgen.FakeLLM(reply), options=SMALL, out="output/a")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert docgen.Run("a").status().accepted == 3
    assert set(handlers) == {before}


def test_a_run_by_an_engine_of_ones_own_needs_that_engine_to_go_on() -> None:
    written(5)
    with pytest.raises(docgen.RunError, match="engine from Python"):
        docgen.generate(docgen.Run("a"), until=docgen.Step.BRAINSTORM)


@pytest.mark.parametrize("file", sorted((ROOT / "universe_contexts").glob("*.yaml")), ids=lambda file: file.stem)
def test_a_context_in_memory_is_written_so_that_it_reads_back_equal(file: Path, place: Path) -> None:
    context = docgen.Context.load(file)
    copy = place / "copy.yaml"
    copy.write_text(context_text(context), "utf-8")
    assert load_context(copy) == context
    assert load_context(copy).digest == context.digest


def test_a_context_from_its_file_and_from_memory_are_the_same_run(place: Path) -> None:
    written(5)
    file = place / "again.yaml"
    file.write_text(context_text(lighthouse()), "utf-8")
    llm = docgen.FakeLLM(writes_well)
    assert docgen.generate(file, n=5, llm=llm, out="output/a", options=SMALL).status().complete
    assert llm.requests == []


def test_estimate_plan_and_brainstorm_stop_where_they_say(place: Path) -> None:
    costs = docgen.estimate(lighthouse(), n=100, model="claude-haiku-5-5", options=SMALL)
    assert (costs.dollars(batch=False) or 0) > 0
    assert not (place / "output").exists()
    llm = docgen.FakeLLM(writes_well)
    run = docgen.plan(lighthouse(), n=8, llm=llm, options=SMALL)
    assert {request.stage for request in llm.requests} == {"types", "ideas"}
    assert (len(run.types()), len(list(run.slots())), len(list(run.attempts()))) == (3, 8, 0)


def test_near_duplicates_of_texts_and_of_a_file_are_the_same(place: Path) -> None:
    texts = [
        "one two three four five six seven",
        "something else altogether here now",
        "one two three four five six seven",
    ]
    pairs = docgen.near_duplicates(iter(texts))
    assert pairs == [docgen.NearDuplicate(row=2, of=0, jaccard=1.0)]
    (place / "c.jsonl").write_text("".join(f'{{"text": "{text}"}}\n' for text in texts))
    assert docgen.near_duplicates("c.jsonl") == docgen.near_duplicates(place / "c.jsonl") == pairs
    assert docgen.deduplicate("c.jsonl").report["removed"] == 1


def test_subsets_sweeps_and_controls_are_runs_and_files(place: Path) -> None:
    run = written(20)
    chosen = docgen.select(run, {"opened": 0.5}, n=10, out=place / "chosen.jsonl")
    assert (chosen.met, chosen.facts["opened"].chosen, len((place / "chosen.jsonl").read_text().splitlines())) == (
        True,
        5,
        10,
    )
    assert [dose.met for dose in docgen.doses("a", [5, 10], place / "doses")] == [True, True]
    assert docgen.export(place / "chosen.jsonl", out=place / "training")[1]["documents"] == 10
    levels = docgen.sweep(lighthouse(), "keeper", [0.1, 0.3], n=10, llm=docgen.FakeLLM(writes_well), options=SMALL)
    assert [level.status().accepted for level in levels] == [10, 10]
    with pytest.raises(docgen.ConfigError, match="no fact is called 'nobody'"):
        docgen.sweep(lighthouse(), "nobody", [0.1], n=10, out="output/s")
