namespace OciTools.Layers.Tar;

/// <summary>What the records of one PAX header say about an entry. One object serves one header after the other.</summary>
internal sealed class PaxFields
{
    private readonly TarPlace _place;
    private readonly PaxAttributes _attributes;
    private readonly PaxAttributes _platform;

    internal PaxFields(SparseMap map, TarPlace place)
    {
        _place = place;
        _attributes = new PaxAttributes(place);
        _platform = new PaxAttributes(place);
        Sparse = new PaxSparse(map, place);
    }

    internal byte[]? Path { get; private set; }

    internal byte[]? Link { get; private set; }

    internal long? Size { get; private set; }

    internal uint? UserId { get; private set; }

    internal uint? GroupId { get; private set; }

    internal byte[]? UserName { get; private set; }

    internal byte[]? GroupName { get; private set; }

    internal (long Seconds, int Nanoseconds)? Modified { get; private set; }

    /// <summary>The numbers of a device as star and libarchive write them beside those in the header.</summary>
    internal uint? DeviceMajor { get; private set; }

    internal uint? DeviceMinor { get; private set; }

    /// <summary>The size of a sparse file as star writes it.</summary>
    internal long? StarRealSize { get; private set; }

    internal PaxSparse Sparse { get; }

    internal IReadOnlyList<TarAttribute> Attributes => _attributes.ToList();

    internal IReadOnlyList<TarAttribute> PlatformRecords => _platform.ToList();

    internal void Clear()
    {
        Path = Link = UserName = GroupName = null;
        Size = StarRealSize = null;
        UserId = GroupId = DeviceMajor = DeviceMinor = null;
        Modified = null;
        Sparse.Clear();
        _attributes.Clear();
        _platform.Clear();
    }

    /// <summary>Takes the records of a header for one entry.</summary>
    internal void ReadLocal(ReadOnlySpan<byte> bytes)
    {
        Clear();
        PaxRecords records = new(bytes, _place);
        while (records.MoveNext())
        {
            ReadOnlySpan<byte> key = records.Key;
            ReadOnlySpan<byte> value = records.Value;
            if (TryAddCommon(key, value)) continue;
            if (key.SequenceEqual("path"u8)) Path = Name(value, Path);
            else if (key.SequenceEqual("linkpath"u8)) Link = Name(value, Link);
            else if (key.SequenceEqual("size"u8)) Size = SizeOf(value, Size);
            else if (key.StartsWith("SCHILY."u8)) AddSchily(key[7..], value);
            else if (key.StartsWith("LIBARCHIVE.xattr."u8)) _attributes.AddEncoded(key[17..], value);
            else if (key.StartsWith("MSWINDOWS."u8) || key.SequenceEqual("LIBARCHIVE.creationtime"u8)) _platform.AddPlain(key, value);
            else if (key.StartsWith("GNU.sparse."u8)) Sparse.Add(key[11..], value);
            else if (key.StartsWith("GNU.dumpdir"u8) || key.StartsWith("GNU.volume."u8)) throw _place.Refuse("it is part of an incremental or multi-volume archive");
        }
    }

    /// <summary>Takes the records of a header for all entries that follow: what readers who look at such headers at all agree on.</summary>
    internal void ReadGlobal(ReadOnlySpan<byte> bytes)
    {
        Clear();
        PaxRecords records = new(bytes, _place);
        while (records.MoveNext())
        {
            if (Has(records.Key)) throw _place.Refuse("a global PAX header says the same thing twice, of which GNU tar takes the first and others the last");
            if (TryAddCommon(records.Key, records.Value)) continue;
            if (IsNotForAll(records.Key))
                throw _place.Refuse($"a global PAX header sets '{DisplayText.Excerpt(System.Text.Encoding.UTF8.GetString(records.Key), 40)}', which some readers apply and others do not");
        }
    }

    private static bool IsNotForAll(ReadOnlySpan<byte> key) =>
        key.SequenceEqual("path"u8) || key.SequenceEqual("linkpath"u8) || key.SequenceEqual("size"u8)
        || key.StartsWith("GNU.sparse."u8) || key.StartsWith("GNU.dumpdir"u8)
        || (key.StartsWith("GNU.volume."u8) && !key.SequenceEqual("GNU.volume.label"u8))
        || key.StartsWith("SCHILY."u8) || key.StartsWith("LIBARCHIVE.xattr."u8);

    private bool Has(ReadOnlySpan<byte> key) =>
        (Modified is not null && key.SequenceEqual("mtime"u8)) || (UserId is not null && key.SequenceEqual("uid"u8))
        || (GroupId is not null && key.SequenceEqual("gid"u8)) || (UserName is not null && key.SequenceEqual("uname"u8))
        || (GroupName is not null && key.SequenceEqual("gname"u8));

    private bool TryAddCommon(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("mtime"u8)) Modified = Time(value);
        else if (key.SequenceEqual("atime"u8) || key.SequenceEqual("ctime"u8)) Time(value);
        else if (key.SequenceEqual("uid"u8)) UserId = Number(value);
        else if (key.SequenceEqual("gid"u8)) GroupId = Number(value);
        else if (key.SequenceEqual("uname"u8)) UserName = Text(value);
        else if (key.SequenceEqual("gname"u8)) GroupName = Text(value);
        else return false;
        return true;
    }

    private void AddSchily(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.StartsWith("xattr."u8)) _attributes.AddRaw(key[6..], value);
        else if (key.SequenceEqual("devmajor"u8)) DeviceMajor = Number(value);
        else if (key.SequenceEqual("devminor"u8)) DeviceMinor = Number(value);
        else if (key.SequenceEqual("realsize"u8)) StarRealSize = SizeOf(value, StarRealSize);
    }

    // POSIX lets an empty value delete what the header says; GNU tar, Go and Python all make something else of it
    private byte[] Name(ReadOnlySpan<byte> value, byte[]? before)
    {
        if (value.IsEmpty) throw _place.Refuse("a PAX name is empty");
        if (before is not null && !value.SequenceEqual(before)) throw _place.Refuse("one PAX header gives it two names");
        return Text(value);
    }

    private byte[] Text(ReadOnlySpan<byte> value) => value.Contains((byte)0) ? throw _place.Refuse("a NUL stands in a PAX name") : value.ToArray();

    private long SizeOf(ReadOnlySpan<byte> value, long? before) =>
        !PaxNumber.TryParse(value, out long size) ? throw _place.Refuse("its PAX size is no number")
        : before is { } other && other != size ? throw _place.Refuse("one PAX header gives it two sizes")
        : size;

    private (long Seconds, int Nanoseconds) Time(ReadOnlySpan<byte> value) =>
        PaxNumber.TryParseTime(value, out long seconds, out int nanoseconds) ? (seconds, nanoseconds) : throw _place.Refuse("a PAX time is none");

    private uint Number(ReadOnlySpan<byte> value) => PaxNumber.TryParse(value, out uint number) ? number : throw _place.Refuse("a PAX number is none, or too large");
}
