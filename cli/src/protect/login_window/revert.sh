# launchd runs this: takes otpair out of the login window unless that was confirmed in time. Only /bin/sh and macOS's own
# tools are needed; otpair itself, where it works, does it better.
security=$1 launchctl=$2 sysctl=$3 otpair=$4 journal=$5 marker=$6 job=$7 seconds=$8 boot=$9
right=system.login.console

# In the boot in which it was switched on there is time to confirm. In any other one nobody did. `sleep` goes by the time
# that the Mac is awake, so a clock that is set changes nothing.
if [ "$("$sysctl" -n kern.bootsessionuuid)" = "$boot" ]; then
    sleep "$seconds"
fi

if [ -e "$journal" ]; then
    "$otpair" protect --revert </dev/null &
    otpair_pid=$!
    (sleep 60 && kill -9 "$otpair_pid") </dev/null >/dev/null 2>&1 &
    watch_pid=$!
    wait "$otpair_pid"
    kill "$watch_pid" 2>/dev/null
fi

tries=5
while [ -e "$journal" ] && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    rm -f "$marker"
    now=$("$security" authorizationdb read "$right") || now=
    case $now in
    *'<string>otpair:'*)
        # Each in a line of its own, as macOS writes them; else out of the line.
        printf '%s\n' "$now" |
            sed -e '/^[[:space:]]*<string>otpair:[^<]*<\/string>$/d' -e 's|<string>otpair:[^<]*</string>||g' |
            "$security" authorizationdb write "$right" || sleep 5
        ;;
    *'</plist>'*) rm -f "$journal" ;;
    *) sleep 5 ;;
    esac
done

# With the journal there is still something to do, at the next boot. Without it launchd forgets this job, and ends it.
[ -e "$journal" ] && exit 1
rm -f "$job"
"$launchctl" bootout system/io.otpair.revert || true
