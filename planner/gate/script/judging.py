"""A guest held against a policy, for its boot class or the worst: an outcome and one line of reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from planner.gate.script.incoming import STAMP, Incoming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.gate.policy import Claim, CpuMeaning, GateClass, GateFlag, GatePolicy

SAFE, UNKNOWN, UNSAFE = 0, 1, 2
NUMBERED = re.compile(r"\d+\.\d+\.\d+\S*")


class Held:
    """Holds a guest against entries of a policy, as one that booted on a class (None: not told)."""

    def __init__(self, policy: GatePolicy, guest: Incoming, boot: int | None) -> None:
        """Look up what the boot host could not give, and what it did."""
        self.policy, self.guest = policy, guest
        host = None if boot is None or not policy["classes"] else policy["classes"][boot]
        self.lacks = frozenset(host["lacks"] if host else ())
        self.gives = frozenset(host["gives"] if host else ())

    def against(self, number: int) -> Iterator[tuple[int, str, str]]:
        """Yield (outcome, unit, reason) for all that speaks against an entry."""
        entry = self.policy["entries"][number]
        for one in entry["refusals"]:
            yield UNSAFE if one["certain"] else UNKNOWN, one["unit"], one["text"]
        for index in entry["flags"]:
            flag = self.policy["flags"][index]
            if self._may_need(flag) and not self._is_set(flag):
                yield UNSAFE, flag["unit"], _lacking(flag)
        for index, asked in entry["conditions"]:
            condition = self.policy["conditions"][index]
            for claim in condition["claims"]:
                found = [self._clause(number) for number in claim["clauses"]]
                held = False if False in found else None if None in found else True
                if held:
                    yield UNSAFE, claim["unit"], "breaks the condition: " + condition["text"]
                elif held is None and asked >= (1 if True in found else 2):
                    yield UNKNOWN, claim["unit"], "not known if it keeps: " + condition["text"]

    def _may_need(self, flag: GateFlag) -> bool:
        """Return whether a flag may matter to the guest: what it does is in no XML."""
        return (
            any(self._holds(claim) is not False for claim in flag["claims"]) or not flag["claims"]
        )

    def _is_set(self, flag: GateFlag) -> bool:
        """Return whether the guest has a flag on every device that it acts on."""
        name, value = flag["property"], flag["value"]
        if any(self.guest.globals.get((driver, name)) == value for driver in flag["drivers"]):
            return True
        if flag["device"] is None:
            return False
        own = [self.guest.overrides.get(one, {}) for one in self.guest.aliases(flag["device"])]
        return all(one.get(name) == value for one in own)

    def _holds(self, claim: Claim) -> bool | None:
        """Return whether all clauses of a claim hold; None: not known."""
        found = [self._clause(number) for number in claim["clauses"]]
        return False if False in found else None if None in found else True

    def _clause(self, number: int) -> bool | None:
        kind, words = self.policy["clauses"][number]
        base = kind.partition("-lacks")[0]
        ask = {"cpu": self._feature, "device": self._device, "cpu-model": self._is_model}
        answers = [ask.get(base, self.guest.trait)(word) for word in words]
        found = True if True in answers else None if None in answers else False
        if kind == "accelerator-lacks":
            return not found
        return found if base == kind or found is None else not found

    def _is_model(self, word: str) -> bool:
        return self.guest.model in self.policy["words"]["cpu-model"][word]

    def _feature(self, word: str) -> bool | None:
        """Return whether the guest's CPU has what a word speaks of."""
        row, guest = self.policy["words"]["cpu"][word], self.guest
        if word in self.lacks or not guest.model:
            return False if word in self.lacks else None
        follows, name = guest.model in self.policy["guest"]["follow"], word.partition(":")[2]
        if row["test"] == "follows":
            return follows
        if row["test"] in ("named", "model"):
            return (
                name in guest.on if row["test"] == "named" else guest.model.split("-v")[0] == name
            )
        return self._is_beyond(row, follows) if row["test"] == "beyond" else self._has(word, row)

    def _has(self, word: str, row: CpuMeaning) -> bool | None:
        """Return whether the guest's CPU has a feature that its boot host may give."""
        guest = self.guest
        if word in guest.on or word in guest.off:
            return word in guest.on
        if guest.model in self.policy["guest"]["follow"]:
            return word in self.gives or (None if row["of_host"] else False)
        if guest.model in row["has"]:
            return True
        known = guest.model in self.policy["models"] and guest.model not in row["maybe"]
        return False if known else None

    def _is_beyond(self, row: CpuMeaning, follows: bool) -> bool | None:
        """Return whether a CPU has features beyond those of a word."""
        if follows or self.guest.on - self.lacks - set(row["known"]):
            return True
        if self.guest.model not in self.policy["models"]:
            return None
        own = set(row["models"].get(self.guest.model, ()))
        return bool(own - self.guest.off - self.lacks)

    def _device(self, word: str) -> bool | None:
        """Return whether the guest has a device of a word, with its option or without."""
        row = self.policy["words"]["device"][word]
        option, answer = row["option"].lstrip("!"), False
        for name, options in self.guest.devices:
            said = options.union(one.partition("=")[0] for one in options)
            fits = not option or (option in said) != row["option"].startswith("!")
            if fits and name in row["yes"]:
                return True
            answer = answer or (fits and name in row["maybe"])
        return None if answer else False


def _lacking(flag: GateFlag) -> str:
    name = "=".join((".".join((flag["drivers"][0], flag["property"])), flag["value"]))
    return "without " + name + (": " + flag["reason"] if flag["reason"] else "")


