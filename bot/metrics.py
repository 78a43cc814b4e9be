"""The numbers the bot publishes besides those of `provisioning.metrics`. Names only; nothing is measured here."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

SOCKET_CONNECTIONS = Gauge(
    "clusterdesk_slack_connections", "Of each bot in Socket Mode: connections that Slack has greeted. Alert on 0."
)
QUOTAS_ENFORCED = Gauge(
    "clusterdesk_quotas_enforced",
    "Of each bot: 1 while the canary, a dry run above any quota, is refused; 0: nothing is approved. Alert on it.",
    ["namespace"],
)
"""`namespace` is where it is tried. There is none before the first answer, nor where the canary is turned off."""
SOCKET_FAREWELLS = Counter(
    "clusterdesk_slack_disconnects_total", "Times that Slack asked a Socket Mode connection to go.", ["reason"]
)
"""`reason` is Slack's word, such as `refresh_requested`, or `other`."""
EVENTS_WITHHELD = Counter(
    "clusterdesk_slack_rate_limited_total", "Times that Slack said that it kept events back, being too many."
)
