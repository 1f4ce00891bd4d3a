using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

/// <summary>An archive that tries to reach what lies outside of the directory that it is expanded into.</summary>
/// <param name="Number">The number of the case.</param>
/// <param name="Name">What it tries.</param>
/// <param name="Entries">Its entries, each with the metadata entries that belong to it.</param>
internal sealed record HostileArchive(int Number, string Name, byte[][] Entries)
{
    /// <summary>All in one layer.</summary>
    internal byte[][] Whole() => [Layer(0, Entries.Length)];

    /// <summary>Spread over two layers, at each entry.</summary>
    internal IEnumerable<byte[][]> OverTwo()
    {
        for (int i = 1; i < Entries.Length; i++) yield return [Layer(0, i), Layer(i, Entries.Length)];
    }

    /// <summary>Spread over three layers, at each pair of entries.</summary>
    internal IEnumerable<byte[][]> OverThree()
    {
        for (int i = 1; i < Entries.Length; i++)
            for (int j = i + 1; j < Entries.Length; j++) yield return [Layer(0, i), Layer(i, j), Layer(j, Entries.Length)];
    }

    private byte[] Layer(int from, int to)
    {
        TarBytes tar = new();
        foreach (byte[] entry in Entries[from..to]) tar.Raw(entry);
        return tar.End();
    }
}
