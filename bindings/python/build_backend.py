"""Builds the wheel: maturin's backend, and the second native module that maturin does not know of.

maturin makes a wheel of one crate. The emulator is a crate of its own, so that
programs which are no tests never load it; here it is built first and laid
among the Python files, from where maturin packs it.

``MATURIN_PEP517_ARGS`` are maturin's own arguments; they hold for both modules.
Run as a program, it builds the emulator alone.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Any, Optional

import maturin
from maturin import (  # noqa: F401  (what a build backend has)
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_wheel,
)

HERE = Path(__file__).resolve().parent
PACKED = HERE / "python/hwmigrate/_emulator.abi3.so"


def build_wheel(directory: str, settings: Any = None, metadata: Optional[str] = None) -> str:
    """Builds both native modules, and the wheel around them."""
    _build_emulator()
    name: str = maturin.build_wheel(directory, settings, metadata)
    return name


def build_editable(directory: str, settings: Any = None, metadata: Optional[str] = None) -> str:
    """The same, for an installation that uses the Python files in place."""
    _build_emulator()
    name: str = maturin.build_editable(directory, settings, metadata)
    return name


def _build_emulator() -> None:
    # In the repository the crate lies beside this file, in the source archive below its own path.
    places = [HERE / "emulator/Cargo.toml", HERE / "bindings/python/emulator/Cargo.toml"]
    manifest = next(place for place in places if place.exists())
    arguments = shlex.split(os.environ.get("MATURIN_PEP517_ARGS", ""))
    with tempfile.TemporaryDirectory() as folder:
        build = ["maturin", "build", "--compatibility", "off", "--manifest-path", str(manifest), "--out", folder]
        built = subprocess.run([*build, *arguments])
        if built.returncode != 0:
            raise SystemExit(f"maturin could not build the emulator (exit code {built.returncode}); see above")
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as packed:
            (module,) = [name for name in packed.namelist() if name.endswith(PACKED.suffix)]
            PACKED.write_bytes(packed.read(module))


if __name__ == "__main__":
    _build_emulator()
