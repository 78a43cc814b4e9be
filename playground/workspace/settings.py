"""The settings of `python -m playground.workspace`, from the environment; the command line goes first."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pydantic
import pydantic_settings


class Settings(pydantic_settings.BaseSettings):
    """`CLUSTERDESK_WORKSPACE_*`. Secrets are better given here than on a command line others can list."""

    model_config = pydantic_settings.SettingsConfigDict(
        env_prefix="CLUSTERDESK_WORKSPACE_", frozen=True, extra="forbid"
    )

    port: int = pydantic.Field(default=0, ge=0, le=65535)
    bot_url: str = ""
    mode: Literal["http", "socket"] = "http"
    signing_secret: pydantic.SecretStr = pydantic.SecretStr("")
    bot_token: pydantic.SecretStr = pydantic.SecretStr("")
    app_token: pydantic.SecretStr = pydantic.SecretStr("")
    people: Path | None = None
    manifest: Path | None = None
    ready_file: Path | None = None
    scopes: str = ""
    rate_limits: bool = False
    test_api: bool = False

    @pydantic.model_validator(mode="after")
    def _secrets_are_there(self) -> Settings:
        if not self.bot_token.get_secret_value():
            raise ValueError("a bot token is needed: --bot-token or CLUSTERDESK_WORKSPACE_BOT_TOKEN")
        if self.mode == "http" and not self.signing_secret.get_secret_value():
            raise ValueError(
                "HTTP mode needs a signing secret: --signing-secret or CLUSTERDESK_WORKSPACE_SIGNING_SECRET"
            )
        if self.mode == "socket" and not self.app_token.get_secret_value():
            raise ValueError("Socket Mode needs an app token: --app-token or CLUSTERDESK_WORKSPACE_APP_TOKEN")
        return self
