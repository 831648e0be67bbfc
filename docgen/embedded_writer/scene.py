"""The state of one document while it is being written: people, places, dates and the random source."""

import datetime as dt
import random
from collections.abc import Callable
from functools import partial

from docgen.prompts.style_pools import StylePools
from docgen.records import Style

__all__ = ["VARIABLES", "Scene"]

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PAPERS = (
    "note",
    "briefing",
    "summary",
    "file",
    "report",
    "fact sheet",
    "paper",
    "dossier",
    "memorandum",
    "digest",
)
"""What the document in question is called; one word per document."""
PEOPLE = 6
"""People in a document: the grammar uses {n1} to {n6}."""
MAX_LINKS = 10
"""Linked choices in a block: the digits of `{1=a|b}`."""
LABELS: tuple[Callable[[str], str], ...] = (
    lambda name: f"{name}:",
    lambda name: f"{name.split(' ', 1)[0]}:",
    lambda name: f"{name.split(' ', 1)[-1].upper()}:",
    lambda name: f"**{name.split(' ', 1)[0]}:**",
)
"""How speakers are labelled; one way per document."""
ROLES = (
    "archivist", "editor", "records officer", "researcher", "librarian", "programme manager", "policy adviser",
    "team secretary", "information officer", "analyst", "registrar", "staff writer", "lecturer", "project lead",
)  # fmt: skip
TERSE = ("dry", "brisk", "terse", "crisp", "businesslike", "plain", "matter")
AMPLE = ("warm", "chatty", "expansive", "unhurried", "conversational", "reflective", "neighbourly", "cheerful")


class Scene:
    """The variables that grammar texts may use. Counters and clocks advance as the document is written, in order."""

    __slots__ = (
        "angle",
        "audience",
        "clause",
        "clock",
        "counter",
        "date",
        "day",
        "first_names",
        "full",
        "known",
        "label",
        "links",
        "names",
        "opening",
        "optional_share",
        "organisations",
        "paper",
        "places",
        "question",
        "random",
        "stamp",
        "title",
        "topic",
    )  # fmt: skip

    def __init__(self, rng: random.Random, style: Style, pools: StylePools, topic: str, angle: str) -> None:
        self.random = rng.random
        self.topic, self.angle, self.title = topic, angle, ""
        self.audience, self.opening = style.audience, style.opening
        # The style's people and drawn ones; no two share a first name, by which texts may call them.
        people = {name.split(" ", 1)[0]: name for name in style.names}
        while len(people) < PEOPLE:
            name = pools.names[int(self.random() * len(pools.names))]
            people.setdefault(name.split(" ", 1)[0], name)
        self.names = list(people.values())
        self.organisations = [style.organisation, *_draw(self.random, pools.organisations, 2)]
        self.places = [style.place, *_draw(self.random, pools.places, 2)]
        self.day = style.date
        month, day = MONTHS[style.date.month - 1], style.date.day
        british = self.random() < 0.5
        self.date = f"{day} {month} {style.date.year}" if british else f"{month} {day}, {style.date.year}"
        self.paper = PAPERS[int(self.random() * len(PAPERS))]
        tone = style.tone.lower()
        # How often optional sentences are written: a terse tone leaves most of them out.
        ample = 0.8 if any(word in tone for word in AMPLE) else 0.5
        self.optional_share = 0.25 if any(word in tone for word in TERSE) else ample
        self.label = LABELS[int(self.random() * len(LABELS))]
        self.full = self.clause = self.question = ""
        self.first_names = False
        self.rewind()

    def rewind(self) -> None:
        """Reset counters, clocks and introductions to the start of a document."""
        self.known: set[int] = set()
        self.links = [-1.0] * MAX_LINKS
        self.counter = 0
        self.stamp = self.day - dt.timedelta(days=120 + int(self.random() * 100))
        self.clock = 480 + int(self.random() * 400)


def _draw(roll: Callable[[], float], pool: tuple[str, ...], count: int) -> list[str]:
    size = len(pool)
    return [pool[int(roll() * size)] for _ in range(count)]


