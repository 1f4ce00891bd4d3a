using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using OciTools.Layers.Tar;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Layers;

/// <summary>The entries of a tar as lines, in the way in which GNU tar prints them, and GNU tar's own lines.</summary>
internal static partial class TarListing
{
    /// <summary>What the project's reader sees.</summary>
    internal static List<string> Own(IEnumerable<TarHeader> headers) => [.. headers.Select(Line)];

    /// <summary>What GNU tar sees in all <c>*.tar</c> of a folder; null for one that it found fault with.</summary>
    internal static Dictionary<string, List<string>?> Gnu(string folder)
    {
        const string Script = """
            cd "$1"; for f in *.tar; do
                tar --list --verbose --full-time --numeric-owner --absolute-names --quoting-style=escape --warning=no-unknown-keyword -f "$f" > "$f.list" 2> "$f.errors" || echo "$f"
            done
            """;
        HashSet<string> faulty = [.. Encoding.UTF8.GetString(Tool.Run("sh", ["-c", Script, "sh", folder])).Split('\n')];
        Dictionary<string, List<string>?> lists = new(StringComparer.Ordinal);
        foreach (string list in Directory.GetFiles(folder, "*.list"))
        {
            string name = Path.GetFileNameWithoutExtension(list);
            lists[name] = faulty.Contains(name) ? null : GnuLines(File.ReadAllText(list, Encoding.Latin1).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }

        return lists;
    }

    /// <summary>All headers of a tar, by the reader that is asked and by the walker that is told, which must agree.</summary>
    internal static async Task<List<TarHeader>> ReadAsync(byte[] tar, CancellationToken cancellationToken)
    {
        List<TarHeader> headers = await ReadAsync(new MemoryStream(tar), cancellationToken);
        foreach (int chunk in (int[])[int.MaxValue, 1000])
        {
            CollectingWalker walker = new();
            for (int at = 0; at < tar.Length; at += Math.Min(chunk, tar.Length - at)) walker.Add(tar.AsSpan(at, Math.Min(chunk, tar.Length - at)));
            walker.RequireEnd();
            Assert.Equal(Own(headers), Own(walker.Headers));
            Assert.Equal(headers.Select(h => (h.DataOffset, h.Size)), walker.Headers.Select(h => (h.DataOffset, h.Size)));
            Assert.Equal(headers.Count, walker.Ends);
            Assert.Equal(headers.Sum(h => h.Size), walker.Bytes);
        }

        return headers;
    }

    private static async Task<List<TarHeader>> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        TarHeaderReader reader = new(stream, "The tar");
        List<TarHeader> headers = [];
        while (await reader.ReadNextAsync(cancellationToken) is { } header) headers.Add(header);
        await reader.RequireNothingMoreAsync(cancellationToken);
        return headers;
    }

    /// <summary>Bytes as GNU tar's escape style shows them in the C locale.</summary>
    internal static string Escape(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new();
        foreach (byte b in bytes)
        {
            if (b is >= 7 and <= 13) text.Append('\\').Append("abtnvfr"[b - 7]);
            else if (b == '\\') text.Append("\\\\");
            else if (b is < 32 or >= 127) text.Append('\\').Append(Convert.ToString(b, 8).PadLeft(3, '0'));
            else text.Append((char)b);
        }

        return text.ToString();
    }

    private static string Line(TarHeader header)
    {
        bool isDevice = header.Kind is TarEntryKind.CharacterDevice or TarEntryKind.BlockDevice;
        string size = isDevice ? $"{header.DeviceMajor},{header.DeviceMinor}" : header.RealSize.ToString(CultureInfo.InvariantCulture);
        string tail = header.Kind switch
        {
            TarEntryKind.SymbolicLink => " -> " + Escape(header.RawLink.Span),
            TarEntryKind.HardLink => " link to " + Escape(header.RawLink.Span),
            TarEntryKind.Other => $" unknown file type '{(header.TypeFlag == '\'' ? "\\'" : Escape([header.TypeFlag]))}'",
            _ => "",
        };
        return $"{Letter(header)}{Permissions(header.Mode)} {header.UserId}/{header.GroupId} {size} {Time(header)} {Escape(header.RawName.Span)}{tail}";
    }

