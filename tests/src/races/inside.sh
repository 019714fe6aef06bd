# Runs a program in this mount namespace with a /dev of its own, in which it can be the log. Usage: inside.sh PROGRAM ARGUMENT...
set -eu
mount -t tmpfs -o mode=0755,dev dev /dev
mkdir /dev/shm
mount -t tmpfs -o mode=1777 shm /dev/shm
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/zero c 1 5
mknod -m 666 /dev/random c 1 8
mknod -m 666 /dev/urandom c 1 9
exec "$@"
