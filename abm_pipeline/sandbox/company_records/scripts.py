"""Scripts: Latin to katakana, Cyrillic and Greek; accents to ASCII; text read in the wrong encoding."""

from __future__ import annotations

import re
import unicodedata

_ROWS = {
    "": "アイウエオ",
    "k": "カキクケコ",
    "s": "サシスセソ",
    "t": "タチツテト",
    "n": "ナニヌネノ",
    "h": "ハヒフヘホ",
    "m": "マミムメモ",
    "r": "ラリルレロ",
    "g": "ガギグゲゴ",
    "z": "ザジズゼゾ",
    "d": "ダヂヅデド",
    "b": "バビブベボ",
    "p": "パピプペポ",
}
_PAIRS = {
    "f": ("ファ", "フィ", "フ", "フェ", "フォ"),
    "v": ("ヴァ", "ヴィ", "ヴ", "ヴェ", "ヴォ"),
    "j": ("ジャ", "ジ", "ジュ", "ジェ", "ジョ"),
    "w": ("ワ", "ウィ", "ウ", "ウェ", "ウォ"),
    "y": ("ヤ", "イ", "ユ", "イェ", "ヨ"),
    "sh": ("シャ", "シ", "シュ", "シェ", "ショ"),
    "ch": ("チャ", "チ", "チュ", "チェ", "チョ"),
    "x": ("クサ", "クシ", "クス", "クセ", "クソ"),
}
_KANA = {c + v: text for c, row in _ROWS.items() for v, text in zip("aiueo", row, strict=True)}
_KANA |= {c + v: text for c, row in _PAIRS.items() for v, text in zip("aiueo", row, strict=True)}
for _same, _as in (("l", "r"), ("c", "k"), ("q", "k"), ("th", "s"), ("ph", "f"), ("ck", "k")):
    _KANA |= {_same + v: _KANA[_as + v] for v in "aiueo"}
_ALONE = {c: _KANA[c + ("o" if c in "td" else "u")] for c in {key[:-1] for key in _KANA} - {"", "n", "y"}}
_KANA |= _ALONE | {"n": "ン", "y": "イ", " ": "", "-": "・", "&": "アンド"}
_KANA_PART = re.compile("|".join(sorted(map(re.escape, _KANA), key=lambda part: (-len(part), part))))

_CYRILLIC = {
    **{"shch": "щ", "sh": "ш", "ch": "ч", "zh": "ж", "kh": "х", "ya": "я", "yu": "ю", "ts": "ц", "x": "кс", "w": "в"},
    **dict(zip("abvgdezijklmnoprstufhcyq", "абвгдезийклмнопрстуфхкик", strict=True)),
}
_GREEK = {
    **{"th": "θ", "ph": "φ", "ch": "χ", "ps": "ψ", "ou": "ου", "sh": "σ", "w": "ου", "j": "τζ", "q": "κ", "c": "κ"},
    **dict(zip("abvgdeziklmnxoprstufhy", "αμβγδεζικλμνξοπρστυφχυ", strict=True)),
    "b": "μπ",
}
_CYRILLIC_PART = re.compile("|".join(sorted(_CYRILLIC, key=lambda part: -len(part))))
_GREEK_PART = re.compile("|".join(sorted(_GREEK, key=lambda part: -len(part))))
_SPELT = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
        "ø": "oe",
        "å": "aa",
        "æ": "ae",
        "Å": "Aa",
    }
    | {"Ø": "Oe", "ł": "l", "Ł": "L", "ı": "i", "İ": "I", "đ": "d"}
)
_BARE = str.maketrans({"ß": "s", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "æ": "a", "đ": "d"})


def bare(text: str) -> str:
    """Accents dropped: Müller to Muller."""
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text.translate(_BARE)) if not unicodedata.combining(c))


def spelt(text: str) -> str:
    """Umlauts written out, other accents dropped: Müller to Mueller."""
    return text if text.isascii() else bare(text.translate(_SPELT))


def slug(text: str, joint: str = "") -> str:
    """Letters and digits of a name for a host name or a page, words joined by `joint`."""
    return joint.join(
        re.findall(r"[a-z0-9]+", spelt(text).lower().replace("&", " and " if joint else "").replace("'", ""))
    )


def katakana(text: str) -> str:
    """A Latin name as a Japanese reader writes it, roughly."""
    return "".join(_KANA[part] for part in _KANA_PART.findall(bare(text).lower()))


def cyrillic(text: str) -> str:
    """A Latin name in Cyrillic, words capitalised."""
    return _CYRILLIC_PART.sub(lambda m: _CYRILLIC[m[0]], bare(text).lower()).title()


def greek(text: str) -> str:
    """A Latin name in Greek, words capitalised."""
    return _GREEK_PART.sub(lambda m: _GREEK[m[0]], bare(text).lower()).title()


def garbled(text: str) -> str:
    """UTF-8 read as Latin-1: Müller to MÃ¼ller."""
    return text.encode("utf-8").decode("latin-1")


def wide(text: str) -> str:
    """ASCII as full-width letters: ABC to ＡＢＣ."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in text)


NATIVE = {"JP": katakana, "RU": cyrillic, "UA": cyrillic, "GR": greek}
