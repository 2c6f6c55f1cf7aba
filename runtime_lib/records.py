"""`dataclasses`, as far as this library uses it, without the time that it takes at every start.

The standard module imports `inspect` and compiles the methods of each class anew: a quarter of what a short command
costs. The methods here are closures. Type checkers see the standard module.
"""

from __future__ import annotations

__all__ = ["asdict", "dataclass", "field", "fields", "known", "replace"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import asdict, dataclass, field, fields, replace
    from typing import Any
else:

    class _Missing:
        """Stands for "no default"."""

    class _Field:
        __slots__ = ("compare", "default", "default_factory", "name")

        def __init__(self, default, default_factory, compare):
            self.name = ""
            self.default = default
            self.default_factory = default_factory
            self.compare = compare

    def field(*, default=_Missing, default_factory=_Missing, compare=True):
        """Describe one field, as dataclasses.field."""
        return _Field(default, default_factory, compare)

    def dataclass(cls=None, *, frozen=False):
        """Give a class the methods of a record, as dataclasses.dataclass."""
        return _equip(cls, frozen) if cls is not None else lambda decorated: _equip(decorated, frozen)

    def fields(record):
        """Return the fields of a record or of its class, in order; each has a `name`."""
        return tuple(record.__record_fields__.values())

    def replace(record, **changes):
        """Return a copy of a record with other values in some of its fields."""
        values = {name: getattr(record, name) for name in record.__record_fields__}
        return type(record)(**{**values, **changes})

    def asdict(record):
        """Return the fields of a record as a dict, and those of the records inside it."""
        return {name: _plain(getattr(record, name)) for name in record.__record_fields__}

    def _plain(value):
        if hasattr(type(value), "__record_fields__"):
            return asdict(value)
        if type(value) in (list, tuple):
            return type(value)(_plain(item) for item in value)
        if isinstance(value, dict):
            return {_plain(key): _plain(item) for key, item in value.items()}
        return value

    def _equip(cls, frozen):
        found = dict(getattr(cls, "__record_fields__", {}))
        for name in cls.__dict__.get("__annotations__", {}):
            found[name] = _described(cls, name)
        cls.__record_fields__ = found
        cls.__match_args__ = tuple(found)
        cls.__init__ = _initializer(found)
        cls.__repr__ = _repr
        compared = tuple(name for name, one in found.items() if one.compare)
        cls.__eq__ = _comparison(compared)
        cls.__hash__ = _hasher(compared) if frozen else None
        if frozen:
            cls.__setattr__ = _refuse
            cls.__delattr__ = _refuse
        return cls

    def _described(cls, name):
        default = cls.__dict__.get(name, _Missing)
        if isinstance(default, _Field):
            one = default
            if one.default is _Missing:
                delattr(cls, name)
            else:
                setattr(cls, name, one.default)
        else:
            one = _Field(default, _Missing, True)
        one.name = name
        return one

    def _initializer(found):
        names = tuple(found)

        def __init__(self, *values, **named):
            if len(values) > len(names):
                raise TypeError(f"{type(self).__name__} takes {len(names)} values, but {len(values)} were given")
            given = dict(zip(names, values))
            for name in named:
                if name in given or name not in found:
                    raise TypeError(f"{type(self).__name__}: {name!r} is given twice, or is no field")
            given.update(named)
            for name, one in found.items():
                if name not in given:
                    given[name] = _default(self, one)
            self.__dict__.update(given)
            prepare = getattr(self, "__post_init__", None)
            if prepare is not None:
                prepare()

        return __init__

    def _default(self, one):
        if one.default_factory is not _Missing:
            return one.default_factory()
        if one.default is _Missing:
            raise TypeError(f"{type(self).__name__} wants a value for {one.name!r}")
        return one.default

    def _comparison(names):
        def __eq__(self, other):
            if type(other) is not type(self):
                return NotImplemented
            return all(getattr(self, name) == getattr(other, name) for name in names)

        return __eq__

    def _hasher(names):
        return lambda self: hash(tuple([getattr(self, name) for name in names]))

    def _repr(self):
        values = ", ".join([f"{name}={getattr(self, name)!r}" for name in self.__record_fields__])
        return f"{type(self).__qualname__}({values})"

    def _refuse(self, name, value=None):
        raise AttributeError(f"cannot change {name!r}: {type(self).__name__} is frozen")


def known(record: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Return those of `values` that are fields of a record's class: a newer version may have stored more."""
    names = {entry.name for entry in fields(record)}
    return {name: value for name, value in values.items() if name in names}
