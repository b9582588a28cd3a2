"""A fleet as a policy: what it says of guests is what the judge says of them."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

import planner
from planner.gate import entries, policy, pools, tables, words  # noqa: F401  the parts under test
from planner.library.gates import GateSettings, dumped, gate_of_fleet
from tests.gate.hosts import ROOT, SEED, Json, compiled, domain, stamp, verdict, waiving


def compiled_of_rhel() -> Json:
    knowledge = planner.load_knowledge()
    fleet = planner.read_fleet(ROOT / "examples" / "three-pools" / "fleet.csv")
    settings = GateSettings(mode="enforce")
    made = next(gate_of_fleet(fleet, settings, knowledge.policy, knowledge, pool="rhel"))
    found: Json = json.loads(dumped(made))
    return found


NEW, OLD = ("new1", "4.18.20"), ("old1", "4.14.336")
SMI = "cpu/msr_smi_count"
GLOBAL = (
    "<qemu:commandline><qemu:arg value='-global'/>"
    "<qemu:arg value='{}.x-migrate-smi-count=off'/></qemu:commandline>"
)
BOOTED_NEW = stamp("new1", "4.18.20", "4.0.0")
BOOTED_OLD = stamp("old1", "4.14.336", "4.0.0")


@pytest.mark.parametrize("host", [OLD, NEW])
def test_the_loss_of_2019_is_refused_where_it_happens(host: tuple[str, str]) -> None:
    outcome, reason = verdict(compiled(), domain("pc-q35-4.0"), *host)
    assert outcome == ("unsafe" if host is OLD else "safe"), reason
    if host is OLD:
        assert "without x86_64-cpu.x-migrate-smi-count=off" in reason
        assert reason.endswith(f"[{SMI}]")


@pytest.mark.parametrize("driver", ["x86_64-cpu"])
def test_a_guest_with_its_flag_passes(driver: str) -> None:
    guest = domain("pc-q35-4.0", extra=GLOBAL.format(driver))
    assert verdict(compiled(), guest, *OLD) == ("safe", "")


def test_the_flag_of_another_type_does_not_count() -> None:
    guest = domain("pc-q35-4.0", extra=GLOBAL.format("virtio-net-device"))
    assert verdict(compiled(), guest, *OLD)[0] == "unsafe"


def test_an_older_type_needs_no_flag() -> None:
    assert verdict(compiled(), domain("pc-q35-2.11"), *OLD) == ("safe", "")


def test_a_type_that_nobody_offers_is_not_known() -> None:
    outcome, reason = verdict(compiled(), domain("pc-q35-9.0"), *OLD)
    assert (outcome, reason) == ("unknown", "the policy does not know this machine type")


def test_another_host_and_another_kernel_are_not_known() -> None:
    assert verdict(compiled(), domain("pc-q35-2.11"), "other", "4.14.336")[0] == "unknown"
    outcome, reason = verdict(compiled(), domain("pc-q35-2.11"), "old1", "4.14.337")
    assert outcome == "unknown" and "build it anew" in reason
    assert verdict(compiled(), domain("pc-q35-2.11"), "old1", "4.14.336-x")[0] == "safe"
    assert verdict(compiled(), domain("pc-q35-2.11"), "old1.example.org", "4.14.336")[0] == "safe"


def test_a_waiver_counts_until_its_day() -> None:
    day = datetime.date(2027, 1, 31)
    waived = compiled(policy=waiving(unit=SMI, owner="ops", reason="why", expires=day))
    guest = domain("pc-q35-4.0")
    assert verdict(waived, guest, *OLD, day="2027-01-31") == ("safe", f"waived: {SMI} by ops")
    assert verdict(waived, guest, *OLD, day="2027-02-01")[0] == "unsafe"


def test_a_device_that_breaks_a_condition_is_refused_and_its_neighbour_is_not() -> None:
    assigned = "<hostdev mode='subsystem' type='pci'/>"
    outcome, reason = verdict(compiled(), domain("pc-q35-2.11", devices=assigned), *OLD)
    assert outcome == "unsafe" and "vfio-pci" in reason
    card = "<interface type='user'><model type='virtio'/></interface>"
    assert verdict(compiled(), domain("pc-q35-2.11", devices=card), *OLD) == ("safe", "")


def test_a_device_without_a_row_is_not_known() -> None:
    outcome, reason = verdict(compiled(), domain("pc-q35-2.11", devices="<quantum/>"), *OLD)
    assert outcome == "unknown" and "libvirt-quantum" in reason


def test_what_is_surely_there_is_asked_for_what_nobody_says_of_it() -> None:
    """A passed-through disk may hold reservations, which move with nobody; other disks may not."""
    lun = "<disk type='block' device='{}'><target bus='scsi'/></disk>"
    outcome, reason = verdict(compiled(), domain("pc-q35-2.11", devices=lun.format("lun")), *OLD)
    assert outcome == "unknown" and "persistent reservations" in reason
    disk = domain("pc-q35-2.11", devices=lun.format("disk"))
    assert verdict(compiled(), disk, *OLD) == ("safe", "")


def test_an_emulated_guest_is_not_known() -> None:
    emulated = domain("pc-q35-2.11").replace("type='kvm'", "type='qemu'")
    outcome, reason = verdict(compiled(), emulated, *OLD)
    assert outcome == "unknown" and "tcg" in reason


@pytest.mark.parametrize(
    ("version", "fits"), [("4.0.0 (Debian 1:4.0)", True), ("14.0.0", False), ("4.0.01", False)]
)
def test_a_note_fits_the_version_that_it_names(version: str, fits: bool) -> None:
    cpu = "<cpu mode='host-passthrough'/>"
    note = stamp("old1", "4.14.336", f"QEMU emulator version {version}")
    outcome, _ = verdict(compiled(), domain("pc-q35-2.11", cpu=cpu, stamp=note), *OLD)
    assert (outcome == "safe") is fits


def test_a_part_is_asked_of_the_host_that_a_guest_comes_to_alone() -> None:
    """EL 9 has no qxl: such a guest goes between hosts of EL 8, and not there."""
    made = compiled_of_rhel()
    guest = domain("pc-q35-rhel8.6.0", devices="<video><model type='qxl' primary='yes'/></video>")
    old, new = (
        next(one for one in made["classes"] if release in one["kernel"])
        for release in ("el8", "el9")
    )
    outcome, reason = verdict(made, guest, new["hosts"][0], new["kernel"])
    assert outcome == "unsafe" and "qxl" in reason
    assert "qxl" not in verdict(made, guest, old["hosts"][0], old["kernel"])[1]


def test_what_refuses_only_guests_that_surely_have_it() -> None:
    """A TPM of the host keeps no state for a migration; one of swtpm does, and none is no question."""
    tpm = "<tpm model='tpm-tis'><backend type='{}'/></tpm>"
    passed = domain("pc-q35-2.11", devices=tpm.format("passthrough"))
    outcome, reason = verdict(compiled(), passed, *OLD)
    assert outcome == "unsafe" and reason.endswith("[backend/tpm-passthrough]")
    emulated = domain("pc-q35-2.11", devices=tpm.format("emulator"))
    assert "passthrough" not in verdict(compiled(), emulated, *OLD)[1]


def test_a_cpu_that_no_old_kernel_gives_is_refused() -> None:
    cpu = "<cpu><model>Nehalem</model><feature policy='require' name='umip'/></cpu>"
    outcome, reason = verdict(compiled(), domain("pc-q35-2.11", cpu=cpu), *OLD)
    assert outcome == "unsafe" and "umip" in reason


def test_the_stamp_tells_on_which_host_a_guest_with_the_cpu_of_its_host_booted() -> None:
    cpu = "<cpu mode='host-passthrough'/>"
    plain, on_old, on_new = (
        verdict(compiled(), domain("pc-q35-2.11", cpu=cpu, stamp=note), *OLD)
        for note in ("", BOOTED_OLD, BOOTED_NEW)
    )
    assert plain[0] == on_new[0] == "unknown" and on_old == ("safe", "")
    assert "(if it booted on new1" in plain[1] and "(booted on new1" in on_new[1]


def test_a_guest_that_booted_on_what_no_host_runs_any_more_is_judged_by_the_past(
    tmp_path: Path,
) -> None:
    """All hosts are upgraded; what the old kernel gave to guests is told by the fleet as it was."""
    lines = SEED.read_text().splitlines()
    new = tmp_path / "new.csv"
    new.write_text("\n".join([lines[0], lines[1], lines[2], ""]))
    guest = domain("pc-q35-4.0", stamp=BOOTED_OLD)
    passthrough = domain("pc-q35-4.0", cpu="<cpu mode='host-passthrough'/>", stamp=BOOTED_OLD)
    outcome, reason = verdict(compiled(new), guest, *NEW)
    assert outcome == "unknown" and "it booted on a kernel and QEMU" in reason
    judged = compiled(new, past=(SEED,))
    assert [one["hosts"] for one in judged["classes"]] == [["new1", "new2"], []]
    assert verdict(judged, guest, *NEW) == ("safe", "")
    assert "(booted on a host as it was" in verdict(judged, passthrough, *NEW)[1]
    assert verdict(judged, passthrough, *NEW)[0] == verdict(compiled(), passthrough, *NEW)[0]
    other = stamp("old1", "3.10.0", "4.0.0")
    assert verdict(judged, domain("pc-q35-4.0", stamp=other), *NEW)[0] == "unknown"


def test_the_past_is_no_host_that_a_guest_comes_to() -> None:
    judged = compiled(past=(SEED,))
    assert judged["classes"] == compiled()["classes"]


def test_a_value_set_by_hand_that_sends_more_is_not_known() -> None:
    more = GLOBAL.format("x86_64-cpu").replace("=off", "=on")
    outcome, reason = verdict(compiled(), domain("pc-q35-2.11", extra=more), *NEW)
    assert outcome == "unknown" and "x-migrate-smi-count=on is set by hand" in reason
