"""The documents tell the truth: generated parts are current, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mtrade.domain.orders import TRANSITIONS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MARK = re.compile(r"<!-- intent-states -->\n(.*?)<!-- /intent-states -->", re.DOTALL)


def state_diagram() -> str:
    """The life cycle of an intent as a Mermaid diagram."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> SENDING", "    [*] --> WAITING"]
    for state, after in TRANSITIONS.items():
        lines += [f"    {state} --> {target}" for target in sorted(after)]
        if not after:
            lines.append(f"    {state} --> [*]")
    return "\n".join([*lines, "```", ""])


def headings(name: str) -> list[int]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [len(m.group(1)) for m in re.finditer(r"^(#+) ", text, re.MULTILINE)]


def test_the_state_diagram_is_generated_from_the_table() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    found = MARK.search(text)
    assert found is not None
    assert found.group(1) == state_diagram(), "run: python -m tests.test_docs"


def test_both_readmes_have_the_same_shape() -> None:
    assert headings("README.md") == headings("README.ru.md")


def test_the_readme_opens_with_the_two_commands() -> None:
    for name in ("README.md", "README.ru.md"):
        top = (ROOT / name).read_text(encoding="utf-8")[:2500]
        assert "python start.py" in top
        assert "python -m tests" in top


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_decision_is_in_the_index() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs" / "adr").glob("0*.md"):
        assert page.name in index


if __name__ == "__main__":
    path = ROOT / "docs" / "architecture.md"
    block = f"<!-- intent-states -->\n{state_diagram()}<!-- /intent-states -->"
    path.write_text(MARK.sub(lambda _: block, path.read_text(encoding="utf-8")), encoding="utf-8")
