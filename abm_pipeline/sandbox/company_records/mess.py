"""What people and imports do to a name: typos, abbreviations, notes, cities, cases, encodings, cut ends."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.company_records import words as w
from abm_pipeline.sandbox.company_records.arrays import Array, Rng, apply, draw, words
from abm_pipeline.sandbox.company_records.families import Entities
from abm_pipeline.sandbox.company_records.places import COUNTRIES
from abm_pipeline.sandbox.company_records.scripts import bare, garbled, slug, spelt, wide
from abm_pipeline.sandbox.company_records.shares import Mess
from abm_pipeline.sandbox.company_records.sources import Rows
from abm_pipeline.sandbox.world.names import FIRST, LAST

_SHORTER = dict(w.ABBREVIATIONS)
_LONG_WORD = re.compile(r"\b(?:" + "|".join(map(re.escape, _SHORTER)) + r")\b")
_AMPERSAND = {" & ": " and ", " and ": " & ", " und ": " & ", " + ": " & ", " et ": " & "}
_AND = re.compile("|".join(map(re.escape, _AMPERSAND)))
_NEIGHBOURS = dict(zip("abcdefghijklmnopqrstuvwxyz", "svxsrdfgujhknkmlawdygbqzhx", strict=True))
_FORM_TAILS = (
    " Inc",
    " LLC",
    " Ltd",
    " GmbH",
    " Corp",
    " Co",
    " SA",
    " BV",
    " AG",
    " Limited",
    " plc",
    " Company",
    " SAS",
    " Inc.",
    " AB",
)


def has(values: Array, pattern: str) -> Array:
    """Which values contain the pattern, bool."""
    return pd.Series(values, dtype="str").str.contains(pattern, regex=True).to_numpy(dtype=bool)


def dirty_names(rng: Rng, mess: Mess, names: Array, rows: Rows, entities: Entities) -> None:
    """Plant all messes of the name's text, in the order in which they happen: words, letters, notes, cases."""
    _change_words(rng, mess, names)
    city = mess.plant("branch_city")
    place = [
        COUNTRIES[c].cities[k].split("@")[0].split("/")[0]
        for c, k in zip(
            entities.country[rows.entity[city]].tolist(), entities.city[rows.entity[city]].tolist(), strict=True
        )
    ]
    names[city] = names[city] + words([b.format(p) for b, p in zip(draw(rng, w.BRANCH, len(city)), place, strict=True)])
    line = mess.plant("tagline")
    names[line] = names[line] + draw(rng, w.TAGLINES, len(line))
    _change_letters(rng, mess, names)
    note = mess.plant("trailing_note")
    names[note] = names[note] + draw(rng, w.NOTES, len(note))
    note = mess.plant("leading_note")
    names[note] = draw(rng, w.LEADING_NOTES, len(note)) + names[note]
    apply(names, mess.plant("upper_case"), str.upper)
    apply(names, mess.plant("lower_case"), str.lower)
    long = np.array([len(name) > 40 for name in names])
    apply(names, mess.plant("truncated", long), lambda name: name[:40])
    space = mess.plant("stray_space")
    kind = rng.integers(0, 4, len(space))
    names[space] = words(
        [
            (f" {t}", f"{t} ", t.replace(" ", "  ", 1), f"{t}\t")[k]
            for k, t in zip(kind.tolist(), names[space], strict=True)
        ]
    )


def _change_words(rng: Rng, mess: Mess, names: Array) -> None:
    form = mess.plant("wrong_legal_form")
    names[form] = names[form] + draw(rng, _FORM_TAILS, len(form))
    count = pd.Series(names, dtype="str").str.count(" ").to_numpy() + 1
    drop = mess.plant("dropped_word", count >= 3)
    at = 1 + (rng.random(len(drop)) * (count[drop] - 1)).astype(np.int64)
    names[drop] = words(
        [
            " ".join(p for k, p in enumerate(name.split(" ")) if k != a)
            for name, a in zip(names[drop], at.tolist(), strict=True)
        ]
    )
    apply(
        names,
        mess.plant("abbreviated", has(names, _LONG_WORD.pattern)),
        lambda t: _LONG_WORD.sub(lambda m: _SHORTER[m[0]], t),
    )
    apply(names, mess.plant("word_order", count >= 2), lambda t: " ".join([*t.split(" ")[1:], t.split(" ")[0]]))
    the = mess.plant("leading_the")
    after = rng.random(len(the)) < 0.2
    names[the] = np.where(after, names[the] + ", The", "The " + names[the])
    apply(
        names,
        mess.plant("ampersand_or_and", has(names, _AND.pattern)),
        lambda t: _AND.sub(lambda m: _AMPERSAND[m[0]], t),
    )
    apply(names, mess.plant("joined_words", count >= 2), lambda t: t.replace(" ", ""))
    point = mess.plant("punctuation")
    kind = rng.integers(0, 6, len(point))
    names[point] = words([_pointed(t, k) for t, k in zip(names[point], kind.tolist(), strict=True)])


