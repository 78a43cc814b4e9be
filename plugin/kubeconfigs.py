"""Kubeconfig files of a person: what is merged into one (pure), and how one is written: whole, or not at all.

There are keys in them. They are for their owner only from the first byte on, and nothing of them is printed.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from plugin.errors import NotDone

THERE: Final = "{path} exists already; name another file with --out, or replace it with --force"
_LISTS: Final = ("clusters", "users", "contexts")


def merged(there: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Both in one. Entries of a name that is in both are those of `more`; the context in use stays, if there is one."""
    result = {**more, **there}
    for entries in _LISTS:
        new = {entry["name"] for entry in more[entries]}
        kept = [entry for entry in there.get(entries) or [] if entry["name"] not in new]
        result[entries] = [*kept, *more[entries]]
    result["current-context"] = there.get("current-context") or more["current-context"]
    return result


def main_file(named: Path) -> Path:
    """Which file kubectl itself would write to: KUBECONFIG may name several. The first that exists, else the last."""
    candidates = [Path(part) for part in str(named).split(os.pathsep) if part]
    return next((path for path in candidates if path.exists()), candidates[-1])


def read(path: Path) -> dict[str, Any]:
    """What is in the file; nothing when it is not there. Raises `NotDone`."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise NotDone(f"{path} cannot be read as a kubeconfig: {type(error).__name__}") from error
    content = {} if content is None else content
    lists = [content.get(entries) or [] for entries in _LISTS] if isinstance(content, dict) else [None]
    if not all(isinstance(each, list) and all(isinstance(e, dict) and "name" in e for e in each) for each in lists):
        raise NotDone(f"{path} is no kubeconfig; nothing was written to it")
    return dict(content)


@dataclass(frozen=True)
class Target:
    """Where a kubeconfig goes: into a file of its own, or with `merge` into one that may have others in it."""

    path: Path
    merge: bool = False
    replace: bool = False

    def check(self) -> None:
        """Raises `NotDone` when it cannot be written: before anybody is asked for anything."""
        if not self.path.parent.is_dir():
            raise NotDone(f"there is no folder {self.path.parent}")
        if self.path.exists() and not self.path.is_file():
            raise NotDone(f"{self.path} is no file")
        if self.merge:
            read(self.path)
        elif self.path.exists() and not self.replace:
            raise NotDone(THERE.format(path=self.path))

    def write(self, content: Mapping[str, Any]) -> None:
        """Raises `NotDone`."""
        if self.merge:
            # Read as late as can be: others may have written while the certificate was waited for.
            content = merged(read(self.path), content)
        write(self.path, content, replace=self.merge or self.replace)


def write(path: Path, content: Mapping[str, Any], *, replace: bool) -> None:
    """The whole file or none, for its owner only. Raises `NotDone`."""
    target = path.resolve() if replace else path
    begun = target.with_name(f".{target.name}.{secrets.token_hex(4)}") if replace else target
    try:
        descriptor = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                yaml.safe_dump(dict(content), file, sort_keys=False)
            if replace:
                begun.replace(target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                begun.unlink()
            raise
    except FileExistsError as error:
        raise NotDone(THERE.format(path=path)) from error
    except OSError as error:
        raise NotDone(f"{path} cannot be written: {error.strerror}") from error
