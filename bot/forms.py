"""The modals, drawn from values. Pure: what stands in them comes in, a view goes out.

The same draft and the same numbers give the same view, so redrawing loses nothing that was typed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo

from bot import blocks, cards, entries, offers, replies, text
from bot import outlook as outlooks
from bot.answers import Replace
from bot.blocks import Block, Option
from bot.buttons import Ticket
from bot.cards import Card
from bot.entries import Draft
from bot.offers import Place
from bot.outlook import Outlook
from provisioning import names
from provisioning.model import CatalogSpec

CREATE = "cluster_create"
DENY = "request_deny_reason"
BREAK_GLASS = "request_break_glass_reason"
RECEIPT = "receipt"
REASON_LONGEST = 1000

LIVE_FIELDS = ("tenant", "name", "flavor", "nodes", "max", "lifetime", "version", "addons", "awake", "more", "sleep")
"""What redraws the form. One that has them for each pool names the pool behind: `nodes-md0`."""


def create(
    draft: Draft,
    *,
    place: Place,
    places: Sequence[Place],
    catalog: CatalogSpec,
    outlook: Outlook,
    now: datetime,
    zone: tzinfo,
) -> Block:
    """The create form. `draft` is filled for `place`; with one place only, there is no choice of places. `zone` is in
    which its reader reads."""
    parts: list[Block] = []
    if len(places) > 1:
        menu = blocks.select([*map(offers.place_option, places)], chosen=place.namespace)
        parts.append(blocks.field("tenant", replies.TENANT, menu, live=True))
    else:
        parts.append(blocks.context(f"{replies.TENANT}: {text.code(place.label)}", block_id="place"))
    parts += _wish_fields(draft, place=place, catalog=catalog, now=now, zone=zone)
    metadata = json.dumps({"namespace": place.namespace})
    return blocks.modal(
        CREATE,
        title=replies.CREATE_TITLE,
        blocks=[*parts, blocks.divider(), *outlooks.parts(place, outlook)],
        submit=replies.SUBMIT,
        close=replies.CANCEL,
        metadata=metadata,
    )


def deny(ticket: Ticket, *, cluster: str) -> Block:
    """The reason of a denial, which must be given."""
    element = blocks.text_input(longest=REASON_LONGEST, lines=True)
    return blocks.modal(
        DENY,
        title=replies.DENY_TITLE,
        blocks=[
            blocks.section(text.code(cluster)),
            blocks.field("reason", replies.DENY_REASON, element, hint=replies.DENY_REASON_HINT),
        ],
        submit=replies.DENY_NOW,
        close=replies.CANCEL,
        metadata=ticket.dumps(),
    )


def break_glass(ticket: Ticket, *, cluster: str, passed_over: str) -> Block:
    """What is about to happen, and the reason for it, which must be given. `passed_over` is markup of ours."""
    element = blocks.text_input(longest=REASON_LONGEST, lines=True)
    hint = replies.BREAK_GLASS_REASON_HINT
    return blocks.modal(
        BREAK_GLASS,
        title=replies.BREAK_GLASS_TITLE,
        blocks=[
            blocks.section(replies.break_glass_warning(cluster, passed_over)),
            blocks.field("reason", replies.BREAK_GLASS_REASON, element, hint=hint),
        ],
        submit=replies.BREAK_GLASS_NOW,
        close=replies.CANCEL,
        metadata=ticket.dumps(),
    )


def receipt(parts: Sequence[Block], *, differs: bool = False) -> Block:
    """What the form turns into once the request is written."""
    more = [blocks.section(replies.RECEIPT_DIFFERS)] if differs else []
    return blocks.modal(RECEIPT, title=replies.RECEIPT_TITLE, blocks=[*parts, *more], close=replies.CLOSE)


def told(sentence: str, *, title: str = replies.TOLD_TITLE) -> Block:
    """A form that turns into one sentence."""
    return blocks.modal(RECEIPT, title=title, blocks=[blocks.section(sentence)], close=replies.CLOSE)


def shown(card: Card, *, title: str = replies.SHOWN_TITLE) -> Block:
    """A card as a window of its own, for whoever asked where there is no conversation to answer in."""
    return blocks.modal(RECEIPT, title=title, blocks=card.blocks, close=replies.CLOSE)


def details(card: Card, *, reason: str) -> Block:
    """A card to be read: without its buttons, with a reason that it has cut given in full."""
    parts = [part for part in card.blocks if part["type"] != "actions"]
    whole = [blocks.context(replies.WHOLE_REASON), blocks.quote(reason)] if cards.cut(reason) != reason else []
    return blocks.modal(RECEIPT, title=replies.DETAILS_TITLE, blocks=[*parts, *whole], close=replies.CLOSE)


def refilled(view: Block, values: Mapping[str, str | tuple[str, ...]]) -> Block:
    """The form with these in its fields. What a menu does not offer any more is left as it is."""
    return view | {"blocks": [_refilled(part, values.get(part.get("block_id", ""), "")) for part in view["blocks"]]}


def in_place_of(view: Block, request: str) -> Block:
    """The form, what comes of it being to take the place of this request, if one is given."""
    if not request:
        return view
    carried = {**json.loads(view.get("private_metadata") or "{}"), "replaces": request}
    return view | {"private_metadata": json.dumps(carried)}


def replaced(sentence: str) -> Replace:
    """The answer that turns a form into one sentence."""
    return Replace(told(sentence))


def inputs(view: Block) -> tuple[str, ...]:
    """The block ids that an error may stand at."""
    return tuple(part["block_id"] for part in view.get("blocks", ()) if part.get("type") == "input")


def _refilled(part: Block, value: str | tuple[str, ...]) -> Block:
    if not value or part["type"] != "input":
        return part
    element = part["element"]
    offered = element.get("options", ())
    if element["type"] == "external_select" and isinstance(value, str):
        # What a menu offers in which one types, it does not hold.
        offered = blocks.offered([Option(value, value)])
    chosen = [option for option in offered if option["value"] in (value if isinstance(value, tuple) else (value,))]
    if element["type"] in ("plain_text_input", "number_input"):
        element = element | {"initial_value": value}
    elif isinstance(value, tuple) and chosen:
        element = element | {"initial_options": chosen}
    elif chosen:
        element = element | {"initial_option": chosen[0]}
    return part | {"element": element}


def _wish_fields(draft: Draft, *, place: Place, catalog: CatalogSpec, now: datetime, zone: tzinfo) -> Iterable[Block]:
    flavors = [offers.flavor_option(each) for each in offers.flavors(place.tenant, catalog)]
    versions = [offers.version_option(each) for each in offers.versions(place.tenant, catalog)]
    offered, sleep = offers.lifetimes(place.tenant, beside=draft.lifetime), place.tenant.it.spec.lifetime.hibernation
    lifetimes = [offers.lifetime_option(each, now=now, zone=zone) for each in offered]
    name = blocks.text_input(value=draft.name, longest=names.CLUSTER_NAME_MAX, placeholder="build-7", live=True)
    most = blocks.number_input(value=draft.most, least=1, most=entries.NODES_MOST)
    nodes = blocks.number_input(value=draft.nodes, least=0, most=entries.NODES_MOST)
    return (
        blocks.field("name", replies.NAME, name, hint=replies.NAME_HINT, live=True),
        blocks.field("flavor", replies.FLAVOR, blocks.select(flavors, chosen=draft.flavor), live=True),
        blocks.field("nodes", replies.NODES, nodes, live=True),
        blocks.field("max", replies.MAX, most, hint=replies.MAX_HINT, optional=True, live=True),
        blocks.field("version", replies.VERSION, blocks.select(versions, chosen=draft.version), live=True),
        blocks.field(
            "lifetime",
            replies.LIFETIME,
            blocks.select(lifetimes, chosen=draft.lifetime),
            hint=replies.lifetime_hint(text.lifetime(sleep) if sleep else ""),
            live=True,
        ),
        reason_field(draft.reason, optional=place.tenant.it.spec.approval.required == 0),
        *_more_fields(draft, catalog),
    )


def _more_fields(draft: Draft, catalog: CatalogSpec) -> Iterable[Block]:
    """What few people need, behind a box to tick."""
    fold = blocks.checkboxes([Option("more", replies.MORE)], chosen=["more"] if draft.more else ())
    yield blocks.field("more", replies.MORE_LABEL, fold, hint=replies.MORE_HINT, optional=True, live=True)
    if not draft.more:
        return
    if offered := offers.add_ons(catalog):
        menu = blocks.multi_select([Option(name, name) for name in offered], chosen=draft.add_ons)
        yield blocks.field("addons", replies.LABEL["addons"], menu, optional=True, live=True)
    sleep = blocks.select(offers.sleep_options(), chosen=draft.sleep)
    yield blocks.field("sleep", replies.LABEL["sleep"], sleep, hint=replies.SLEEP_HINT, live=True)
    if draft.sleep in offers.SLEEPS:
        yield blocks.field("zone", replies.ZONE, blocks.select(offers.zone_options(), chosen=draft.zone))


def reason_field(value: str, *, optional: bool) -> Block:
    """Why somebody wants it, in their own words."""
    element = blocks.text_input(value=value, longest=REASON_LONGEST, lines=True)
    return blocks.field("reason", replies.REASON, element, hint=replies.REASON_HINT, optional=optional)
