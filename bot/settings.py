"""What the environment tells the bot, read once by `__main__`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from provisioning.settings import CommonSettings

SlackAccount = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{1,20}$")]


class Settings(CommonSettings):
    """Everything has the prefix `CLUSTERDESK_`. Refuses to be made when the chosen mode lacks its secret."""

    slack_bot_token: SecretStr
    slack_signing_secret: SecretStr = SecretStr("")
    """HTTP mode: what Slack signs its requests with."""
    slack_app_token: SecretStr = SecretStr("")
    """Socket Mode: the app-level token with `connections:write`."""
    slack_api_url: Annotated[str, Field(pattern=r"^https?://")] = "https://slack.com/api/"
    slack_mode: Literal["http", "socket"] = "http"
    slack_email: bool = False
    """Whether people may be known by their e-mail address, in tenants that let addresses count. The app then needs the
    scope `users:read.email`."""
    slack_connections: Annotated[int, Field(ge=2, le=10)] = 2
    """Socket Mode: connections at once. Slack renews each every few hours, so one alone would leave gaps."""
    platform_channel: Annotated[str, Field(pattern=r"^([CG][A-Z0-9]{1,20})?$")] = ""
    """The channel in which the platform team is told of what hangs: a channel id. Empty: they are not told."""
    canary_namespace: Annotated[str, Field(pattern=r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$", max_length=63)] = "default"
    """Where a dry run proves every few minutes that quotas are enforced: a namespace that belongs to no tenant and not
    to the platform either. Empty: it is not tried, and approvals are never paused for it."""
    platform_people: Annotated[frozenset[SlackAccount], NoDecode] = frozenset()
    """Slack accounts that see all tenants in App Home, and whom the others may ask: ids, with commas between."""
    port: Annotated[int, Field(ge=0, le=65535)] = 3000
    """Where /slack/events and /healthz are served; Socket Mode serves only the latter there."""

    @field_validator("platform_people", mode="before")
    @classmethod
    def _between_commas(cls, given: object) -> object:
        return [each.strip() for each in given.split(",") if each.strip()] if isinstance(given, str) else given

    @model_validator(mode="after")
    def _secret_of_the_mode(self) -> Self:
        if self.slack_mode == "http" and not self.slack_signing_secret.get_secret_value():
            raise ValueError("HTTP mode needs CLUSTERDESK_SLACK_SIGNING_SECRET: without it anybody could be anybody")
        if self.slack_mode == "socket" and not self.slack_app_token.get_secret_value():
            raise ValueError("Socket Mode needs CLUSTERDESK_SLACK_APP_TOKEN, the app-level token (xapp-…)")
        return self
