using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Layers;

/// <summary>Archives of the same files by GNU tar, bsdtar and Python, in all their formats.</summary>
internal static class TarCorpus
{
    // one folder for each kind of thing that a tar can hold
    private const string Files = """
        import os, sys
        root = os.fsencode(sys.argv[1])
        os.makedirs(root + b'/in'); os.makedirs(root + b'/out')
        def fresh(name):
            os.mkdir(root + b'/in/' + name); os.chdir(root + b'/in/' + name)
        def write(name, content=b'x'):
            with open(name, 'wb') as f: f.write(content)
        def settle():
            for directory, names, files in os.walk(b'.', topdown=False):
                for name in names + files: os.utime(directory + b'/' + name, (1700000000, 1700000000), follow_symlinks=False)
            os.utime(b'.', (1700000000, 1700000000))

        fresh(b'sizes'); [write(b'f%d' % n, b'x' * n) for n in (0, 1, 511, 512, 513, 10239, 100000)]; settle()
        for i, name in enumerate((b'a b', b' lead', b'trail ', b'new\nline', b't\tab', b'back\\slash', b'quo"te\'', b'-dash', b'caf\xc3\xa9', b'latin\xe9', b'\xff\xfe', b'\x01\x1b[2J', b'%d=%s', b'a=b', b'*?[x]', b'.wh.gone', b'...')):
            fresh(b'odd%d' % i); write(name); os.symlink(name, b'l'); os.mkdir(b'd'); write(b'd/' + name); os.link(name, b'zhard'); settle()
        for n in (98, 99, 100, 101, 154, 155, 156, 254, 255):
            fresh(b'name%d' % n); write(b'x' * (n - 2)); os.symlink(b't' * n, b'link'); os.mkdir(b'd'); write(b'd/' + b'm' * min(n - 4, 250)); os.link(b'x' * (n - 2), b'zhard'); settle()
        for n in (3, 5, 8, 40):
            fresh(b'deep%d' % n); path = b'/'.join(b'%s%d' % (b'd' * 30, k) for k in range(n)); os.makedirs(path); write(path + b'/file'); os.symlink(path + b'/file', b'link'); os.link(path + b'/file', b'hard'); settle()
        for n in (100, 101, 300, 4000):
            fresh(b'link%d' % n); os.symlink(b't' * n, b'link'); os.symlink(b't' * (n - 1) + b'/', b'slash'); settle()
        fresh(b'latinlink'); os.symlink(b't\xff', b'link'); os.symlink(b'\xc3\xa9/x', b'utf'); settle()
        fresh(b'hard'); write(b'a'); os.link(b'a', b'b'); os.link(b'a', b'c'); os.mkdir(b'd'); os.link(b'a', b'd/e'); os.symlink(b'a', b's'); os.link(b's', b's2', follow_symlinks=False); settle()
        fresh(b'special'); os.mkfifo(b'p')
        for name, kind, major, minor in ((b'null', 0o20666, 1, 3), (b'sda', 0o60660, 8, 0), (b'big', 0o60660, 4095, 1048575), (b'odd', 0o20600, 300, 70000)):
            os.mknod(name, kind, os.makedev(major, minor))
        os.link(b'p', b'p2'); os.link(b'null', b'n2'); settle()
        fresh(b'modes')
        for mode in (0, 0o1, 0o777, 0o4755, 0o2755, 0o1777, 0o7777, 0o6000):
            write(b'f%o' % mode); os.chmod(b'f%o' % mode, mode); os.mkdir(b'd%o' % mode); os.chmod(b'd%o' % mode, mode)
        settle()
        fresh(b'times'); settle()
        for n, ns in enumerate((0, 500000000, -500000000, -1000000000, -1250000000, -86400000000001, 999999999, 8589934591000000000, 8589934592000000000, 8589934592750000000, -2147483648000000000, 1100000000)):
            write(b'f%d' % n); os.utime(b'f%d' % n, ns=(ns, ns))
        os.utime(b'.', (5, 5))
        for n, (uid, gid) in enumerate(((0, 0), (1, 2), (2097151, 2097151), (2097152, 2097152), (2147483647, 2147483648), (4294967294, 4294967294), (65534, 0))):
            fresh(b'owner%d' % n); write(b'f'); os.mkdir(b'd'); os.chown(b'f', uid, gid); os.chown(b'd', uid, gid); settle()
        fresh(b'xattr'); write(b'f'); os.mkdir(b'd')
        for name, value in ((b'user.text', b'value'), (b'user.binary', b'\0\xff\n=\0'), (b'user.empty', b''), (b'user.a=b%3D', b'eq'), (b'security.capability', b'\1\0\0\2\0\x20' + bytes(14)), (b'user.big', b'b' * 2000), (b'user.caf\xe9', b'latin')):
            os.setxattr(b'f', name, value)
        os.setxattr(b'd', b'user.dir', b'd'); settle()
        def hole(name, size, *pieces):
            with open(name, 'wb') as f:
                for offset, length in pieces: f.seek(offset); f.write(os.urandom(length))
                f.truncate(size)
        million = 1 << 20
        fresh(b'sparse1'); hole(b's', million); settle()
        fresh(b'sparse2'); hole(b's', million, (0, 4096)); settle()
        fresh(b'sparse3'); hole(b's', million + 1, (1044480, 4097)); settle()
        fresh(b'sparse4'); hole(b's', 10 * million, (40960, 8192), (409600, 4096), (4096000, 12288)); write(b'tail'); settle()
        fresh(b'sparse5'); hole(b's', 20 * million, *((k * 600000 // 4096 * 4096, 4096) for k in range(30))); settle()
        fresh(b'sparse6'); hole(b's', 10 << 30, *((k * 65536, 4096) for k in range(150)), ((10 << 30) - 100, 100)); settle()
        fresh(b'sparse7'); path = b'd' * 120 + b'/' + b'e' * 120; os.makedirs(path); hole(path + b'/' + b's' * 200, million, (65536, 4096)); settle()
        fresh(b'sparse8'); hole(b's\xff\n', million, (65536, 4096)); settle()
        """;

