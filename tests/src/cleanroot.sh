# Lays the root of a clean Debian with people on it, an overlay of what tests/clean-root makes, and stays until stdin ends.
# Says "ready" in between.
# Usage: cleanroot.sh CLEAN-ROOT PACKAGE...
set -eu
clean=$1
shift
mount -t tmpfs -o mode=0755 run /run
mkdir -p /run/container/layer /run/container/work /run/container/root
mount -t overlay -o "lowerdir=$clean,upperdir=/run/container/layer,workdir=/run/container/work" overlay /run/container/root
root=/run/container/root

systemd-id128 new >"$root/etc/machine-id"
for unit in systemd-networkd.service systemd-resolved.service systemd-timesyncd.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
echo server >"$root/etc/hostname"
printf '127.0.0.1 localhost server\n' >"$root/etc/hosts"
[ $# -eq 0 ] || cp "$@" "$root/root/"

# shellcheck disable=SC2016 # It is the root's shell that reads this.
chroot "$root" sh -eu -c '
    for user in alice bob carol dave; do
        useradd --create-home --shell /bin/sh "$user"
        echo "$user:$user-pw"
    done | chpasswd
    echo root:root-pw | chpasswd
    adduser --quiet alice sudo
    adduser --quiet bob sudo
'
echo ready
exec cat >/dev/null
