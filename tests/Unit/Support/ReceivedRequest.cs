namespace OciTools.UnitTests.Support;

/// <summary>Everything that a fake server received with one request.</summary>
internal sealed record ReceivedRequest(int Number, string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    internal string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>All of it as text, to search for secrets.</summary>
    internal string Everything =>
        $"{Method} {Path}{Query}\n{string.Join('\n', Headers.Select(h => $"{h.Key}: {h.Value}"))}\n\n{System.Text.Encoding.Latin1.GetString(Body)}";

    public override string ToString() => $"{Method} {Path}{Query}";
}
