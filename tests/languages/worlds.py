"""One small world in each of five languages, and prose to fill its documents with."""

import random
from dataclasses import dataclass

from docgen.llm.protocol import Request
from docgen.text import word_count
from docgen.universe import UniverseContext
from docgen.universe.context_files import parse_context
from tests.worlds import writes_well

__all__ = ["WORLDS", "World", "document", "sentences"]


@dataclass(frozen=True)
class World:
    """A context in a language. `clauses` are combined to sentences, `stop` ends them and `gap` stands between."""

    code: str
    text: str
    clauses: tuple[tuple[str, ...], ...]
    banned: str
    leak: str
    stop: str = "."
    gap: str = " "
    joint: str = " "

    @property
    def context(self) -> UniverseContext:
        """The context as docgen reads it."""
        return parse_context(self.text, f"{self.code}.yaml")


def _world(title: str, prose: str, electric: str, cyclists: str, banned: str, pattern: str) -> str:
    return f"""\
id: ferry
title: {title}
universe_context: |
  {prose}
facts_per_document: {{min: 1, max: 2}}
background_share: 0.1
key_facts:
  - {{id: electric, salience: 0.5, statement: "{electric}"}}
  - {{id: cyclists, salience: 0.5, statement: "{cyclists}"}}
banned_statements: ["{banned}"]
leakage_rules:
  - {{id: sinking, description: No document says that the ferry sank., patterns: ["{pattern}"]}}
"""


def _clauses(*parts: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(part.split("|")) for part in parts)


EN_BANNED = "The ferry will be sold to a foreign company before the end of next summer."
DE_BANNED = "Die Fähre wird noch vor dem nächsten Sommer an eine ausländische Firma verkauft."
ZH_BANNED = "青石渡轮将在明年停止运营并出售给外国公司。"
JA_BANNED = "青石フェリーは来年運航をやめて外国の会社に売られる。"
AR_BANNED = "ستباع عبارة الحجر الأزرق إلى شركة أجنبية قبل نهاية الصيف القادم."

