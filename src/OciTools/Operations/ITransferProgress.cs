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

    /// <summary>Starts to tell of one of several parts that travel at the same time; its bytes count for the whole as well.</summary>
    /// <param name="title">What it is.</param>
    /// <param name="size">How many bytes it has.</param>
    /// <returns>Takes the bytes of the part, and is closed when it ends; null where nobody wants to know of parts.</returns>
    IPartProgress? StartPart(string title, long size) => null;
}
