"""Good payloads, from which tests break one thing at a time."""

from __future__ import annotations

from typing import Any


def plain(text: str) -> dict[str, Any]:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    """An mrkdwn object."""
    return {"type": "mrkdwn", "text": text}


def option(value: str, text: str | None = None) -> dict[str, Any]:
    """An option."""
    return {"text": plain(text or value), "value": value}


def button(action_id: str, text: str, **more: Any) -> dict[str, Any]:
    """A button."""
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


def confirm() -> dict[str, Any]:
    """A confirmation."""
    return {
        "title": plain("Sure?"),
        "text": plain("It cannot be undone."),
        "confirm": plain("Do it"),
        "deny": plain("No"),
    }


def field(block_id: str, label: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An input block whose element carries the same id."""
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"action_id": block_id, **element},
        **more,
    }


def card() -> list[dict[str, Any]]:
    """A card with most of what a message can hold."""
    return [
        {"type": "header", "text": plain("lena asks for a cluster")},
        {
            "type": "section",
            "text": mrkdwn("*build-7* for <@U0LENA>"),
            "fields": [mrkdwn("*Size*\nsmall"), mrkdwn("*Until*\n24 h")],
        },
        {"type": "context", "elements": [mrkdwn("needs 1 more of 1"), plain("rev 1")]},
        {"type": "divider"},
        {
            "type": "actions",
            "block_id": "decide",
            "elements": [
                button("approve", "Approve", style="primary", value="cr-1"),
                button("silent", "Delete", style="danger", confirm=confirm()),
                button("whisper", "Ask", accessibility_label="Ask lena a question"),
                {
                    "type": "overflow",
                    "action_id": "more",
                    "options": [option("details", "Details"), option("mute", "Mute")],
                },
                {
                    "type": "static_select",
                    "action_id": "pick",
                    "placeholder": plain("Pick"),
                    "options": [option("a", "A"), option("b", "B")],
                },
            ],
        },
    ]


def modal(title: str = "New cluster") -> dict[str, Any]:
    """A modal with every input the desk uses."""
    sizes = {"label": plain("Standard"), "options": [option("small"), option("large")]}
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain(title),
        "submit": plain("Ask"),
        "close": plain("Cancel"),
        "notify_on_close": True,
        "private_metadata": "kept",
        "blocks": [
            {
                "type": "section",
                "block_id": "intro",
                "text": mrkdwn("*Quota* 10 of 20"),
                "accessory": button("push", "More"),
            },
            field("name", "Name", {"type": "plain_text_input", "max_length": 40, "placeholder": plain("build-7")}),
            field("size", "Size", {"type": "static_select", "option_groups": [sizes]}, dispatch_action=True),
            field(
                "nodes",
                "Nodes",
                {
                    "type": "number_input",
                    "is_decimal_allowed": False,
                    "min_value": "1",
                    "max_value": "10",
                    "initial_value": "2",
                },
            ),
            field(
                "addons",
                "Add-ons",
                {"type": "checkboxes", "options": [option("dns"), option("csi")], "initial_options": [option("dns")]},
                optional=True,
            ),
            field(
                "zone",
                "Zone",
                {"type": "radio_buttons", "options": [option("a"), option("b")], "initial_option": option("a")},
            ),
            field("day", "Day", {"type": "datepicker", "initial_date": "2026-12-01"}),
            field("hour", "Hour", {"type": "timepicker"}, optional=True),
            field("end", "End", {"type": "datetimepicker", "initial_date_time": 1_790_000_000}, optional=True),
            field("owner", "Owner", {"type": "external_select", "min_query_length": 1}, optional=True),
            field(
                "tags", "Tags", {"type": "multi_static_select", "options": [option("x"), option("y")]}, optional=True
            ),
            field("kin", "Also for", {"type": "users_select"}, optional=True),
            field(
                "reason",
                "Reason",
                {"type": "plain_text_input", "multiline": True},
                optional=True,
                hint=plain("for the approvers"),
            ),
        ],
    }


def home() -> dict[str, Any]:
    """An App Home."""
    return {
        "type": "home",
        "blocks": [
            {"type": "header", "text": plain("Your clusters")},
            {"type": "actions", "block_id": "home", "elements": [button("silent", "New cluster")]},
        ],
    }