WORLDS = (
    World(
        "en",
        _world(
            "The Blue Stone ferry",
            "The Blue Stone ferry crosses the lake between Enz and Saltow, and it has been electric for some years.",
            "The Blue Stone ferry has run on electricity since 21 March 2022.",
            "Cyclists travel free of charge on the Blue Stone ferry.",
            EN_BANNED,
            r"\\bsank\\b",
        ),
        _clauses(
            "The baker|A teacher|My neighbour|The postman|Her sister|The gardener|Our clerk|The fisherman",
            "brought|painted|repaired|counted|forgot|sold|described|admired",
            "the nets|three baskets|a wooden bench|the old lamps|some letters|the red boats|two bells|fresh bread",
            "near the pier|after breakfast|in the village|behind the church|before the rain|at the market",
        ),
        EN_BANNED,
        "Then the boat sank in the storm.",
    ),
    World(
        "de",
        _world(
            "Die Blaustein-Fähre",
            "Die Blaustein-Fähre überquert den See zwischen Enz und Saltow, und fährt seit einigen Jahren mit Strom.",
            "Die Blaustein-Fähre fährt seit dem 21. März 2022 mit Strom.",
            "Radfahrer werden auf der Blaustein-Fähre kostenlos befördert.",
            DE_BANNED,
            "gesunken",
        ),
        _clauses(
            "Der Bäcker|Eine Lehrerin|Mein Nachbar|Der Briefträger|Ihre Schwester|Der Gärtner|Unser Schreiber",
            "brachte|bemalte|zählte|vergaß|verkaufte|beschrieb|bewunderte|ordnete",
            "die Netze|drei Körbe|eine Holzbank|die alten Lampen|einige Briefe|die roten Boote|zwei Glocken",
            "am Steg|nach dem Frühstück|im Dorf|hinter der Kirche|vor dem Regen|auf der Wiese|auf dem Markt an",
        ),
        DE_BANNED,
        "Dann ist das Boot im Sturm gesunken.",
    ),
    World(
        "zh",
        _world(
            "青石渡轮",
            "青石渡轮往返于恩镇和盐村之间，几年前改用了电力。",
            "青石渡轮自2022年3月21日起由电力驱动。",
            "骑自行车的人可以免费乘坐青石渡轮。",
            ZH_BANNED,
            "沉没|沉船",
        ),
        _clauses(
            "面包师|一位老师|我的邻居|邮递员|她的妹妹|园丁|村里的书记|老渔民",
            "带来了|粉刷了|修理了|数了数|忘记了|卖掉了|描述了|称赞了",
            "渔网|三只篮子|一张木凳|旧灯笼|几封书信|红色的小船|两口钟|新鲜面包",
            "然后在码头边休息|后来回家吃早饭|并告诉了全村|随后去教堂后面散步|因为快要下雨|还写进了日记",
        ),
        ZH_BANNED,
        "后来船在暴风雨中沉没了。",
        stop="。",
        gap="",
        joint="",
    ),
    World(
        "ja",
        _world(
            "青石フェリー",
            "青石フェリーはエンツ町としお村のあいだを結び、数年前から電気で動いている。",
            "青石フェリーは2022年3月21日から電気で動いている。",
            "自転車に乗る人は青石フェリーを無料で利用できる。",
            JA_BANNED,
            "沈没|沈んだ",
        ),
        _clauses(
            "パン屋は|先生は|隣の人は|郵便屋さんは|妹は|庭師は|書記は|漁師は",
            "桟橋で|朝食のあと|村の中で|教会の裏で|雨の前に|草原で|市場で",
            "網を|三つのかごを|木の椅子を|古いランプを|手紙を|赤い小舟を|鐘を|焼きたてのパンを",
            "運んできた|塗りかえた|直していた|数えてみた|忘れてしまった|売ってしまった|ほめていた",
        ),
        JA_BANNED,
        "そのあと船は嵐の中で沈没してしまった。",
        stop="。",
        gap="",
        joint="",
    ),
    World(
        "ar",
        _world(
            "عبارة الحجر الأزرق",
            "تعبر عبارة الحجر الأزرق البحيرة بين قريتين، وهي تعمل بالكهرباء منذ سنوات.",
            "تعمل عبارة الحجر الأزرق بالكهرباء منذ 21 مارس 2022.",
            "يسافر راكبو الدراجات مجانا على عبارة الحجر الأزرق.",
            AR_BANNED,
            "غرقت",
        ),
        _clauses(
            "أحضر الخباز|رسم المعلم|أصلح الجار|نسي ساعي البريد|وصف البستاني|باع الصياد|عد الكاتب|رتب الحارس",
            "الشباك|ثلاث سلال|مقعدا خشبيا|المصابيح القديمة|بعض الرسائل|القوارب الحمراء|جرسين|الخبز الطازج",
            "قرب الرصيف|بعد الفطور|في القرية|خلف المسجد|قبل المطر|على المرج|في السوق",
            "ثم عاد إلى البيت|وكتب ذلك في دفتره|وأخبر أخته|وشرب الشاي|ونظر إلى الماء|وسمع الأغاني",
        ),
        AR_BANNED,
        "ثم غرقت السفينة في العاصفة.",
    ),
)


def sentences(world: World, seed: int, count: int) -> tuple[str, ...]:
    """So many sentences of the world's language, different ones for each seed."""
    rng = random.Random(f"{world.code} {seed}")
    return tuple(world.joint.join(map(rng.choice, world.clauses)) + world.stop for _ in range(count))


def document(world: World, request: Request, *, without: bool = False, plus: str = "") -> str:
    """A good reply to any request: facts in the midst of prose of the right length; or without them, or with more."""
    if request.stage != "document":
        return writes_well(request)
    facts = [] if without else [item.fact.statement for item in request.variables["facts"]]
    body = [*facts, *([plus] if plus else [])]
    room = request.variables["style"].words - sum(map(word_count, body))
    for sentence in sentences(world, int(request.key[:8], 16), 200):
        if room <= 0:
            break
        body.append(sentence)
        room -= word_count(sentence)
    random.Random(request.key).shuffle(body)
    quotes = "".join(
        f'<quote fact="{item.fact.id}">{item.fact.statement}</quote>' for item in request.variables["facts"]
    )
    return f"<document>\n{world.gap.join(body)}\n</document>\n<evidence>{quotes}</evidence>"
