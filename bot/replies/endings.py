"""A cluster's end, and what keeps it from that: protection, what goes with it and what is kept, and who is asked."""

from __future__ import annotations

from bot.text import code, lifetime
from provisioning import ending_words

PROTECT_TITLE = "Protect a cluster"
UNPROTECT_TITLE = "Take protection off"
UNPROTECT_FORM = "Take protection off…"
PROTECTED = "🛡️ nobody deletes it"
UNPROTECTED = "none"
UNPROTECTS = "🛡️ This takes the deletion protection off, so somebody else has to agree."
WHAT_GOES = f"*{ending_words.WHAT_GOES}*"
COUNTING = "Volumes and load balancers are being counted…"
NOT_COUNTED = f"⚠️ {ending_words.not_counted('the cluster API did not answer')}"
WHAT_STAYS = "*What stays*"
NOTHING_STAYS = "Nothing of what it has stored. Who asked for it and who agreed stays in the audit trail."


def unprotect_spoken(cluster: str) -> str:
    return f"Take the deletion protection of cluster {cluster} off"


def protection_means(cluster: str, lives: bool) -> str:
    """`lives`: its lifetime has an end."""
    end = " When its lifetime is over it sleeps, and keeps what it has stored." if lives else ""
    return (
        f"🛡️ While {code(cluster)} is protected, nobody deletes it: not its people, not its approvers, not the platform."
        f"{end} To take the protection off again, somebody else always has to agree."
    )


def unprotection_means(cluster: str, deletes: str, *, at_once: bool) -> str:
    """`deletes` is a date of ours, empty when it has no end. `at_once`: that is over."""
    said = f"🛡️ Without protection {code(cluster)} can be deleted again."
    if at_once:
        return f"{said}\n⚠️ Its lifetime is over, so it is deleted at once, with everything in it."
    return f"{said} By its lifetime it is deleted {deletes}, with everything in it." if deletes else said


def is_protected(cluster: str, who: str) -> str:
    """`who` is markup of ours: whose word it takes."""
    return f"🛡️ {code(cluster)} is protected, so nobody deletes it. First its protection has to be taken off.\n{who}"


def goes_running(workers: str, add_ons: str) -> str:
    """Both are markup of ours; the second is empty where there are none."""
    return f"• {ending_words.goes_running(workers, add_ons)}"


def goes_stored(volumes: int, size: str, balancers: int) -> str:
    return f"• {ending_words.goes_stored(volumes, size, balancers)}"


def sleeps_only_at_its_end(span: str) -> str:
    return (
        f"That clusters of this tenant sleep for {span} before they are deleted is for those whose lifetime is over. "
        "This one goes at once."
    )


def sleep_instead(line: str) -> str:
    return f"To keep what it has stored and free its workers, put it to sleep instead: {code(line)}"


def lifetime_stays(cluster: str, until: str) -> str:
    """`until` is a date of ours."""
    return f"⏱️ *{code(cluster)} does not live as long as was asked for here.* It ends {until}, unless it is extended."


def may_live(longest: str, until: str) -> str:
    """`until` is a date of ours: the most that is possible."""
    return (
        f"It can live until {until}: {lifetime(longest)} from when it was made is the most in this tenant. "
        "More than that nobody can approve; your platform team may raise it."
    )


def extension_free(rule: str) -> str:
    return f"Nobody has to agree to a later end up to there, by this tenant's rule {code(rule)}."


def longer_than_most(cluster: str, longest: str, until: str) -> str:
    """`until` is a date of ours."""
    return f"{code(cluster)} cannot live so long. {may_live(longest, until)}"


MAY_LIVE_FOR_EVER = "This tenant does not bound how long a cluster lives."
THE_MOST = "As long as possible"
