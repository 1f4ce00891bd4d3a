namespace OciTools.UnitTests.Support;

/// <summary>A clock whose date is set by hand; its timers and timestamps are the system's.</summary>
internal sealed class SettableTime : TimeProvider
{
    private long _offset;

    internal void Advance(TimeSpan time) => Interlocked.Add(ref _offset, time.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _offset));
}
