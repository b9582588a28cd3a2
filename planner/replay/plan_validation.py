"""What is wrong with a plan before anybody replays it: against itself, and against its fleet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planner.domain.errors import Location, PlanError, Problem, advised, nearest
from planner.domain.migrated import ClauseKind
from planner.domain.plans.plan import Flip, HostUpgrade, Plan, Wave
from planner.domain.plans.simulation import HostFailure
from planner.domain.plans.upgrade import UpgradeHost
from planner.knowledge.base import KnowledgeBase
from planner.replay.guest_classes import same_baseline

MOST_PROBLEMS = 20
"""Problems that are told one by one: a plan of another fleet has one per host."""
CLAIMS = tuple(kind.value for kind in ClauseKind)


def contradictions(plan: Plan) -> Iterator[Problem]:
    """Yield flips that stand in another wave than they name, or that do not follow one another.

    Such a plan is replayed all the same, the earlier wave taken, and refused if nothing else is wrong.
    """
    for wave in plan.waves:
        for flip in wave.flips:
            if flip.after_wave != wave.number:
                wrong = f"{_flip_name(flip)} says after_wave {flip.after_wave}"
                yield _problem(f"waves[{wave.number}].flips", wrong, "the two must agree")
    yield from _broken_chains(plan)
    yield from _gone(plan)


def _gone(plan: Plan) -> Iterator[Problem]:
    """Yield what a plan says of itself that it no longer has: waves, and what new guests get."""
    if plan.bounds.waves + plan.bounds.gap != len(plan.waves):
        wrong = f"{len(plan.waves)} waves, but the bounds speak of"
        wrong += f" {plan.bounds.waves + plan.bounds.gap}"
        yield _problem("waves", wrong, "plan again rather than take waves away")
    for domain in plan.domains:
        if not domain.baselines:
            yield _problem(
                f"domains[{domain.domain}].baselines", "new guests get nothing", "plan again"
            )


def _broken_chains(plan: Plan) -> Iterator[Problem]:
    flips = [
        (min(flip.after_wave, wave.number), flip) for wave in plan.waves for flip in wave.flips
    ]
    last: dict[tuple[str, str, str], Flip] = {}
    for _, flip in sorted(flips, key=lambda dated: dated[0]):
        key = (flip.domain, flip.board, flip.line)
        before = last.get(key)
        if before is not None and not same_baseline(before.after, flip.before):
            wrong = f"{_flip_name(flip)} starts from another baseline than the flip before it gives"
            yield _problem(f"waves[{flip.after_wave}].flips", wrong, "keep their order")
        last[key] = flip
        moved = flip.before.machine_type != flip.after.machine_type
        if moved and flip.takes_effect.begins_at_a_hop:
            wrong = f"{_flip_name(flip)} changes the machine type"
            yield _problem("waves", wrong, "only flags can take effect at a hop")


def _flip_name(flip: Flip) -> str:
    return f"the flip of {flip.domain} to {flip.after.machine_type}"


def check_plan(plan: Plan, hosts: Sequence[UpgradeHost], knowledge: KnowledgeBase) -> None:
    """Raise `PlanError` with everything for which a plan cannot be laid over a fleet."""
    check_words(plan, hosts, knowledge)
    problems = list(_ways(plan, hosts))
    if problems:
        raise PlanError(_first(problems))


def check_words(plan: Plan, hosts: Sequence[UpgradeHost], knowledge: KnowledgeBase) -> None:
    """Raise `PlanError` for a plan that names what does not exist; its hosts may be anywhere."""
    problems = [*_shape(plan), *_domains(plan, hosts), *_unknown_words(plan, knowledge)]
    if problems:
        raise PlanError(_first(problems))


def _first(problems: Sequence[Problem]) -> list[Problem]:
    """Return the first problems and, if there are more, one that counts the rest."""
    rest = len(problems) - MOST_PROBLEMS
    more = [_problem("", f"and {rest} more problems")] if rest > 0 else []
    return [*problems[:MOST_PROBLEMS], *more]


def _shape(plan: Plan) -> Iterator[Problem]:
    if plan.relaxations and not plan.waves:
        first = plan.relaxations[0]
        wrong = f"no waves: {first.domain} forbids every plan ({first.text})"
        yield _problem("waves", wrong, "relax what the plan names")
    numbers = [wave.number for wave in plan.waves]
    if numbers != list(range(1, len(numbers) + 1)):
        yield _problem("waves", "the waves are not numbered 1, 2, 3, ... in order")
    for wave in plan.waves:
        yield from _hosts_of(wave)


def _hosts_of(wave: Wave) -> Iterator[Problem]:
    names = [upgrade.host for upgrade in wave.upgrades]
    location = f"waves[{wave.number}]"
    for name in sorted(
        {name for name in names if names.count(name) > 1} if _doubles(names) else ()
    ):
        yield _problem(f"{location}.upgrades", f"'{name}' is upgraded twice in one wave")
    for name in sorted(set(names) ^ set(wave.hosts)):
        held = "hosts" if name in wave.hosts else "upgrades"
        yield _problem(location, f"'{name}' is in {held} only", "hosts and upgrades must agree")


def _doubles(names: Sequence[str]) -> bool:
    return len(set(names)) != len(names)


def _domains(plan: Plan, hosts: Sequence[UpgradeHost]) -> Iterator[Problem]:
    pools = {str(host.pool) for host in hosts}
    pool_of = {str(host.name): str(host.pool) for host in hosts}
    domains = [domain.domain for domain in plan.domains]
    if _doubles(domains):
        yield _problem("domains", "a pool appears twice")
    named = set(domains)
    for name in domains:
        if name not in pools:
            yield _problem("domains", f"'{name}' is no pool of the fleet", nearest(name, pools))
    others = [("flips", flip.domain) for flip in plan.flips]
    others += [("restarts", restart.domain) for restart in plan.restarts]
    others += [("masks", mask.domain) for mask in plan.masks]
    for key, name in dict.fromkeys(others):
        if name not in named:
            yield _problem(key, f"'{name}' is not among the domains", nearest(name, named))
    lost = (
        {pool_of.get(upgrade.host) for wave in plan.waves for upgrade in wave.upgrades}
        - named
        - {None}
    )
    for pool in sorted(str(name) for name in lost):
        yield _problem("domains", f"the pool '{pool}' has hosts in waves and no entry here")


def _unknown_words(plan: Plan, knowledge: KnowledgeBase) -> Iterator[Problem]:
    for domain in plan.domains:
        for text in domain.conditions:
            kind, colon, word = text.partition(":")
            if not (colon and word) or kind not in CLAIMS:
                where = f"domains[{domain.domain}].conditions"
                yield _problem(where, f"'{text}' is not KIND:WORD", f"kinds: {', '.join(CLAIMS)}")
    for mask in plan.masks:
        for name in mask.capabilities:
            if knowledge.canonical(name) is None:
                hint = nearest(name, knowledge.capability_names)
                yield _problem("masks", f"unknown capability '{name}'", hint)
    texts = {(upgrade.kernel, upgrade.qemu) for wave in plan.waves for upgrade in wave.upgrades}
    for kernel, qemu in sorted(texts):
        for column, text in (("kernel", kernel), ("qemu", qemu)):
            misfit = knowledge.misfit(column, text)
            if misfit is not None:
                yield _problem("waves", *misfit)


def _ways(plan: Plan, hosts: Sequence[UpgradeHost]) -> Iterator[Problem]:
    """Yield hosts that are not in the fleet, or not what the plan takes them for."""
    now = {str(host.name): (host.group.kernel, host.group.qemu) for host in hosts}
    for wave in plan.waves:
        for upgrade in wave.upgrades:
            here = now.get(upgrade.host)
            location = f"waves[{wave.number}].upgrades"
            if here is None:
                yield _problem(location, f"'{upgrade.host}' is not in the fleet")
            elif here != (upgrade.from_kernel, upgrade.from_qemu):
                yield _problem(location, _elsewhere(upgrade, here), "planner status compares them")
            now[upgrade.host] = (upgrade.kernel, upgrade.qemu)


def _elsewhere(step: HostUpgrade, here: tuple[str, str]) -> str:
    return (
        f"'{step.host}' leaves kernel {step.from_kernel} with QEMU {step.from_qemu} here, "
        f"and has kernel {here[0]} with QEMU {here[1]}"
    )


def check_failures(
    plan: Plan, hosts: Sequence[UpgradeHost], failures: Sequence[HostFailure]
) -> Iterator[str]:
    """Yield what is wrong with failures of hosts: unknown names, waves that the plan has not."""
    names = {str(host.name) for host in hosts}
    for failure in failures:
        if failure.host not in names:
            yield advised(f"'{failure.host}' is not in the fleet", nearest(failure.host, names))
        if not 1 <= failure.wave <= len(plan.waves):
            yield f"the plan has no wave {failure.wave}; it has {len(plan.waves)}"


def _problem(location: str, wrong: str, remedy: str = "") -> Problem:
    return Problem(
        location=Location(file="plan", column=location or None), what=wrong, remedy=remedy
    )