    private const string WithTools = """
        cd "$1/in"
        # a file of 10 GiB only where its holes stay holes
        bsd() {
            for d in $(ls | grep -v 'sparse[56]'); do for f in ustar pax gnutar; do bsdtar --format $f -C $d -cf ../out/bsd-$f-$d.tar . 2> /dev/null; done; done
            for d in sparse5 sparse6; do bsdtar --format pax -C $d -cf ../out/bsd-$d.tar . ; done
        }
        bsd & bsd=$!
        for d in $(ls | grep -v 'sparse[56]'); do
            for f in v7 oldgnu gnu ustar posix; do tar --format=$f --xattrs --xattrs-include='*' --sort=name -C $d -cf ../out/gnu-$f-$d.tar . 2> /dev/null; done
        done
        for d in sparse*; do
            for f in oldgnu gnu; do tar --format=$f -S -C $d -cf ../out/sparse-$f-$d.tar . ; done
            for v in 0.0 0.1 1.0; do tar --format=posix -S --sparse-version=$v -C $d -cf ../out/sparse-$v-$d.tar . ; done
            [ $d = sparse6 ] || tar --format=gnu -S --hole-detection=raw -C $d -cf ../out/sparse-raw-$d.tar .
        done
        n=0; for o in mtime=1.5 mtime=-3.25 uid=77 gid=4000000000 uname=someone gname=group comment=hello uid:=5 mtime:=12.5 'uid=1,gid=2,mtime=3' 'exthdr.name=%d/%f.x' 'globexthdr.name=/g,uid=3' 'delete=mtime' 'uname='; do
            n=$((n+1)); tar --format=posix "--pax-option=$o" -C times -cf ../out/option$n.tar .
        done
        for b in 1 2 20 127; do tar -b $b -C sizes -cf ../out/blocks$b.tar . ; done
        tar -V label -C sizes --format=gnu -cf ../out/label-gnu.tar . ; tar -V label -C sizes --format=posix -cf ../out/label-posix.tar .
        tar -g ../snapshot -C hard --format=gnu -cf ../out/incremental-gnu.tar . ; rm ../snapshot; tar -g ../snapshot -C hard --format=posix -cf ../out/incremental-posix.tar .
        tar -C hard --hard-dereference -cf ../out/no-hard.tar . ; tar -C hard -P --transform 's,^\.,/abs/../x,' -cf ../out/absolute.tar .
        tar -C sizes -cf ../out/appended.tar f0 f513; tar -C sizes -rf ../out/appended.tar f1; tar -C sizes --format=posix -rf ../out/appended.tar f511
        tar -C sizes -cf ../out/empty.tar -T /dev/null
        wait $bsd
        """;

    private const string WithPython = """
        import os, sys, tarfile
        root = sys.argv[1]
        os.chdir(root + '/in')
        for d in sorted(os.listdir('.')):
            for name, form in (('ustar', tarfile.USTAR_FORMAT), ('gnu', tarfile.GNU_FORMAT), ('pax', tarfile.PAX_FORMAT)):
                if 'sparse5' in d or 'sparse6' in d: continue
                path = root + '/out/python-' + name + '-' + d + '.tar'
                try:
                    with tarfile.open(path, 'w', format=form) as t: t.add(d, '.')
                except Exception:
                    os.remove(path)
        for n, headers in enumerate(({'mtime': '1.5'}, {'uid': '9'}, {'uname': 'caf\u00e9'}, {'comment': 'x' * 1000}, {'size': '3'}, {'path': 'other'}, {'SCHILY.xattr.user.a': 'b'}, {'atime': '1'}, {'mtime': '5', 'gid': '6'})):
            with tarfile.open(root + '/out/python-global%d.tar' % n, 'w', format=tarfile.PAX_FORMAT, pax_headers=headers) as t: t.add('times', '.')
        for n, headers in enumerate(({'mtime': '-1.75'}, {'uid': '4294967295'}, {'path': 'p' * 300}, {'linkpath': 'q'}, {'SCHILY.xattr.user.a': 'b\n', 'SCHILY.xattr.user.b': ''}, {'uname': ''}, {'hdrcharset': 'BINARY'}, {'mtime': '1.9999999999'}, {'mtime': '-1.0000000001'})):
            with tarfile.open(root + '/out/python-local%d.tar' % n, 'w', format=tarfile.PAX_FORMAT) as t:
                for type in (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.CONTTYPE, tarfile.LNKTYPE):
                    info = tarfile.TarInfo('entry'); info.type = type; info.linkname = 'target' if type in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ''
                    info.pax_headers = headers; t.addfile(info)
        """;

    /// <summary>Makes all archives.</summary>
    /// <returns>The folder that they lie in.</returns>
    internal static string Make(TempFolder folder)
    {
        // skips where it is missing: without its archives the figures would be others
        _ = Tool.Run("bsdtar", ["--version"]);
        Tool.Run("python3", ["-c", Files, folder.Path]);
        Task python = Task.Run(() => Tool.Run("python3", ["-c", WithPython, folder.Path]));
        Tool.Run("sh", ["-c", WithTools, "sh", folder.Path]);
        python.Wait();
        // names that are no text can be removed by those only who read bytes
        Tool.Run("rm", ["-rf", Path.Join(folder.Path, "in")]);
        return Path.Join(folder.Path, "out");
    }
}
