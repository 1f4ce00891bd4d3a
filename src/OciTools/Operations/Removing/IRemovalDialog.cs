namespace OciTools.Operations.Removing;

/// <summary>Asks what is to be removed, and takes what happened.</summary>
public interface IRemovalDialog
{
    /// <summary>Asks whether something may be removed.</summary>
    /// <param name="target">What, with all that a person needs to know.</param>
    /// <param name="isRemote">Whether it lies on another computer.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    Task<bool> AskAsync(string target, bool isRemote, CancellationToken cancellationToken);

    /// <summary>Asks whether something may be lost that was not named.</summary>
    /// <param name="question">What would be lost with what.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="RefusedException">Nobody can be asked (<c>ConfirmationNeeded</c>).</exception>
    Task<bool> AskAboutLossAsync(string question, CancellationToken cancellationToken);

    /// <summary>Told that there are no more questions.</summary>
    void IsDecided();

    /// <summary>Takes what was removed.</summary>
    /// <param name="removed">What, and what was seen afterwards.</param>
    void Removed(RemovedImage removed);

    /// <summary>Takes what could not be removed; the others go on.</summary>
    /// <param name="failure">Why.</param>
    /// <param name="name">The name that was given.</param>
    void Failed(Exception failure, string name);
}
