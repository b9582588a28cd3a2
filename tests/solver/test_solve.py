"""Laws of the solver, drawn by hypothesis over a small world of five units and three machine types."""

from __future__ import annotations

import random
from functools import cache
from itertools import combinations, product
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.answers.answer import solve
from planner.certificate.certify import CertificationError, Certifier, assumed_by
from planner.domain.capability import CapabilityId
from planner.domain.compat import CompatFlag, Visible
from planner.domain.guest import Baseline
from planner.domain.host import Fleet, HostGroup, HostName, PoolName
from planner.domain.solution import ChosenBaseline, Condition, FlagChoice
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.load import load_knowledge
from planner.migration.graph import MigrationDomain, complete_domains, directed_domains
from planner.migration.profiles import profile_fleet
from planner.solver.solve import Solver, baseline_of
from tests.laws.solver_reference import excludable, flag_sets, is_safe, newest_safe

NAMES = ("k.a", "k.c", "tun.x")
BUILDS = ("1.0.0", "2.0.0", "3.0.0")


@cache
def world() -> KnowledgeBase:
    return load_knowledge(root=Path(__file__).resolve().parents[1] / "small_world")


def a_group(
    number: int,
    *,
    kernel: str,
    qemu: str,
    present: frozenset[str],
    absent: frozenset[str],
    hosts: int,
) -> HostGroup:
    return HostGroup(
        pool=PoolName("p"),
        kernel=kernel,
        qemu=qemu,
        hosts=tuple(HostName(f"h{number}-{index}") for index in range(hosts)),
        present=frozenset(CapabilityId(name) for name in present),
        absent=frozenset(CapabilityId(name) for name in absent),
        line=number + 2,
    )


@st.composite
def groups(draw: st.DrawFn) -> tuple[HostGroup, ...]:
    found = []
    for number in range(draw(st.integers(1, 3))):
        known = {name: draw(st.sampled_from(["+", "-", "?"])) for name in NAMES}
        found.append(
            a_group(
                number,
                kernel=draw(st.sampled_from(["1", "2"])),
                qemu=draw(st.sampled_from(BUILDS)),
                present=frozenset(name for name, sign in known.items() if sign == "+"),
                absent=frozenset(name for name, sign in known.items() if sign == "-"),
                hosts=draw(st.integers(1, 2)),
            )
        )
    return tuple(found)


def whole_domain(found: tuple[HostGroup, ...]) -> MigrationDomain:
    profiled = profile_fleet(Fleet(groups=found), world())
    return complete_domains(profiled.pools)[0]


def some_edges(found: tuple[HostGroup, ...], seed: int) -> MigrationDomain:
    profiled = profile_fleet(Fleet(groups=found), world())
    chance = random.Random(seed)
    nodes = sorted({("p", profile) for profile in profiled.profile_of.values()}, key=repr)
    arrows = [(one, other) for one in nodes for other in nodes if chance.random() < 0.5]
    return directed_domains(profiled.pools, arrows)[0]


def chosen_type(domain: MigrationDomain) -> str | None:
    for result in Solver(knowledge=world(), policy=world().policy).solve(domain):
        if result.chosen is not None:
            return result.chosen.machine_type.name
    return None


def reference_type(domain: MigrationDomain) -> str | None:
    row = newest_safe(domain, "pc-q35", "upstream", world(), world().policy)
    return None if row is None else row.name


@settings(max_examples=2000, deadline=None)
@given(found=groups())
def test_closed_form_equals_exhaustive_search_on_complete_pools(
    found: tuple[HostGroup, ...],
) -> None:
    domain = whole_domain(found)
    if domain.hosts > 1:
        assert chosen_type(domain) == reference_type(domain)


@settings(max_examples=600, deadline=None)
@given(found=groups(), seed=st.integers(0, 1000))
def test_an_answer_on_a_directed_graph_is_safe_on_every_walk(
    found: tuple[HostGroup, ...], seed: int
) -> None:
    domain = some_edges(found, seed)
    chosen, truth = chosen_type(domain), reference_type(domain)
    ranks = {name: row.machine_type.rank for name, row in world().machines.types.items()}
    if chosen is not None:
        assert truth is not None
        assert ranks[chosen] <= ranks[truth]


@settings(max_examples=600, deadline=None)
@given(found=groups())
def test_every_flag_and_every_condition_is_necessary(found: tuple[HostGroup, ...]) -> None:
    domain = whole_domain(found)
    for result in Solver(knowledge=world(), policy=world().policy).solve(domain):
        if result.chosen is None or domain.hosts < 2:
            continue
        answer = baseline_of(result.chosen)
        flags = tuple(choice.flag for choice in answer.flags)
        assumed = assumed_by(answer)
        for left_out in flags:
            fewer = tuple(flag for flag in flags if flag != left_out)
            baseline = Baseline(machine_type=answer.machine_type, flags=fewer)
            assert not is_safe(domain, baseline, world(), world().policy, assumed)
        for claim in assumed:
            baseline = Baseline(machine_type=answer.machine_type, flags=flags)
            assert not is_safe(domain, baseline, world(), world().policy, assumed - {claim})


