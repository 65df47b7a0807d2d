"""Warnings of other libraries that say nothing to who runs a command of ours.

Commands ignore them; to import the package changes no filter.
"""

import os
import re
import warnings

# How they begin. What has another text is shown.
MESSAGES = (
    # mmseg's, about its own code.
    '``build_loss`` would be deprecated soon',
    # mmseg's, of every test without --show-dir.
    'The draw is False',
    # onedl's mmcv, of an operator that nothing of ours uses.
    'Fail to import ``MultiScaleDeformableAttention``',
    # torch.export's, about its own code; to the comma, which ends a rule.
    '`isinstance(treespec',
)


def ignore_foreign_warnings() -> None:
    """Ignore these in this process, and in those that it starts."""
    for message in MESSAGES:
        warnings.filterwarnings('ignore', re.escape(message))
    # There the text is compared as it is.
    mine = [f'ignore:{message}' for message in MESSAGES]
    theirs = [rule for rule in os.getenv('PYTHONWARNINGS', '').split(',') if rule]
    os.environ['PYTHONWARNINGS'] = ','.join(dict.fromkeys([*theirs, *mine]))
