"""What is hardly read as it was meant is told with what it would be; what is read so is not."""

from __future__ import annotations

import pytest

from planner.knowledge.load import load_knowledge

EL9 = "5.14.0-427.42.1.el9_4.x86_64"


def told(kernel: str = "6.1.1", qemu: str = "8.2.4", cpu: str = "", arch: str = "x86_64") -> str:
    found = load_knowledge().loose(arch=arch, kernel=kernel, qemu=qemu, cpu=cpu)
    return "\n".join(f"{column}: {what}; {remedy}" for column, what, remedy, _ in found)


def test_a_misspelt_cpu_has_a_nearest_name() -> None:
    assert told(cpu="Icelake-Sever") == (
        "cpu: no row reads 'Icelake-Sever'; did you mean 'Icelake-Server'?"
    )


def test_a_family_is_no_model() -> None:
    assert "no row reads 'Xeon'; give the model name" in told(cpu="Xeon")


@pytest.mark.parametrize(
    "cpu",
    [
        "",
        "intel",
        "GenuineIntel",
        "AMD",
        "Icelake-Server",
        "Intel(R) Xeon(R) Gold 6338 CPU @ 2.0GHz",
    ],
)
def test_a_cpu_that_is_read_is_not_told(cpu: str) -> None:
    assert not told(cpu=cpu)


def test_a_cpu_of_an_architecture_without_generations_is_not_told() -> None:
    assert not told(cpu="Ampere Altra", arch="aarch64")


@pytest.mark.parametrize("version", ["8.2", "8.2.0"])
def test_a_release_of_qemu_on_a_vendors_kernel_is_told(version: str) -> None:
    found = told(EL9, version)
    assert f"qemu: '{version}' is read as upstream's own QEMU" in found
    assert "give what `rpm -q qemu-kvm-core` prints" in found


@pytest.mark.parametrize(
    ("kernel", "qemu"),
    [
        (EL9, "qemu-kvm-8.2.0-11.el9_4.6"),
        ("6.1.0-40-amd64", "7.2.22"),
        ("6.12.1", "8.2.0"),
        ("6.8.0-51-generic", "1:8.2.2+ds-0ubuntu1.7"),
        ("6.8.0-51-generic", "1:8.2.2+ds-0ubuntu1.7+acme1"),
    ],
)
def test_a_build_as_its_vendor_names_it_is_not_told(kernel: str, qemu: str) -> None:
    assert not told(kernel, qemu)


def test_a_package_with_a_misspelt_vendor_is_told() -> None:
    found = told("6.8.0-51-generic", "1:8.2.2+ds-0ubunt1.7")
    assert found == (
        "qemu: no vendor publishes '1:8.2.2+ds-0ubunt1.7'; did you mean '1:8.2.2+ds-0ubuntu1.7'?"
    )
