"""The claim of the places: of many that change it one does, and a slow one does no harm."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from mmmlib.archive.archive import Archive
from mmmlib.launching.slots import Place, Places


def test_one_racer_gets_the_place(archive: Archive) -> None:
    places = Places(archive.store, "q")
    racers = [Place.of(f"r/de/2026112{n}_000000") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda place: places.take(0, [], place), racers))
    assert sum(won) == 1
    assert places.read() == (1, [racers[won.index(True)]])


def test_only_the_last_number_is_kept(archive: Archive) -> None:
    places = Places(archive.store, "q")
    for number in range(3):
        seen, held = places.read()
        assert seen == number
        assert places.take(seen, held, Place.of(str(number)))
    assert [place.run for place in places.read()[1]] == ["0", "1", "2"]
    (left,) = archive.store.list("launch/q/places")
    assert left.key.endswith("000000003.json")


def test_a_racer_that_was_asleep_gets_nothing(archive: Archive) -> None:
    """It saw an empty queue; since then the numbers it knows were taken and removed."""
    places = Places(archive.store, "q")
    for _ in range(2):
        seen, _held = places.read()
        assert places.take(seen, [], Place.of("a"))
    before = places.read()
    assert not places.take(0, [], Place.of("late"))
    assert places.read() == before
    assert len(archive.store.list("launch/q/places")) == 1


def test_a_winner_who_was_overtaken_at_once_has_its_place(archive: Archive) -> None:
    """Before it looks again somebody has taken a second place beside it."""
    places, first, second = Places(archive.store, "q"), Place.of("a"), Place.of("b")
    read, overtaken = places.read, []

    def overtake() -> tuple[int, list[Place]]:
        if not overtaken:
            overtaken.append(True)
            other = Places(archive.store, "q")
            seen, held = other.read()
            assert other.take(seen, held, second)
        return read()

    places.read = overtake  # type: ignore[method-assign]
    assert places.take(0, [], first)
    assert read()[1] == [first, second]
