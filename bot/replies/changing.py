"""Why a change of a cluster is none, or cannot be: to whoever asks for it in a line or a form."""

from __future__ import annotations

from collections.abc import Sequence

from bot.text import code, lifetime
from provisioning import wording

UPGRADE_ROOM = "The workers that this takes for a while, beside those there are, count in the quota already."
UPGRADE_ASLEEP = "💤 It is asleep: this begins when it wakes."
UPGRADE_TRAILING = (
    "⚠️ Some workers may be older than the control plane yet. It goes on only when none is, so this waits for them."
)


def unchanged(cluster: str) -> str:
    return f"{wording.unchanged(code(cluster))}."


def no_duration(word: str) -> str:
    return f"{wording.no_duration(code(word))}."


def no_end(cluster: str) -> str:
    return f"{wording.no_end(code(cluster))}."


def lives_longest(cluster: str, longest: str) -> str:
    return f"{code(cluster)} cannot live longer: {lifetime(longest)} is the most in its tenant."


def no_schedule(cluster: str) -> str:
    return f"{wording.no_schedule(code(cluster))}: leave out the time."


def sleeps_for_good(cluster: str, why: str) -> str:
    return f"{code(why)}, so {code(cluster)} sleeps; extend it: {code(f'/cluster extend {cluster} 24h')}"


def nothing_follows(cluster: str, before: str) -> str:
    return f"{wording.nothing_follows(code(cluster), code(before))}."


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


def no_pool(name: str, known: Sequence[str]) -> str:
    said = wording.no_pool(code(name), ", ".join(map(code, known)))
    return f"{said[0].upper()}{said[1:]}."


def several_pools(known: Sequence[str]) -> str:
    return f"There are several pools; say which one: {', '.join(map(code, known))}."


def always_there(add_on: str) -> str:
    said = wording.always_there(code(add_on))
    return f"{said[0].upper()}{said[1:]}."


def no_form_for(request: str) -> str:
    return f"There is no form for what {code(request)} asks. Withdraw it, and ask for what you want now."


def changed_meanwhile(cluster: str) -> str:
    return f"{code(cluster)} has changed since you asked for that. Look at it as it is now, and ask for what you want."


def no_sleep_to_skip(cluster: str) -> str:
    return f"{wording.no_sleep_to_skip(code(cluster))}."


def tried_again(cluster: str) -> str:
    return f"{code(cluster)} is tried again now: all that belongs to it is put there anew. Its card shows how it goes."
