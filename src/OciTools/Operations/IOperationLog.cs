namespace OciTools.Operations;

/// <summary>Where an operation reports what it decides and what the user should know, besides its results.</summary>
public interface IOperationLog
{
    /// <summary>One line per decision, for who wants to follow.</summary>
    /// <param name="message">The line.</param>
    void Verbose(string message);

    /// <summary>Something that is probably not what the user expects.</summary>
    /// <param name="message">The line.</param>
    void Warning(string message);
}
