# Makes a private little machine in this mount, network and process namespace, says "ready", and stays until stdin ends.
# Usage: machine.sh MODULE OTPAIR PAMLOOP HELPER
set -eu
mount -t tmpfs -o mode=0755 run /run
mkdir -p /run/machine /run/sshd /run/lock /run/user
for name in pam_otpair.so otpair pamloop otpair-helper; do
    : >"/run/machine/$name"
    mount --bind "$1" "/run/machine/$name"
    shift
done

# A layer of this machine's own over a folder.
over() {
    mkdir -p "/run/machine/layers$1" "/run/machine/work$1"
    mount -t overlay -o "lowerdir=$1,upperdir=/run/machine/layers$1,workdir=/run/machine/work$1" overlay "$1"
}
over /etc
over /usr/libexec
mkdir -p /usr/libexec/otpair
: >/usr/libexec/otpair/otpair-helper
mount --bind /run/machine/otpair-helper /usr/libexec/otpair/otpair-helper
modules=$(dirname "$(find /usr/lib /lib -name pam_unix.so | head -n 1)")
over "$modules"
: >"$modules/pam_otpair.so"
mount --bind /run/machine/pam_otpair.so "$modules/pam_otpair.so"

# There is no systemd in here: what a page of the docs asks it for is noted, and a test does it.
printf '#!/bin/sh\nprintf "%%s\\n" "$*" >>/run/machine/systemctl.log\n' >/run/machine/systemctl
chmod 0755 /run/machine/systemctl

rm -rf /etc/otpair /etc/sudoers.d /etc/profile.d /etc/pam.d /etc/ssh/sshd_config.d /etc/nologin
mkdir -p /etc/ssh/sshd_config.d /etc/otpair /etc/pam.d /etc/profile.d

mkdir -p /run/machine/pts
mount --bind /dev/pts /run/machine/pts
mount -t tmpfs -o mode=0755,dev dev /dev
mkdir /dev/pts /dev/shm
mount --move /run/machine/pts /dev/pts
mount -t tmpfs shm /dev/shm
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/zero c 1 5
mknod -m 666 /dev/full c 1 7
mknod -m 666 /dev/random c 1 8
mknod -m 666 /dev/urandom c 1 9
mknod -m 666 /dev/tty c 5 0
mknod -m 666 /dev/ptmx c 5 2
ln -s /proc/self/fd /dev/fd

mount -t tmpfs -o mode=0755 home /home
mount -t tmpfs -o mode=0700 root /root
mount -t tmpfs -o mode=0755 varlib /var/lib
mount -t tmpfs -o mode=0755 varlog /var/log
mount -t tmpfs -o mode=1777 tmp /tmp
mkdir -p /var/lib/otpair
mount -t tmpfs -o mode=0700,size=4m otpair /var/lib/otpair
: >/var/log/lastlog
: >/var/log/btmp
: >/var/log/wtmp

hash=\$6\$rounds=1000\$otpairtests\$
cat >/etc/passwd <<'END'
root:x:0:0:root:/root:/bin/sh
sshd:x:101:65534::/run/sshd:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
alice:x:2001:2001::/home/alice:/bin/sh
bob:x:2002:2002::/home/bob:/bin/sh
carol:x:2003:2003::/home/carol:/bin/sh
dave:x:2004:2004::/home/dave:/bin/sh
END
cat >/etc/group <<'END'
root:x:0:
tty:x:5:
shadow:x:42:
utmp:x:43:
nogroup:x:65534:
alice:x:2001:
bob:x:2002:
carol:x:2003:
dave:x:2004:
staff:x:3000:carol
END
cat >/etc/shadow <<END
root:${hash}g/YQcLDwIswQWs16fl4ijN51FR6siaP7TChxvKdhrT2HdQlGrrApi0DPNyPhpgpTAF1eGxfCWvrbUmziJALvI/:20000:0:99999:7:::
sshd:*:20000:0:99999:7:::
nobody:*:20000:0:99999:7:::
alice:${hash}DM6M.qrpk51uzF54kzfbB4OGFAWfzqmvsdPkS3gsKJC8LNKWrKXhkTz/9nbcpx99ISaC44PlDeje/bzb/jQIC1:20000:0:99999:7:::
bob:${hash}P5TWn9nhMzjYHwTYPMC0D/AQ64j8qYPkyjCSh6zmLB8I7kxxUQ4DLOJ5DhXnbAh4VumcqZ.VVMZkiPqS54UbM/:20000:0:99999:7:::
carol:${hash}DmZ70Gm8UxGhgJspfrzYYKm43PhTIHx9DWdGPC1y3PXkJmIBfHSObV6v6ptrM2VTwFOxemT4iNE7XnHi6lLYk0:20000:0:99999:7:::
dave:${hash}s.a9UVsmpZQ09VGWIevmGeV5Iw3ZHCyE3bTdFJkO3kJkcFaTowqnEGL9.NOGATcxrJyEW3V00vx5NsHxdAaEQ0:20000:0:99999:7:::
END
chown 0:42 /etc/shadow
chmod 0640 /etc/shadow
for user in alice:2001 bob:2002 carol:2003 dave:2004; do
    home=/home/${user%:*}
    mkdir -m 0700 "$home"
    chown "${user#*:}:${user#*:}" "$home"
done
printf '127.0.0.1 localhost %s\n' "$(hostname)" >/etc/hosts
printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' >/etc/nsswitch.conf
printf 'LOGIN_TIMEOUT 60\nLOGIN_RETRIES 3\nLOG_OK_LOGINS no\nENV_PATH PATH=/usr/bin:/bin\nENV_SUPATH PATH=/usr/sbin:/usr/bin\n' >/etc/login.defs
printf 'Defaults passwd_tries=1\nDefaults !lecture\nDefaults secure_path="/usr/sbin:/usr/bin:/sbin:/bin"\nroot ALL=(ALL) NOPASSWD: ALL\nALL ALL=(ALL) ALL\n' >/etc/sudoers
chmod 0440 /etc/sudoers
printf 'auth required pam_deny.so\naccount required pam_deny.so\npassword required pam_deny.so\nsession required pam_deny.so\n' >/etc/pam.d/other
# Debian's common files, as pam-auth-update writes them on a machine with local accounts only.
printf 'auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth\trequisite\tpam_deny.so\nauth\trequired\tpam_permit.so\n' >/etc/pam.d/common-auth
printf 'account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so\naccount\trequisite\tpam_deny.so\naccount\trequired\tpam_permit.so\n' >/etc/pam.d/common-account
printf 'session\trequired\tpam_unix.so\n' >/etc/pam.d/common-session
printf 'password\trequired\tpam_unix.so\n' >/etc/pam.d/common-password

ip link set lo up
echo ready
exec cat >/dev/null