def _count(scene: Scene) -> str:
    scene.counter += 1
    return str(scene.counter)


def _later_day(scene: Scene) -> str:
    """A day after the last one, in short form."""
    scene.stamp += dt.timedelta(days=1 + int(scene.random() * 9))
    return f"{scene.stamp.day} {MONTHS[scene.stamp.month - 1]}"


def _later_time(scene: Scene) -> str:
    """A time of day after the last one."""
    scene.clock = (scene.clock + 2 + int(scene.random() * 34)) % 1440
    return f"{scene.clock // 60:02d}:{scene.clock % 60:02d}"


def _mention(scene: Scene, index: int, role: bool = False, in_full: bool = False) -> str:
    """A person: full name at the first mention, then first or family name.

    With `role` the first mention has a role ("archivist Ida Holm"); with `in_full` every mention is the full name.
    """
    name = scene.names[index]
    if index in scene.known and not in_full:
        first, _, last = name.partition(" ")
        return first if scene.first_names or not last else last
    scene.known.add(index)
    return f"{ROLES[int(scene.random() * len(ROLES))]} {name}" if role else name


def _speaker(scene: Scene, index: int) -> str:
    return scene.label(scene.names[index])


def _part(scene: Scene, index: int, last: bool) -> str:
    return scene.names[index].partition(" ")[2 if last else 0] or scene.names[index]


def _people() -> dict[str, tuple[Callable[[Scene], str], float]]:
    """n: name, w: introduced with a role, s: always the full name, f and l: first and family name, a to d: speakers."""
    people: dict[str, tuple[Callable[[Scene], str], float]] = {}
    for i in range(PEOPLE):
        people[f"n{i + 1}"] = partial(_mention, index=i), 0.4
        people[f"w{i + 1}"] = partial(_mention, index=i, role=True), 0.8
        people[f"s{i + 1}"] = partial(_mention, index=i, in_full=True), 1.1
        people[f"f{i + 1}"] = partial(_part, index=i, last=False), 0.0
        people[f"l{i + 1}"] = partial(_part, index=i, last=True), 0.1
    for i, letter in enumerate("abcd"):
        people[letter] = partial(_speaker, index=i), 0.6
    return people


VARIABLES: dict[str, tuple[Callable[[Scene], str], float]] = {
    **_people(),
    "topic": (lambda scene: scene.topic, 0.2),
    "Topic": (lambda scene: scene.topic[:1].upper() + scene.topic[1:], 0.2),
    "angle": (lambda scene: scene.angle, 6.0),
    "title": (lambda scene: scene.title, 7.0),
    "audience": (lambda scene: scene.audience, 2.5),
    "org": (lambda scene: scene.organisations[0], 1.1),
    "org2": (lambda scene: scene.organisations[1], 1.1),
    "org3": (lambda scene: scene.organisations[2], 1.1),
    "place": (lambda scene: scene.places[0], 0.1),
    "place2": (lambda scene: scene.places[1], 0.1),
    "place3": (lambda scene: scene.places[2], 0.1),
    "date": (lambda scene: scene.date, 2.0),
    "paper": (lambda scene: scene.paper, 0.1),
    "month": (lambda scene: f"{MONTHS[scene.day.month - 1]} {scene.day.year}", 1.0),
    "monthname": (lambda scene: MONTHS[scene.day.month - 1], 0.0),
    "year": (lambda scene: str(scene.day.year), 0.0),
    "weekday": (lambda scene: DAYS[scene.day.weekday()], 0.0),
    "num": (_count, 0.0),
    "stamp": (_later_day, 1.0),
    "clock": (_later_time, 0.0),
    "q": (lambda scene: scene.question, 8.0),
    "F": (lambda scene: scene.full, 0.0),
    "f": (lambda scene: scene.clause, 0.0),
}
"""By name in a grammar text: its function, and the mean number of spaces in its text. A fact's wording counts as 0,
since the outline knows its true length."""
