"""Results that are kept for the next evaluation."""

from topodesign.fabric.remembered import Remembered, forget_all


def test_the_least_recently_used_results_go_first_and_all_on_demand() -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name.upper()

    kept: Remembered[str, str] = Remembered(2)
    for name in ("a", "b", "a", "c", "a", "b"):  # c takes the place of b, and b later that of c
        assert kept.get(name, lambda name=name: make(name)) == name.upper()
    assert made == ["a", "b", "c", "b"]
    forget_all()
    assert kept.get("a", lambda: make("a")) == "A"
    assert made[-1] == "a"
