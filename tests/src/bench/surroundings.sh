# Gives the mount namespace that it runs in what is measured: a /dev of its own, so that a thousand sign-ons are not in this
# machine's log, an /etc/pam.d of its own, and more users. Then it runs a program.
# Usage: surroundings.sh USERS PROGRAM ARGUMENT...
set -eu
mount -t tmpfs -o mode=0755,dev dev /dev
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/zero c 1 5
mknod -m 666 /dev/random c 1 8
mknod -m 666 /dev/urandom c 1 9
ln -s /proc/self/fd /dev/fd

cp /etc/passwd /dev/passwd
number=0
while [ "$number" -lt "$1" ]; do
    number=$((number + 1))
    echo "bench$number:x:$((61000 + number)):61000::/nonexistent:/usr/sbin/nologin"
done >>/dev/passwd
mount --bind /dev/passwd /etc/passwd
shift

mount -t tmpfs -o mode=0755 pam.d /etc/pam.d
# Without it libpam would complain to syslog at every sign-on.
echo 'auth required pam_deny.so' >/etc/pam.d/other
exec "$@"
