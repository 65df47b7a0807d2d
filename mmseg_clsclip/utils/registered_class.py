"""The class that a part of a config means."""

import inspect

from mmengine.registry import Registry


def registered_class(registry: Registry, cfg: dict, where: str) -> type:
    """Return the class behind the ``type`` of a part of a config.

    Args:
        registry (Registry): Of mmseg's, for parts of this kind.
        cfg (dict): The part. Its type is a name, or the class itself.
        where (str): Where it stands, for the message.

    Raises:
        ValueError: If it has no type, or nothing is registered by that name.
    """
    if not isinstance(cfg, dict) or not cfg.get('type'):
        raise ValueError(
            f'{where}={str(cfg)[:60]!r}: a dict with the name of a class as its '
            "'type', such as dict(type='ClsCLIP', ...)."
        )
    kind = cfg['type']
    registered = registry.get(kind) if isinstance(kind, str) else kind
    if not inspect.isclass(registered):
        raise ValueError(
            f'{where}.type={kind!r} is no class that is registered with mmseg; name '
            'the module that it lies in in custom_imports.'
        )
    return registered
