"""The table of engines: what it says is what the command line, a run's settings and the engine itself go by."""

import asyncio
from pathlib import Path

import pytest

from docgen.errors import ConfigError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.llm.engine import EngineOptions, open_engine
from docgen.llm.journal import Journal
from docgen.llm.providers.table import PROVIDERS, Connection, Provider, choose_engine, find_provider
from docgen.options.run import RunConfig, RunOptions
from docgen.pipeline.inputs.requested_inputs import propose
from tests.worlds import LIGHTHOUSE

each_provider = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in PROVIDERS:
        for name in provider.environment:
            monkeypatch.delenv(name, raising=False)


def connection() -> Connection:
    return Connection(base_url="http://127.0.0.1:9")


@each_provider
def test_a_provider_connects_to_a_model_of_its_name(provider: Provider) -> None:
    """The name in the table is the one that documents are recorded with; what was opened can be closed."""

    async def engine_name() -> str:
        llm = provider.connect(connection())
        await llm.aclose()
        return llm.engine

    assert asyncio.run(engine_name()) == provider.name


@each_provider
def test_a_provider_can_be_asked_for_by_name_in_a_run(provider: Provider) -> None:
    assert choose_engine(provider.name, None) == provider.name
    assert find_provider(provider.name).default_model


@each_provider
def test_each_of_its_variables_chooses_a_provider(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in provider.environment:
        with monkeypatch.context() as patch:
            patch.setenv(name, "x")
            assert choose_engine(None, None) == provider.name


def test_without_key_or_address_the_free_engine_writes_and_an_address_means_the_one_that_takes_it() -> None:
    assert choose_engine(None, None) == "offline"
    assert choose_engine(None, "http://localhost:8000") == "anthropic"


def test_an_unknown_engine_is_refused_with_the_names_of_the_known() -> None:
    with pytest.raises(ConfigError, match="offline or anthropic"):
        find_provider("gpt")


@each_provider
def test_its_own_settings_are_settings_of_a_run(provider: Provider) -> None:
    assert set(provider.own_settings) <= set(RunConfig.model_fields)


@pytest.mark.parametrize("setting", [{"base_url": "http://127.0.0.1:9"}, {"batch": True}])
def test_a_setting_of_another_engine_is_refused_before_anything_is_written(
    setting: dict[str, object], tmp_path: Path
) -> None:
    """An offline run with --batch or --base-url would silently do without."""
    assert_refused(tmp_path, {"engine": "offline", **setting}, next(iter(setting)).replace("_", "-"))


def test_a_run_of_an_unknown_engine_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    assert_refused(tmp_path, {"engine": "gpt"}, "Use offline or anthropic")


def assert_refused(folder: Path, flags: dict[str, object], says: str) -> None:
    context = folder / "lighthouse.yaml"
    context.write_text(LIGHTHOUSE, "utf-8")
    run = RunFolder(folder / "output" / "a")
    with pytest.raises(ConfigError, match=says):
        propose(run, context, RunOptions(n=3, **flags))
    assert not run.path.exists()


def test_an_engine_without_batches_refuses_them_when_it_is_opened(tmp_path: Path) -> None:
    async def run() -> None:
        with Journal(tmp_path / "llm.jsonl") as journal:
            async with open_engine(EngineOptions(engine="offline", batch=True), journal):
                pass

    with pytest.raises(ConfigError, match="no batches"):
        asyncio.run(run())
