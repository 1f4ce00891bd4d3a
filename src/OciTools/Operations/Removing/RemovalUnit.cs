namespace OciTools.Operations.Removing;

/// <summary>What is removed together, or not at all.</summary>
internal abstract class RemovalUnit(IReadOnlyList<RemovalName> names)
{
    /// <summary>The names that it was given under.</summary>
    internal IReadOnlyList<RemovalName> Names { get; } = names;

    /// <summary>What would be lost or hurt with it although it was not named.</summary>
    internal virtual IReadOnlyList<string> Losses => [];

    /// <summary>Whether it lies on another computer.</summary>
    internal virtual bool IsRemote => false;

    /// <summary>The removal in words, for a question to the user; what would be lost is said beside it.</summary>
    internal abstract string Describe();

    /// <summary>Removes it, and looks again.</summary>
    internal abstract Task RunAsync(IRemovalDialog dialog, CancellationToken cancellationToken);
}

/// <summary>Finds out what is removed together, in one place.</summary>
internal interface IRemovalPlanner
{
    /// <summary>The units of some names. It is asked again where the user has declined some.</summary>
    /// <param name="names">The names.</param>
    /// <param name="dialog">Told of names that cannot be removed.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    Task<IReadOnlyList<RemovalUnit>> PlanAsync(IReadOnlyList<RemovalName> names, IRemovalDialog dialog, CancellationToken cancellationToken);

    /// <summary>Does what is left to do when all units have run, or one was stopped.</summary>
    /// <param name="dialog">Told of what could not be done.</param>
    Task FinishAsync(IRemovalDialog dialog) => Task.CompletedTask;
}
