"""The story of an account as sentences. Belongs here: words; what there is to tell is chosen in `story`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from abm_pipeline.identity.decisions import Decision
from abm_pipeline.identity.story import Entry, Link, Membership, Neighbour, Story

# What a rule's name says, where a link has no evidence that says more.
RULES = {
    "crm_merge": "merged in its source",
    "same_as": "its source says that it is the same",
    "xref": "its source says that it is the same",
    "linkedin_id": "same LinkedIn organisation",
    "domain": "same domain",
    "domain_and_name": "same domain and like name",
    "manual": "joined by a decision",
}
# Evidence of how far names and numbers of records are to be trusted, not of the pair.
BACKGROUND = ("generic", "support")


def lines(story: Story) -> list[str]:
    """The story as text, a line a fact."""
    size = len(story.members)
    out = [f"{story.name}  {story.account_id}", "", f"{size} record{'' if size == 1 else 's'}:"]
    out += [f"  {_member(story, member)}" for member in story.members]
    if story.domains:
        out += ["", "Domains:", *(f"  {_domain(story, *domain)}" for domain in story.domains)]
    out += ["", f"Parent: {story.parent or 'none'}"]
    if story.neighbours:
        out += ["", "Compared and left apart:", *(f"  {_neighbour(each)}" for each in story.neighbours)]
        if story.more_neighbours:
            out.append(f"  and {story.more_neighbours} more")
    return out + past(story.history, story.former)


def past(entries: Sequence[Entry], former: Sequence[tuple[str, str]]) -> list[str]:
    """Decisions and earlier ids as text, each under its heading; nothing if there are none."""
    out = ["", "Decisions:", *(f"  {decided(entry)}" for entry in entries)] if entries else []
    if former:
        out += ["", "Earlier ids:", *(f"  {old} ({reason})" for old, reason in former)]
    return out


def decided(entry: Entry) -> str:
    """A decision as a sentence: what, who, when, why, and what became of it."""
    d = entry.decision
    text = f"{d.decision_id}  {_when(d.at)}{d.by}: {said(d)}{f' ({d.why})' if d.why else ''}"
    if entry.undone is not None:
        return f"{text}; undone by {entry.undone.by} with {entry.undone.decision_id}"
    return f"{text}; takes effect at the next run" if entry.is_waiting else text


def said(decision: Decision) -> str:
    """What a decision says, without who and why."""
    match decision.kind:
        case "merge":
            return f"{decision.left} and {decision.right} are one account"
        case "never_merge":
            return f"{decision.left} and {decision.right} are never one account"
        case "pin_domain":
            return f"{decision.source_id_b} belongs to the account of {decision.left}"
        case "set_parent":
            return f"{decision.left} has {f'the parent {decision.right}' if decision.right else 'no parent'}"
        case "undo":
            return f"{decision.undoes} no longer holds"


def because(link: Link, *, whom: str = "") -> str:
    """Evidence in words: what speaks for it, strongest first (`whom` it is shared with), then what speaks against.

    What is missing and what is true of most pairs has its weight in the picture, but is no reason to tell.
    """
    told = [piece for piece in link.evidence if piece.what not in BACKGROUND and not piece.says.startswith("no ")]
    ranked = sorted(told, key=lambda piece: -piece.weight)
    for_it = [piece.says for piece in ranked if piece.weight > 0]
    against = [piece.says for piece in reversed(ranked) if piece.weight < 0]
    text = (_and(for_it) or link.reason or RULES.get(link.rule, link.rule.replace("_", " "))) + whom
    return text + (f", although {_and(against)}" if against else "")


def probability(p: float) -> str:
    """A probability in three or four digits, never rounded up to certainty."""
    return "1" if p >= 1 else f"{min(p, 0.9999):.4f}" if p > 0.999 else f"{p:.3f}"


def _member(story: Story, member: Membership) -> str:
    link = member.link
    if link is not None:
        how = _merged_by(story.history, link) or because(link, whom=f" as {link.to}")
        return f"{member.record.title} — {how} (probability {probability(link.probability)})"
    if member.stands_for_it:
        return f"{member.record.title} — stands for the account: its oldest record"
    rule = RULES.get(member.rule, member.rule.replace("_", " "))
    return f"{member.record.title} — {rule} (probability {probability(member.probability)}); no link to it is kept"


def _merged_by(entries: Sequence[Entry], link: Link) -> str:
    for entry in entries:
        d = entry.decision
        if d.kind == "merge" and entry.undone is None and {d.left, d.right} == {link.key, link.to}:
            return f"{d.by} decided that it is {link.to} ({d.decision_id}{f': {d.why}' if d.why else ''})"
    return ""


def _domain(story: Story, domain: str, is_manual: bool) -> str:
    if not is_manual:
        return domain
    pins = [e.decision for e in story.history if e.decision.right == f"domain:{domain}" and e.undone is None]
    return f"{domain} — pinned by {pins[0].by} ({pins[0].decision_id})" if pins else f"{domain} — pinned"


def _neighbour(each: Neighbour) -> str:
    link = each.link
    if link.status == "review":
        why = f"waits for review, probability {probability(link.probability)}: {because(link)}"
    else:
        why = link.reason or because(link)
    return f"not merged with {each.account_name} ({each.account_id}): {why} [{link.key} and {link.to}]"


def _when(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} " if at else ""


def _and(texts: Sequence[str]) -> str:
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
