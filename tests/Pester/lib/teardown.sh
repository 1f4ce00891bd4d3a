#!/bin/sh
# Ends what a test run started, also when the run itself was killed: the run writes one process id per line into this
# script's standard input, and the end of that input, however it comes about, is the signal. $1 is the folder to remove.
trap '' INT TERM HUP
pids=''
while read -r pid; do pids="$pid $pids"; done
for pid in $pids; do kill "$pid" 2>/dev/null; done
for pid in $pids; do
    tries=0
    while kill -0 "$pid" 2>/dev/null && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
    kill -9 "$pid" 2>/dev/null
done
# engines leave mounts behind when they are killed
while read -r _ mount _; do
    case $mount in "$1"/*) umount -l "$mount" 2>/dev/null ;; esac
done < /proc/mounts
rm -rf "$1"
