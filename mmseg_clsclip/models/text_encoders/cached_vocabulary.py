"""CachedVocabulary: classes that are asked for by name, each encoded once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .name_reader import NameReader
from .vocabulary import Vocabulary, check_readings, read_vocabulary


class CachedVocabulary:
    """Classes that are asked for by name, and what a model made of them.

    A subclass sets ``reader``, asks for a vocabulary and has :meth:`encode`.

    Attributes:
        reader (NameReader): What the model reads in a name.
        synonyms (dict[str, tuple[str]]): All names of each class, by its
            first; another dict for every vocabulary.
    """

    reader: NameReader

    def encode(self, names: Sequence[str | tuple[str, ...]]) -> Iterable[Any]:
        """Return what the model makes of each name; nothing is kept.

        Args:
            names (Sequence): Names, each with its synonyms, or tuples of names.
        """
        raise NotImplementedError

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Ask for other classes from now on; the argument is the class's.

        Raises:
            ValueError: If the vocabulary is invalid. The old one stays.
        """
        self._ask_for(read_vocabulary(vocabulary), self.reader)

    def _ask_for(
        self,
        classes: Sequence[tuple[str, ...]],
        reader: NameReader,
        encoded: Mapping[str, Any] | None = None,
    ) -> None:
        """Ask for other classes, with nothing in the cache but ``encoded``.

        Args:
            classes (Sequence): The synonyms of every class.
            reader (NameReader): From now on.
            encoded (Mapping, optional): Of all names, which nobody reads then.
        """
        readings = check_readings(classes, reader.read) if encoded is None else {}
        # Only now, so that a vocabulary that is refused changes nothing.
        self.reader = reader
        self.synonyms: dict[str, tuple[str, ...]] = {
            synonyms[0]: synonyms for synonyms in classes
        }
        self._classes = {name: synonyms for synonyms in classes for name in synonyms}
        self._readings = readings
        self._one_a_class = encoded is not None
        self._cache = dict(encoded or {})

    @property
    def names(self) -> tuple[str, ...]:
        """The vocabulary, without synonyms, in order."""
        return tuple(self.synonyms)

    def synonyms_of(self, name: str | tuple[str, ...]) -> tuple[str, ...]:
        """Return all names of a class, which may be asked for by any."""
        return name if isinstance(name, tuple) else self._classes.get(name, (name,))

    def find(self, name: str) -> str | None:
        """Return the vocabulary's name that this is, or that is read like it."""
        if name in self._classes:
            return name
        return self._readings.get(self.reader.read(name))

    def _look_up(self, names: Sequence[str]) -> list[Any]:
        """Return what the model makes of each name, encoding those that are new.

        Raises:
            ValueError: If one is not of the vocabulary and cannot be read.
        """
        new = [name for name in dict.fromkeys(names) if name not in self._cache]
        for name in new:
            if name not in self._classes:
                self.reader.read(name)
        if new:
            self._cache.update(zip(new, self.encode(new), strict=True))
        return [self._cache[name] for name in names]

    def each_name(self) -> tuple[list[Any], list[int]]:
        """Return what the model makes of every name by itself, and whose it is.

        Returns:
            tuple[list, list[int]]: Of each name, in order, and the number of its
            class. Of what was given encoded, one a class.
        """
        groups = list(self.synonyms.values())
        if self._one_a_class:
            return self._look_up(self.names), list(range(len(groups)))
        alone = [(name,) for group in groups for name in group]
        new = [name for name in alone if name not in self._cache]
        if new:
            self._cache.update(zip(new, self.encode(new), strict=True))
        classes = [k for k, group in enumerate(groups) for _ in group]
        return [self._cache[name] for name in alone], classes
