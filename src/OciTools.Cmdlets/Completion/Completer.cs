using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace OciTools.Completion;

/// <summary>The base of what Tab asks: finds what could be meant, and leaves the rest to <see cref="Candidate"/>.</summary>
public abstract class Completer : IArgumentCompleter
{
    private protected Completer()
    {
    }

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Candidate.Fit(Find(Candidate.Unquote(wordToComplete), fakeBoundParameters), wordToComplete);

    /// <summary>What could be meant; those that do not go on behind the word are left out afterwards.</summary>
    /// <param name="word">What was typed, without quotation marks.</param>
    /// <param name="bound">The parameters that are bound already.</param>
    private protected abstract IEnumerable<Candidate> Find(string word, IDictionary bound);
}
