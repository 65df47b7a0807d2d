"""Pictures of users, as the command opens them before the package is imported."""

from mmseg_clsclip_cli.images import FORMATS, open_image

__all__ = ['FORMATS', 'open_image']
