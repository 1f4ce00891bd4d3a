using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

/// <summary>At each moment of a copy the index names only what is there, wholly and on the disk.</summary>
public sealed partial class StoreOrderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Whenever_the_power_fails_the_index_names_only_whole_blobs()
    {
        Figure figure = new("D10, prefixes of the calls of a copy");
        TestLayout source = new(Path.Join(_folder.Path, "source"));
        source.AddBlob(new byte[100]);
        source.AddEntry(source.AddIndex(source.Describe(source.AddImage("first").Manifest, MediaTypes.OciManifest), source.Describe(source.AddImage("second").Manifest, MediaTypes.OciManifest)), MediaTypes.OciIndex, "both");
        source.AddEntry(source.AddImage("third").Manifest, MediaTypes.OciManifest, "third");
        string target = Path.Join(_folder.Path, "target");
        string log = Path.Join(_folder.Path, "log");
        RecordedDisk disk = new(_folder.Path);
        foreach (string name in new[] { "both", "third" })
        {
            Assert.Equal("copied", StoreChild.Run($"oci:{source.Path}:{name}", $"oci:{target}:{name}", log, "-y", "-xx", "-s", "1000000", "-e", "trace=openat,pwrite64,fsync,rename,unlink,mkdir,ftruncate"));
            foreach (string call in Calls(File.ReadAllLines(log)))
            {
                if (!disk.Apply(call)) continue;
                foreach (bool isDurable in new[] { false, true })
                {
                    string? wrong = LayoutProof.Check(path => disk.Read("target/" + path, isDurable), out _);
                    figure.Check($"{name}, {(isDurable ? "on the disk" : "as seen")}: {call[..Math.Min(call.Length, 80)]}", wrong is null, wrong);
                }
            }
        }

        // the replay saw what there is
        foreach (string file in Directory.EnumerateFiles(target + "/blobs", "*", SearchOption.AllDirectories).Append(target + "/index.json"))
        {
            string path = Path.GetRelativePath(_folder.Path, file);
            Assert.Equal(File.ReadAllBytes(file), disk.Read(path, isDurable: false));
            Assert.Equal(File.ReadAllBytes(file), disk.Read(path, isDurable: true));
        }

        figure.Report(60);
    }

    // one line for each call, in the order in which they ended
    private static IEnumerable<string> Calls(IEnumerable<string> lines)
    {
        Dictionary<string, string> open = [];
        foreach (string line in lines)
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            (string thread, string text) = (line[..space], line[(space + 1)..].TrimStart());
            if (text.EndsWith("<unfinished ...>", StringComparison.Ordinal)) open[thread] = text[..^"<unfinished ...>".Length];
            else if (text.StartsWith("<... ", StringComparison.Ordinal)) yield return open[thread] + text[(text.IndexOf('>', StringComparison.Ordinal) + 1)..];
            else yield return text;
        }
    }

    /// <summary>A disk that is made of recorded calls: what a reader sees, and what is left when the power fails now.</summary>
    private sealed partial class RecordedDisk(string root)
    {
        private readonly Dictionary<string, Node> _nodes = new(StringComparer.Ordinal) { [""] = new Node() };

        internal byte[]? Read(string path, bool isDurable)
        {
            string parent = "";
            foreach (string part in path.Split('/'))
            {
                string name = parent.Length == 0 ? part : $"{parent}/{part}";
                Dictionary<string, Node> names = isDurable ? _nodes[parent].DurableNames : Names(parent);

                // the folder of the test is there
                if (!names.TryGetValue(part, out Node? node)) return null;
                if (name == path) return isDurable ? node.DurableBytes : node.Bytes;
                parent = name;
            }

            return null;
        }

        /// <summary>Takes a call. False for one that changes nothing here.</summary>
        internal bool Apply(string call)
        {
            if (Call().Match(call) is not { Success: true } match || match.Groups["result"].Value.StartsWith('-')) return false;
            string[] texts = [.. Text().Matches(match.Groups["arguments"].Value).Select(text => Decode(text.Groups[1].Value))];
            string? file = Handle().Match(match.Groups["arguments"].Value) is { Success: true } handle ? Relative(Decode(handle.Groups[1].Value)) : null;
            switch (match.Groups["name"].Value)
            {
                case "openat" when match.Groups["arguments"].Value.Contains("O_CREAT", StringComparison.Ordinal) && Relative(texts[^1]) is { } made:
                    _nodes.TryAdd(made, new Node());
                    return true;
                case "mkdir" when Relative(texts[0]) is { } folder:
                    _nodes.TryAdd(folder, new Node());
                    return true;
                case "pwrite64" when file is not null && _nodes.TryGetValue(file, out Node? node):
                    node.Write(Bytes(match.Groups["arguments"].Value), long.Parse(Last().Match(match.Groups["arguments"].Value).Value, CultureInfo.InvariantCulture));
                    return true;
                case "fsync" when file is not null && _nodes.TryGetValue(file, out Node? node):
                    node.DurableBytes = [.. node.Bytes];
                    node.DurableNames = Names(file);
                    return true;
                case "rename" when Relative(texts[0]) is { } from && Relative(texts[1]) is { } to && _nodes.Remove(from, out Node? moved):
                    _nodes[to] = moved;
                    return true;
                case "unlink" when Relative(texts[0]) is { } gone:
                    return _nodes.Remove(gone);
                default:
                    return false;
            }
        }

        private Dictionary<string, Node> Names(string folder)
        {
            string start = folder.Length == 0 ? "" : folder + "/";
            return _nodes.Where(node => node.Key.Length > start.Length && node.Key.StartsWith(start, StringComparison.Ordinal) && !node.Key[start.Length..].Contains('/', StringComparison.Ordinal))
                .ToDictionary(node => node.Key[start.Length..], node => node.Value, StringComparer.Ordinal);
        }

        private string? Relative(string path) => path == root ? "" : path.StartsWith(root + "/target", StringComparison.Ordinal) && !path.EndsWith(".says", StringComparison.Ordinal) ? path[(root.Length + 1)..].TrimEnd('/') : null;

        private static byte[] Bytes(string arguments) => Convert.FromHexString(Text().Match(arguments).Groups[1].Value.Replace("\\x", "", StringComparison.Ordinal));

        private static string Decode(string text) => text.StartsWith("\\x", StringComparison.Ordinal) ? Encoding.UTF8.GetString(Convert.FromHexString(text.Replace("\\x", "", StringComparison.Ordinal))) : text;

        private sealed class Node
        {
            internal byte[] Bytes { get; private set; } = [];

            internal byte[] DurableBytes { get; set; } = [];

            internal Dictionary<string, Node> DurableNames { get; set; } = [];

            internal void Write(byte[] bytes, long offset)
            {
                byte[] grown = new byte[Math.Max(Bytes.Length, offset + bytes.Length)];
                Bytes.CopyTo(grown, 0);
                bytes.CopyTo(grown, offset);
                Bytes = grown;
            }
        }

        [GeneratedRegex(@"^(?<name>\w+)\((?<arguments>.*)\)\s*= (?<result>-?\d+)")]
        private static partial Regex Call();

        [GeneratedRegex("\"((?:\\\\x[0-9a-f]{2})*)\"")]
        private static partial Regex Text();

        [GeneratedRegex("^\\d+<([^>]*)>")]
        private static partial Regex Handle();

        [GeneratedRegex(@"\d+(?=\s*$)")]
        private static partial Regex Last();
    }
}
