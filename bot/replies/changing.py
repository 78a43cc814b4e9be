"""Why a change of a cluster is none, or cannot be: to whoever asks for it in a line or a form."""

from __future__ import annotations

from collections.abc import Sequence

from bot.text import code, lifetime
from provisioning import wording


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
