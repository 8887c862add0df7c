"""A Qt application for every test here: fonts and pictures need one, and without it end the process."""

import pytest


@pytest.fixture(autouse=True)
def application(qapp):
    return qapp
