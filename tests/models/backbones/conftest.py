"""What tests of the towers share."""

import pytest
import torch


@pytest.fixture
def make():
    """Build a navigated tower with the same weights every time."""

    def _make(kind, architecture, blocks=(1, 2), **kwargs):
        torch.manual_seed(0)
        return kind(architecture=architecture, navigate_blocks=blocks, **kwargs)

    return _make


@pytest.fixture(scope='module')
def data():
    torch.manual_seed(1)
    return torch.randn(2, 3, 32, 32), torch.randn(2, 3, 16)