def judged(
    policy: GatePolicy, guest: Incoming, host: str, kernel: str, day: str
) -> tuple[int, str]:
    """Return the outcome for a guest that comes to this host, and why; what is waived does not count."""
    waivers = [one for one in policy["waivers"] if not one["expires"] or one["expires"] >= day]
    waived = {one["unit"] for one in waivers}
    found = list(_against(policy, guest, host, kernel))
    left = [one for one in found if one[1] not in waived]
    if left:
        outcome, unit, reason = max(left, key=_gravity)
        return outcome, reason + (" [" + unit + "]" if unit else "")
    used = sorted({unit for _, unit, _ in found})
    told = [one["unit"] + " by " + one["owner"] for one in waivers if one["unit"] in used]
    return SAFE, "waived: " + ", ".join(told) if told else ""


def _gravity(one: tuple[int, str, str]) -> int:
    return one[0]


def _against(
    policy: GatePolicy, guest: Incoming, host: str, kernel: str
) -> Iterator[tuple[int, str, str]]:
    classes = policy["classes"]
    here = class_of(classes, host)
    if classes and here is None:
        yield UNKNOWN, "", "this host, " + host + ", is not in the policy of pool " + policy["pool"]
        return
    if here is not None and not is_same(classes[here]["kernel"], kernel):
        told = "this host runs kernel " + kernel + ", the policy has " + classes[here]["kernel"]
        yield UNKNOWN, "", told + ": build it anew"
    every = policy["machine_types"].get(guest.machine)
    if every is None:
        yield UNKNOWN, "", "the policy does not know this machine type"
        return
    for one in _unjudged(policy, guest):
        yield UNKNOWN, "", one
    cells = [one for one in every if not one["here"] or here in one["here"]]
    if not cells:
        yield UNSAFE, "", "the QEMU of this host does not have this machine type"
    stamped = booted(classes, guest)
    if stamped is None and is_elsewhere(classes, guest):
        yield UNKNOWN, "", "it booted on a kernel and QEMU that the policy does not have"
    own = [one for one in cells if not one["boots"] or stamped in one["boots"]]
    if stamped is None or not own:
        stamped, own = None, cells
    for cell in own:
        boots = [None] if not classes else cell["boots"] or list(range(len(classes)))
        for boot in boots if stamped is None else [stamped]:
            for outcome, unit, reason in Held(policy, guest, boot).against(cell["entry"]):
                yield outcome, unit, reason + _where(classes, boot, stamped is not None)


def _unjudged(policy: GatePolicy, guest: Incoming) -> Iterator[str]:
    """Yield what a guest has of which the policy says nothing."""
    known, gates = frozenset(policy["guest"]["devices"]), policy["guest"]["gates"]
    for name, _ in guest.devices:
        if name not in known:
            yield "nobody knows whether its device " + name + " migrates"
    for name in policy["guest"]["unjudged"]:
        if guest.trait(name):
            yield "nothing was judged of a guest with " + name
    asked = {(flag["property"], flag["value"]) for flag in policy["flags"]}
    by_hand = [(key[1], value) for key, value in guest.globals.items()]
    for one in guest.overrides.values():
        by_hand += one.items()
    for name, value in by_hand:
        if value in gates.get(name, ()) and (name, value) not in asked:
            yield name + "=" + value + " is set by hand, which was not judged"


def _where(classes: list[GateClass], boot: int | None, known: bool) -> str:
    if boot is None or len(classes) < 2:
        return ""
    return (" (booted on " if known else " (if it booted on ") + classes[boot]["label"] + ")"


def class_of(classes: list[GateClass], host: str) -> int | None:
    """Return the place of a host's class, by its whole name or else by what is before the first dot."""
    for place, one in enumerate(classes):
        if host in one["hosts"]:
            return place
    short = host.partition(".")[0]
    alike = [
        place
        for place, one in enumerate(classes)
        if any(name.partition(".")[0] == short for name in one["hosts"])
    ]
    return alike[0] if len(alike) == 1 else None


def is_same(told: str, real: str) -> bool:
    """Return whether a kernel of the policy is one that runs; a text of another form says nothing."""
    if not NUMBERED.fullmatch(told):
        return True
    return real == told or (real.startswith(told) and not real[len(told)].isdigit())


def _is_part(version: str, text: str) -> bool:
    """Return whether a text names a version: not 7.2.1 where it has 7.2.17 or 17.2.1."""
    pattern = r"(?<![\d.])" + re.escape(version) + r"(?!\d|\.\d)"
    return bool(version) and re.search(pattern, text) is not None


def is_elsewhere(classes: list[GateClass], guest: Incoming) -> bool:
    """Return whether a guest has a note of a boot host, and all classes are such as notes can fit."""
    stamp = guest.domain.find("metadata/" + STAMP)
    can_fit = all(NUMBERED.fullmatch(one["kernel"]) for one in classes)
    return stamp is not None and bool(classes) and can_fit and not fitting(classes, guest)


def fitting(classes: list[GateClass], guest: Incoming) -> list[int]:
    """Return the classes that the note of a guest's boot host fits."""
    stamp = guest.domain.find("metadata/" + STAMP)
    if stamp is None:
        return []
    kernel, qemu = stamp.get("kernel", ""), stamp.get("qemu", "")
    return [
        place
        for place, one in enumerate(classes)
        if kernel and NUMBERED.fullmatch(one["kernel"]) and is_same(one["kernel"], kernel)
        if _is_part(one["qemu"], qemu) or _is_part(qemu, one["qemu"])
    ]


def booted(classes: list[GateClass], guest: Incoming) -> int | None:
    """Return the class on which a guest was started by its stamp, None if that is not known."""
    stamp = guest.domain.find("metadata/" + STAMP)
    fits = fitting(classes, guest)
    if stamp is None or not fits:
        return None
    named = class_of(classes, stamp.get("host", ""))
    if named in fits:
        return named
    return fits[0] if len(fits) == 1 else None
