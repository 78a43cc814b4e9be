"""Every link in the pages leads somewhere."""

from __future__ import annotations

import pytest

from tests.docs.pages import ROOT, Page, anchor, pages


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Page) -> None:
    broken = []
    for link in page.links():
        name, _, heading = link.partition("#")
        target = (page.path.parent / name).resolve() if name else page.path
        if not target.exists() or (heading and heading not in Page(target).anchors()):
            broken.append(link)
    assert broken == []


def test_every_page_can_be_found_from_the_index() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path.suffix == ".md" and path not in reached:
            reached.add(path)
            waiting += [
                (path.parent / link.partition("#")[0]).resolve() for link in Page(path).links() if link[0] != "#"
            ]
    assert {page.path for page in pages()} - reached == set()


def test_a_heading_is_linked_to_as_github_does() -> None:
    assert anchor("Cluster API 1.14 with Kamaji's provider 0.20") == "cluster-api-114-with-kamajis-provider-020"
