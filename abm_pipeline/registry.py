"""Find every SPEC of a package: how a new file becomes a source or a metric with nothing else edited."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TypeVar

T = TypeVar("T")


def collect(package: str, kind: type[T]) -> list[T]:
    """Every module-level `SPEC` of type `kind` in the package's modules, by module name."""
    found = []
    for module in sorted(pkgutil.iter_modules(importlib.import_module(package).__path__), key=lambda m: m.name):
        if module.name.startswith("_"):
            continue
        spec = getattr(importlib.import_module(f"{package}.{module.name}"), "SPEC", None)
        if isinstance(spec, kind):
            found.append(spec)
    return found
