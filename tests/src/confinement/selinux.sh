# Puts modules into a copy of this machine's SELinux policy, in a mount namespace of its own, and copies out what comes of it.
# Usage: selinux.sh OUTPUT MODULE.... The machine's own policy is not touched, and no kernel is asked.
set -eu
if [ ! -e /var/lib/selinux/default/active/modules ]; then
    echo "there is no policy here: install the Debian package selinux-policy-default" >&2
    exit 1
fi
mount -t tmpfs -o mode=0700 copy /mnt
cp -a /var/lib/selinux /mnt/lib
cp -a /etc/selinux /mnt/etc
mount --bind /mnt/lib /var/lib/selinux
mount --bind /mnt/etc /etc/selinux
output=$1
shift
semodule --noreload --store default --install "$@"
cp /etc/selinux/default/policy/policy.* "$output/policy"
cp -p /etc/selinux/default/contexts/files/file_contexts* "$output/"