@settings(max_examples=300, deadline=None)
@given(found=groups(), seed=st.integers(0, 100))
def test_the_order_of_rows_changes_nothing(found: tuple[HostGroup, ...], seed: int) -> None:
    shuffled = list(found)
    random.Random(seed).shuffle(shuffled)
    one = solve([whole_domain(found)], world(), world().policy)
    other = solve([whole_domain(tuple(shuffled))], world(), world().policy)
    assert one == other


@settings(max_examples=300, deadline=None)
@given(found=groups())
def test_removing_a_host_never_makes_the_answer_older(found: tuple[HostGroup, ...]) -> None:
    ranks = {name: row.machine_type.rank for name, row in world().machines.types.items()}
    whole = chosen_type(whole_domain(found))
    for left_out in found:
        rest = tuple(group for group in found if group is not left_out)
        if rest and whole is not None:
            part = chosen_type(whole_domain(rest))
            assert part is not None
            assert ranks[part] >= ranks[whole]


@settings(max_examples=300, deadline=None)
@given(found=groups(), name=st.sampled_from(NAMES), gained=st.booleans())
def test_learning_an_unknown_fact_never_takes_a_safe_type_away(
    found: tuple[HostGroup, ...], name: str, gained: bool
) -> None:
    capability = CapabilityId(name)
    learnt = tuple(
        group
        if capability in group.present | group.absent
        else a_group(
            int(group.line) - 2,
            kernel=group.kernel,
            qemu=group.qemu,
            present=group.present | ({capability} if gained else set()),
            absent=group.absent | (set() if gained else {capability}),
            hosts=len(group.hosts),
        )
        for group in found
    )
    before, after = chosen_type(whole_domain(found)), chosen_type(whole_domain(learnt))
    ranks = {name: row.machine_type.rank for name, row in world().machines.types.items()}
    if before is not None:
        assert after is not None
        assert ranks[after] >= ranks[before]


@settings(max_examples=1000, deadline=None)
@given(found=groups(), name=st.sampled_from(sorted(world().machines.types)), data=st.data())
def test_what_the_certificate_lets_pass_is_safe_on_every_walk(
    found: tuple[HostGroup, ...], name: str, data: st.DataObject
) -> None:
    domain = whole_domain(found)
    flags = data.draw(st.sampled_from(list(flag_sets(domain, world()))))
    claims = data.draw(st.sets(st.sampled_from(sorted(excludable(world())))))
    certifier = Certifier(world(), world().policy)
    if data.draw(st.booleans()):
        certifier.narrow(tuple(domain.profiles))
    try:
        certifier.certify(domain, an_answer(name, flags, claims))
    except CertificationError:
        return
    baseline = Baseline(machine_type=name, flags=flags)
    if domain.hosts > 1:
        assert is_safe(domain, baseline, world(), world().policy, frozenset(claims))


def an_answer(
    name: str, flags: tuple[CompatFlag, ...], claims: set[tuple[str, str]]
) -> ChosenBaseline:
    """Return any baseline as an answer, right or wrong."""
    words = tuple(f"{kind}:{word}" for kind, word in sorted(claims))
    return ChosenBaseline(
        board="pc-q35",
        line="upstream",
        machine_type=name,
        flags=tuple(
            FlagChoice(flag=flag, visible=Visible.GUEST, reason="", unit="", price="")
            for flag in flags
        ),
        conditions=(Condition(kind="guest", text="", price="", words=words),),
    )


def test_one_certificate_for_many_domains_is_no_weaker_than_one_for_each() -> None:
    """What was judged for one domain must not answer for another one that differs."""
    rows = [("1", build, sign) for build in BUILDS for sign in ("+", "-", "?")]
    groups = [
        a_group(
            number,
            kernel=kernel,
            qemu=build,
            present=frozenset(NAMES if sign == "+" else ()),
            absent=frozenset(NAMES if sign == "-" else ()),
            hosts=2,
        )
        for number, (kernel, build, sign) in enumerate(rows)
    ]
    domains = [whole_domain(pair) for pair in combinations(groups, 2)]
    shared = Certifier(world(), world().policy)
    shared.narrow(tuple({profile for domain in domains for profile in domain.profiles}))
    outcomes = set()
    for domain, name in product(domains, sorted(world().machines.types)):
        answer = an_answer(name, (), set())
        alone = passes(Certifier(world(), world().policy), domain, answer)
        assert passes(shared, domain, answer) is alone
        outcomes.add(alone)
    assert outcomes == {True, False}


def passes(certifier: Certifier, domain: MigrationDomain, answer: ChosenBaseline) -> bool:
    try:
        certifier.certify(domain, answer)
    except CertificationError:
        return False
    return True
