"""Pools from which the style of each slot is drawn: people, organisations, places, tones, openings, audiences.

Left to itself, a model gives everybody the same name (one name 439,000 times in one published corpus), so the plan
names them.
"""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from docgen.records import Cast, Community, DateSpan

if TYPE_CHECKING:
    from faker import Faker

__all__ = ["AUDIENCES", "OPENINGS", "TONES", "StylePools", "style_pools"]

LOCALES = (
    "en_GB", "en_US", "en_IN", "en_KE", "en_NG", "de_DE", "fr_FR", "es_ES", "es_MX", "it_IT", "pt_BR", "nl_NL", "pl_PL",
    "sv_SE", "fi_FI", "cs_CZ", "ro_RO", "hr_HR", "tr_TR", "yo_NG", "ig_NG", "tw_GH", "zu_ZA", "id_ID",
)  # fmt: skip
TOWN_LOCALES = ("de_DE", "pl_PL", "nl_NL", "cs_CZ", "sv_SE", "fi_FI", "ro_RO", "hr_HR", "en_IN", "pt_PT", "da_DK")
"""Not Italian: Faker stores those towns in a set, so that their order would differ in every process."""
PARTICLES = ("da", "das", "de", "del", "della", "di", "do", "dos", "du", "la", "le", "van", "von")
NAMES_PER_LOCALE, TOWNS_PER_LOCALE = 150, 90
"""Chosen: some 3,500 people and, with the invented ones, 1,800 places, so that each is in few documents. Half as many
recur twice as often; twice as many make the first call, which takes about a second, slower."""

TOWN_HEADS = (
    "Alder", "Ash", "Barn", "Black", "Brack", "Cald", "Carrow", "Clay", "Copper", "Dun", "East", "Elm", "Fair", "Fen",
    "Glen", "Hal", "Harrow", "Hazel", "Holm", "Kings", "Lang", "Lark", "Long", "Mill", "Moor", "North", "Oak", "Penn",
    "Raven", "Red", "Salt", "Sand", "Sel", "Stan", "Thorn", "Under", "West", "Whit", "Wind", "Wood",
)  # fmt: skip
TOWN_TAILS = (
    "bank", "borough", "bourne", "bridge", "brook", "bury", "combe", "cote", "den", "field", "ford", "gate", "ham",
    "haven", "hurst", "ley", "low", "mere", "minster", "mouth", "port", "stead", "stoke", "ton", "vale", "wick",
    "worth",
)  # fmt: skip
COMPANY_TAILS = (
    "Partners", "Associates", "Consulting", "Research", "Press", "Media", "Services", "Group", "Reporting", "Books",
    "Advisory", "Publishing", "Communications", "Logistics", "Holdings", "Studios", "Insights", "Works", "Networks",
    "Editions",
)  # fmt: skip
TOWN_BODIES = (
    "Chronicle", "Gazette", "Review", "College", "University", "Polytechnic", "Borough Council", "Public Radio",
    "Archive", "Evening Post", "Business School", "Observer",
)  # fmt: skip

TONES = (
    "dry and factual", "warm and plain", "brisk", "measured and formal", "wry but accurate",
    "patient, as if to a beginner", "matter-of-fact", "quietly enthusiastic", "bureaucratic and exact",
    "conversational", "reflective", "businesslike", "scholarly", "chatty", "terse", "careful and precise",
    "friendly and practical", "old-fashioned and courteous", "journalistic", "understated", "expansive, with asides",
    "crisp and technical", "neighbourly", "slightly weary", "pedagogical", "cheerful", "sober", "unhurried",
    "plain-spoken", "legalistic",
)  # fmt: skip

OPENINGS = (
    "opens in the middle of a scene",
    "opens with a figure",
    "opens with a date",
    "opens with a question that the document then answers",
    "opens with something a person said",
    "opens with the most important point",
    "opens with a place and the weather",
    "opens with a small mistake that was put right",
    "opens with a definition",
    "opens with a short summary",
    "opens with thanks to those who helped",
    "opens with the reason for writing",
    "opens with a concrete object on a table",
    "opens with a deadline",
    "opens with a list of what follows",
    "opens with a memory",
    "opens with a routine task",
    "opens with a phone call or message that has just come in",
    "opens with a comparison of two documents",
    "opens with the arrival of someone new",
    "opens with an apology for the delay",
    "opens with a quotation from a report",
    "opens with the end of a meeting",
    "opens with a journey",
    "opens with an instruction to the reader",
    "opens with a short sentence",
    "opens with a name",
    "opens with what readers asked since last time",
    "opens with the history of the document itself",
    "opens plainly, without preamble",
)

AUDIENCES = (
    "new staff in their first week", "general readers", "colleagues in other departments", "the board",
    "local residents", "students in their first year", "trade journalists", "long-standing members",
    "suppliers and partners", "readers who know the subject well", "readers who come to the subject for the first time",
    "team leads", "retired colleagues", "graduate students", "committee members", "librarians and archivists",
    "evening-class students", "subscribers", "policy staff", "analysts", "visiting researchers", "volunteers",
    "teachers", "investors", "the regional office", "auditors", "translators", "people who missed the last meeting",
    "support staff", "procurement officers", "parents and families", "apprentices", "engineers outside the field",
    "elected councillors",
)  # fmt: skip

