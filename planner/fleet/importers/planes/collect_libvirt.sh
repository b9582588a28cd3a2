#!/bin/sh
# Prints a tar archive of what libvirt and the system tell of this host. It reads only, as root or as a
# user who may read /var/log/libvirt, and changes nothing:
#   planner import libvirt --collect | ssh HOST sudo sh -s > HOST.tar
set -eu
host=$(uname -n | cut -d. -f1)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
out="$folder/$host"
mkdir -p "$out/capabilities" "$out/log" "$out/live" "$out/inactive"
uname -r >"$out/uname-r.txt"
uname -m >"$out/uname-m.txt"
for file in /var/cache/libvirt/qemu/capabilities/*.xml; do
  if [ -r "$file" ]; then cp "$file" "$out/capabilities/"; fi
done
for file in /var/log/libvirt/qemu/*.log; do
  if [ -r "$file" ]; then
    grep -aE 'starting up libvirt version|^-incoming|shutting down, reason=' "$file" \
      >"$out/log/$(basename "$file")" || :
  fi
done
dump() { # dump FOLDER VIRSH-OPTIONS...
  into=$1
  shift
  virsh -q -r -c qemu:///system list --name "$@" | while IFS= read -r guest; do
    [ -n "$guest" ] || continue
    virsh -q -r -c qemu:///system dumpxml "$guest" >"$out/$into/$guest.xml" </dev/null
  done
}
if command -v virsh >/dev/null; then
  dump live
  dump inactive --inactive
fi
tar -C "$folder" -cf - "$host"
