"""The claim of the slots: of many that change it one does, and a slow one does no harm."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from mmmlib.archive.archive import Archive
from mmmlib.launching.slots import Slot, Slots


def test_one_racer_gets_the_place(archive: Archive) -> None:
    slots = Slots(archive.store, "q")
    racers = [Slot.of(f"r/de/2026112{n}_000000") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda slot: slots.take(0, [], slot), racers))
    assert sum(won) == 1
    assert slots.read() == (1, [racers[won.index(True)]])


def test_only_the_last_number_is_kept(archive: Archive) -> None:
    slots = Slots(archive.store, "q")
    for number in range(3):
        seen, held = slots.read()
        assert seen == number
        assert slots.take(seen, held, Slot.of(str(number)))
    assert [slot.run for slot in slots.read()[1]] == ["0", "1", "2"]
    (left,) = archive.store.list("launch/q/places")
    assert left.key.endswith("000000003.json")


def test_a_racer_that_was_asleep_gets_nothing(archive: Archive) -> None:
    """It saw an empty queue; since then the numbers it knows were taken and removed."""
    slots = Slots(archive.store, "q")
    for _ in range(2):
        seen, _held = slots.read()
        assert slots.take(seen, [], Slot.of("a"))
    before = slots.read()
    assert not slots.take(0, [], Slot.of("late"))
    assert slots.read() == before
    assert len(archive.store.list("launch/q/places")) == 1


def test_a_winner_who_was_overtaken_at_once_has_its_place(archive: Archive) -> None:
    """Before it looks again somebody has taken a second slot beside it."""
    slots, first, second = Slots(archive.store, "q"), Slot.of("a"), Slot.of("b")
    read, overtaken = slots.read, []

    def overtake() -> tuple[int, list[Slot]]:
        if not overtaken:
            overtaken.append(True)
            other = Slots(archive.store, "q")
            seen, held = other.read()
            assert other.take(seen, held, second)
        return read()

    slots.read = overtake  # type: ignore[method-assign]
    assert slots.take(0, [], first)
    assert read()[1] == [first, second]
