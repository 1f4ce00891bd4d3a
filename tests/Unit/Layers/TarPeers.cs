using System.Globalization;
using System.Text;
using OciTools.Layers.Tar;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Layers;

/// <summary>What Python's tarfile and libarchive see in tars: all that they tell, as one line for each entry.</summary>
internal static class TarPeers
{
    private const string Script = """
        import ctypes, decimal, locale, os, sys, tarfile
        os.chdir(sys.argv[1])
        raw = lambda text: text.encode('utf-8', 'surrogateescape')
        floor = lambda text: divmod(int((decimal.Decimal(text) * 10**9).to_integral_value(decimal.ROUND_FLOOR)), 10**9)
        plain = lambda key: key.replace('%3D', '=').replace('%25', '%')
        def line(name, kind, size, mode, uid, gid, time, link, device, uname, gname, attributes):
            attributes = ','.join(sorted(k.hex() + '=' + v.hex() for k, v in attributes))
            return ' '.join(str(x) for x in (kind, size, '%o' % mode, uid, gid, '%d.%09d' % time, '%d,%d' % device, 'n' + name.rstrip(b'/').hex(), 'l' + link.hex(), 'u' + uname.hex(), 'g' + gname.hex(), 'x' + attributes))

        kinds = {tarfile.LNKTYPE: 'h', tarfile.SYMTYPE: 'l', tarfile.CHRTYPE: 'c', tarfile.BLKTYPE: 'b', tarfile.DIRTYPE: 'd', tarfile.FIFOTYPE: 'p'}
        decimal.getcontext().prec = 60
        def python(path):
            with tarfile.open(path, 'r:', encoding='utf-8', errors='surrogateescape') as tar:
                for m in tar:
                    kind = kinds.get(m.type, '-')
                    attributes = [(raw(plain(k[13:])), raw(v)) for k, v in m.pax_headers.items() if k.startswith('SCHILY.xattr.')]
                    yield line(raw(m.name), kind, m.size if kind == '-' else 0, m.mode & 0o7777, m.uid, m.gid, floor(m.pax_headers.get('mtime', m.mtime)), raw(m.linkname) if kind in 'hl' else b'',
                        (m.devmajor, m.devminor) if kind in 'cb' else (0, 0), raw(m.uname), raw(m.gname), attributes)

        locale.setlocale(locale.LC_ALL, 'C.UTF-8')
        lib = ctypes.CDLL('libarchive.so.13')
        for name, result in (('archive_read_new', ctypes.c_void_p), ('archive_error_string', ctypes.c_char_p), ('archive_entry_pathname', ctypes.c_char_p), ('archive_entry_hardlink', ctypes.c_char_p), ('archive_entry_symlink', ctypes.c_char_p), ('archive_entry_uname', ctypes.c_char_p), ('archive_entry_gname', ctypes.c_char_p),
                             ('archive_entry_size', ctypes.c_int64), ('archive_entry_uid', ctypes.c_int64), ('archive_entry_gid', ctypes.c_int64), ('archive_entry_mtime', ctypes.c_int64), ('archive_entry_mtime_nsec', ctypes.c_long)):
            getattr(lib, name).restype = result
        letters = {0o100000: '-', 0o120000: 'l', 0o020000: 'c', 0o060000: 'b', 0o040000: 'd', 0o010000: 'p'}
        def libarchive(path):
            archive = ctypes.c_void_p(lib.archive_read_new())
            try:
                lib.archive_read_support_format_tar(archive)
                if lib.archive_read_open_filename(archive, path.encode(), ctypes.c_size_t(65536)): raise Exception('open')
                entry = ctypes.c_void_p()
                while True:
                    result = lib.archive_read_next_header(archive, ctypes.byref(entry))
                    if result == 1: return
                    if result < -20: raise Exception(lib.archive_error_string(archive))
                    hard = lib.archive_entry_hardlink(entry)
                    kind = 'h' if hard is not None else letters.get(lib.archive_entry_filetype(entry) & 0o170000, '-')
                    attributes = []
                    if lib.archive_entry_xattr_reset(entry):
                        name, value, size = ctypes.c_char_p(), ctypes.c_void_p(), ctypes.c_size_t()
                        while lib.archive_entry_xattr_next(entry, ctypes.byref(name), ctypes.byref(value), ctypes.byref(size)) == 0: attributes.append((name.value, ctypes.string_at(value, size.value)))
                    device = (lib.archive_entry_rdevmajor(entry) & 0xFFFFFFFF, lib.archive_entry_rdevminor(entry) & 0xFFFFFFFF) if kind in 'cb' else (0, 0)
                    link = hard if kind == 'h' else lib.archive_entry_symlink(entry) if kind == 'l' else b''
                    yield line(lib.archive_entry_pathname(entry) or b'?', kind, lib.archive_entry_size(entry) if kind == '-' else 0, lib.archive_entry_perm(entry) & 0o7777, lib.archive_entry_uid(entry), lib.archive_entry_gid(entry),
                        (lib.archive_entry_mtime(entry), lib.archive_entry_mtime_nsec(entry)), link or b'', device, lib.archive_entry_uname(entry) or b'', lib.archive_entry_gname(entry) or b'', set(attributes))
            finally:
                lib.archive_read_free(archive)

        for path in sorted(p for p in os.listdir('.') if p.endswith('.tar')):
            for peer in (python, libarchive):
                print('=', path, peer.__name__)
                try:
                    for one in peer(path): print(one)
                except Exception as e: print('! ' + repr(e).encode('ascii', 'backslashreplace').decode())
        """;

    /// <summary>The lines of each <c>*.tar</c> of a folder; one that starts with <c>!</c> says that the peer failed.</summary>
    internal static Dictionary<(string Archive, string Peer), List<string>> Read(string folder)
    {
        Dictionary<(string, string), List<string>> lists = [];
        List<string> lines = [];
        foreach (string line in Encoding.ASCII.GetString(Tool.Run("python3", ["-c", Script, folder])).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line[0] == '=') lists[(line.Split(' ')[1], line.Split(' ')[2])] = lines = [];
            else lines.Add(line);
        }

        return lists;
    }

    /// <summary>The same lines by the own reader.</summary>
    internal static List<string> Own(IEnumerable<TarHeader> headers) => [.. headers.Select(Line)];

    private static string Line(TarHeader header)
    {
        char kind = TarListing.Letter(header) is var letter && letter == '?' ? '-' : letter;
        IEnumerable<string> attributes = header.Attributes.Select(a => Hex(a.Name) + "=" + Hex(a.Value)).Order(StringComparer.Ordinal);
        return string.Create(CultureInfo.InvariantCulture,
            $"{kind} {(kind == '-' ? header.RealSize : 0)} {Convert.ToString(header.Mode, 8)} {header.UserId} {header.GroupId} {header.ModifiedSeconds}.{header.ModifiedNanoseconds:000000000} {header.DeviceMajor},{header.DeviceMinor} n{Hex(header.RawName.TrimEnd((byte)'/'))} l{Hex(header.RawLink)} u{Hex(header.RawUserName)} g{Hex(header.RawGroupName)} x{string.Join(',', attributes)}");
    }

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);
}
