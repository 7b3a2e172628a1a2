"""Completion as bash asks for it, with the script that the program prints; zsh and fish ask by other variables."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> "Bash":
    return Bash(tmp_path_factory.mktemp("bin"))


class Bash:
    """A bash that has the program on its path."""

    def __init__(self, folder: Path) -> None:
        program = folder / "topodesign"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m topodesign.cli.app "$@"\n')
        program.chmod(0o755)
        path = os.pathsep.join([str(ROOT), str(ROOT / "server")])
        self.environment = {**os.environ, "PYTHONPATH": path, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}

    def run(self, script: str, cwd: Path = ROOT, **variables: str) -> str:
        done = subprocess.run(
            ["bash", "--norc", "-c", script],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
            cwd=cwd,
            env={**self.environment, **variables},
        )
        assert done.stderr == ""
        return done.stdout

    def offers(self, *lines: list[str], cwd: Path = ROOT) -> list[list[str]]:
        """What Tab offers at the end of each line, whose last word is what was begun."""
        script = 'eval "$(_TOPODESIGN_COMPLETE=source_bash topodesign)"\n'
        for words in lines:
            quoted = " ".join(f"'{word}'" for word in ["topodesign", *words])
            script += f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; COMPREPLY=()\n"
            script += '_topodesign_completion topodesign; echo "${COMPREPLY[*]}"\n'
        return [line.split() for line in self.run(script, cwd).splitlines()]


def test_commands_options_and_their_words_are_offered(bash: Bash) -> None:
    assert bash.offers(
        ["pl"],
        ["fabric", "co"],
        ["plan", "x", "--objective", ""],
        ["fabric", "evaluate", "drag"],
        ["fabric", "compare", "--kinds", "torus,clo"],
        ["catalog", "show", "zrplus"],
        ["training", "estimate", "--model", "llama"],
        ["fetch", "x", "--format", "geojson"],
    ) == [
        ["plan"],
        ["compare"],
        ["cost", "accelerators", "sync-time", "effective-flops"],
        ["dragonfly", "dragonfly-plus"],
        ["torus,clos"],
        ["zrplus-200", "zrplus-300", "zrplus-400"],
        ["llama-3-405b"],
        ["geojson"],
    ]


def test_folders_of_plans_and_scenarios_are_offered_and_no_others(bash: Bash, tmp_path: Path) -> None:
    for name in ("plan-a", "plan-b", "deep/plan-c", "deep/er/plan-d", ".hidden/plan"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "plan.json").touch()
    (tmp_path / "plant").mkdir()
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / "scenario.toml").touch()
    assert bash.offers(
        ["diff", ""], ["diff", "plan-a", "deep/"], ["check", ""], ["sweep", ""], ["explain", "nowhere/"], cwd=tmp_path
    ) == [
        ["deep/plan-c", "plan-a", "plan-b"],
        ["deep/er/plan-d", "deep/plan-c"],
        ["scenario"],
        ["scenario"],
        [],  # bash then offers files and folders itself
    ]


def test_a_shell_that_there_is_no_completion_for_is_told_which_there_are(bash: Bash) -> None:
    # the program looks for the shell that runs it: here an sh, which waits for it
    asked = "sh -c 'topodesign --show-completion; echo $?' 2>&1"
    told = bash.run(asked).splitlines()
    assert told[-1] == "2"
    assert "made for bash, zsh and fish" in told[-2]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_the_same_words(shell: str, bash: Bash) -> None:
    asked = {
        "_TOPODESIGN_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "topodesign fabric evaluate dragonfly-",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    assert "dragonfly-plus" in bash.run("topodesign", **asked)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_every_shell_is_sound(shell: str, bash: Bash, tmp_path: Path) -> None:
    script = bash.run("topodesign", _TOPODESIGN_COMPLETE=f"source_{shell}")
    assert "_TOPODESIGN_COMPLETE" in script
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed here; bash always is")
    (tmp_path / "script").write_text(script)
    subprocess.run([program, "-n", str(tmp_path / "script")], check=True, timeout=60)
