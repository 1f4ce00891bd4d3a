using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Layers;

/// <summary>The archives of tools, made once for all tests of a class.</summary>
public sealed class TarCorpusFixture : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Lazy<string> _archives;

    public TarCorpusFixture() => _archives = new Lazy<string>(() => TarCorpus.Make(_folder));

    /// <summary>Where they lie.</summary>
    internal string Folder => _archives.Value;

    /// <summary>Their paths.</summary>
    internal IEnumerable<string> Archives => Directory.GetFiles(Folder, "*.tar").Order(StringComparer.Ordinal);

    public void Dispose() => _folder.Dispose();
}
