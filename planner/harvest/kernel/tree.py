"""A kernel's source as files by path, out of a folder or a tarball."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Collection, Mapping
from pathlib import Path

from planner.domain.errors import PlannerError, wrong_word
from planner.harvest.kernel.c.c_text import CFile
from planner.harvest.kernel.kconfig import decided

WANTED = re.compile(
    r"(Makefile|(arch/x86|arch/arm64|virt)/kvm/Kconfig|arch/x86/kvm/.*\.[ch]|arch/x86/include/(uapi/)?asm/[^/]*\.h"
    r"|arch/arm64/kvm/.*\.[ch]|arch/arm64/include/(uapi/)?asm/[^/]*\.h|arch/arm64/tools/sysreg"
    r"|arch/x86/kernel/cpu/[^/]*\.c|arch/x86/mm/init\.c|virt/kvm/.*\.[ch]|include/uapi/linux/[^/]*\.h"
    r"|include/linux/(kvm[^/]*|if_tun|virtio_net)\.h|include/kvm/[^/]*\.h"
    r"|drivers/net/(tun[^/]*|tap)\.[ch]|drivers/vhost/[^/]*\.[ch])"
)

HAVE = re.compile(r"^#define (__KVM_HAVE_\w+)", re.MULTILINE)


class KernelTree:
    """The files of one source tree that a reading may need."""

    def __init__(
        self,
        texts: Mapping[str, str],
        configuration: Mapping[str, bool],
        optional: Collection[str] = (),
    ) -> None:
        """Keep the texts; conditionals are decided by `configuration` and the tree's Kconfig.

        What stands behind options that are `optional` is there or not, as the build has it.
        """
        self._texts = texts
        kconfigs = [self.text(f"{name}/kvm/Kconfig") for name in ("arch/x86", "virt")]
        have = HAVE.findall(self.text("arch/x86/include/uapi/asm/kvm.h"))
        certain = decided(kconfigs, {**configuration, **dict.fromkeys(optional, False)})
        possible = decided(kconfigs, {**configuration, **dict.fromkeys(optional, True)})
        self._configuration = {**possible, **dict.fromkeys(have, True)}
        self.optional = frozenset(
            name for name, value in possible.items() if value and not certain.get(name)
        )
        self.kept: dict[object, object] = {}
        self._files: dict[str, CFile] = {}

    def __contains__(self, path: str) -> bool:
        """Return whether the tree has a file."""
        return path in self._texts

    def paths(self, start: str) -> list[str]:
        """Return the paths below a folder."""
        return sorted(path for path in self._texts if path.startswith(start))

    def text(self, path: str) -> str:
        """Return a file's text, empty if there is none."""
        return self._texts.get(path, "")

    def file(self, path: str) -> CFile | None:
        """Return a C file, read once."""
        if path not in self._files and path in self._texts:
            self._files[path] = CFile(path, self._texts[path], self._configuration, self.optional)
        return self._files.get(path)

    def files(self, *paths: str) -> list[CFile]:
        """Return those of the files that exist."""
        return [found for found in map(self.file, paths) if found is not None]

    def first(self, *paths: str) -> CFile | None:
        """Return the first file that exists."""
        return next(iter(self.files(*paths)), None)

    @property
    def configuration(self) -> Mapping[str, bool]:
        """Return which options are on and off."""
        return self._configuration

    @property
    def version(self) -> str:
        """Return what the top Makefile calls itself, `6.12.8` or `6.0.0-rc1`, or nothing."""
        rows = re.findall(r"^(\w+) *= *(\S*)$", self.text("Makefile"), re.MULTILINE)
        words: dict[str, str] = dict(rows)
        if "VERSION" not in words:
            return ""
        number = ".".join(words.get(key, "0") for key in ("VERSION", "PATCHLEVEL", "SUBLEVEL"))
        return number + words.get("EXTRAVERSION", "")


def read_tree(
    place: Path, configuration: Mapping[str, bool], optional: Collection[str] = ()
) -> KernelTree:
    """Read a source folder or a tarball; raises `PlannerError` if it is neither."""
    if place.is_dir():
        texts = {
            path.relative_to(place).as_posix(): path.read_text(encoding="utf-8", errors="replace")
            for path in _wanted_files(place)
        }
    elif place.is_file() and tarfile.is_tarfile(place):
        texts = _from_tarball(place)
    else:
        what = f"{place} is neither a folder nor a tarball of kernel sources"
        raise PlannerError([wrong_word("TREE", what)])
    return KernelTree(texts, configuration, optional)


def _wanted_files(place: Path) -> list[Path]:
    tops = ("Makefile", "arch/x86", "arch/arm64", "virt/kvm", "include", "drivers")
    found = [place / "Makefile"] if (place / "Makefile").is_file() else []
    for top in tops[1:]:
        found += [path for path in (place / top).rglob("*") if path.is_file()]
    return [one for one in found if WANTED.fullmatch(one.relative_to(place).as_posix())]


def _from_tarball(place: Path) -> dict[str, str]:
    """Read the wanted members as a stream; the first folder of their names is dropped."""
    texts = {}
    with tarfile.open(place, mode="r|*") as archive:
        for member in archive:
            name = member.name.removeprefix("./").partition("/")[2]
            if member.isfile() and WANTED.fullmatch(name):
                stream = archive.extractfile(member)
                if stream is not None:
                    texts[name] = stream.read().decode("utf-8", errors="replace")
    return texts