    internal static char Letter(TarHeader header) => header.Kind switch
    {
        TarEntryKind.File => '-',
        TarEntryKind.HardLink => 'h',
        TarEntryKind.SymbolicLink => 'l',
        TarEntryKind.CharacterDevice => 'c',
        TarEntryKind.BlockDevice => 'b',
        TarEntryKind.Directory => 'd',
        TarEntryKind.Fifo => 'p',
        _ => '?',
    };

    private static string Permissions(int mode)
    {
        char[] text = new char[9];
        for (int i = 0; i < 9; i++) text[i] = (mode >> (8 - i) & 1) != 0 ? "rwx"[i % 3] : '-';
        if ((mode & 0x800) != 0) text[2] = text[2] == 'x' ? 's' : 'S';
        if ((mode & 0x400) != 0) text[5] = text[5] == 'x' ? 's' : 'S';
        if ((mode & 0x200) != 0) text[8] = text[8] == 'x' ? 't' : 'T';
        return new string(text);
    }

    // GNU tar shows the fraction of a time before 1970 as its distance to the next second towards 1970
    private static string Time(TarHeader header)
    {
        long seconds = header.ModifiedSeconds;
        int fraction = header.ModifiedNanoseconds;
        if (seconds < 0 && fraction != 0)
        {
            seconds++;
            fraction = 1_000_000_000 - fraction;
        }

        (long days, long rest) = ((long)Math.Floor(seconds / 86400m), seconds % 86400);
        if (rest < 0) rest += 86400;
        // Hinnant, days_from_civil turned around: the calendar of 400 years, carried on to both sides
        long era = (days + 719468 - (days + 719468 < 0 ? 146096 : 0)) / 146097;
        long dayOfEra = days + 719468 - (era * 146097);
        long yearOfEra = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36524) - (dayOfEra / 146096)) / 365;
        long dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        long month = ((5 * dayOfYear) + 2) / 153;
        long day = dayOfYear - (((153 * month) + 2) / 5) + 1;
        month = month < 10 ? month + 3 : month - 9;
        long year = yearOfEra + (era * 400) + (month <= 2 ? 1 : 0);
        string text = year is > int.MaxValue or < int.MinValue
            ? seconds.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{year}-{month:00}-{day:00} {rest / 3600:00}:{rest / 60 % 60:00}:{rest % 60:00}");
        return fraction == 0 ? text : text + "." + fraction.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
    }

    private static List<string> GnuLines(string[] lines)
    {
        List<string> result = [];
        int width = 0;
        foreach (string line in lines)
        {
            Match match = GnuPattern().Match(line);
            Assert.True(match.Success, line);
            string mode = match.Groups[1].Value;
            // the label of a volume is no file
            if (mode[0] == 'V') continue;
            if (mode[0] == 'C') mode = '-' + mode[1..];
            // the column of the times is as wide as the widest so far; what follows is the name, blanks and all
            Group time = match.Groups[4];
            width = Math.Max(width, time.Length);
            result.Add($"{mode} {match.Groups[2].Value} {match.Groups[3].Value} {time.Value} {line[(time.Index + width + 1)..]}");
        }

        return result;
    }

    [GeneratedRegex(@"^(.{10})[ .*+]?\s*(\d+/\d+) +([\d,]+) +(-?\d+-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?|-?\d+(?:\.\d+)?)")]
    private static partial Regex GnuPattern();

    private sealed class CollectingWalker() : TarWalker("The tar")
    {
        internal List<TarHeader> Headers { get; } = [];

        internal long Bytes { get; private set; }

        internal int Ends { get; private set; }

        private protected override void OnEntry(TarHeader header)
        {
            Assert.Equal(Ends, Headers.Count);
            Headers.Add(header);
        }

        private protected override void OnData(ReadOnlySpan<byte> data)
        {
            Assert.False(data.IsEmpty);
            Bytes += data.Length;
        }

        private protected override void OnEntryEnd() => Ends++;
    }
}
