"""Many classes and large pictures, a part after the other."""

from .class_by_class import ClassByClassInference

__all__ = ['ClassByClassInference']
