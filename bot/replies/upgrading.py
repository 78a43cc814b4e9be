"""What is said of another Kubernetes version before it is asked for: its way, and what is in its way."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.terms import and_more
from bot.text import code
from provisioning import hindrance_words, precheck, wording
from provisioning.model import DeprecatedApi, HoldingBudget

UPGRADE_ROOM = "The workers that this takes for a while, beside those there are, count in the quota already."
UPGRADE_ASLEEP = "💤 It is asleep: this begins when it wakes."
UPGRADE_TRAILING = (
    "⚠️ Some workers may be older than the control plane yet. It goes on only when none is, so this waits for them."
)


def upgrade_way(before: str, after: str, beyond: Sequence[str]) -> str:
    """`beyond` are the versions after that, up to the newest on offer."""
    way = f"{code(before)} → *{code(after)}*"
    if not beyond:
        return f"{way}: the newest on offer. One minor version at a time, and never back."
    then = ", then ".join(map(code, beyond))
    return f"{way}. After that {then}: one minor version at a time, each asked for by itself, and never back."


def upgrade_order(pools: Sequence[str]) -> str:
    """`pools` say what `rolled_pool` says of each."""
    if not pools:
        return "The control plane is replaced; there are no workers."
    others = "all pools at the same time" if len(pools) > 1 else "the workers"
    return f"First the control plane; once it has arrived, {others}: {', '.join(pools)}."


def rolled_pool(name: str, workers: str, *, at_once: int, missing: int) -> str:
    """A pool while it is updated: `missing` of the workers that go at once have no other in their place yet."""
    pace = "one by one" if at_once == 1 else f"{at_once} at a time"
    lacks = f", {missing} missing meanwhile" if missing else ""
    return f"{code(name)} ({workers}, {pace}{lacks})"


def upgrade_takes(half: str, most: str) -> str:
    return f"About {half} by what it took here of late; nine of ten within {most}."


def upgrade_felt(drain: str) -> str:
    """`drain` is how long Pods may take to leave a worker; empty where there are no workers."""
    told = "Connections to its API break off for moments."
    if not drain:
        return told
    return f"{told} Pods move: each worker is emptied before it goes, and what has not left after {drain} goes with it."


def upgrade_still(runs: str, before: str) -> str:
    return f"⚠️ It still runs {code(runs)}, on its way to {code(before)}: this begins once that is done."


def upgrade_held(budgets: Sequence[HoldingBudget], more: int, waits: str) -> str:
    """`more` is how many hold up the workers beside these, `waits` how long a worker is held."""
    told = [hindrance_words.lets_none_go(code(precheck.budget_name(each)), each) for each in budgets]
    rest, held = [and_more(more)] if more else [], hindrance_words.held_workers(code(waits))
    lines = (*(f"• {each}." for each in told), *rest, f"{held[0].upper()}{held[1:]}.")
    return "\n".join(("⚠️ *PodDisruptionBudgets hold up the workers*", *lines))


def upgrade_drops(after: str, apis: Sequence[DeprecatedApi], more: int) -> str:
    """`more` is how many go beside these."""
    lines = [f"• {hindrance_words.gone_in(code(precheck.api_name(each)), each)}." for each in apis]
    lines += [and_more(more)] if more else []
    why = "Somebody asked for each of them lately. What still needs it then fails: move that first."
    return "\n".join((f"⚠️ *APIs are in use that {code(after)} does not have any more*", *lines, why))


def upgrade_unseen(why: Sequence[str], *, seen: bool) -> str:
    """`seen` says that somebody looked before, or saw the rest."""
    said = hindrance_words.not_seen([*map(code, why)], seen=seen)
    return f"⚠️ {said[0].upper()}{said[1:]}."


def upgrade_would(cluster: str, after: str, budgets: int, apis: int) -> str:
    """How many PodDisruptionBudgets and APIs the next upgrade runs into; one of them at least."""
    held = [wording.count(budgets, "PodDisruptionBudget")] if budgets else []
    used = [wording.count(apis, "API in use", "APIs in use")] if apis else []
    into = " and ".join((*held, *used))
    return f"⚠️ An upgrade to {code(after)} would run into {into}: {code(f'/cluster upgrade {cluster}')} says which."


def upgrade_clear(after: str) -> str:
    return f"Nothing was seen in the cluster that is in the way of {code(after)}."


def upgrade_seen(when: str) -> str:
    """`when` is markup of ours."""
    return f"As of {when}."