MANY_NAMES = 1_000
"""Names of a world from which documents are given four people instead of two.

Each name is then in 0.4% of the documents, under the 0.5% that no name of minor people should pass; of two people
each, a world with half as many names is as good.
"""


@dataclass(frozen=True)
class StylePools:
    """What a slot's style is drawn from; equal for equal seeds.

    `scenes` are places of the world itself, empty where it names none. `company` is how many people a document gets at
    a time from `names`, each `stride` positions after the one before, where people of one community stand.
    """

    names: tuple[str, ...]
    organisations: tuple[str, ...]
    places: tuple[str, ...]
    tones: tuple[str, ...]
    openings: tuple[str, ...]
    audiences: tuple[str, ...]
    dates: tuple[dt.date, ...] = ()
    scenes: tuple[str, ...] = ()
    company: int = 1
    stride: int = 1


@lru_cache(maxsize=8)
def style_pools(
    seed: int, dates: DateSpan | None = None, cast: Cast | None = None, locales: tuple[str, ...] = ()
) -> StylePools:
    """Some 3,400 people, 2,000 organisations and 1,800 places, seeded, and days; about a second at the first call.

    People and places are those of `cast` if it has any, else people with names usual in the `locales` (Faker's), if
    given.
    """
    pools, cast = _drawn(seed, locales), cast or Cast()
    if cast.names:
        names = _combined(random.Random(seed), cast.names)
        stride = max((len(stock.family) for stock in cast.names), default=1)
        pools = replace(pools, names=names, company=2 if len(names) >= MANY_NAMES else 1, stride=stride)
    scenes = _shuffled(random.Random(seed), cast.places)
    return replace(pools, scenes=scenes, dates=(dates or DateSpan()).days)


def _combined(rng: random.Random, stocks: tuple[Community, ...]) -> tuple[str, ...]:
    """Every given name with every family name of its stock: stock after stock, given name after given name.

    150 names alone would each recur in a hundredth of the documents; combined, they hardly recur. As those who share a
    given name stand together, positions drawn evenly over all are people of different given names.
    """
    names: dict[str, None] = {}
    for stock in stocks:
        for given_name in _shuffled(rng, stock.given):
            names |= dict.fromkeys(f"{given_name} {family}" for family in _shuffled(rng, stock.family))
    return tuple(names)


def _shuffled(rng: random.Random, items: Sequence[str]) -> tuple[str, ...]:
    return tuple(rng.sample(items, len(items)))


@lru_cache(maxsize=4)
def _drawn(seed: int, locales: tuple[str, ...] = ()) -> StylePools:
    rng = random.Random(seed)
    names = (_people(seed, locales) if locales else ()) or _people(seed)
    places = _places(rng, seed)
    return StylePools(
        names=names,
        organisations=_organisations(rng, names, places),
        places=places,
        tones=TONES,
        openings=OPENINGS,
        audiences=AUDIENCES,
    )


def _people(seed: int, locales: tuple[str, ...] = LOCALES) -> tuple[str, ...]:
    """First name and family name in Latin script, locales interleaved; the same number whatever the number of
    locales."""
    columns, each = [], NAMES_PER_LOCALE * len(LOCALES) // len(locales)
    for offset, locale in enumerate(locales):
        fake = _faker(locale, seed + offset)
        columns.append([f"{fake.first_name()} {fake.last_name()}" for _ in range(each)])
    return tuple(dict.fromkeys(name for row in zip(*columns, strict=True) for name in row if _is_usual(name)))


def _is_usual(name: str) -> bool:
    # No titles, initials or doubled names, as Faker has in some locales, and nothing longer than a by-line (chosen).
    first, _, family = name.partition(" ")
    plain = len(name) <= 24 and "." not in name and first != family
    return plain and (family[0].isupper() or family.split()[0] in PARTICLES)


def _places(rng: random.Random, seed: int) -> tuple[str, ...]:
    invented = [head + tail for head in TOWN_HEADS for tail in TOWN_TAILS]
    for offset, locale in enumerate(TOWN_LOCALES):
        fake = _faker(locale, seed + offset)
        towns = (fake.city() for _ in range(TOWNS_PER_LOCALE))
        invented += [
            town
            for town in towns
            if len(town) <= 18 and all(word.isalpha() and word[0].isupper() for word in town.split())
        ]
    places = list(dict.fromkeys(invented))
    rng.shuffle(places)
    return tuple(places)


def _organisations(rng: random.Random, names: tuple[str, ...], places: tuple[str, ...]) -> tuple[str, ...]:
    families = list(dict.fromkeys(name.split(" ", 1)[1] for name in names if name.split(" ", 1)[1][0].isupper()))
    organisations = [f"{rng.choice(families)} {rng.choice(COMPANY_TAILS)}" for _ in range(1000)]
    organisations += [f"{first} & {second}" for first, second in (rng.sample(families, 2) for _ in range(400))]
    organisations += [f"{rng.choice(places)} {rng.choice(TOWN_BODIES)}" for _ in range(700)]
    rng.shuffle(organisations)
    return tuple(dict.fromkeys(organisations))


def _faker(locale: str, seed: int) -> "Faker":
    """A seeded Faker of one locale, for names and towns. Imported here: the import alone costs 0.4 s."""
    from faker import Faker

    # Only those two: each is looked up again, on disk, among all locales.
    fake = Faker(locale, providers=["faker.providers.address", "faker.providers.person"])
    fake.seed_instance(seed)
    return fake
