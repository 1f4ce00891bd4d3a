using OciTools.Operations.Removing;

namespace OciTools.UnitTests.Operations;

/// <summary>Answers what a removal asks, and keeps what it was told.</summary>
internal sealed class TestDialog : IRemovalDialog
{
    internal bool Force { get; init; }

    internal bool NoReplace { get; init; }

    internal Func<string, bool> Answer { get; init; } = _ => true;

    internal Func<string, bool> Loss { get; init; } = _ => true;

    internal List<string> Questions { get; } = [];

    internal List<string> LossQuestions { get; } = [];

    internal List<RemovedImage> Gone { get; } = [];

    internal List<(Exception Failure, string Name)> Failures { get; } = [];

    public async Task<bool> AskAsync(string target, bool isRemote, CancellationToken cancellationToken)
    {
        await Task.Yield();
        Questions.Add(target);
        return Answer(target);
    }

    public async Task<bool> AskAboutLossAsync(string question, CancellationToken cancellationToken)
    {
        await Task.Yield();
        LossQuestions.Add(question);
        return Loss(question);
    }

    public void IsDecided() { }

    public void Removed(RemovedImage removed) => Gone.Add(removed);

    public void Failed(Exception failure, string name) => Failures.Add((failure, name));
}
