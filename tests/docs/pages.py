"""The pages for people, and what can be read out of them: links, headings, fences, commands. No judgement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = tuple(sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]))

_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The text without its fences, where `#` is a heading and `](` a link."""
        return _FENCE.sub("", self.text)

    def fences(self, *languages: str) -> list[str]:
        """What stands in fences of these languages ("" for none), indentation of the fence taken off."""
        found = ((m[1], m[2], m[3]) for m in _FENCE.finditer(self.text))
        return [_dedent(body, indent) for indent, language, body in found if language in languages]

    def links(self) -> list[str]:
        """Targets of links and pictures that lead to this repository."""
        return [target for target in _LINK.findall(self.prose) if "://" not in target]

    def anchors(self) -> set[str]:
        """What `#...` may follow this page's name, as GitHub makes it from headings."""
        return {anchor(heading) for heading in _HEADING.findall(self.prose)}

    def codes(self) -> list[str]:
        """Code within a line."""
        return _CODE.findall(self.prose)

    def commands(self) -> Iterator[str]:
        """Command lines: behind `$` in a transcript, each line in a fence without a language."""
        for body in self.fences("console"):
            yield from (line.removeprefix("$ ") for line in body.splitlines() if line.startswith("$ "))
        for body in self.fences(""):
            if not any(sign in body for sign in ("──", "└")):
                yield from (line for line in body.replace("\\\n", " ").splitlines() if line.strip())


def anchor(heading: str) -> str:
    """`What counts (today)` -> `what-counts-today`."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def pages() -> list[Page]:
    return [Page(path) for path in PAGES]


def _dedent(body: str, indent: str) -> str:
    return "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))
