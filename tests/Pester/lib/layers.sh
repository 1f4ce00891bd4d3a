#!/bin/sh
# Makes the layers of images with the tars of other people, as root. $1 is the folder: NAME/0.tar, NAME/1.tar and so on are the layers of
# the image NAME, the lowest first; NAME/0.tar.gz or NAME/0.tar.zst beside it is how the layer is to be stored.
set -eu
export LC_ALL=C TZ=UTC
out=$1
work=$out/.work
python=$(command -v python3 || true)

# an empty directory to fill, where the script then is
tree() {
    rm -rf "$work"
    mkdir "$work"
    cd "$work"
}

# the directory as layer $2 of image $1; the rest are options and names for tar
pack() {
    mkdir -p "$out/$1"
    layer=$out/$1/$2.tar
    shift 2
    [ $# -gt 0 ] || set -- --format=pax .
    tar --numeric-owner --sort=name -cf "$layer" "$@"
}

# stores the layers of image $2 with compressor $1
stored() { for layer in "$out/$2"/*.tar; do "$1" -qk "$layer"; done; }

whiteout() { mkdir -p "$(dirname "$1")" && : > "$(dirname "$1")/.wh.$(basename "$1")"; }

opaque() { mkdir -p "$1" && : > "$1/.wh..wh..opq"; }

# something of every kind that all formats can tell
kinds() {
    mkdir -p bin srv/data srv/empty usr/share/doc
    echo one > srv/data/one
    ln srv/data/one srv/data/two
    ln srv/data/one usr/share/doc/three
    : > srv/data/none
    head -c 70000 /dev/urandom > srv/data/random
    ln -s ../srv/data/one bin/relative
    ln -s /srv/data bin/absolute
    ln -s nowhere bin/dangling
    mkfifo srv/pipe
    mknod srv/null c 1 3
    mknod srv/loop b 7 200
    chown 12:34 srv/data/one
    chown -h 56:78 bin/relative
    chown 1000:1001 srv/data
    chmod 4755 srv/data/one
    chmod 2750 srv/data
    chmod 1777 srv/empty
    chmod 0 srv/data/none
    chmod 6711 srv/data/random
    touch -d '2001-02-03 04:05:06' srv/data/one
    touch -h -d '2002-03-04 05:06:07' bin/relative
    touch -d '2003-04-05 06:07:08' srv/pipe srv/null srv/loop srv/empty
}

long=$(printf '%0120d' 7)

# formats of GNU tar
for format in ustar oldgnu gnu pax; do
    tree; kinds; pack "gnu-$format" 0 --format=$format .
done
tree; kinds; rm srv/pipe srv/null srv/loop; pack gnu-v7 0 --format=v7 .
stored gzip gnu-gnu
stored zstd gnu-pax

tree; kinds; pack gnu-no-root 0 --format=ustar bin srv usr
tree; kinds; mkdir "$out/two-members"; tar --format=ustar -b 1 -cf "$work.a" srv; tar --format=ustar -cf "$work.b" bin
head -c -1024 "$work.a" | cat - "$work.b" > "$out/two-members/0.tar"; rm "$work.a" "$work.b"

tree; mkdir -p d/$long/$long; echo long > d/$long/$long/$long; ln d/$long/$long/$long d/hard; ln -s $long/$long/$long d/soft
pack long-gnu 0 --format=gnu .
pack long-pax 0 --format=pax .
tree; mkdir -p "$(printf '%097d' 1)"; echo x > "$(printf '%097d' 1)/$(printf '%099d' 2)"; pack long-ustar 0 --format=ustar .
tree; deep=; for i in $(seq 1 60); do deep=$deep/directory-$i; done; mkdir -p ".$deep"; echo deep > ".$deep/file"; pack deep 0; stored gzip deep

# sparse files
tree; truncate -s 3M hole; truncate -s 2M ends; printf start | dd of=ends conv=notrunc status=none; printf end >> ends
truncate -s 1M middle; printf middle | dd of=middle bs=1 seek=500000 conv=notrunc status=none
for i in $(seq 1 40); do printf "$i" | dd of=many bs=1 seek=$((i * 65536)) conv=notrunc status=none; done
pack sparse-gnu 0 -S --format=gnu .
pack sparse-oldgnu 0 -S --format=oldgnu .
for version in 0.0 0.1 1.0; do pack "sparse-pax-$version" 0 -S --format=pax --sparse-version=$version .; done
stored gzip sparse-gnu

# extended attributes
tree; mkdir d; echo x > d/ping; echo y > d/both; echo z > d/binary
setcap cap_net_raw+ep d/ping
setcap cap_net_bind_service+eip d/both
setfattr -n user.note -v 'a note' d/both
setfattr -n user.binary -v 0x000aff3d0a00 d/binary
setfattr -n user.empty d/binary
setfattr -n user.directory -v yes d
pack attributes-gnu 0 --xattrs --xattrs-include='*' --format=pax .
mkdir "$out/attributes-bsd"; bsdtar --numeric-owner --xattrs -cf "$out/attributes-bsd/0.tar" --format=pax .
tree; mkdir d; echo y > d/both; setfattr -n user.note -v 'another note' d/both; pack attributes-gnu 1 --xattrs --xattrs-include='*' --format=pax .

# other tars
tree; kinds
for format in pax ustar gnutar; do mkdir "$out/bsd-$format"; bsdtar --numeric-owner -cf "$out/bsd-$format/0.tar" --format=$format .; done
mkdir "$out/busybox"; busybox tar -cf "$out/busybox/0.tar" .
if [ "$python" ]; then
    for format in pax gnu ustar; do
        mkdir "$out/python-$format"
        "$python" -c 'import sys, tarfile; tarfile.open(sys.argv[1], "w", format=getattr(tarfile, sys.argv[2].upper() + "_FORMAT")).add(".")' "$out/python-$format/0.tar" $format
    done
fi

# names, numbers, times
tree; mkdir d; for name in 'new
line' 'qu"ote' "apo'strophe" '-dash' ' blank ' 'back\slash' 'back\x41slash' 'ümläut' '日本' '*' '?' '[a]' 'a=b' "tab	tab" '~' '.hidden' '..twodots' '...'; do echo "$name" > "d/$name"; done
for name in "$(printf 'latin\344')" "$(printf '\377\376')" "$(printf 'cut\303')" "$(printf 'ctrl\001\033')"; do echo x > "d/$name"; done
mkdir "$(printf 'dir\344')"; echo x > "$(printf 'dir\344/file')"; ln "$(printf 'dir\344/file')" d/hard; ln -s "$(printf '../dir\344')" d/soft
pack names-gnu 0 --format=gnu .
pack names-pax 0 --format=pax .
tree; echo x > a; echo y > b; mkdir d; chown 3000000:4000000 a; chown 2097151:2097152 b; chown 65534:65534 d
pack owners-gnu 0 --format=gnu .
pack owners-pax 0 --format=pax .
tree; mkdir d; i=0
for time in '1901-12-14' '1969-12-31 23:59:59' '1970-01-01' '1970-01-01 00:00:01' '2038-01-19 03:14:08' '2106-02-07 06:28:16' '2242-03-16 12:56:32'; do i=$((i + 1)); echo $i > d/$i; touch -d "$time" d/$i; done
touch -d '2020-01-01' d
pack times-gnu 0 --format=gnu .
for time in '1960-01-02 03:04:05.25' '1970-01-01 00:00:00.000000001' '2001-02-03 04:05:06.789012345' '2001-02-03 04:05:06.999999999' '2001-02-03 04:05:06.1'; do i=$((i + 1)); echo $i > d/$i; touch -d "$time" d/$i; done
touch -d '2020-01-01 00:00:00.5' d
pack times-pax 0 --format=pax .

# layers over each other
tree; mkdir -p a/b a/keep o/sub p; echo 1 > a/x; echo 2 > a/y; echo 3 > a/b/c; ln -s x a/link; mkfifo a/pipe; mknod a/null c 1 3; echo 4 > a/keep/k; echo 5 > o/old; echo 6 > o/sub/old; echo 7 > p/p
pack whiteouts 0
tree; mkdir -p a; chmod 700 a; for name in x b link pipe null; do whiteout a/$name; done; pack whiteouts 1
tree; mkdir -p a; echo again > a/x; whiteout p; pack whiteouts 2
tree; mkdir -p a/b o/sub; echo 1 > a/b/c; echo 2 > o/old; echo 3 > o/sub/old; pack opaque 0
tree; opaque o; echo new > o/new; chmod 711 o; pack opaque 1
tree; opaque a; opaque a/b; echo new > a/b/new; pack opaque 2; stored gzip opaque

tree; mkdir -p file-dir dir-file/d dir-link/d; echo 1 > file-file; echo 1 > file-link; ln -s file-file link-file; ln -s dir-file link-dir; echo 1 > dir-file/d/f; echo 1 > dir-link/d/f; echo 1 > dir; mkfifo fifo
pack types 0
tree; mkdir dir; echo in > dir/in; echo 2 > file-dir; echo 2 > dir-file; echo 2 > file-file; ln -s dir file-link; ln -s dir dir-link; echo 2 > link-file; mkdir link-dir; echo 2 > link-dir/in; mknod fifo c 1 3
pack types 1

tree; mkdir d; echo 1 > d/a; ln d/a d/b; ln d/a c; echo 2 > e; ln e f; pack links-within 0
tree; mkdir d; whiteout d/a; echo 3 > e; pack links-within 1
tree; mkdir d; echo 1 > d/a; ln d/a d/b; pack links-within 2
tree; mkdir d; echo 1 > d/a; ln -s a d/s; touch -d '2001-02-03' d/a; chmod 640 d/a; pack links-across 0
ln d/a d/b; ln d/a top; pack links-across 1 --format=pax d/a d/b top; tar --delete -f "$out/links-across/1.tar" d/a
tree; mkdir d; whiteout d/a; pack links-across 2
tree; mkdir d; echo 1 > d/z; ln d/z d/a; pack links-dotted 0 --format=gnu --no-recursion --transform='flags=h;s,^,./,' d d/z d/a
pack links-absolute 0 --format=gnu --no-recursion -P --transform='s,^,/./,' d d/z d/a

tree; mkdir -p real/deep usr/lib; echo 1 > real/deep/x; ln -s real link; ln -s /real absolute; ln -s usr/lib lib; echo 1 > usr/lib/a; pack parents 0
tree; mkdir -p link/deep absolute lib; echo 2 > link/deep/y; echo 2 > absolute/z; echo 2 > lib/b; pack parents 1 --format=pax link/deep/y absolute/z lib/b
tree; mkdir -p link; echo 3 > link/own; pack parents 2
tree; mkdir -p a/b/c; echo 1 > a/b/c/d; pack implied 0 --format=ustar a/b/c/d
tree; mkdir -p bin lib usr/bin usr/lib; rmdir bin lib; ln -s usr/bin bin; ln -s usr/lib lib; echo sh > usr/bin/sh; pack usr-merged 0; tree; mkdir -p usr/bin; whiteout usr/bin/sh; echo bash > usr/bin/bash; ln -s bash usr/bin/rbash; pack usr-merged 1

tree; for i in $(seq 1 25); do mkdir -p many/$i; for j in $(seq 1 40); do echo $i.$j > many/$i/$j; done; done; pack many 0
tree; for i in $(seq 1 25); do mkdir -p many/$i; whiteout many/$i/1; echo new > many/$i/new; done; pack many 1; stored gzip many
for i in $(seq 0 11); do tree; mkdir d; echo $i > d/$i; echo $i > d/last; [ $i -lt 5 ] || whiteout d/$((i - 5)); pack layers $i; done
tree; head -c 12M /dev/urandom > big; head -c 512 big > block; head -c 513 big > more; head -c 511 big > less; : > empty; pack big 0; stored zstd big
mkdir "$out/empty" "$out/empty-between"; head -c 10240 /dev/zero > "$out/empty/0.tar"
tree; echo 1 > a; pack empty-between 0; head -c 1024 /dev/zero > "$out/empty-between/1.tar"; tree; echo 2 > b; pack empty-between 2; stored gzip empty-between
tree; echo 1 > a; chmod 750 .; chown 5:6 .; touch -d '2005-06-07' .; pack root 0; tree; echo 2 > b; chmod 711 .; touch -d '2006-07-08' .; pack root 1
rm -rf "$work"
