"""A build is its whole package text; what vendors promise; types of builds that nobody read."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.domain.host import QemuBuild
from planner.domain.solution import Status
from planner.domain.truth import Truth
from planner.domain.verdict import Outcome
from planner.knowledge.base import KnowledgeBase
from planner.knowledge.check import build_patterns, vendors_words
from planner.knowledge.load import load_knowledge

EL86_11 = "qemu-kvm-core-6.2.0-11.module+el8.6.0+20793+2184cc28.11.x86_64"
EL86_12 = "qemu-kvm-core-6.2.0-11.module+el8.6.0+21121+f1d2ec3c.12.x86_64"


@pytest.fixture(scope="module")
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def placed(knowledge: KnowledgeBase, text: str) -> QemuBuild:
    build = knowledge.builds.place(text)
    assert build is not None, text
    return build


SPELLINGS = (
    # dpkg, `--version`, QMP and libvirt's cache, libvirt's log
    (
        "1:7.2+dfsg-7+deb12u18+b3",
        "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)",
        "Debian 1:7.2+dfsg-7+deb12u18+b3",
        "7.2.22Debian 1:7.2+dfsg-7+deb12u18+b3",
    ),
    (
        "1:8.2.2+ds-0ubuntu1.10",
        "QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds-0ubuntu1.10)",
        "Debian 1:8.2.2+ds-0ubuntu1.10",
        "8.2.2Debian 1:8.2.2+ds-0ubuntu1.10",
    ),
    (
        "qemu-kvm-17:9.1.0-15.el9_6.3.x86_64",
        "qemu-kvm-core-9.1.0-15.el9_6.3.x86_64",
        "QEMU emulator version 9.1.0 (qemu-kvm-9.1.0-15.el9_6.3)",
        "9.1.0qemu-kvm-9.1.0-15.el9_6.3",
        "17:9.1.0-15.el9_6.3",
    ),
    (
        EL86_11,
        "15:6.2.0-11.module+el8.6.0+20793+2184cc28.11",
        "QEMU emulator version 6.2.0 (qemu-kvm-6.2.0-11.module+el8.6.0+20793+2184cc28.11)",
    ),
    (
        "pve-qemu-kvm 9.2.0-5",
        "QEMU emulator version 9.2.0 (pve-qemu-kvm_9.2.0-5)",
        "9.2.0pve-qemu-kvm_9.2.0-5",
    ),
)


@pytest.mark.parametrize("texts", SPELLINGS, ids=lambda texts: str(texts[0]))
def test_one_build_has_many_spellings(knowledge: KnowledgeBase, texts: tuple[str, ...]) -> None:
    assert len({placed(knowledge, text) for text in texts}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("9.1.0-19.el9", "9.1.0-20.el9"),
        ("9.1.0-15.el9_6.3", "9.1.0-15.el9_6.9"),
        (EL86_11, EL86_12),
        ("1:10.0.13+ds-0+deb13u1", "1:10.0.13+ds-0+deb13u2"),
        ("1:6.2+dfsg-2ubuntu6.21", "1:6.2+dfsg-2ubuntu6.22"),
        ("1:8.2.2+ds-0ubuntu1.4", "1:8.2.2+ds-0ubuntu1.4~cloud0"),
        ("pve-qemu-kvm 9.2.0-5", "pve-qemu-kvm 9.2.0-6"),
    ],
)
def test_two_packages_are_two_builds(knowledge: KnowledgeBase, one: str, other: str) -> None:
    assert placed(knowledge, one) != placed(knowledge, other)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("9.1.0-15.el9_6.3", "9.1.0-15.el9_6.9", True),
        ("1:10.0.13+ds-0+deb13u1", "1:10.0.13+ds-0+deb13u2", True),
        ("1:6.2+dfsg-2ubuntu6.21", "1:6.2+dfsg-2ubuntu6.22", True),
        ("1:7.2+dfsg-7+deb12u10", "1:7.2+dfsg-7+deb12u12", True),
        ("9.1.0-19.el9", "9.1.0-20.el9", False),
        ("9.1.0-16.el9", "9.1.0-17.el9", False),
        ("1:7.2+dfsg-7+deb12u8", "1:7.2+dfsg-7+deb12u9", False),  # 7.2.14 and 7.2.15
        ("qemu-8.2.4-150600.3.5.1", "qemu-8.2.4-150600.3.6.1", False),  # nobody says so
    ],
)
def test_updates_of_one_package_are_alike_by_a_row(
    knowledge: KnowledgeBase, one: str, other: str, alike: bool
) -> None:
    first, second = placed(knowledge, one), placed(knowledge, other)
    assert first.is_same_as(second) is alike
    assert first.is_promised_as(second) is alike


def test_a_package_whose_text_hides_its_version_has_it_from_a_row(
    knowledge: KnowledgeBase,
) -> None:
    assert placed(knowledge, "1:7.2+dfsg-7+deb12u16").version == (7, 2, 19)
    assert placed(knowledge, "1:5.2+dfsg-11+deb11u3").version == (5, 2)


OFFERED = (
    # added by an update: not before it, unknown where the first one with it was not read
    ("1:8.2.2+ds-0ubuntu1.2", "pc-q35-noble-v2", Truth.NO),
    ("1:8.2.2+ds-0ubuntu1.14", "pc-q35-noble-v2", Truth.UNKNOWN),
    ("1:8.2.2+ds-0ubuntu1.18", "pc-q35-noble-v2", Truth.YES),
    ("1:8.2.2+ds-0ubuntu1.20", "pc-q35-noble-v2", Truth.YES),
    ("1:8.2.2+ds-0ubuntu1.2", "pc-q35-noble", Truth.YES),
    # after the last known one: kept where the vendor says so
    ("qemu-kvm-6.2.0-53.module+el8.10.0+22375+aaaa.1", "pc-q35-rhel8.6.0", Truth.YES),
    ("qemu-kvm-6.2.0-53.module+el8.10.0+22375+aaaa.1", "pc-q35-rhel9.0.0", Truth.NO),
    ("qemu-kvm-10.1.0-30.el9", "pc-q35-rhel10.2.0", Truth.UNKNOWN),
    ("qemu-kvm-8.2.0-11.el9_4.6", "pc-q35-rhel9.4.0", Truth.YES),
    ("qemu-kvm-8.1.0-1.el9", "pc-q35-rhel9.4.0", Truth.UNKNOWN),
    ("qemu-kvm-8.0.0-16.el9_3.3", "pc-q35-rhel9.4.0", Truth.UNKNOWN),
    ("qemu-kvm-9.1.0-15.el9_6.3", "pc-q35-rhel9.6.0", Truth.YES),
    ("qemu-kvm-9.1.0-15.el10_0.7", "pc-i440fx-rhel7.6.0", Truth.NO),
    # types named after a later release cannot be there; every upstream type is kept by Ubuntu
    ("1:7.0+dfsg-7ubuntu2", "pc-q35-7.0", Truth.YES),
    ("1:7.0+dfsg-7ubuntu2", "pc-q35-8.0", Truth.NO),
    ("1:7.0+dfsg-7ubuntu2", "pc-q35-kinetic", Truth.UNKNOWN),
    # a suffix that a vendor's builds cut off
    ("pve-qemu-kvm 6.1.1-2", "pc-i440fx-6.1+pve0", Truth.YES),
    ("pve-qemu-kvm 6.1.1-2", "pc-i440fx-6.1+pve7", Truth.YES),
    ("pve-qemu-kvm 6.1.1-2", "pc-i440fx-6.2+pve0", Truth.NO),
    ("pve-qemu-kvm 3.0.1-4", "pc-i440fx-3.0+pve0", Truth.NO),
    ("10.1.2-3", "pc-q35-9.2+pve1", Truth.YES),
    ("10.1.2-3", "pc-q35-10.0+pve1", Truth.YES),
    ("8.1.5-6", "pc-q35-9.2+pve1", Truth.NO),
    ("10.1.0", "pc-q35-9.2+pve1", Truth.NO),
    ("8.2.4", "pc-i440fx-6.1+pve0", Truth.NO),
    ("8.2.4", "pc-i440fx-6.1+foo0", Truth.UNKNOWN),
)


@pytest.mark.parametrize(("text", "machine_type", "wanted"), OFFERED)
def test_types_of_builds_that_nobody_read(
    knowledge: KnowledgeBase, text: str, machine_type: str, wanted: Truth
) -> None:
    assert knowledge.machines.offers(placed(knowledge, text), machine_type) is wanted


PLACED = (
    ("QEMU emulator version 6.2.0 (qemu-6.2.0-93.oe2203sp3)", "openeuler", ""),
    ("6.2.0qemu-6.2.0-93.oe2203sp3", "openeuler", ""),
    ("qemu-kvm-6.2.0-32.module+an8.8.0+11108+a2e7d9f2.x86_64", "anolis", ""),
    ("qemu-8.2.0-16.azl3.x86_64", "azurelinux", "upstream 8.2.0"),
    ("qemu-system-x86-core-8.2.2-1.amzn2023.0.1.x86_64", "amazon", ""),
    ("qemu-kvm-vz-8.2.0-11.vz9.30.1", "virtuozzo", ""),
    ("qemu-4.1.0-71.p12.ky10.x86_64", "kylin", ""),
    ("qemu-4.1.0-53.up4.uelc20.x86_64", "uos", ""),
    ("qemu-6.2.0-70.hce2.x86_64", "hce", ""),
    ("QEMU emulator version 8.2.4 (SUSE Linux Enterprise 15)", "suse", "upstream 8.2.4"),
    (
        "QEMU emulator version 9.0.50 (v9.0.0-1234-gabcdef1234)",
        "upstream-development",
        "upstream 9.0.2",
    ),
    (
        "QEMU emulator version 2.0.0 (Debian 2.0.0+dfsg-2ubuntu1.46), Copyright (c) 2003-2008",
        "ubuntu",
        "",
    ),
    (
        "QEMU emulator version 2.4.0, Copyright (c) 2003-2008 Fabrice Bellard",
        "upstream",
        "upstream 2.4.0",
    ),
)


@pytest.mark.parametrize(("text", "line", "lower"), PLACED, ids=str)
def test_texts_of_all_vendors_are_placed_once(
    knowledge: KnowledgeBase, text: str, line: str, lower: str
) -> None:
    build = placed(knowledge, text)
    assert (build.line, build.lower) == (line, lower)
    assert knowledge.builds.lines_of(text) == (line,)


def test_a_program_that_does_not_say_its_package_names_a_series(knowledge: KnowledgeBase) -> None:
    build = placed(knowledge, "QEMU emulator version 8.2.4 (SUSE Linux Enterprise 15)")
    assert not build.is_same_as(build)
    exact = placed(knowledge, "qemu-8.2.4-150600.3.5.1")
    assert exact.is_same_as(exact)


def test_a_package_of_another_distribution_is_not_proxmox(knowledge: KnowledgeBase) -> None:
    assert knowledge.builds.place("qemu 9.2.2-1") is None


def test_a_suffixed_type_has_the_properties_of_its_base(knowledge: KnowledgeBase) -> None:
    ref = "upstream 8.2.0"
    entries = knowledge.machines.entries
    assert entries(ref, "pc-q35-8.1+pve3") == entries(ref, "pc-q35-8.1")


def test_no_text_fits_two_lines_and_no_row_breaks_a_promise(knowledge: KnowledgeBase) -> None:
    assert list(build_patterns(knowledge)) == []
    assert list(vendors_words(knowledge)) == []


OWN = (
    ("6.2.0", "7.0.0-rc1", "pc-q35-6.2"),
    ("6.1.0", "QEMU emulator version 6.1.92 (v6.2.0-rc2)", "pc-q35-6.1"),
    ("9.2.4", "QEMU emulator version 9.2.4 (v9.2.4-12-gdeadbeef)", "pc-q35-9.2"),
    ("1:8.2.2+ds-0ubuntu1.10", "1:8.2.2+ds-0ubuntu1.10~mybuild1", "pc-q35-8.2"),
    ("qemu-kvm-9.1.0-15.el9_6.3", "qemu-kvm-9.1.0-15.el9_6.3.mycorp", "pc-q35-rhel9.6.0"),
    ("1:10.0.13+ds-0+deb13u1", "1:10.0.13+ds-0+deb13u1+mine1", "pc-q35-10.0"),
    ("10.1.2-7", "pve-qemu-kvm_10.1.2-7+vitastor1", "pc-q35-10.1"),
)


@pytest.mark.parametrize(("published", "own", "machine"), OWN, ids=str)
def test_a_build_that_nobody_published_is_like_itself_alone(
    tmp_path: Path, published: str, own: str, machine: str
) -> None:
    path = tmp_path / "fleet.csv"
    texts = {"a": published, "b": published, "c": own, "d": own}
    rows = (f"{host},6.8.0,{text}" for host, text in texts.items())
    path.write_text("\n".join(("host,kernel,qemu", *rows, "")))
    hosts = planner.read_fleet(path)
    case = {"machine": machine, "cpu": "qemu64", "devices": "-", "traits": "pae=no"}
    for source, destination, outcome in (
        ("a", "b", Outcome.SAFE),
        ("c", "d", Outcome.SAFE),
        ("a", "c", Outcome.UNKNOWN),
        ("c", "a", Outcome.UNKNOWN),
    ):
        (verdict,) = planner.check(
            hosts, {"from": source, "booted_on": source, "to": destination, **case}
        )
        assert verdict.outcome is outcome, (source, destination)
    (domain,) = planner.solve(hosts).domains
    assert domain.status is Status.UNDECIDED


@pytest.mark.parametrize("text", ["1:8.2.2+ds-0ubuntu1.10~cloud0", "9.2.4", "4.1.0-rc2"])
def test_a_published_or_read_build_is_nobodys_own(knowledge: KnowledgeBase, text: str) -> None:
    assert not placed(knowledge, text).is_own


@pytest.mark.parametrize("text", ["9.99.9", "2.13.0", "12.5.0"])
def test_a_version_that_never_was_is_no_release(knowledge: KnowledgeBase, text: str) -> None:
    assert knowledge.builds.place(text) is None
