using OciTools.Operations;

namespace OciTools.Commands;

/// <summary>What the library reports about one input, on its way to the streams of the cmdlet.</summary>
internal sealed class ItemLog(PipelineItem item, bool isVerbose) : IOperationLog
{
    public void Verbose(string message)
    {
        if (isVerbose) item.Send(new PipelineMessage.Verbose(message));
    }

    public void Warning(string message) => item.Send(new PipelineMessage.Warning(message));
}
