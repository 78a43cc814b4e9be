"""users.* and usergroups.*: who somebody is."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from playground.workspace.errors import SlackError
from playground.workspace.methods.call import Body, Call, Method
from playground.workspace.people import Person, UserGroup


def describe(person: Person, *, now: float, email: bool = False, locale: bool = False) -> Body:
    """A user object. The e-mail is there only with the scope for it; deactivated people have few fields."""
    local = dt.datetime.fromtimestamp(now, tz=zoneinfo.ZoneInfo(person.tz))
    offset = local.utcoffset() or dt.timedelta()
    profile = {"real_name": person.real_name, "display_name": person.name, "title": person.role}
    if person.email and email:
        profile["email"] = person.email
    body: Body = {
        "id": person.id,
        "team_id": person.team_id,
        "name": person.name,
        "deleted": person.deleted,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "profile": {**profile, "team": person.team_id},
    }
    if person.deleted:
        return body
    body |= {
        "real_name": person.real_name,
        "tz": person.tz,
        "tz_label": local.tzname() or person.tz,
        "tz_offset": int(offset.total_seconds()),
        "is_admin": person.is_admin,
        "is_owner": person.is_owner,
        "is_primary_owner": False,
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_email_confirmed": person.is_email_confirmed,
    }
    if person.is_stranger:
        body["is_stranger"] = True
    if locale:
        body["locale"] = person.locale
    return body


def _describe(call: Call, person: Person) -> Body:
    email, locale = call.may("users:read.email"), call.flag("include_locale")
    return describe(person, now=call.workspace.now(), email=email, locale=locale)


def info(call: Call) -> Body:
    """One user by id."""
    person = call.workspace.people.get(call.required("user"))
    if person is None:
        raise SlackError("user_not_found")
    return {"user": _describe(call, person)}


def lookup(call: Call) -> Body:
    """One user of this workspace by e-mail."""
    email = call.required("email").casefold()
    for person in call.workspace.people.values():
        here = person.team_id == call.workspace.team.id
        if here and not person.deleted and (person.email or "").casefold() == email:
            return {"user": _describe(call, person)}
    raise SlackError("users_not_found")


def list_users(call: Call) -> Body:
    """Everybody."""
    found = [_describe(call, p) for p in call.workspace.people.values()]
    return {"members": found, "response_metadata": {"next_cursor": ""}}


def _group(group: UserGroup) -> Body:
    return {
        "id": group.id,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "user_count": len(group.users),
        "users": list(group.users),
    }


def list_groups(call: Call) -> Body:
    """All user groups; with their users when asked."""
    found = [_group(g) for g in call.workspace.groups.values()]
    if not call.flag("include_users"):
        found = [{k: v for k, v in g.items() if k != "users"} for g in found]
    return {"usergroups": found}


def group_users(call: Call) -> Body:
    """The users of one group, without those who were deactivated."""
    group = call.workspace.groups.get(call.required("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": [u for u in group.users if not call.workspace.people[u].deleted]}


METHODS = (
    Method("users.info", 4, "users:read", info),
    Method("users.list", 2, "users:read", list_users),
    Method("users.lookupByEmail", 3, "users:read.email", lookup),
    Method("usergroups.list", 2, "usergroups:read", list_groups),
    Method("usergroups.users.list", 2, "usergroups:read", group_users),
)
