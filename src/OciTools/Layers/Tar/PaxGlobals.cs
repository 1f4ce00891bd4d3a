namespace OciTools.Layers.Tar;

/// <summary>What the global PAX headers so far say about all entries behind them.</summary>
internal sealed class PaxGlobals
{
    private PaxFields _next;

    internal PaxGlobals(SparseMap map, TarPlace place)
    {
        Fields = new PaxFields(map, place);
        _next = new PaxFields(map, place);
        _place = place;
    }

    private readonly TarPlace _place;

    /// <summary>What holds now.</summary>
    internal PaxFields Fields { get; private set; }

    /// <summary>Takes the next global header.</summary>
    internal void Read(ReadOnlySpan<byte> bytes)
    {
        _next.ReadGlobal(bytes);
        // POSIX keeps what an earlier header said, GNU tar forgets it
        if ((Fields.Modified is not null && _next.Modified is null) || (Fields.UserId is not null && _next.UserId is null)
            || (Fields.GroupId is not null && _next.GroupId is null) || (Fields.UserName is not null && _next.UserName is null)
            || (Fields.GroupName is not null && _next.GroupName is null))
            throw _place.Refuse("a global PAX header says less than one before it, which some readers keep and others forget");
        (Fields, _next) = (_next, Fields);
    }
}
