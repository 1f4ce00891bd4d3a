using System.Security.Cryptography;
using System.Text;

namespace OciTools.Stores.Registry;

/// <summary>Sees to it that a list ends: no page twice, by address or by what is on it, and not more pages than there can be.</summary>
internal sealed class ListProgress(string what)
{
    // hashes, since a registry may write long cursors and long pages
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private int _pages;
    private int _empty;

    /// <summary>Takes notice of an address before it is asked.</summary>
    internal void Ask(string address)
    {
        if (++_pages > Limits.ListPages) throw Endless($"has more than {Limits.ListPages} pages");
        if (!_seen.Add("address " + Hash([address]))) throw Endless("leads back to a page that it had before");
    }

    /// <summary>Takes notice of a page before its names are handed on.</summary>
    internal void Take(List<string> names)
    {
        if (names.Count > 0)
        {
            _empty = 0;
            if (!_seen.Add("page " + Hash(names))) throw Endless("brings the same names again on another page");
        }
        else if (++_empty > Limits.EmptyListPages)
        {
            throw Endless($"has more than {Limits.EmptyListPages} pages without a name one after the other");
        }
    }

    private static string Hash(List<string> names)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string name in names)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData("\n"u8);
        }

        return Convert.ToBase64String(hash.GetHashAndReset());
    }

    private OciException Endless(string why) => ErrorCatalogue.EndlessList.Error($"{what} does not end: it {why}.");
}
