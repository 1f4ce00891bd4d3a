using System.Runtime;

namespace OciTools.Commands;

/// <summary>
/// Keeps a command that makes many objects from piling up what it is done with. .NET collects when the garbage fills the cache of the
/// processor, which is over 100 MiB on a large server, although a few megabytes are in use.
/// </summary>
internal sealed class GarbagePace
{
    private const long Budget = 16 * 1024 * 1024;

    private int _collections = GC.CollectionCount(0);
    private long _due = GC.GetTotalAllocatedBytes() + Budget;

    /// <summary>Collects what is young, where enough was allocated since anybody has collected, and nobody has asked for none.</summary>
    internal void Look()
    {
        long allocated = GC.GetTotalAllocatedBytes();
        if (allocated < _due) return;
        if (GC.CollectionCount(0) == _collections && GCSettings.LatencyMode != GCLatencyMode.NoGCRegion) GC.Collect(0);
        _collections = GC.CollectionCount(0);
        _due = allocated + Budget;
    }
}
