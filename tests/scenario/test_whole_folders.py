"""What is written whole or not at all, with a failure at every single move."""

import errno
import itertools
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from topodesign.scenario.whole_folders import write_whole, write_whole_file

NAMES = ("first", "inside/second", "third", "never-made", "inside/fourth")
EARLIER = {"first": "old 1", "inside/second": "old 2", "never-made": "old 4", "inside/fourth": "old 5", "mine": "notes"}
FRESH = {"first": "new 1", "inside/second": "new 2", "third": "new 3", "inside/fourth": "new 5"}
MOVES = 8
"""Four of ours that are there go, four new ones come."""


def files_in(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def failing_at(move_number: int, error: BaseException, *, when_done: bool = False) -> Callable[[Path, Path], None]:
    """Moves files, but for one move, before or after which it fails."""
    numbers = itertools.count()

    def move(file: Path, place: Path) -> None:
        is_the_one = next(numbers) == move_number
        if is_the_one and not when_done:
            raise error
        file.replace(place)
        if is_the_one:
            raise error

    return move


def write(target: Path, move: Callable[[Path, Path], None] | None = None) -> None:
    write_whole(target, NAMES, lambda folder: put(folder, FRESH), lambda: None, move=move)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    put(tmp_path / "out", EARLIER)
    return tmp_path / "out"


def test_all_files_are_exchanged_and_those_of_others_stay(target: Path) -> None:
    moves = itertools.count()
    write(target, lambda file, place: (next(moves), file.replace(place)))
    assert files_in(target) == {**FRESH, "mine": "notes"}
    assert next(moves) == MOVES


@pytest.mark.parametrize("when_done", [False, True])
@pytest.mark.parametrize("error", [PermissionError("refused"), KeyboardInterrupt()])
@pytest.mark.parametrize("move_number", range(MOVES))
def test_whichever_move_fails_the_earlier_files_are_there_again(
    target: Path, move_number: int, error: BaseException, when_done: bool
) -> None:
    with pytest.raises(type(error)):
        write(target, failing_at(move_number, error, when_done=when_done))
    assert files_in(target) == EARLIER
    assert sorted(path.name for path in target.iterdir()) == ["first", "inside", "mine", "never-made"]


def test_a_file_of_the_user_where_a_folder_is_needed_costs_nothing(tmp_path: Path) -> None:
    earlier = {"first": "old 1", "inside": "a file of the user", "third": "old 3"}
    put(tmp_path / "out", earlier)
    with pytest.raises(OSError, match="inside"):
        write(tmp_path / "out")
    assert files_in(tmp_path / "out") == earlier


def test_what_cannot_be_put_back_either_is_kept(target: Path) -> None:
    def only_out(file: Path, place: Path) -> None:
        if file.name == "first" and "previous" in file.parts:
            raise PermissionError("refused on the way back")
        if "fresh" in file.parts:
            raise PermissionError("refused")
        file.replace(place)

    with pytest.raises(PermissionError):
        write(target, only_out)
    kept = files_in(target)
    (staging,) = [path for path in target.iterdir() if path.name.startswith(".topodesign-")]
    assert kept.pop(f"{staging.name}/previous/first") == "old 1"
    kept = {name: text for name, text in kept.items() if not name.startswith(staging.name)}
    assert kept == {name: text for name, text in EARLIER.items() if name != "first"}


def test_a_file_stays_as_it_was_when_making_it_fails(tmp_path: Path) -> None:
    place = tmp_path / "plan.csv"
    place.write_text("earlier")

    def half(fresh: Path) -> None:
        fresh.write_text("ha")
        raise OSError(errno.ENOSPC, "full", str(fresh))

    with pytest.raises(OSError, match="No space left") as caught:
        write_whole_file(place, half)
    assert caught.value.filename == str(place)
    assert files_in(tmp_path) == {"plan.csv": "earlier"}


def test_an_interrupt_leaves_no_half_file(tmp_path: Path) -> None:
    def interrupted(fresh: Path) -> None:
        fresh.write_text("ha")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole_file(tmp_path / "plan.csv", interrupted)
    assert list(tmp_path.iterdir()) == []


def test_a_file_keeps_who_may_read_it_and_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "plan.csv", tmp_path / "plan.csv"
    real.write_text("earlier")
    real.chmod(0o640)
    link.symlink_to(real)
    write_whole_file(link, lambda fresh: fresh.write_text("now"))
    assert link.is_symlink()
    assert real.read_text() == "now"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_new_file_can_be_read_by_others_as_usual(tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("")
    write_whole_file(tmp_path / "new", lambda fresh: fresh.write_text("now"))
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_what_is_no_regular_file_is_not_replaced() -> None:
    write_whole_file(Path(os.devnull), lambda fresh: fresh.write_text("now"))
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
