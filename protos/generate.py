"""Generates ``topodesign/v1`` from ``protos/topodesign/v1``; with ``--check`` says whether the files there are current.

Only the pinned ``grpcio-tools`` may make the code: later ones write code that the protobuf runtime which OR-Tools needs
cannot load.
"""

import argparse
import filecmp
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
PROJECT = PROTOS.parent
PACKAGE = Path("topodesign/v1")
NEWEST_TOOLS = (1, 82)
RULES = Path("buf/validate/validate.proto")
RULES_IMPORT = ("from buf.validate import validate_pb2", f"from {'.'.join(PACKAGE.parts)} import validate_pb2")
"""The definition of validation rules has no Python package of its own at run time; its code is put beside ours."""
INIT = '"""Generated from ``protos/topodesign/v1`` by ``protos/generate.py``; do not edit."""\n'


def generate(target: Path) -> list[Path]:
    """Write the generated package below ``target`` and return its files, sorted.

    Raises
    ------
    RuntimeError
        When ``grpcio-tools`` is too new, or the compiler refuses a definition.
    """
    installed = tuple(int(part) for part in version("grpcio-tools").split(".")[:2])
    if installed >= NEWEST_TOOLS:
        raise RuntimeError(
            f"grpcio-tools {version('grpcio-tools')} is installed, but it must be below 1.82; downgrade it"
        )
    sources = sorted(path.relative_to(PROTOS).as_posix() for path in (PROTOS / PACKAGE).glob("*.proto"))
    services = [source for source in sources if source.endswith("_service.proto")]
    for plugins, files in ((("python", "mypy"), sources), (("grpc_python", "mypy_grpc"), services)):
        _compile(plugins, files, target)
    package = target / PACKAGE
    _put_rules_beside(package)
    (package / "__init__.py").write_text(INIT, encoding="utf-8")
    return sorted(path for path in package.iterdir() if path.is_file())


def _put_rules_beside(package: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        _compile(("python",), [RULES.as_posix()], Path(directory))
        code = (Path(directory) / RULES.with_name("validate_pb2.py")).read_text(encoding="utf-8")
    (package / "validate_pb2.py").write_text(code, encoding="utf-8")
    for path in package.glob("*_pb2.py"):
        code = path.read_text(encoding="utf-8")
        path.write_text(code.replace(*RULES_IMPORT), encoding="utf-8")


def _compile(plugins: Sequence[str], sources: Sequence[str], target: Path) -> None:
    import grpc_tools
    from grpc_tools import protoc

    includes = [PROTOS, PROTOS / "third_party", Path(grpc_tools.__file__).parent / "_proto"]
    scripts = Path(sys.executable).parent
    arguments = [
        "protoc",
        *(f"-I{path}" for path in includes),
        *(f"--plugin=protoc-gen-{name}={scripts / f'protoc-gen-{name}'}" for name in ("mypy", "mypy_grpc")),
        *(f"--{plugin}_out={'quiet:' if plugin.startswith('mypy') else ''}{target}" for plugin in plugins),
        *sources,
    ]
    if protoc.main(arguments) != 0:
        raise RuntimeError("the protobuf compiler refused a definition; its messages stand above")


def differences() -> list[str]:
    """Names of the files that are missing, superfluous or out of date in the checked-in package."""
    with tempfile.TemporaryDirectory() as directory:
        fresh = {path.name: path for path in generate(Path(directory))}
        present = {path.name: path for path in (PROJECT / PACKAGE).iterdir() if path.is_file()}
        stale = {name for name in fresh.keys() & present.keys() if not filecmp.cmp(fresh[name], present[name], False)}
        return sorted(stale | (fresh.keys() ^ present.keys()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when the package is out of date")
    if parser.parse_args().check:
        stale = differences()
        for name in stale:
            sys.stderr.write(f"{PACKAGE / name} is out of date; run python protos/generate.py\n")
        return 1 if stale else 0
    for path in (PROJECT / PACKAGE).glob("*_pb2*"):
        path.unlink()
    for path in generate(PROJECT):
        sys.stdout.write(f"{path.relative_to(PROJECT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