def _pointed(text: str, kind: int) -> str:
    """Other punctuation: dashes, quotes, dots, commas, a trade mark."""
    return (
        text.replace(" ", "-", 1),
        f'"{text}"',
        text.replace(".", "") if "." in text else f"{text}.",
        text.replace(" ", ", ", 1),
        f"{text}®" if len(text) % 2 else f"{text}™",
        text.replace("'", "’") if "'" in text else f"{text} -",
    )[kind]


def _change_letters(rng: Rng, mess: Mess, names: Array) -> None:
    typo = mess.plant("typo")
    at, kind = rng.random(len(typo)).tolist(), rng.integers(0, 5, len(typo)).tolist()
    names[typo] = words([_mistyped(t, a, k) for t, a, k in zip(names[typo], at, kind, strict=True)])
    umlaut = has(names, "[äöüßÄÖÜøåæ]")
    apply(names, mess.plant("umlaut_spelt", umlaut), spelt)
    accent = ~np.array([name.isascii() for name in names])
    latin = accent & has(names, "[a-zA-Z]") & ~has(names, "[\u0370-\u04ff\u3040-\uffef]")
    apply(names, mess.plant("accents_lost", latin), bare)
    latin &= ~np.array([name.isascii() for name in names])
    apply(names, mess.plant("wrong_encoding", latin), garbled)
    apply(names, mess.plant("wide_letters", has(names, "[\u3040-\u9fff]")), wide)
    apply(names, mess.plant("html_entity", has(names, "&")), lambda t: t.replace("&", "&amp;"))


def _mistyped(text: str, where: float, kind: int) -> str:
    """One letter swapped, lost, doubled, or replaced by its neighbour on the keyboard; never the first."""
    if len(text) < 4:
        return text + text[-1:]
    k = 1 + int(where * (len(text) - 2))
    return (
        text[:k] + text[k + 1] + text[k] + text[k + 2 :],
        text[:k] + text[k + 1 :],
        text[:k] + text[k] + text[k:],
        text[:k] + _NEIGHBOURS.get(text[k].lower(), text[k]) + text[k + 1 :],
        text[:k] + " " + text[k:] if len(text) > 8 else text[: len(text) - 1],
    )[kind]


def replaced_names(rng: Rng, mess: Mess, names: Array, site: Array, known: Array) -> Array:
    """Put names that are none: empty, a placeholder, an address, a person, a domain; say in which rows.

    `site` is the company's domain; `known` says which records show a domain, without which such a record would
    be nobody's.
    """
    known = known & (site != "")
    empty = mess.plant("nameless", known)
    names[empty] = ""
    holder = mess.plant("placeholder_name", known)
    names[holder] = draw(rng, w.JUNK_NAMES, len(holder))
    mail = mess.plant("email_as_name", known)
    first, last = draw(rng, FIRST, len(mail)), draw(rng, LAST, len(mail))
    names[mail] = words([f"{slug(a)}.{slug(b)}@" for a, b in zip(first, last, strict=True)]) + site[mail]
    person = mess.plant("person_as_name", known)
    first, last = draw(rng, FIRST, len(person)), draw(rng, LAST, len(person))
    names[person] = np.where(rng.random(len(person)) < 0.7, first + " " + last, last + ", " + first)
    host = mess.plant("domain_as_name", known)
    names[host] = np.where(rng.random(len(host)) < 0.3, "www.", "") + site[host]
    replaced = np.zeros(len(names), dtype=bool)
    replaced[np.concatenate([empty, holder, mail, person])] = True
    return replaced
