namespace OciTools.Operations;

/// <summary>Takes the progress of one part of a transfer; closed when it ends, however it ends.</summary>
public interface IPartProgress : IDisposable
{
    /// <summary>Bytes of the part have come.</summary>
    /// <param name="bytes">How many since the last call.</param>
    void Advance(long bytes);
}
