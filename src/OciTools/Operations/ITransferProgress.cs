namespace OciTools.Operations;

/// <summary>Takes the progress of a transfer, in bytes; called from several tasks.</summary>
public interface ITransferProgress
{
    /// <summary>More bytes will come.</summary>
    /// <param name="bytes">How many.</param>
    void Expect(long bytes);

    /// <summary>Bytes have come.</summary>
    /// <param name="bytes">How many since the last call.</param>
    void Advance(long bytes);
}
