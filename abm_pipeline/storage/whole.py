"""A small file written whole or not at all: whoever reads it meanwhile sees the old one or the new one."""

from __future__ import annotations

import os
import uuid
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> Path:
    """Put the content (text as UTF-8) in the file's place; returns its path. Folders are made as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    beside.write_bytes(content.encode() if isinstance(content, str) else content)
    os.replace(beside, path)
    return path
