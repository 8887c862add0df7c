"""Can everything be read? Contrast of every pair of colours that Studio draws, in every look (WCAG 2.1 AA)."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from studio.qt.theme import OPERATION_TOKENS, STATE_TOKENS, TYPE_TOKENS, Theme, contrast
from studio.workflow.types import PortKind

THEMES = [Theme.dark(), Theme.light(), Theme.high_contrast()]
SURFACES = ("window", "panel", "canvas", "card", "card_header", "input", "hover")


def pairs() -> list[tuple[str, str, float]]:
    """Foreground, background, least contrast."""
    found = [(text, surface, 4.5) for text in ("text", "text_muted") for surface in SURFACES]
    found += [
        ("text", "selection", 4.5),
        ("text_on_accent", "accent", 4.5),
        ("text_on_danger", "danger", 4.5),
    ]
    found += [("accent_text", surface, 4.5) for surface in ("window", "panel", "card", "input")]
    marks = (*OPERATION_TOKENS, *STATE_TOKENS)
    found += [(mark, surface, 4.5) for mark in marks for surface in ("panel", "card", "card_header", "input")]
    found += [(mark, surface, 3.0) for mark in TYPE_TOKENS for surface in ("panel", "card", "canvas")]
    found += [("edge", "canvas", 3.0), ("accent", "canvas", 3.0), ("accent", "panel", 3.0)]
    return found


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_pair_of_colours_has_enough_contrast(theme):
    low = [
        f"{front} on {back}: {contrast(theme.tokens[front], theme.tokens[back]):.2f} < {least}"
        for front, back, least in pairs()
        if contrast(theme.tokens[front], theme.tokens[back]) < least
    ]
    assert low == []


def test_every_theme_has_the_same_tokens():
    assert {frozenset(theme.tokens) for theme in THEMES} == {frozenset(THEMES[0].tokens)}
    assert all(token in THEMES[0].tokens for token in (*OPERATION_TOKENS, *STATE_TOKENS, *TYPE_TOKENS))


def test_every_kind_of_port_has_a_colour():
    assert set(TYPE_TOKENS) == {f"type_{kind}" for kind in get_args(PortKind)}


def test_an_unknown_token_names_the_nearest():
    with pytest.raises(KeyError, match="card_header"):
        Theme.dark().color("card_heder")


def test_bulk_operations_share_their_operations_colour():
    theme = Theme.light()
    assert theme.operation_color("bulk_update") == theme.color("update")
    assert theme.operation_color("", "code") == theme.color("code")
    assert theme.operation_color("", "flow") == theme.color("flow")


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_the_style_sheet_is_made_of_the_themes_colours_only(theme, qtbot):
    sheet = theme.stylesheet()
    assert theme.hex("accent") in sheet
    assert "{" in sheet
    assert not re.search(r"\bNone\b", sheet)
