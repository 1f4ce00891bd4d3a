namespace OciTools.Stores.Registry;

/// <summary>The tag that stands for the list of referrers where a registry keeps none (distribution-spec, Referrers Tag Schema).</summary>
internal static class ReferrersTag
{
    private const int AlgorithmLength = 32;
    private const int HexLength = 64;

    /// <summary>The tag for a subject. Long digests are cut, so that two subjects may share one.</summary>
    internal static string NameOf(Digest subject) => $"{Cut(subject.Algorithm, AlgorithmLength)}-{Cut(subject.Hex, HexLength)}";

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length];
}
