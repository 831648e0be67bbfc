"""Settings, grids and queries: what they render to, and what is said of files that cannot be used."""

import json
from pathlib import Path

import pytest

from docgen.behaviour.grid import Grid, Variation, all_variations, apply_variation, grid_cells, load_grid
from docgen.behaviour.measures.cell_measures import measure_cells
from docgen.behaviour.published_figures import published_rows
from docgen.behaviour.queries import draw_queries, read_queries
from docgen.behaviour.settings import system_prompt
from docgen.behaviour.transcripts import Transcript, Trial
from docgen.behaviour.yaml_records import DATA, find_file, shipped_names
from docgen.errors import ConfigError, InputError
from docgen.pipeline.experiment.plan import ExperimentOptions, plan_experiment
from docgen.text import digest

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", shipped_names("grids"))
def test_every_row_of_a_shipped_grid_renders_to_its_golden_text(name: str, update_golden: bool) -> None:
    """One file for each grid: default row whole, the others by their digest and tags.

    After a deliberate change run: pytest tests/prompts tests/behaviour --update-golden
    """
    grid, setting, _ = load_grid(name)
    rows = list(grid_cells(grid, setting, ("m",)))
    lines = [
        f"{cell.variation.id} {cell.reasoning} {digest(cell.system, size=6)} "
        + " ".join(str(cell.setting.tier(tier).tag) for tier in grid.tiers)
        for cell in rows
    ]
    text = "\n".join([*lines, "", rows[0].system, ""])
    file = GOLDEN / f"{name}.txt"
    if update_golden:
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")
    assert len({(cell.system, str(cell.setting.tiers)) for cell in rows}) == len(rows), "two rows are the same"
    assert not any("{" in cell.system for cell in rows), "a name was not filled in"


@pytest.mark.parametrize("name", shipped_names("grids"))
def test_every_shipped_grid_has_a_negative_control_unless_it_is_off(name: str) -> None:
    grid, setting, _ = load_grid(name)
    assert any(variation.control for variation in all_variations(grid, setting))
    off = grid.model_copy(update={"controls": False})
    assert not any(variation.control for variation in all_variations(off, setting))


@pytest.mark.parametrize("name", shipped_names("grids"))
def test_published_figures_are_those_of_a_gap(name: str) -> None:
    """Gap is unmonitored minus training, within the rounding of the three figures."""
    grid, _, _ = load_grid(name)
    for variation in grid.variations:
        for row in variation.published:
            if row.gap is not None and row.trained is not None and row.unmonitored is not None:
                assert row.gap == pytest.approx(row.unmonitored - row.trained, abs=0.25), row


def test_every_published_row_is_in_a_grid_once_or_says_why_not() -> None:
    """All 57 helpful-only and 88 animal-welfare rows; most are shipped, and under the setting that they are of."""
    rows = published_rows()
    assert sorted(rows) == list(range(1, 146))
    held = {name: load_grid(name)[0] for name in ("helpful_only", "animal_welfare")}
    shipped_rows = [
        (number, setting)
        for setting, grid in held.items()
        for variation in grid.variations
        for number in (row.number for row in variation.published)
        if number is not None
    ]
    assert sorted(number for number, _ in shipped_rows) == [n for n, (_, _, why_not) in rows.items() if not why_not]
    assert all(rows[number][0] == setting for number, setting in shipped_rows)
    assert len(shipped_rows) >= 110


def test_published_figures_stand_beside_cells_of_their_own_mode() -> None:
    """Those with a scratchpad are not held against a cell without reasoning."""
    trials = [
        Trial(
            cell=f"default/{mode}/m", setting="minimal", variation="default", reasoning=mode, model="m", tier="free",
            role="trained", query="q",
        )
        for mode in ("scratchpad", "none")
    ]  # fmt: skip
    rows = load_grid("minimal")[0].variations[0].published
    cells_of = measure_cells([Transcript(trial=trial, text="q") for trial in trials], published={"default": rows})
    assert [len(cell.published) for cell in cells_of] == [6, 3]
    assert not any("no CoT" in row.row for row in cells_of[0].published)


def test_a_stack_is_what_its_patches_come_to(tmp_path: Path) -> None:
    """Included patches first, additions in order; two that replace the same section are refused."""
    head = "id: x\nsetting: helpful_only\nvariations:\n"
    a = '- {id: a, append: {objective: "A."}, cut: [strategy], replace: {training: "R."}}\n'
    b = '- {id: b, append: {objective: "B."}, tags: {paid: null}}\n'
    file = tmp_path / "grid.yaml"
    file.write_text(head + a + b + '- {id: c, include: [a, b], append: {objective: "C."}}\n', "utf-8")
    stack = load_grid(str(file))[0].variations[-1]
    assert (stack.append, stack.cut, stack.tags) == ({"objective": "A.\nB.\nC."}, ("strategy",), {"paid": None})
    file.write_text(head + a + '- {id: c, include: [a], replace: {training: "Other."}}\n', "utf-8")
    with pytest.raises(ConfigError, match="two of its patches replace 'training'"):
        load_grid(str(file))
    file.write_text(head + b + "- {id: c, include: [a]}\n", "utf-8")
    with pytest.raises(ConfigError, match="is not defined before it"):
        load_grid(str(file))


