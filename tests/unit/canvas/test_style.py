"""Can edges be told from the canvas, in every look?"""

from __future__ import annotations

import pytest

from studio.canvas.style import Style, blend
from studio.qt.theme import Theme, contrast


@pytest.mark.parametrize("name", ["edges_usual", "edges_behind"])
def test_in_high_contrast_every_edge_is_a_mark_also_one_that_steps_back(qapp, name):
    theme = Theme.high_contrast()
    style = Style(theme)
    drawn = [blend(style.canvas, color, getattr(style, name)).name() for color in (*style.kinds, style.edge)]
    assert min(contrast(theme.tokens["canvas"], color) for color in drawn) >= 3.0


@pytest.mark.parametrize("theme", [Theme.dark(), Theme.light(), Theme.high_contrast()], ids=lambda t: t.name)
def test_edges_that_step_back_are_fainter(qapp, theme):
    style = Style(theme)
    assert style.edges_behind < style.edges_usual
