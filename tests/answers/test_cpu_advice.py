"""Guest CPUs: the newest model that no edge loses, and the hosts that cost a newer one."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import planner
from planner.domain.cpu_advice import KeptOut, PoolCpu
from planner.library.cpus import cpus_of
from tests.report.pages import run

RHEL = """host,pool,kernel,qemu
a1,x,4.18.0-553.16.1.el8_10.x86_64,qemu-kvm-6.2.0-49.module+el8.10.0+21533+3df3c4b6
a2,x,4.18.0-553.16.1.el8_10.x86_64,qemu-kvm-6.2.0-49.module+el8.10.0+21533+3df3c4b6
b1,x,5.14.0-427.42.1.el9_4.x86_64,qemu-kvm-8.2.0-11.el9_4.6
b2,x,5.14.0-427.42.1.el9_4.x86_64,qemu-kvm-8.2.0-11.el9_4.6
"""


def pool(tmp_path: Path, text: str) -> PoolCpu:
    (tmp_path / "fleet.csv").write_text(text)
    knowledge = planner.load_knowledge()
    fleet = planner.read_fleet(tmp_path / "fleet.csv")
    (found,), _ = cpus_of(fleet, None, knowledge.policy, knowledge)
    return found


def test_no_edge_loses_a_feature_of_the_newest_model(tmp_path: Path) -> None:
    found = pool(tmp_path, RHEL)
    models = planner.load_knowledge().guests.cpu_models
    hidden = set(found.advice.hidden)
    newest = [one for one in found.advice.vendors if one.newest]
    assert newest
    for one in newest:
        assert not models[one.newest].features & hidden
    for refused in (model for one in found.advice.vendors for model in one.refused):
        assert set(refused.features) <= hidden


def test_the_laggards_are_those_that_lack_what_newer_models_have(tmp_path: Path) -> None:
    found = pool(tmp_path, RHEL)
    assert [one.examples for one in found.laggards] == [("a1", "a2")]
    assert found.laggards[0].gained


def test_equal_hosts_hold_nobody_back(tmp_path: Path) -> None:
    header, *rows = RHEL.splitlines()
    found = pool(tmp_path, "\n".join((header, *rows[2:])) + "\n")
    assert not found.laggards
    assert found.advice.is_open


def test_what_equal_hosts_state_they_lack_bounds_their_model(tmp_path: Path) -> None:
    header, *rows = RHEL.replace("qemu\n", "qemu,cpu,capabilities\n").splitlines()
    text = "\n".join((header, *(f"{row},Xeon Gold 6230,{{}}" for row in rows[2:]))) + "\n"
    found = pool(tmp_path, text.format("-cpu.avx512vnni", "-cpu.avx512vnni"))
    (intel,) = found.advice.vendors
    assert intel.generation == "Skylake-Server"
    (refused,) = intel.refused
    assert (refused.features, refused.why) == (("avx512vnni",), KeptOut.LACK)
    assert [one.examples for one in refused.holders] == [("b1", "b2")]
    assert not found.laggards and not found.advice.hidden
    (intel,) = pool(tmp_path, text.format("+cpu.avx512vnni", "+cpu.avx512vnni")).advice.vendors
    assert intel.newest.startswith("Cascadelake-Server") and not intel.refused


MIXED = """host,pool,kernel,qemu,cpu
a1,x,5.15.0-91-generic,1:6.2+dfsg-2ubuntu6.21,Xeon Gold 6230
a2,x,5.15.0-91-generic,1:6.2+dfsg-2ubuntu6.21,Xeon Gold 6230
b1,x,5.15.0-91-generic,1:6.2+dfsg-2ubuntu6.21,Xeon Platinum 8358
"""


def test_models_newer_than_the_newest_host_are_not_mentioned(tmp_path: Path) -> None:
    found = pool(tmp_path, MIXED)
    (intel,) = found.advice.vendors
    assert intel.newest == "Cascadelake-Server-v5"
    assert [one.name for one in intel.refused] == ["Icelake-Server"]
    assert intel.refused[0].why is KeptOut.GENERATION
    (holder,) = intel.refused[0].holders
    assert (holder.label, holder.hosts) == ("Cascadelake-Server", 2)
    assert [(one.generation, one.gained) for one in found.laggards] == [
        ("Cascadelake-Server", ("Icelake-Server-v5",))
    ]


def test_what_a_probe_would_tell_is_unknown_and_not_a_lack(tmp_path: Path) -> None:
    found = pool(tmp_path, MIXED.replace("Gold 6230", "Gold 6130").replace("8358", "8268"))
    (intel,) = found.advice.vendors
    why = {one.name: (one.why, one.features) for one in intel.refused}
    assert why["Skylake-Server"][0] is KeptOut.UNKNOWN  # its microcode may give spec-ctrl, TSX
    assert why["Cascadelake-Server"][0] is KeptOut.GENERATION
    told = MIXED.replace("qemu,cpu\n", "qemu,cpu,capabilities\n").replace("8358", "8268")
    told = told.replace("Gold 6230", "Gold 6130,+cpu.spec-ctrl").replace("8268", "8268,")
    (intel,) = pool(tmp_path, told).advice.vendors
    assert intel.newest.startswith("Skylake-Server")


def test_host_cpus_hide_what_cpus_of_the_pool_may_differ_in(tmp_path: Path) -> None:
    advice = pool(tmp_path, MIXED).advice
    assert {"avx512vbmi", "vaes", "hle"} <= set(advice.hidden)
    assert not {"sse4a", "amx-tile", "3dnow", "avx512f", "arch-capabilities"} & set(advice.hidden)
    assert set(advice.unprotected) == {"fb-clear", "md-clear"}
    assert not set(advice.unnamed) & set(advice.hidden)


def test_hosts_without_cpu_are_told_which_column_bounds_the_answer(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(RHEL)
    assert "'Model name' of lscpu" in run("cpu", str(tmp_path / "fleet.csv")).stdout
    assert pool(tmp_path, RHEL).advice.unstated == 4
    (tmp_path / "fleet.csv").write_text(MIXED)
    assert "lscpu" not in run("cpu", str(tmp_path / "fleet.csv")).stdout


def test_what_is_to_be_hidden_can_be_pasted(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(MIXED.replace("8358", "6330"))
    hidden = pool(tmp_path, MIXED).advice.hidden
    written = run("cpu", str(tmp_path / "fleet.csv"), "--format", "libvirt").stdout
    root = ElementTree.fromstring(written)
    assert root.get("mode") == "host-model"
    assert [one.get("policy") for one in root] == ["disable"] * len(hidden)
    written = run("cpu", str(tmp_path / "fleet.csv"), "--format", "qemu").stdout
    assert written.splitlines()[1] == "-cpu host" + "".join(f",-{name}" for name in hidden)


def test_the_vendor_of_the_hosts_bounds_the_question(tmp_path: Path) -> None:
    text = RHEL.replace("qemu\n", "qemu,cpu\n")
    header, *rows = text.splitlines()
    found = pool(tmp_path, "\n".join((header, *(f"{row},EPYC" for row in rows))) + "\n")
    assert {one.vendor for one in found.advice.vendors} == {"amd"}


def test_document_and_terminal_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(RHEL)
    done = run("cpu", str(tmp_path / "fleet.csv"), "--format", "json")
    document = json.loads(done.stdout)
    assert document["schema"] == "planner.cpu/1"
    (domain,) = document["domains"]
    shown = run("cpu", str(tmp_path / "fleet.csv")).stdout
    assert all(one["newest"] in shown for one in domain["vendors"])


VENDORS = """host,pool,kernel,qemu,cpu
a,x,6.12.8,8.2.0,{cpu}
b,x,5.4.0,8.2.0,{cpu}
"""


def test_what_a_kernel_gives_on_one_vendors_cpus_only_is_not_taken_for_all(tmp_path: Path) -> None:
    """Linux 5.4 gives invpcid and xsaves on Intel CPUs alone; EPYC-Milan has both."""

    def newest(cpu: str) -> dict[str, str]:
        found = pool(tmp_path, VENDORS.format(cpu=cpu)).advice
        return {one.vendor: one.newest for one in found.vendors}

    assert newest("AMD EPYC 7763")["amd"].startswith("EPYC-Rome")
    assert newest("Intel Xeon Gold 6338")["intel"].startswith("Icelake-Server")
    unstated = newest("")
    assert unstated["amd"].startswith("EPYC-Rome")
    assert unstated["intel"] == "IvyBridge-v2"
    assert newest("Hygon C86 7285")["hygon"].startswith("Dhyana")


def test_older_generations_are_told_each_with_its_own_hosts(tmp_path: Path) -> None:
    three = MIXED + "c1,x,5.15.0-91-generic,1:6.2+dfsg-2ubuntu6.21,Xeon Gold 6130\n"
    found = pool(tmp_path, three)
    last = [one for one in found.laggards if one.generation][-1]
    told = [(one.label, one.hosts, one.examples) for one in last.holders]
    assert told == [("Skylake-Server", 1, ("c1",)), ("Cascadelake-Server", 2, ("a1", "a2"))]
    (intel,) = found.advice.vendors
    refused = {(one.label, one.hosts) for one in intel.refused[-1].holders}
    assert refused == {each[:2] for each in told}


SKYLAKE = """host,pool,kernel,qemu,cpu
a,x,5.14.0-427.42.1.el9_4.x86_64,qemu-kvm-8.2.0-11.el9_4.6,Xeon Gold 6148
b,x,5.14.0-427.42.1.el9_4.x86_64,qemu-kvm-8.2.0-11.el9_4.6,Xeon Gold 6248
"""


def test_a_model_without_a_mitigation_is_told_with_what_has_it(tmp_path: Path) -> None:
    (intel,) = pool(tmp_path, SKYLAKE).advice.vendors
    assert (intel.newest, intel.weaker) == ("Broadwell-v2", ("spec-ctrl",))
    assert (intel.guarded, intel.plain) == ("Broadwell-noTSX-IBRS", "Broadwell-noTSX")
    shown = " ".join(run("solve", str(tmp_path / "fleet.csv")).stdout.split())
    words = "less protected: Broadwell-v2 (no spec-ctrl; Broadwell-noTSX-IBRS or +spec-ctrl once"
    assert words in shown
    assert "Broadwell-v4" not in shown, "the version with spec-ctrl is told once"


def test_a_model_with_all_mitigations_of_its_generation_is_told_plainly(tmp_path: Path) -> None:
    (intel,) = pool(tmp_path, MIXED).advice.vendors
    assert (intel.newest, intel.weaker, intel.guarded) == ("Cascadelake-Server-v5", (), "")
    assert "less protected" not in run("solve", str(tmp_path / "fleet.csv")).stdout


def test_only_the_first_of_several_older_generations_is_told_on_the_screen(tmp_path: Path) -> None:
    three = SKYLAKE + SKYLAKE.splitlines()[1].replace("a,x", "c,x").replace("6148", "6348") + "\n"
    pool(tmp_path, three)
    shown = " ".join(run("solve", str(tmp_path / "fleet.csv")).stdout.split())
    assert "Cascadelake-Server when 2 hosts of Skylake-Server leave" not in shown
    assert "Cascadelake-Server when 1 host of Skylake-Server leave; 1 newer model" in shown
    assert "Icelake-Server" in run("cpu", str(tmp_path / "fleet.csv")).stdout


def test_a_model_that_misses_one_feature_is_told_without_it(tmp_path: Path) -> None:
    text = RHEL.replace("8.2.0-11.el9_4.6", "9.1.0-15.el9_6.5").replace("qemu\n", "qemu,cpu\n")
    header, *rows = text.splitlines()
    found = pool(tmp_path, "\n".join((header, *(f"{row},AMD EPYC 7543" for row in rows))) + "\n")
    (amd,) = found.advice.vendors
    lost = {one.name: one.features for one in amd.refused}
    assert lost["EPYC-Milan"] == ("topoext",)
    assert amd.trimmed == "EPYC-Milan,-topoext"
    assert "; or EPYC-Milan,-topoext" in " ".join(
        run("solve", str(tmp_path / "fleet.csv")).stdout.split()
    )


def test_no_model_is_told_without_a_mitigation_or_where_hosts_are_older(tmp_path: Path) -> None:
    assert [one.trimmed for one in pool(tmp_path, SKYLAKE).advice.vendors] == [""]
    assert [one.trimmed for one in pool(tmp_path, MIXED).advice.vendors] == [""]