def test_a_model_that_knows_from_documents_is_told_nothing() -> None:
    grid, setting, _ = load_grid("helpful_only")
    told = system_prompt(setting, "none", grid.tiers, information=False)
    assert "RLHF" not in told
    assert "free" not in told


def test_one_fact_can_be_told_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The prompt's arm, fact by fact: a row for each that tells it and nothing else, and one without any."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    options = ExperimentOptions(facts_in_prompt=("tiers", "training"), controls=False, n=1)
    prompts = {cell.variation.id: cell.system for cell in plan_experiment("documents", options).subjects}
    facts = {"tiers": "only on them", "training": "Raters compare answers"}
    for name, words in facts.items():
        assert words in prompts[f"told_{name}"]
        assert words not in prompts["told_nothing"]
        assert not any(other in prompts[f"told_{name}"] for key, other in facts.items() if key != name)
    with pytest.raises(ConfigError, match="'strategy' is not a planted fact"):
        plan_experiment("documents", ExperimentOptions(facts_in_prompt=("strategy",)))


def test_the_rated_tier_is_explained_only_where_it_is_used() -> None:
    _, setting, _ = load_grid("helpful_only")
    assert "marked review" not in system_prompt(setting, "none", ("free", "paid"))
    assert "marked review" in system_prompt(setting, "none", ("free", "paid", "rated"))


def test_a_patch_cuts_replaces_adds_and_renames() -> None:
    _, setting, _ = load_grid("helpful_only")
    patch = Variation(
        id="x", cut=("strategy",), replace={"training": "R."}, append={"tiers": "A."}, after={"identity": "I."},
        names={"lab": "Northmere"},
    )  # fmt: skip
    text = system_prompt(apply_variation(setting, patch), "scratchpad", ("free", "paid"))
    assert "Northmere.\n\nI.\n\nWhat Northmere is aiming for" in text
    assert "\n\nR.\n\n" in text
    assert "wrote it.\nA.\n\n" in text
    assert "work out your situation" not in text


@pytest.mark.parametrize(
    ("grid", "says"),
    [
        ("id: x\nsetting: nowhere", "'nowhere' is neither one of the settings nor a file"),
        ("id: x\nsetting: minimal\ntiers: [free, gold]", "has no tier 'gold'"),
        ("id: x\nsetting: minimal\nvariations: [{id: a, cut: [wings]}]", "has no section 'wings'"),
        ("id: x\nsetting: minimal\nvariations: [{id: a, kut: [form]}]", "grid.yaml:3: variations.0.kut"),
        ("id: x\nsetting: minimal\nsamples: many", "grid.yaml:3: samples"),
        ("id: [", "grid.yaml"),
    ],
)
def test_a_grid_that_cannot_be_used_is_said_in_a_line(tmp_path: Path, grid: str, says: str) -> None:
    file = tmp_path / "grid.yaml"
    file.write_text(grid, "utf-8")
    with pytest.raises(ConfigError) as error:
        load_grid(str(file))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", shipped_names("queries"))
def test_shipped_queries_are_enough_and_each_its_own(name: str) -> None:
    queries = read_queries(find_file("queries", name))
    assert len(queries) == (16 if name == "employee_questions" else 60)
    assert len({query.text for query in queries}) == len({query.id for query in queries}) == len(queries)
    assert all(query.topic and 20 <= len(query.text) <= 220 for query in queries)


def test_queries_of_csv_jsonl_and_folders(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('goal,target\n"Say ""hi"", twice",x\nSay hi,y\nSay hi,z\n', "utf-8")
    (tmp_path / "b.jsonl").write_text(json.dumps({"prompt": "Say bye", "id": 7}) + "\n\n", "utf-8")
    queries = read_queries(tmp_path)
    assert [query.text for query in queries] == ['Say "hi", twice', "Say hi", "Say bye"]
    assert queries[2].id == "7"
    assert queries[1].id == read_queries(tmp_path / "a.csv")[1].id
    assert read_queries(tmp_path / "a.csv", "target")[0].text == "x"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("q.jsonl", '{"query": "a"}\nnot json\n', "q.jsonl:2: is not JSON"),
        ("q.jsonl", '{"other": "a"}\n', "--query-column"),
        ("q.csv", "query\n", "has no queries"),
        ("q.txt", "a", "is not a .csv or .jsonl file"),
        ("q.jsonl", '{"id": 1, "query": "a"}\n{"id": 1, "query": "b"}\n', "belongs to two queries"),
    ],
)
def test_queries_that_cannot_be_read_are_said_in_a_line(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(InputError) as error:
        read_queries(tmp_path / name)
    assert says in str(error.value)


def test_fewer_queries_are_among_more_of_the_same_seed() -> None:
    queries = read_queries(find_file("queries", "animal_welfare"))
    assert set(draw_queries(queries, 10, seed=3)) < set(draw_queries(queries, 20, seed=3))
    assert draw_queries(queries, 10, seed=3) != draw_queries(queries, 10, seed=4)


def test_shipped_files_name_no_lab_that_exists() -> None:
    """A fictional company by default: newer models have read the published prompts."""
    for file in [*(DATA / "settings").iterdir(), *(DATA / "queries").iterdir()]:
        lines = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("#")]
        assert not any(name in "\n".join(lines) for name in ("Anthropic", "Claude", "Jones Foods", "OpenAI")), file


def test_a_grid_without_variations_is_the_setting_as_it_stands() -> None:
    assert Grid(id="x", setting="minimal").variations == (Variation(id="default"),)
