"""The class that a part of a config means, and what it takes."""

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
            f'{where}={repr(cfg)[:60]}: a dict with the name of a class as its '
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


def parameters_of(kind: type) -> dict[str, inspect.Parameter]:
    """Return what a constructor takes, by name, its bases' by ``**kwargs`` included.

    Args:
        kind (type): Any class.
    """
    parameters: dict[str, inspect.Parameter] = {}
    for base in kind.__mro__:
        if '__init__' not in vars(base):
            continue
        own = list(inspect.signature(base.__init__).parameters.values())[1:]  # no self
        for parameter in own:
            if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                parameters.setdefault(parameter.name, parameter)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in own):
            break
    return parameters
