#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ./dev demo: a guided tour with a daemon, a bus and folders of its own, all gone afterwards.
# Usage: demo.sh FOLDER_OF_PROGRAMS
set -euo pipefail
programs=$(cd "$1" && pwd)
name=demo
booted='Interactive Shell'        # what OVMF writes once it has run and found nothing to boot
boot_limit=90                     # seconds; software emulation on a busy machine is slow

if [[ -t 1 ]]; then bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'; else bold='' dim='' plain=''; fi
step_number=0
step() {
    step_number=$((step_number + 1))
    printf '\n%s%d. %s%s\n' "$bold" "$step_number" "$1" "$plain"
    shift
    for line in "$@"; do printf '   %s\n' "$line"; done
}
show() { printf '   %s$ %s%s\n' "$dim" "$*" "$plain"; }
# Shows the command as a person would type it, then runs it.
vireo() {
    show vireo "$@"
    "$programs/vireo" --connect session "$@" | sed -u 's/^/   /'
}

base=$(mktemp -d "${TMPDIR:-/tmp}/vireo-demo.XXXXXX")
chmod 0711 "$base"                # QEMU's account passes through, when root runs this
bus_pid='' daemon_pid=''

ended() { ! kill -0 "$1" 2>/dev/null; }
stop() {
    local pid=$1 tries=0
    [[ -n $pid ]] || return 0
    kill "$pid" 2>/dev/null || return 0
    until ended "$pid" || ((++tries > 100)); do sleep 0.1; done
    ended "$pid" || kill -KILL "$pid" 2>/dev/null || true
}
clean_up() {
    local status=$?
    trap - EXIT INT TERM
    if [[ -n $daemon_pid ]] && ! ended "$daemon_pid"; then
        "$programs/vireo" --connect session destroy "$name" >/dev/null 2>&1 || true
        "$programs/vireo" --connect session undefine --nvram "$name" >/dev/null 2>&1 || true
    fi
    stop "$daemon_pid"
    stop "$bus_pid"
    if [[ $status -ne 0 ]]; then
        printf '\nThe demo stopped early (status %d). What the daemon said last:\n' "$status" >&2
        tail -n 20 "$base/vireod.log" >&2 2>/dev/null || true
    fi
    rm -rf "$base"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export HOME=$base/home XDG_CONFIG_HOME=$base/config XDG_DATA_HOME=$base/data XDG_CACHE_HOME=$base/cache
export XDG_STATE_HOME=$base/state XDG_RUNTIME_DIR=$base/run
mkdir -p "$HOME" "$XDG_CONFIG_HOME" "$XDG_DATA_HOME" "$XDG_CACHE_HOME" "$XDG_STATE_HOME"
mkdir -m 0711 "$XDG_RUNTIME_DIR"
mkdir -m 1777 "$base/logs"
socket=$XDG_RUNTIME_DIR/vireo/vireo.sock

# Waits until the condition holds or its time is up: wait_for SECONDS WHAT COMMAND...
wait_for() {
    local limit=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if ((SECONDS >= limit)); then
            printf '%s: waited too long\n' "$what" >&2
            return 1
        fi
        sleep 0.05
    done
}

printf '%sVireo in two minutes%s\n' "$bold" "$plain"
printf 'Vireo runs virtual machines. Everything here happens in %s and is removed at the end;\n' "$base"
printf 'nothing on this computer is changed, and no KVM is needed: QEMU emulates the processor.\n'

step "A message bus and a daemon, both private" \
    "vireod is the daemon that looks after virtual machines. Programs talk to it over D-Bus," \
    "scripts over JSON-RPC on a socket; the vireo command uses that socket as well."
{ read -r DBUS_SESSION_BUS_ADDRESS && read -r bus_pid; } < <(dbus-daemon --session --fork --print-address=1 --print-pid=1 --address="unix:path=$base/bus")
export DBUS_SESSION_BUS_ADDRESS
show vireod --session
"$programs/vireod" --session >"$base/vireod.log" 2>&1 &
daemon_pid=$!
wait_for 20 "the daemon's socket" test -S "$socket"
vireo list --all

step "Define a virtual machine" \
    "A definition is libvirt's domain XML. This one asks for a modern PC (q35) with UEFI firmware" \
    "and a serial console, and no disk: the firmware is all that will run."
cat >"$base/$name.xml" <<END
<domain type='qemu'>
  <name>$name</name>
  <memory unit='MiB'>256</memory>
  <vcpu>1</vcpu>
  <os firmware='efi'>
    <type arch='x86_64' machine='q35'>hvm</type>
    <firmware><feature enabled='no' name='secure-boot'/></firmware>
  </os>
  <features><acpi/></features>
  <devices>
    <serial type='pty'>
      <log file='$base/logs/serial.log' append='on'/>
    </serial>
  </devices>
</domain>
END
sed 's/^/   | /' "$base/$name.xml"
vireo define "$base/$name.xml"

# Starts it with its stages shown, then shows what it writes until its firmware runs: boot [option of start...]
boot() {
    show vireo start --verbose --console --until "'$booted'" "$@" "$name"
    # Colours and cursor movements are for a terminal; here they would only disturb.
    "$programs/vireo" --connect session start --verbose --console --until "$booted" --timeout "$boot_limit" "$@" "$name" </dev/null 2>&1 |
        sed -u -E 's/\x1b\[[0-9;=]*[A-Za-z]//g; s/\r//g; /^[[:space:]]*$/d; s/^/   | /'
    printf '\n   The guest itself wrote that: its firmware runs.\n'
}

step "Start it" \
    "Each stage of the start is shown with the time it took; stages that do not need each other" \
    "run at the same time. The firmware gets a variable store (NVRAM) of its own, made from a template."
boot

step "The same machine, seen three ways" "As the vireo command shows it:"
vireo info "$name"
printf '   As desktop programs see it, over D-Bus:\n'
path=$(busctl --address="$DBUS_SESSION_BUS_ADDRESS" call org.vireo1 /org/vireo1 org.vireo1.Manager LookupDomain s "$name" | sed 's/^o "\(.*\)"$/\1/')
show busctl get-property org.vireo1 "$path" org.vireo1.Domain Name State Reason Revision
busctl --address="$DBUS_SESSION_BUS_ADDRESS" get-property org.vireo1 "$path" org.vireo1.Domain Name State Reason Revision | sed 's/^/   /'
printf '   As a script sees it, one line of JSON-RPC each way:\n'
request='{"jsonrpc":"2.0","id":1,"method":"Domain.GetInfo","params":{"domain":"'$name'"}}'
show "echo '$request' | socat - UNIX:\$XDG_RUNTIME_DIR/vireo/vireo.sock"
socat -t 10 - "UNIX-CONNECT:$socket" <<<"$request" | sed 's/^/   /'

step "Pull the plug, and reset its NVRAM" \
    "Boot entries, keys and settings live in the variable store. When a guest has spoiled its own," \
    "--reset-nvram begins again with the pristine template; the old store stays whole if anything fails."
vireo destroy "$name"
boot --reset-nvram

step "Shut it down from inside" \
    "No operating system is there to hear a power button, so we type into the firmware's shell: reset -s"
show "printf 'reset -s\\r' | vireo console $name"
"$programs/vireo" --connect session console "$name" --until 'Shell>' --timeout 60 </dev/null >/dev/null 2>&1 || true
printf 'reset -s\r' | "$programs/vireo" --connect session console "$name" --until 'Reset with' --timeout 20 >/dev/null 2>&1 || true
is_off() { "$programs/vireo" --connect session rpc Domain.GetInfo "{\"domain\":\"$name\"}" | grep -q 'shut-off'; }
if ! wait_for 20 "the guest's shutdown" is_off; then
    printf '   It did not listen, so we pull the plug.\n'
    vireo destroy "$name"
fi
vireo list --all

step "Clean up" "The definition, the variable store, the daemon, the bus and the folders go."
vireo undefine --nvram "$name"
printf '\n%sThat was Vireo.%s README.md shows a first session of your own; ./dev help the rest.\n' "$bold" "$plain"
