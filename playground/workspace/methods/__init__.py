"""The Web API methods the workspace has, one file per family. Each file lists its own in `METHODS`."""

from __future__ import annotations

from playground.workspace.methods import app, chat, conversations, directory, views
from playground.workspace.methods.call import Call, Method

__all__ = ["METHODS", "Call", "Method"]

METHODS: dict[str, Method] = {
    method.name: method for family in (app, chat, conversations, directory, views) for method in family.METHODS
}
