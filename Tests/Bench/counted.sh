#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first process of the machine in which scripts/instructions counts: makes the root one that can be pivoted, then
# runs what is in /verbs, each between two marks. A line is a name and words; with "-" for a name it is not counted.
/bin/busybox --install -s /bin
export PATH=/bin
if [ "$1" != moved ]; then
    mount -o bind / /new && cd /new && mount --move . / && exec chroot . /init moved
fi
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /run
mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo $$ > /run/first && mkdir -p /sys/fs/cgroup/counted && echo $$ > /sys/fs/cgroup/counted/cgroup.procs

stopped() { # NAME: waits until the container's process has ended
    for _ in $(seq 200); do
        case $(/hull state "$1") in *'"stopped"'*) return ;; esac
        sleep 0.05
    done
    return 1
}

copies() { # FROM TO: copies of the stopped container b-0000, in a state directory of their own
    mkdir -p /run/many && cd /run/many && state=$(cat /run/hull/b-0000/state.json)
    config=$(cat /run/hull/b-0000/config.json)
    for n in $(seq "$1" "$2"); do
        n=b-$((1000 + n))
        [ -d $n ] || mkdir -m 700 $n
        echo "${state//b-0000/$n}" > $n/state.json
        echo "$config" > $n/config.json
    done
    cd /
}

while read -r name words; do
    [ "$name" = - ] || /mark
    eval "$words" < /dev/null > /run/out 2> /run/errors
    status=$?
    [ "$name" = - ] || /mark
    [ $status = 0 ] || { echo "failed: $name $words: $status $(head -c 300 /run/errors)" && break; }
    [ "$name" = - ] || echo "counted: $name"
done < /verbs > /dev/ttyS0
echo o > /proc/sysrq-trigger
sleep 100
