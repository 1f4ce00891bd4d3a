using OciTools.Operations;

namespace OciTools.UnitTests.Support;

/// <summary>Progress that nobody watches.</summary>
internal sealed class NoProgress : ITransferProgress
{
    internal static NoProgress Instance { get; } = new();

    public void Expect(long bytes)
    {
    }

    public void Advance(long bytes)
    {
    }
}
