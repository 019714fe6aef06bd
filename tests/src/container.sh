# Lays a container's root, an overlay of this machine's own, and stays until stdin ends. Says "ready" in between.
# Usage: container.sh MODULE OTPAIR HELPER UNITS
set -eu
mount -t tmpfs -o mode=0755 run /run
mkdir -p /run/container/layer /run/container/work /run/container/root
mount -t overlay -o lowerdir=/,upperdir=/run/container/layer,workdir=/run/container/work overlay /run/container/root
root=/run/container/root

# A machine of its own, with nothing to start but what comes with systemd, and sshd.
systemd-id128 new >"$root/etc/machine-id"
rm -rf "$root"/etc/systemd/system/* "$root"/etc/rc?.d "$root/etc/fstab" "$root/etc/otpair" "$root/var/lib/otpair"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s /usr/lib/systemd/system/ssh.service "$root/etc/systemd/system/multi-user.target.wants/ssh.service"
for unit in systemd-networkd.service systemd-resolved.service systemd-timesyncd.service networking.service; do
    ln -s /dev/null "$root/etc/systemd/system/$unit"
done
printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' >"$root/etc/nsswitch.conf"
mkdir -p "$root/etc/otpair"
printf '[audit]\nfile = "/var/log/otpair.jsonl"\n' >"$root/etc/otpair/otpair.toml"

modules=$(dirname "$(find /usr/lib /lib -name pam_unix.so | head -n 1)")
mkdir -p "$root/usr/libexec/otpair"
cp "$1" "$root$modules/pam_otpair.so"
cp "$2" "$root/usr/bin/otpair"
cp "$3" "$root/usr/libexec/otpair/otpair-helper"
cp "$4"/* "$root/etc/systemd/system/"

chroot "$root" sh -eu -c '
    id alice >/dev/null 2>&1 || useradd -M -d / -s /bin/sh alice
    printf "alice:alice-pw\nroot:root-pw\n" | chpasswd -c SHA512
    rm -rf /etc/ssh/sshd_config.d /root/.ssh
    mkdir -m 0700 /root/.ssh
    ssh-keygen -q -A
    ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519
    cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
    printf "ListenAddress 127.0.0.1\nUsePAM yes\nPermitRootLogin yes\nUseDNS no\nPrintMotd no\nPasswordAuthentication no\nKbdInteractiveAuthentication yes\n" >/etc/ssh/sshd_config
'
echo ready
exec cat >/dev/null
