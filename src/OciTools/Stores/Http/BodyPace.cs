namespace OciTools.Stores.Http;

/// <summary>How slowly a body may come before it is given up.</summary>
internal sealed record BodyPace
{
    internal static BodyPace Default { get; } = new();

    /// <summary>The longest time without a byte.</summary>
    internal TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The least bytes that must come in each <see cref="Window"/> of waiting.</summary>
    internal long WindowBytes { get; init; } = 60 * 1024;

    /// <summary>How long the rate is measured. Time that the reader spends elsewhere does not count.</summary>
    internal TimeSpan Window { get; init; } = TimeSpan.FromSeconds(60);

    internal TimeProvider Time { get; init; } = TimeProvider.System;
}
