using System.Text;
using OciTools.Operations;
using OciTools.Operations.Files;
using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

/// <summary>Expands images in memory into a folder that is gone after the test, and looks at the result with GNU find.</summary>
internal sealed class Expansion : IDisposable
{
    internal Expansion(string? place = null)
    {
        Folder = place ?? Tool.Text("mktemp", "-d", "/tmp/ocitools-expand.XXXXXXXX").TrimEnd('\n');
        Path = System.IO.Path.Join(Folder, "root");
        _isOwn = place is null;
    }

    private readonly bool _isOwn;

    /// <summary>The folder that holds the destination and what lies beside it.</summary>
    internal string Folder { get; }

    /// <summary>The destination.</summary>
    internal string Path { get; }

    internal static bool IsRoot => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;

    internal Task<ExpandedImage> RunAsync(params byte[][] tars) => RunAsync(new LayeredImage(tars));

    internal async Task<ExpandedImage> RunAsync(
        LayeredImage image, string[]? patterns = null, string[]? literals = null, bool replace = false, bool noOwner = false, LayerReading? reading = null, CancellationToken? cancellation = null,
        ImageInspector? inspector = null)
    {
        CancellationToken token = cancellation ?? TestContext.Current.CancellationToken;
        ExpansionChoices choices = new(Path, patterns ?? [], literals ?? [], replace, noOwner);
        ImageExpansion.Plan plan = await ImageExpansion.PlanAsync(inspector ?? image.Inspector, LayeredImage.Name, null, choices, token);
        return await new ImageExpansion(reading ?? LayeredImage.Reading).RunAsync(plan, token);
    }

    /// <summary>All paths, sorted, in a form of find; the root is an empty path.</summary>
    internal string[] Find(string format = "%P %y %m %U:%G %s %l") => FindIn(Path, format);

    internal static string[] FindIn(string folder, string format)
    {
        string[] lines = Encoding.Latin1.GetString(Tool.Run("find", [folder, "-printf", format + "\\0"])).Split('\0')[..^1];
        Array.Sort(lines, StringComparer.Ordinal);
        return lines;
    }

    internal string Read(string path)
    {
        Unlock();
        return File.ReadAllText(System.IO.Path.Join(Path, path));
    }

    /// <summary>What lies beside the destination, its marker included.</summary>
    internal string[] Beside() => [.. Directory.GetFileSystemEntries(Folder).Select(f => System.IO.Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    public void Dispose()
    {
        if (!_isOwn) return;
        Unlock();
        Tool.Run("rm", ["-rf", "--", Folder]);
    }

    // the modes of an image may keep out everybody but root
    private void Unlock()
    {
        if (!IsRoot) Tool.Run("chmod", ["-R", "u+rwX", "--", Folder]);
    }
}
