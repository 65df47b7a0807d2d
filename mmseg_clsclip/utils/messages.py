"""Words of messages about many things; the command needs them before the package."""

from mmseg_clsclip_cli.messages import first_few

__all__ = ['first_few']
